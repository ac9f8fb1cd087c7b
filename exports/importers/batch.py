"""Some imported conversations as unsaved rows, saved together in the order of their references."""

import uuid
from itertools import groupby
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from annotation.models import (
    Conversation,
    Explanation,
    Grant,
    Mode,
    Participation,
    Phase,
    RankedCandidate,
    Ranking,
    ShownCandidate,
    Slot,
    StudyLocale,
    Turn,
)
from candidates.models import Candidate, CandidateSet, Generation, PromptText
from exports.importers.records import Dialogue, JudgedTurn, Response
from exports.importers.sets import Context, NewSet, Sets, made_for
from exports.importers.stage import Stage

IN_ORDER: tuple[type[models.Model], ...] = (
    CandidateSet,
    Generation,
    Candidate,
    Slot,
    Grant,
    Conversation,
    Turn,
    ShownCandidate,
    Ranking,
    RankedCandidate,
    Explanation,
)
# By which rows refer to others of their kind; a refused attempt also to a translated set.
REFERENCES = ("translated_from", "parallel_to", "refused_for")


def _level_of(row: Any) -> int:
    """0 for a row that refers to no other of its kind; refused attempts come last."""
    named = [place for place, name in enumerate(REFERENCES, 1) if getattr(row, name, None)]
    return max(named, default=0)


class Batch:
    """Add conversations, or sets of candidates alone, then save once."""

    def __init__(self, stage: Stage, mode: Mode) -> None:
        self.stage, self.mode, self.now = stage, mode, timezone.now()
        self.rows: dict[type[models.Model], list[Any]] = {model: [] for model in IN_ORDER}
        self.sets = Sets(stage, self._keep)

    def add(self, dialogue: Dialogue) -> None:
        participation = self.stage.participation(dialogue.person)
        ended = None if dialogue.status == Conversation.Status.OPEN else self.now
        counted = self.stage.next_ordinal(("plan", participation.pk))
        conversation = Conversation(
            participation=participation,
            ordinal=counted if dialogue.place_in_plan is None else dialogue.place_in_plan,
            kind=Conversation.Kind.POOL if dialogue.pool else Conversation.Kind.OWN,
            locale=self._locale(dialogue),
            planned_turns=dialogue.planned_turns or len(dialogue.turns),
            sampler=self._live_sampler(dialogue),
            status=dialogue.status,
            sitting=dialogue.sitting,
            skip_reason=dialogue.skip_reason,
            **{"opened_at": self.now, "ended_at": ended, **dialogue.told},
        )
        self._keep(conversation)
        context: Context = []
        for position, turn in enumerate(dialogue.turns, start=1):
            context = [*context, {"role": "user", "content": turn.message}]
            made = self.sets.of_turn(made_for(dialogue, position, turn, context))
            if dialogue.pool and position == 1:
                conversation.grant = self._add_grant(conversation, dialogue, made)
            self._add_turn(conversation, position, turn, made)
            context = [*context, *self._answer(turn)]

    def save(self) -> None:
        for model in IN_ORDER:
            for _level, rows in groupby(sorted(self.rows[model], key=_level_of), key=_level_of):
                model._default_manager.bulk_create(rows, batch_size=2000)
        self.sets.remember()

    def _keep(self, row: Any) -> Any:
        self.rows[type(row)].append(row)
        return row

    def _locale(self, dialogue: Dialogue) -> StudyLocale:
        lives_in = dialogue.person.country
        country = lives_in if dialogue.country is None else dialogue.country
        return self.stage.locale(country, dialogue.language)

    def _live_sampler(self, dialogue: Dialogue) -> Any:
        if dialogue.live_arm is None:
            return self.stage.study.live_sampler
        shown = max((len(turn.responses) for turn in dialogue.turns), default=0)
        return self.stage.sampler(dialogue.live_arm, n=max(2, shown), live=True)

    def _answer(self, turn: JudgedTurn) -> Context:
        return [
            {"role": "assistant", "content": response.text}
            for response in turn.responses
            if response.position == turn.chosen
        ]

    def _add_grant(self, conversation: Conversation, dialogue: Dialogue, made: NewSet) -> Grant:
        """A done place, or a void one: for what was not judged, and for a prompt that she had
        met before, since repeats never count."""
        person: Participation = conversation.participation
        text = made.text
        if text is None:
            raise ValidationError(f"Set {made.key} opens a pool conversation and has no prompt.")
        counted = self.stage.next_ordinal(("met", person.pk, text.prompt_id))
        occasion = counted if dialogue.occasion is None else dialogue.occasion
        grant: Grant = self._keep(
            Grant(
                slot=self._add_slot(conversation, dialogue, made, text, counts=occasion == 0),
                participation=person,
                annotator=person.annotator,
                prompt=text.prompt,
                occasion=occasion,
                granted_at=self.now,
                disposition=dialogue.disposition,
                reason=dialogue.reason,
                ended_at=self.now if dialogue.disposition else None,
            )
        )
        return grant

    def _add_slot(
        self,
        conversation: Conversation,
        dialogue: Dialogue,
        made: NewSet,
        text: PromptText,
        *,
        counts: bool,
    ) -> Slot:
        done: dict[str, Any] = {
            "status": Slot.Status.DONE,
            "holder": conversation.participation,
            "done_at": self.now,
        }
        fills = counts and dialogue.disposition == Grant.Disposition.COMPLETED
        slot: Slot = self._keep(
            Slot(
                candidate_set=made.row,
                prompt=text.prompt,
                locale=conversation.locale,
                phase=Phase.MAIN,
                ordinal=self.stage.next_ordinal(("place", made.key, conversation.locale_id)),
                draw=0,
                **dialogue.slot,
                **(done if fills else {"status": Slot.Status.VOID}),
            )
        )
        return slot

    def _add_turn(
        self, conversation: Conversation, position: int, turn: JudgedTurn, made: NewSet
    ) -> None:
        shown = self.now if turn.responses else None
        stored = self._keep(
            Turn(
                conversation=conversation,
                position=position,
                message=turn.message,
                candidate_set=made.row,
                mode=turn.mode or self.mode,
                live=position > 1 or conversation.kind == Conversation.Kind.OWN,
                **{"started_at": self.now, "shown_at": shown, **turn.said},
            )
        )
        answers = [(response, made.candidate_of(response)) for response in turn.responses]
        for response, candidate in answers:
            self._keep(ShownCandidate(turn=stored, candidate=candidate, position=response.position))
        if turn.chosen is not None:
            self._add_ranking(stored, turn, answers)

    def _add_ranking(
        self, stored: Turn, turn: JudgedTurn, answers: list[tuple[Response, Candidate]]
    ) -> None:
        ranking = self._keep(
            Ranking(
                turn=stored,
                submission_key=uuid.uuid4(),
                chosen=next(c for response, c in answers if response.position == turn.chosen),
                acceptable=turn.acceptable,
                represents=turn.represents,
                reason=turn.reason,
                **{"submitted_at": self.now, **turn.judged},
            )
        )
        for response, candidate in answers:
            self._keep(
                RankedCandidate(
                    ranking=ranking,
                    candidate=candidate,
                    rank=response.rank,
                    score=response.score,
                    visible_seconds=response.visible_seconds,
                )
            )
        if turn.explanation is not None:
            written = {"written_at": self.now, **turn.explained}
            self._keep(Explanation(turn=stored, text=turn.explanation, **written))
