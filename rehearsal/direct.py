"""The same people without HTTP: they call the actions that the pages call, one by one.

For plans of many thousands of people. What belongs to browsers (cookies, forms, double
clicks, two tabs) is left out; who lets a place lapse comes back some people later.
"""

import uuid
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from unittest import mock

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from accounts.actions import Given
from accounts.models import Instrument, Purpose, Question
from annotation import tasks as review_tasks
from annotation.actions import conversation as act
from annotation.actions import explaining, leaving, practice, submission, writing
from annotation.actions import participation as about
from annotation.actions import screening as door
from annotation.actions.judgement import Judgement
from annotation.actions.leaving import keep_known
from annotation.dealing.seeds import derive_seed
from annotation.models import Conversation, Participation, RecruitmentLink, Turn
from annotation.models.parts import StudyLocale
from annotation.queries.prepared import prepared
from annotation.queries.remembered import is_known, remember
from annotation.steps.conversation import explanation_asked
from annotation.steps.participation import Step, next_step, questionnaire_due, questions_due
from candidates import tasks as generation_tasks
from candidates.generation import complete_candidate_set
from candidates.models import CandidateSet
from rehearsal.ledger import Submission, content_of
from rehearsal.truth import SimulatedPerson
from rehearsal.world import World, reading_seconds, reply_to

# Somebody who lets her place lapse comes back after so many others.
BACK_AFTER = 3
ATTEMPTS = 20

Acts = Iterator[None]


@contextmanager
def without_workers() -> Iterator[None]:
    """Nothing is handed to workers meanwhile: these people make their live responses
    themselves, and are reviewed when all have played."""
    with (
        mock.patch.object(generation_tasks, "enqueue", lambda *_args, **_options: None),
        mock.patch.object(review_tasks, "enqueue_review", lambda _participation: None),
    ):
        yield


def play_some(world: World, link: RecruitmentLink, indices: Sequence[int]) -> None:
    """Everybody of these plays; somebody who idles goes on when some others have come."""
    idle: deque[tuple[int, int, Acts]] = deque()
    with without_workers():
        _play(world, link, indices, idle)


def _play(
    world: World,
    link: RecruitmentLink,
    indices: Sequence[int],
    idle: deque[tuple[int, int, Acts]],
) -> None:
    for number, index in enumerate(indices):
        _go_on(world, idle, number, index, DirectPlayer(world, link, index).play())
        while idle and idle[0][0] <= number:
            _due, who, acts = idle.popleft()
            _go_on(world, idle, number, who, acts)
    while idle:
        _due, who, acts = idle.popleft()
        _go_on(world, idle, len(indices), who, acts)


def _go_on(
    world: World, idle: deque[tuple[int, int, Acts]], number: int, index: int, acts: Acts
) -> None:
    """Plays until she pauses or is done. Never raises."""
    try:
        next(acts)
    except StopIteration:
        return
    except Exception as error:
        world.ledger.note_stranded(index, repr(error))
        return
    idle.append((number + BACK_AFTER, index, acts))


@prepared
def _as_stored(*, participation: int) -> QuerySet[Participation]:
    return Participation.objects.filter(pk=participation).select_related("annotator", "locale")


