"""Our own `candidates`: every set with its calls, also those that nobody was shown."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.core.exceptions import ValidationError

from candidates.models import Candidate, CandidateSet, Sampler
from exports.importers.records import Arm, Call, Made, MadeSet, Prompted
from exports.importers.texts import read_json
from exports.validators.problems import Row

# How a sampler works, told by what it made; a default response stands in any kind of set.
STRATEGIES = {
    Candidate.Source.NC: Sampler.Strategy.NC,
    Candidate.Source.TEMPERATURE: Sampler.Strategy.TEMPERATURE,
    Candidate.Source.MULTI_MODEL: Sampler.Strategy.MULTI_MODEL,
    Candidate.Source.STEERED: Sampler.Strategy.STEERED,
}


def read_sets(read: Callable[[], Iterable[Row]]) -> Iterator[MadeSet]:
    """Sets after those that they refer to: native ones, translations of them, refused attempts.

    `read` begins a new reading of the rows; three are made, so that memory holds one set.
    Raises ValidationError where the rows of a set do not stand together.
    """
    seen: set[str] = set()
    for stage in range(3):
        for key, group in groupby(read(), key=lambda row: row["candidate_set_id"]):
            rows = list(group)
            if _stage(rows[0]) != stage:
                continue
            if key in seen:
                raise ValidationError(f"The rows of set {key} do not stand together.")
            seen.add(key)
            yield _set(key, rows)


def _stage(row: Row) -> int:
    return 2 if row["refused_for"] else 1 if row["parallel_to"] else 0


def _set(key: str, rows: list[Row]) -> MadeSet:
    first = rows[0]
    made = [row for row in rows if row["result"] == "candidate"]
    named = ("candidate_id", "position", "text", "call_id", "source")
    by_key = ("candidate_id", "call_id")  # empty is none
    if not first["context"] or any(
        any(row[name] is None for name in named) or not all(row[name] for name in by_key)
        for row in made
    ):
        raise ValidationError(f"Set {key} lacks its context, or one of its candidates a column.")
    prompt = None
    if first["prompt_key"]:
        text = first["context"][-1]["content"]
        stage = first["prompt_stage"] or "unreviewed"
        prompt = Prompted(text, first["prompt_key"], first["prompt_version"], stage)
    calls = {row["call_id"]: row for row in reversed(rows) if row["call_id"]}
    return MadeSet(
        key=key,
        language=first["language"],
        context=first["context"],
        calls=[_call(row) for row in reversed(calls.values())],
        candidates=[_made(row) for row in made],
        prompt=prompt,
        arm=Arm(first["sampler"], first["sampler_version"], _strategy(made)),
        fields=_fields(first),
        refused_for=first["refused_for"] or "",
        parallel_to=first["parallel_to"] or "",
    )


def _strategy(made: list[Row]) -> str:
    sources = {row["source"] for row in made}
    if {Candidate.Source.NC, Candidate.Source.DEFAULT} <= sources:
        return Sampler.Strategy.NC_DEFAULT
    return next((STRATEGIES[source] for source in STRATEGIES if source in sources), "")


def _fields(row: Row) -> dict[str, Any]:
    """A set that still waited has failed here: nothing here goes on making it."""
    status = row["set_status"]
    waited = status == CandidateSet.Status.PENDING
    return {
        "status": CandidateSet.Status.FAILED if waited else status,
        "replicate": row["replicate"] or 0,
        "reasons": row["reasons"] or [],
        "measures": read_json(row["measures"] or "{}", f"Set {row['candidate_set_id']}"),
        "control": bool(row["is_control"]),
    }


def _call(row: Row) -> Call:
    return Call(
        key=row["call_id"],
        model=row["model_returned"] or "",
        endpoint=row["endpoint"] or "",
        shared=True,
        fields={
            "attempt": row["attempt"] or 0,
            "part": row["part"],
            "draw": row["draw"] or 0,
            "request": read_json(row["request"] or "{}", f"Call {row['call_id']}"),
            "raw": row["answer"] or "",
            "parse_result": row["parse_result"] or "",
            "finish_reason": row["finish_reason"] or "",
            "prompt_tokens": row["prompt_tokens"],
            "completion_tokens": row["completion_tokens"],
            "latency_ms": row["latency_ms"],
            "cost": Decimal(str(row["cost"] or 0)),
            "canned": bool(row["is_canned"]),
            "error": row["error"] or "",
        },
    )


def _made(row: Row) -> Made:
    return Made(
        key=row["candidate_id"],
        position=row["position"],
        text=row["text"],
        call=row["call_id"],
        translated_from=row["translated_from"] or "",
        fields={
            "source": row["source"],
            "pole": row["pole"] or "",
            "generation_index": row["generation_index"] or 0,
            "language": row["candidate_language"] or row["language"],
            "stage": row["stage"] or "",
        },
    )
