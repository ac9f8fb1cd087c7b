"""A conversation opens, goes on turn by turn, and ends."""

import hashlib
import uuid
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotation import dealing, tasks
from annotation.actions.assignment import claim_slot, complete_slot, release_slot
from annotation.actions.draft import forget_drafts
from annotation.actions.judgement import OUT_OF_DATE, Judgement, check_judgement
from annotation.mentions import find_mentions
from annotation.models import (
    Conversation,
    Explanation,
    Grant,
    Mention,
    Mode,
    Moderation,
    Participation,
    RankedCandidate,
    Ranking,
    ShownCandidate,
    Slot,
    Turn,
)
from annotation.models.study import ExplanationPolicy
from annotation.sittings import day_is_full, sitting_of
from annotation.steps import (
    Step,
    conversations_due,
    explanation_asked,
    explanation_due,
    is_ranked,
    next_step,
    open_conversation,
    read_conversations,
    shown_in,
)
from candidates.actions import request_live_set, retry_failed_set
from candidates.languages import describe
from candidates.models import CandidateSet, PromptText
from candidates.moderation import Outcome, Verdict, moderate
from candidates.samplers import Message


@transaction.atomic
def open_next_conversation(*, participation: Participation) -> Conversation | None:
    """The open conversation, or the next of her plan.

    None when nothing is left for her or for today, or when she is not that far.
    """
    locked = _lock_person(participation)
    if next_step(locked) is not Step.CONVERSATIONS:
        return None
    current = open_conversation(locked)
    if current:
        return current
    if day_is_full(locked):
        return None
    for ordinal, planned in conversations_due(locked):
        if planned.kind == Conversation.Kind.OWN:
            return _create_conversation(locked, ordinal, planned, grant=None)
        grant = claim_slot(participation=locked)
        if grant:
            return _create_conversation(locked, ordinal, planned, grant=grant)
    _note_pool(locked)
    return None


def _lock_person(participation: Participation) -> Participation:
    """Her row as it is now, locked; of what surrounds it, what was read before is kept."""
    people = Participation.objects.select_related("annotator")
    locked = people.select_for_update(of=("self",)).get(pk=participation.pk)
    _keep_known(locked, participation)
    read_conversations(locked)
    return locked


def _keep_known(fresh: Participation, known: Participation) -> None:
    """What changes while nobody looks is read again; what does not, is taken over."""
    for name in ("study", "wave", "locale"):
        field = Participation._meta.get_field(name)
        value = field.get_cached_value(known, default=None)
        if value and value.pk == getattr(fresh, f"{name}_id"):
            setattr(fresh, name, value)


def _note_pool(participation: Participation) -> None:
    """With nothing left to claim: is the pool done for her, or only busy at this moment?"""
    assert participation.locale is not None
    others_at_work = (
        Slot.objects.open()
        .filter(locale=participation.locale, phase=participation.phase, prompt__retired_at=None)
        .not_met_by(participation.annotator)
    )
    if not others_at_work.exists():
        give_up_pool(participation=participation)


def give_up_pool(*, participation: Participation) -> None:
    """Asks no more pool conversations of her: none is left, or she would not wait."""
    Participation.objects.filter(pk=participation.pk, pool_exhausted_at=None).update(
        pool_exhausted_at=timezone.now()
    )


def _create_conversation(
    participation: Participation,
    ordinal: int,
    planned: dealing.PlannedConversation,
    grant: Grant | None,
) -> Conversation:
    assert participation.locale is not None
    conversation = Conversation.objects.create(
        participation=participation,
        ordinal=ordinal,
        kind=planned.kind,
        locale=participation.locale,
        planned_turns=planned.turns,
        grant=grant,
        sampler_id=participation.study.live_sampler_id,
        sitting=sitting_of(participation),
        opened_at=timezone.now(),
    )
    if grant:
        set_id = grant.slot.candidate_set_id
        Turn.objects.create(
            conversation=conversation,
            position=1,
            message=PromptText.objects.values_list("text", flat=True).get(candidateset=set_id),
            mode=participation.study.mode_of(1),
            candidate_set_id=set_id,
            live=False,
        )
    return conversation


