"""Some imported conversations as unsaved rows, saved together in the order of their references."""

import uuid
from typing import Any

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
    Turn,
)
from candidates.actions import hash_context
from candidates.models import Candidate, CandidateSet, Generation, PromptText
from exports.importers.records import Dialogue, JudgedTurn
from exports.importers.stage import Stage, digest

Context = list[dict[str, str]]
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


class Batch:
    """Add conversations, then save once."""

    def __init__(self, stage: Stage, mode: Mode) -> None:
        self.stage, self.mode, self.now = stage, mode, timezone.now()
        self.rows: dict[type[models.Model], list[Any]] = {model: [] for model in IN_ORDER}
        self.new_sets: dict[str, list[Candidate]] = {}

    def add(self, dialogue: Dialogue) -> None:
        participation = self.stage.participation(dialogue.person)
        conversation = Conversation(
            participation=participation,
            ordinal=self.stage.next_ordinal(participation.pk),
            kind=Conversation.Kind.POOL if dialogue.pool else Conversation.Kind.OWN,
            locale=self.stage.locale(dialogue.person.country, dialogue.language),
            planned_turns=dialogue.planned_turns or len(dialogue.turns),
            sampler=self.stage.study.live_sampler,
            status=Conversation.Status.FINISHED,
            opened_at=self.now,
            ended_at=self.now,
        )
        self._keep(conversation)
        context: Context = []
        for position, turn in enumerate(dialogue.turns, start=1):
            context = [*context, {"role": "user", "content": turn.message}]
            if dialogue.pool and position == 1:
                candidates = self._pool_set(dialogue, turn, context, conversation)
            else:
                candidates = self._new_set(dialogue.language, turn, context)
            self._add_turn(conversation, position, turn, candidates)
            chosen = next(item.text for item in turn.responses if item.position == turn.chosen)
            context = [*context, {"role": "assistant", "content": chosen}]

    def save(self) -> None:
        for model in IN_ORDER:
            model._default_manager.bulk_create(self.rows[model], batch_size=2000)
        for key, made in self.new_sets.items():  # by ids alone: memory holds no texts
            self.stage.sets[key] = [made[0].candidate_set_id, *(row.pk for row in made)]

    def _keep(self, row: Any) -> Any:
        self.rows[type(row)].append(row)
        return row

    def _pool_set(
        self, dialogue: Dialogue, turn: JudgedTurn, context: Context, conversation: Conversation
    ) -> list[Candidate]:
        """The set that everybody who saw these texts in this order judged, and her grant."""
        text = self.stage.prompt_text(dialogue, turn.message)
        shown = [part for item in turn.responses for part in (str(item.position), item.text)]
        key = digest(str(text.pk), *shown)
        if key in self.stage.sets:
            known, *places = self.stage.sets[key]
            candidates = [Candidate(pk=pk, candidate_set=CandidateSet(pk=known)) for pk in places]
        elif key in self.new_sets:
            candidates = self.new_sets[key]
        else:
            candidates = self._new_set(dialogue.language, turn, context, text)
            self.new_sets[key] = candidates
        conversation.grant = self._add_grant(conversation, text, candidates[0].candidate_set, key)
        return candidates

    def _add_grant(
        self, conversation: Conversation, text: PromptText, candidate_set: CandidateSet, key: str
    ) -> Grant:
        """A done place, or for a prompt she had met before a void one: repeats never count."""
        person: Participation = conversation.participation
        occasion = self.stage.next_ordinal((person.pk, text.prompt_id))
        done: dict[str, Any] = {
            "status": Slot.Status.DONE,
            "holder": person,
            "done_at": self.now,
        }
        slot = self._keep(
            Slot(
                candidate_set=candidate_set,
                prompt=text.prompt,
                locale=conversation.locale,
                phase=Phase.MAIN,
                ordinal=self.stage.next_ordinal((key, conversation.locale_id)),
                draw=0,
                **(done if occasion == 0 else {"status": Slot.Status.VOID}),
            )
        )
        grant: Grant = self._keep(
            Grant(
                slot=slot,
                participation=person,
                annotator=person.annotator,
                prompt=text.prompt,
                occasion=occasion,
                granted_at=self.now,
                disposition=Grant.Disposition.COMPLETED,
                ended_at=self.now,
            )
        )
        return grant

    def _new_set(
        self, language: str, turn: JudgedTurn, context: Context, text: PromptText | None = None
    ) -> list[Candidate]:
        candidate_set = self._keep(
            CandidateSet(
                prompt_text=text,
                sampler=self.stage.study.pool_sampler,
                replicate=self.stage.next_ordinal(text) if text else 0,
                language=language,
                context=context,
                context_hash=hash_context(context),
                seed=0,
                status=CandidateSet.Status.READY,
                ready_at=self.now,
            )
        )
        generations: dict[str, Generation] = {}
        for response in turn.responses:
            if response.model not in generations:
                generations[response.model] = self._keep(
                    Generation(
                        candidate_set=candidate_set,
                        attempt=1,
                        part=Generation.Part.DIVERSE,
                        draw=len(generations),
                        endpoint=self.stage.endpoint(response.model),
                        request={},
                        raw=turn.raw,
                        model_returned=response.model[:200],
                    )
                )
        return [
            self._keep(
                Candidate(
                    candidate_set=candidate_set,
                    position=response.position,
                    text=response.text,
                    source=Candidate.Source.NC,
                    generation=generations[response.model],
                    generation_index=response.position,
                    language=language,
                )
            )
            for response in turn.responses
        ]

    def _add_turn(
        self,
        conversation: Conversation,
        position: int,
        turn: JudgedTurn,
        candidates: list[Candidate],
    ) -> None:
        stored = self._keep(
            Turn(
                conversation=conversation,
                position=position,
                message=turn.message,
                candidate_set=candidates[0].candidate_set,
                mode=turn.mode or self.mode,
                live=position > 1 or conversation.kind == Conversation.Kind.OWN,
                started_at=self.now,
                shown_at=self.now,
            )
        )
        answers = list(zip(turn.responses, candidates, strict=True))
        ranking = self._keep(
            Ranking(
                turn=stored,
                submission_key=uuid.uuid4(),
                chosen=next(c for response, c in answers if response.position == turn.chosen),
                acceptable=turn.acceptable,
                represents=turn.represents,
                reason=turn.reason,
                submitted_at=self.now,
            )
        )
        for response, candidate in answers:
            self._keep(ShownCandidate(turn=stored, candidate=candidate, position=response.position))
            self._keep(
                RankedCandidate(
                    ranking=ranking, candidate=candidate, rank=response.rank, score=response.score
                )
            )
        if turn.explanation is not None:
            self._keep(Explanation(turn=stored, text=turn.explanation, written_at=self.now))