class DirectPlayer:
    """One person; each of her acts is one transaction, as on the pages."""

    def __init__(self, world: World, link: RecruitmentLink, index: int) -> None:
        self.world, self.link = world, link
        self.person: SimulatedPerson = world.truth.person(index)
        self.external_id = f"{world.key}-{index}"
        self.opened = 0

    def play(self) -> Acts:
        participation = about.join_study(
            link=self.link, external_id=self.external_id, interface_language=self.person.language
        )
        about.set_country(participation=participation, country=self.person.country)
        for step in (Step.LANGUAGE, Step.QUOTA):
            participation = self._again(participation)
            if not participation.finished_at:
                self._pass(participation, step)
        participation = self._again(participation)
        if not participation.finished_at:
            for step in (Step.CONSENT, Step.GUIDELINES, Step.PRACTICE):
                self._pass(participation, step)
            participation = self._again(participation)
        while not participation.finished_at:
            conversation = act.open_next_conversation(participation=participation, show=True)
            if conversation is not None:
                if (yield from self._converse(conversation)):
                    return
                continue
            participation = self._again(participation)
            step = next_step(participation)
            if step is Step.CONVERSATIONS:
                act.give_up_pool(participation=participation)
                self.world.ledger.note("finished while others were at work on the rest")
                continue
            if step is not Step.FINISH:
                self._pass(participation, step)
                continue
            about.finish(participation=participation)
            break
        outcomes = Participation.objects.values_list("outcome", flat=True)
        self.world.ledger.note(f"ended: {outcomes.get(pk=participation.pk)}")

    def _again(self, participation: Participation) -> Participation:
        """Her row as it is now. Her study is the one she came to: nobody changes it meanwhile."""
        fresh: Participation
        [fresh] = _as_stored(participation=participation.pk)
        keep_known(fresh, participation)
        return fresh

    def _pass(self, participation: Participation, step: Step) -> None:
        """One screen before or after the conversations."""
        study = participation.study
        if step is Step.LANGUAGE:
            door.set_locale(participation=participation, locale=self._locale(participation))
        elif step is Step.QUOTA:
            given = self._answers(questions_due(participation, study.quota_instrument))
            door.answer_screening(participation=participation, answers=given)
        elif step is Step.CONSENT:
            statements = study.consent_document.statements.values_list("purpose", flat=True)
            given_to = {Purpose(purpose) for purpose in statements}
            door.decide_consent(
                participation=participation, given=given_to, language=self.person.language
            )
        elif step is Step.GUIDELINES:
            about.read_guidelines(participation=participation)
        elif step is Step.PRACTICE:
            if not study.practice:
                return
            practice.answer_practice(participation=participation, attempt=1, correct=True)
            practice.leave_practice(participation=participation)
        elif step in {Step.QUESTIONNAIRE, Step.CLOSING}:
            due = questionnaire_due(participation)
            asked = due.instrument if due else study.closing_instrument_id
            instrument = Instrument.objects.get(pk=asked)
            given = self._answers(questions_due(participation, instrument))
            about.answer_questionnaire(
                participation=participation, instrument=instrument, answers=given, draft_key="/"
            )
        else:
            raise ValidationError(f"{step.value} is no place to go on from.")

    def _locale(self, participation: Participation) -> StudyLocale:
        offered = {item.language: item for item in door.locales_for(participation=participation)}
        return offered.get(self.person.language) or next(iter(offered.values()))

    def _answers(self, questions: Sequence[Question]) -> list[Given]:
        known = {"gender": self.person.gender, "education": self.person.education, "ai_help": "no"}
        return [self._answer(question, known) for question in questions]

    def _answer(self, question: Question, known: Mapping[str, str]) -> Given:
        if question.kind == Question.Kind.INTEGER:
            return Given(question, number=self.person.age)
        options = {option.code: option for option in question.options.all()}
        if question.expected:
            missed = self.person.misses_attention
            code = next(code for code in options if (code != question.expected) == missed)
        else:
            code = known.get(question.code, "")
        return Given(question, option=options.get(code))  # without an option: refused

    # -- Conversations

    def _converse(self, conversation: Conversation) -> Generator[None, None, bool]:
        """One conversation; returns whether she has left for good."""
        number, self.opened = self.opened, self.opened + 1
        if self.person.leaves_after == number + 1:
            self.world.lapse(conversation.public_id)
            self.world.ledger.note("left in the middle")
            return True
        if self.person.skips_at == number:
            leaving.skip_conversation(conversation=conversation)
            self.world.ledger.note("skipped")
            return False
        if self.person.idles_at == number:
            self.world.lapse(conversation.public_id)
            self.world.ledger.note("let the place lapse")
            yield
        self._take_turns(conversation, number)
        return False

    def _take_turns(self, conversation: Conversation, number: int) -> None:
        if conversation.kind == Conversation.Kind.OWN:
            texts = self.world.messages[conversation.locale.language]
            writing.write_own_prompt(conversation=conversation, message=texts[number % len(texts)])
        for position in range(1, conversation.planned_turns + 1):
            turn = self._turn(conversation, position)
            if turn.live:
                self._await(turn)
            self._rank(conversation, turn, number)
            if explanation_asked(turn):
                explaining.explain_choice(turn=turn, text="")

    def _turn(self, conversation: Conversation, position: int) -> Turn:
        """As it stands on her page: the first one of a conversation that she opened just now."""
        if is_known(conversation, "turns") and position == 1:
            return conversation.turns.all()[0]
        return conversation.turns.select_related("candidate_set").get(position=position)

    def _await(self, turn: Turn) -> None:
        """Makes her live responses, as a worker would; asks again after a failure."""
        for _try in range(ATTEMPTS):
            outcome = complete_candidate_set(turn.candidate_set_id)
            turn.candidate_set.refresh_from_db()
            if turn.candidate_set.status == CandidateSet.Status.READY:
                return
            if outcome.again_in is None:
                writing.retry_generation(turn=turn)

    def _rank(self, conversation: Conversation, turn: Turn, number: int) -> None:
        shown = act.show_candidates(turn=turn)
        # Of one page: what stands on it is not read again.
        turn.shown_at = shown[0].turn.shown_at
        remember(turn, "shown", shown)
        texts = [row.candidate.text for row in shown]
        handles = [row.candidate.handle for row in shown]
        occasion = (number + 1, turn.position, derive_seed(*sorted(texts)))
        _poles, ranked = self.world.judge(self.person, texts, occasion)
        chosen = handles[ranked.chosen]
        ranks = dict(zip(handles, ranked.ranks, strict=True))
        key = uuid.uuid4()
        self.world.ledger.note_sent(
            Submission(
                person=self.person.index,
                conversation=conversation.public_id,
                position=turn.position,
                key=str(key),
                content=content_of(chosen, ranks),
                seconds=reading_seconds(texts, conversation.locale.language) * ranked.time,
            )
        )
        judgement = Judgement(
            acceptable="yes",
            represents="cant_say",
            places=ranks,
            continue_with=chosen if ranked.ranks.count(1) > 1 else "",
            next_message="" if turn.is_last else reply_to(texts[ranked.chosen]),
        )
        submission.submit_ranking(turn=turn, submission_key=key, judgement=judgement)
        self.world.ledger.note_acknowledged(conversation.public_id, turn.position)