def check_message(*, conversation: Conversation, message: str) -> Verdict:
    """Has a message moderated before it is sent, and keeps the verdict, never the text.

    Where the verdict is a help line, the conversation ends with it. A repeat checks again.
    No transaction is open while an endpoint is asked.
    """
    verdict = moderate(message, conversation.locale.language, conversation.sampler.endpoint)
    _keep_verdict(conversation, message, verdict)
    if verdict.outcome is Outcome.HELP:
        end_with_help(conversation=conversation)
    return verdict


@transaction.atomic
def _keep_verdict(conversation: Conversation, message: str, verdict: Verdict) -> None:
    """Nothing of a conversation that ended while the endpoint was asked: she may have withdrawn."""
    locked = Conversation.objects.select_for_update(of=("self",)).get(pk=conversation.pk)
    if locked.is_open:
        Moderation.objects.create(
            conversation=locked,
            text_sha256=_hash(message),
            outcome=verdict.outcome.value,
            categories=list(verdict.categories),
            source=verdict.source.value,
        )


def _hash(message: str) -> str:
    return hashlib.sha256(message.encode()).hexdigest()


@transaction.atomic
def write_own_prompt(
    *, conversation: Conversation, message: str, pasted: int | None = None
) -> Turn:
    """Opens an own conversation with her message; a repeat returns the first turn."""
    locked = _lock_open(conversation)
    turn = locked.turns.filter(position=1).first()
    if turn:
        return turn
    _forget_draft(locked, "own-prompt-write")
    return _add_live_turn(locked, position=1, message=message, pasted=pasted)


def _add_live_turn(
    conversation: Conversation, *, position: int, message: str, pasted: int | None
) -> Turn:
    candidate_set = request_live_set(
        sampler=conversation.sampler,
        language=conversation.locale.language,
        context=[*_history(conversation), {"role": "user", "content": message}],
        seed=dealing.derive_seed(conversation.participation.seed, conversation.ordinal, position)
        % 2**31,
    )
    label = describe(message)
    turn = Turn.objects.create(
        conversation=conversation,
        position=position,
        message=message,
        detected_language=label.language,
        script=label.script,
        mode=conversation.participation.study.mode_of(position),
        candidate_set=candidate_set,
        pasted=pasted,
        live=True,
    )
    conversation.moderations.filter(
        turn=None, text_sha256=_hash(message), outcome__in=("ok", "edit")
    ).update(turn=turn)
    return turn


def _history(conversation: Conversation) -> list[Message]:
    """The chosen path: each message and the one answer that continued from it."""
    messages = []
    for turn in conversation.turns.select_related("ranking__chosen").order_by("position"):
        messages.append({"role": "user", "content": turn.message})
        messages.append({"role": "assistant", "content": turn.ranking.chosen.text})
    return messages


@transaction.atomic
def show_candidates(*, turn: Turn) -> list[ShownCandidate]:
    """The stored order of a turn's candidates, fixed at the first look."""
    locked = Turn.objects.select_for_update().get(pk=turn.pk)
    if locked.shown_at:
        return list(locked.shown.select_related("candidate"))
    locked.conversation = turn.conversation
    if turn.candidate_set.status != CandidateSet.Status.READY:  # what is ready stays so
        raise ValidationError(_("The answers are not ready yet."))
    candidates = list(turn.candidate_set.candidates.order_by("position"))
    shown = [
        ShownCandidate(turn=locked, candidate=candidates[place], position=position)
        for position, place in enumerate(_order(locked, len(candidates)))
    ]
    ShownCandidate.objects.bulk_create(shown)
    locked.shown_at = timezone.now()
    locked.save(update_fields=["shown_at"])
    return shown


def _order(turn: Turn, n: int) -> list[int]:
    conversation = turn.conversation
    if not turn.live:
        assert conversation.grant is not None
        slot = conversation.grant.slot
        study = conversation.participation.study
        seed = dealing.derive_seed(study.seed, turn.candidate_set_id, slot.locale_id)
        return dealing.pool_order(n=n, seed=seed, ordinal=slot.ordinal)
    seed = dealing.derive_seed(
        conversation.participation.seed, "order", conversation.ordinal, turn.position
    )
    return dealing.live_order(n=n, seed=seed)


