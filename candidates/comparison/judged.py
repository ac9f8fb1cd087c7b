"""The sets that were made as records, with what the judges say of their responses."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from candidates.comparison import judge
from candidates.comparison.coverage import judge_errors
from candidates.comparison.figures import SET_FIGURES
from candidates.comparison.records import Response, SetRecord
from candidates.models import CandidateSet, Generation, ModelEndpoint

Labelled = tuple[str, str, frozenset[str], str]  # language, text, true poles, prompt


def load(wanted: Sequence[int]) -> list[CandidateSet]:
    """These sets, in this order, with all that a record is made of."""
    sets = (
        CandidateSet.objects.filter(pk__in=wanted)
        .select_related("sampler", "prompt_text__prompt")
        .prefetch_related("candidates", "generations", "refused_attempts__generations")
    )
    by_key = {item.pk: item for item in sets}
    return [by_key[pk] for pk in wanted]


class Judged:
    """What the judges say of every response, and of the labelled texts."""

    def __init__(
        self,
        sets: Sequence[CandidateSet],
        values: ModelEndpoint | None,
        helpfulness: ModelEndpoint | None,
        labels: Sequence[Labelled],
    ):
        pairs = [_pair(item, c.text) for item in sets for c in item.candidates.all()]
        asked = [(prompt, text) for _, text, _, prompt in labels]
        self.values, self.helpful = values, helpfulness
        self.poles = judge.judge_poles(values, [*pairs, *asked]) if values else {}
        self.scores = judge.judge_helpfulness(helpfulness, pairs) if helpfulness else {}
        self.errors = judge_errors(
            (language, truth, self.poles[prompt, text].answer or {})
            for language, text, truth, prompt in labels
        )
        self.canned = any(v.canned for v in self.poles.values()) or any(
            v.canned for v in self.scores.values()
        )

    def about_poles(self) -> dict[str, Any] | None:
        if self.values is None:
            return None
        unjudged = sum(v.answer is None or None in v.answer.values() for v in self.poles.values())
        errors = [
            {
                "language": language,
                "pole": pole,
                "found": error.found,
                "positives": error.positives,
                "passed": error.passed,
                "negatives": error.negatives,
            }
            for language, poles in sorted(self.errors.items())
            for pole, error in poles.items()
        ]
        return _about(self.values, self.poles, unjudged) | {"errors": errors}

    def about_helpfulness(self) -> dict[str, Any] | None:
        if self.helpful is None:
            return None
        unjudged = sum(verdict.answer is None for verdict in self.scores.values())
        return _about(self.helpful, self.scores, unjudged)


def _about(
    endpoint: ModelEndpoint, verdicts: Mapping[judge.Pair, judge.Verdict[Any]], unjudged: int
) -> dict[str, Any]:
    return {
        "endpoint": endpoint.key,
        "texts": len(verdicts),
        "not_judged": unjudged,
        "cost": float(sum((verdict.cost for verdict in verdicts.values()), Decimal(0))),
    }


def record(item: CandidateSet, judged: Judged) -> SetRecord:
    """What the statistics know of a set, its refused attempts included."""
    ready = item.status == CandidateSet.Status.READY
    refused = list(item.refused_attempts.all())
    reasons = [reason for attempt in refused for reason in attempt.reasons]
    if item.status == CandidateSet.Status.FAILED and item.attempts < item.sampler.max_attempts:
        reasons += item.reasons  # the provider's doing; else the attempts say it already
    calls: list[Generation] = [call for one in (item, *refused) for call in one.generations.all()]
    assert item.prompt_text is not None
    return SetRecord(
        sampler=str(item.sampler),
        prompt=item.prompt_text.prompt.key,
        language=item.language,
        ready=ready,
        # Diversity is measured only where every check was passed.
        valid_attempts=ready + sum(bool(attempt.measures) for attempt in refused),
        refused_attempts=len(refused),
        attempts=ready + len(refused),
        reasons=reasons,
        measures=_measures(item.measures) if ready else {},
        price=float(sum((call.cost for call in calls), Decimal(0))),
        seconds=sum(call.latency_ms or 0 for call in calls) / 1000,
        responses=[_response(item, c.source, c.text, judged) for c in item.candidates.all()],
    )


def _response(item: CandidateSet, source: str, text: str, judged: Judged) -> Response:
    pair = _pair(item, text)
    poles = judged.poles[pair].answer if judged.poles else None
    score = judged.scores[pair].answer if judged.scores else None
    return Response(source=source, text=text, poles=poles or {}, score=score)


def _pair(item: CandidateSet, text: str) -> judge.Pair:
    return item.context[-1]["content"], text


def _measures(stored: Mapping[str, Any]) -> dict[str, float | None]:
    """Means of similarities, and spreads, as stored with the set."""
    return {
        name: value.get("mean") if isinstance(value, dict) else value
        for name in SET_FIGURES
        for value in [stored.get(name)]
    }
