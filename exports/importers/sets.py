"""Candidate sets of an import, with the calls that they came from, as unsaved rows."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from candidates.actions.sets import hash_context
from candidates.models import Candidate, CandidateSet, Generation, PromptText, Sampler
from exports.importers.records import (
    Call,
    Dialogue,
    JudgedTurn,
    Made,
    MadeSet,
    Prompted,
    Response,
)
from exports.importers.stage import Stage, StoredSet, digest

Context = list[dict[str, str]]
SOURCES = {Sampler.Strategy.NC_DEFAULT: Candidate.Source.NC}  # else named as the strategy is


@dataclass(frozen=True)
class NewSet:
    """A set that turns can refer to, stored or about to be."""

    key: str
    row: CandidateSet
    text: PromptText | None
    candidates: Mapping[str, Candidate]

    def candidate_of(self, response: Response) -> Candidate:
        """Raises ValidationError where a file shows what is not in the set."""
        name = response.key or str(response.position)
        if name not in self.candidates:
            raise ValidationError(f"Candidate {name} was shown and is not in its set {self.key}.")
        return self.candidates[name]


def made_for(dialogue: Dialogue, position: int, turn: JudgedTurn, context: Context) -> MadeSet:
    """The set behind a turn, as far as the turn tells it."""
    pool = dialogue.pool and position == 1
    prompt = Prompted(turn.message, dialogue.prompt_key, dialogue.prompt_version) if pool else None
    shown = [part for item in turn.responses for part in (str(item.position), item.text)]
    same = digest(turn.message, dialogue.prompt_key, dialogue.language, *shown) if pool else ""
    strategy = turn.arm.strategy if turn.arm else ""
    source = SOURCES.get(Sampler.Strategy(strategy), strategy) if strategy else Candidate.Source.NC
    return MadeSet(
        key=turn.set_key or same or uuid.uuid4().hex,
        language=dialogue.language,
        context=context,
        calls=[
            Call(key=model, model=model, fields={"raw": turn.raw})
            for model in dict.fromkeys(item.model for item in turn.responses)
        ],
        candidates=[
            Made(
                key=item.key or str(item.position),
                position=item.position,
                text=item.text,
                call=item.model,
                fields={"source": source, "generation_index": item.position},
            )
            for item in turn.responses
        ],
        prompt=prompt,
        arm=turn.arm,
    )


class Sets:
    """Adds sets to a batch; one that is known by its key is the same set again."""

    def __init__(self, stage: Stage, keep: Callable[[Any], Any]) -> None:
        self.stage, self.keep, self.now = stage, keep, timezone.now()
        self.new: dict[str, NewSet] = {}
        self.new_calls: dict[str, Generation] = {}

    def of_turn(self, made: MadeSet) -> NewSet:
        """The set of this key, wherever it is; made now where it is new."""
        known = self._known(made.key)
        if known is None:
            known = self.add(made)
            if made.prompt is None:  # nobody else is shown it: memory need not hold it
                del self.new[made.key]
        return known

    def add(self, made: MadeSet) -> NewSet:
        n = max(2, len(made.candidates))
        sampler = self.stage.sampler(made.arm, n=n, live=made.prompt is None)
        text = self.stage.prompt_text(made.prompt, made.language) if made.prompt else None
        ready = bool(made.candidates)
        fields: dict[str, Any] = {
            "status": CandidateSet.Status.READY if ready else CandidateSet.Status.FAILED,
            "ready_at": self.now if ready else None,
            "replicate": self.stage.next_ordinal(("set", text.pk, sampler.pk)) if text else 0,
            "refused_for": self._row(made.refused_for),
            "parallel_to": self._row(made.parallel_to),
        }
        context = [dict(message) for message in made.context]
        row = CandidateSet(
            prompt_text=text,
            sampler=sampler,
            language=made.language,
            context=context,
            context_hash=hash_context(context),
            seed=0,
            **fields | dict(made.fields),
        )
        self.keep(row)
        calls = {call.key: self._call(row, call, draw) for draw, call in enumerate(made.calls)}
        native = self._known(made.parallel_to)
        origins = native.candidates if native else {}
        candidates = {
            item.key: self._candidate(row, item, calls, origins) for item in made.candidates
        }
        self.new[made.key] = NewSet(made.key, row, text, candidates)
        return self.new[made.key]

    def remember(self) -> None:
        """After the rows are saved, by their keys alone: memory holds no texts."""
        for key, made in self.new.items():
            places = {name: candidate.pk for name, candidate in made.candidates.items()}
            self.stage.sets[key] = StoredSet(made.row.pk, made.text, places)
        self.stage.calls |= {key: call.pk for key, call in self.new_calls.items()}

    def _known(self, key: str) -> NewSet | None:
        stored = self.stage.sets.get(key)
        if stored is None:
            return self.new.get(key)
        row = CandidateSet(pk=stored.pk)
        candidates = {
            name: Candidate(pk=pk, candidate_set=row) for name, pk in stored.candidates.items()
        }
        return NewSet(key, row, stored.text, candidates)

    def _row(self, key: str) -> CandidateSet | None:
        if not key:
            return None
        known = self._known(key)
        if known is None:
            raise ValidationError(f"Set {key} is named by another set and is not in the file.")
        return known.row

    def _call(self, row: CandidateSet, call: Call, draw: int) -> Generation:
        if call.shared and call.key in self.new_calls:
            return self.new_calls[call.key]
        if call.shared and call.key in self.stage.calls:
            return Generation(pk=self.stage.calls[call.key])
        named = call.endpoint or call.model
        fields = {
            "attempt": 1,
            "part": Generation.Part.DIVERSE,
            "draw": draw,
            "request": {},
            "model_returned": call.model[:200],
        }
        made: Generation = self.keep(
            Generation(
                candidate_set=row,
                endpoint=self.stage.endpoint(named),
                **fields | dict(call.fields),
            )
        )
        if call.shared:
            self.new_calls[call.key] = made
        return made

    def _candidate(
        self,
        row: CandidateSet,
        made: Made,
        calls: Mapping[str, Generation],
        origins: Mapping[str, Candidate],
    ) -> Candidate:
        if made.translated_from and made.translated_from not in origins:
            raise ValidationError(
                f"Candidate {made.key} translates one that is not in the set beside its own."
            )
        fields = {"language": row.language, **made.fields}
        kept: Candidate = self.keep(
            Candidate(
                candidate_set=row,
                position=made.position,
                text=made.text,
                generation=calls[made.call],
                translated_from=origins[made.translated_from] if made.translated_from else None,
                **fields,
            )
        )
        return kept