@transaction.atomic
def submit_ranking(*, turn: Turn, submission_key: uuid.UUID, judgement: Judgement) -> Ranking:
    """Stores the judgement of a turn once; a repeat returns what is stored.

    Locks the turn's row: of simultaneous submissions the first is stored and the others
    read it. On turn 1 the slot is settled; where another turn follows, its message is
    stored and its generation starts after commit. Raises ValidationError.
    """
    locked = Turn.objects.select_for_update().get(pk=turn.pk)
    stored = Ranking.objects.filter(turn=locked).first()
    if stored:
        return stored
    conversation = locked.conversation = _lock_open(turn.conversation)
    if not locked.is_last and not judgement.next_message:
        raise ValidationError({"next_message": _("Write your next message.")})
    ranking = _store_ranking(locked, shown_in(turn), submission_key, judgement)
    if locked.position == 1 and conversation.grant:
        complete_slot(grant=conversation.grant)
    if not locked.is_last:
        _add_live_turn(
            conversation,
            position=locked.position + 1,
            message=judgement.next_message,
            pasted=judgement.pasted,
        )
    if not _end_if_done(conversation):
        _forget_draft(conversation, "ranking-submit", locked.position)
    return ranking


def _store_ranking(
    turn: Turn, rows: Iterable[ShownCandidate], submission_key: uuid.UUID, judgement: Judgement
) -> Ranking:
    shown = {row.candidate.handle: row.candidate for row in rows}
    partial = turn.conversation.participation.study.partial_allowed
    ranks, chosen = check_judgement(judgement, list(shown), mode=turn.mode, partial=partial)
    try:
        with transaction.atomic():
            ranking = Ranking.objects.create(
                turn=turn,
                submission_key=submission_key,
                chosen=shown[chosen],
                acceptable=judgement.acceptable,
                represents=judgement.represents,
                reason=judgement.reason,
                layout=judgement.layout,
                viewport=judgement.viewport,
            )
    except IntegrityError as error:  # the key was used for another turn at the same moment
        raise ValidationError(OUT_OF_DATE) from error
    RankedCandidate.objects.bulk_create(
        RankedCandidate(
            ranking=ranking,
            candidate=shown[handle],
            rank=rank,
            score=judgement.scores.get(handle) if turn.mode == Mode.RATING else None,
            visible_seconds=judgement.seconds.get(handle),
        )
        for handle, rank in ranks.items()
    )
    return ranking


@transaction.atomic
def explain_choice(*, turn: Turn, text: str, pasted: int | None = None) -> Explanation:
    """Stores the explanation of a ranked turn once (an empty text: asked, left empty).

    The letters it names are stored as the candidates that stood under them. A repeat returns
    what is stored. Raises ValidationError, also for a turn that no explanation is asked of.
    """
    locked = Turn.objects.select_for_update(of=("self",)).get(pk=turn.pk)
    if not is_ranked(locked):
        raise ValidationError(_("Rank the answers first, please."))
    stored = Explanation.objects.filter(turn=locked).first()
    if stored:
        return stored
    conversation = _lock_open(locked.conversation)
    if not explanation_asked(locked):
        raise ValidationError(OUT_OF_DATE)
    label = describe(text)
    explanation = Explanation.objects.create(
        turn=locked,
        text=text,
        detected_language=label.language,
        script=label.script,
        pasted=pasted,
    )
    _store_mentions(explanation, label.language or conversation.locale.language)
    _forget_draft(conversation, "explanation-submit", locked.position)
    _end_if_done(conversation)
    return explanation


def _store_mentions(explanation: Explanation, language: str) -> None:
    """Resolves the letters in an explanation by the order that was shown."""
    shown = {row.letter: row.candidate_id for row in explanation.turn.shown.all()}
    Mention.objects.bulk_create(
        Mention(explanation=explanation, candidate_id=shown[letter], start=start)
        for start, letter in find_mentions(explanation.text, "".join(shown), language)
    )


def _end_if_done(conversation: Conversation) -> bool:
    """Ends a conversation whose planned turns are ranked and, where asked, explained.

    Returns whether it did.
    """
    turns = conversation.turns.all()
    if conversation.participation.wave.explanation_policy != ExplanationPolicy.OFF:
        turns = turns.select_related("explanation")
        if any(explanation_due(turn) for turn in turns):
            return False
    if turns.filter(ranking__isnull=False).count() < conversation.planned_turns:
        return False
    _end(conversation, Conversation.Status.FINISHED)
    return True


@transaction.atomic
def end_if_done(*, conversation: Conversation) -> None:
    """Ends a conversation that asks for nothing more: of its last turn an explanation was due,
    and is no longer asked for. Does nothing otherwise, nor a second time."""
    locked = Conversation.objects.select_for_update(of=("self",)).get(pk=conversation.pk)
    if locked.is_open:
        _end_if_done(locked)


@transaction.atomic
def skip_conversation(*, conversation: Conversation, reason: str = "") -> None:
    """ "I'd rather not answer this one": costs nothing, is stored; a repeat changes nothing."""
    _leave(conversation, Conversation.Status.SKIPPED, Grant.Disposition.SKIPPED, reason)


@transaction.atomic
def leave_failed_conversation(*, conversation: Conversation) -> None:
    """Ends a conversation whose next responses could not be made; it counts as hers."""
    _leave(conversation, Conversation.Status.FAILED, Grant.Disposition.GENERATION_FAILED, "")


@transaction.atomic
def end_for_withdrawal(*, conversation: Conversation) -> None:
    """Ends the conversation of somebody who withdraws; her place is free at once.

    A submission under way is stored first, or finds the conversation ended. A repeat
    changes nothing.
    """
    _leave(conversation, Conversation.Status.WITHDRAWN, Grant.Disposition.WITHDRAWN, "")


@transaction.atomic
def end_with_help(*, conversation: Conversation) -> None:
    """Ends a conversation in which she may need help; it counts as hers, and is paid.

    What was sent together with that message, a ranking too, is not stored: its place is
    free for somebody else. A repeat changes nothing.
    """
    _leave(conversation, Conversation.Status.HELPED, Grant.Disposition.BROKE_OFF, "")


def _leave(
    conversation: Conversation,
    status: Conversation.Status,
    disposition: Grant.Disposition,
    reason: str,
) -> None:
    locked = Conversation.objects.select_for_update(of=("self",)).get(pk=conversation.pk)
    if not locked.is_open:
        return
    locked.skip_reason = reason
    _end(locked, status)
    if locked.grant:
        release_slot(grant=locked.grant, disposition=disposition, reason=reason)


@transaction.atomic
def retry_generation(*, turn: Turn) -> None:
    """Lets a worker try again after a failure; does nothing otherwise, nor once the
    conversation has ended or gone on: her message goes to no endpoint again."""
    locked = Conversation.objects.select_for_update(of=("self",)).get(pk=turn.conversation_id)
    if locked.is_open and not locked.turns.filter(position__gt=turn.position).exists():
        retry_failed_set(candidate_set=turn.candidate_set)


def _end(conversation: Conversation, status: Conversation.Status) -> None:
    conversation.status = status
    conversation.ended_at = timezone.now()
    conversation.save(update_fields=["status", "ended_at", "skip_reason"])
    transaction.on_commit(lambda: tasks.enqueue_review(conversation.participation_id))
    _forget_draft(conversation, "conversation")


def _forget_draft(conversation: Conversation, name: str, *place: int) -> None:
    """The act is stored, so its draft goes; with the conversation's own name, all of them."""
    path = reverse(name, args=[conversation.public_id, *place])
    forget_drafts(participation_id=conversation.participation_id, under=path)


def _lock_open(conversation: Conversation) -> Conversation:
    locked = (
        Conversation.objects.select_for_update(of=("self",))
        .select_related("participation", "grant")
        .get(pk=conversation.pk)
    )
    _keep_known(locked.participation, conversation.participation)
    if not locked.is_open or locked.participation.withdrawn_at:
        raise ValidationError(_("This conversation has ended."))
    return locked
