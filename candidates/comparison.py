"""The statistics of a comparison of samplers. Pure functions; docs/comparing-samplers.md.

Every figure is a mean over sets, attempts or responses, and comes with its n. Its
interval is a percentile bootstrap (Efron & Tibshirani, 1993) that draws whole prompts,
with all their languages and samplers: what the same question got is not independent
(Cameron, Gelbach & Miller, 2008).
"""

import random
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import floor
from typing import Any

from candidates.diversity import LIST_ITEM

AXES = {
    "secular_traditional": ("traditional", "secular_rational"),
    "survival_expression": ("survival", "self_expression"),
}
AXIS_OF = {pole: axis for axis, poles in AXES.items() for pole in poles}
NEITHER = "neither"
ALL = "all"  # the languages together
DRAWS = 1000
SEED = 20_250_709
LEVEL = 0.95

# For each figure: its name, what one n is, and its definition.
FIGURES = {
    "ready": ("Sets ready", "sets", "share of the sets asked for that became ready"),
    "valid": (
        "Valid attempts",
        "attempts",
        "share of the attempts whose responses passed every validity check; an attempt that was "
        "refused only because its responses are too similar counts as valid",
    ),
    "refused": (
        "Refused attempts",
        "attempts",
        "share of the attempts that were refused, for a failed check or for similarity",
    ),
    "lexical": (
        "Lexical similarity",
        "sets",
        "mean over ready sets of the mean pairwise similarity of letters (0 nothing shared, "
        "1 the same text)",
    ),
    "semantic": (
        "Semantic similarity",
        "sets",
        "mean over ready sets of the mean pairwise cosine of the responses' embeddings",
    ),
    "length_spread": (
        "Length spread",
        "sets",
        "mean over ready sets of the coefficient of variation of the responses' words",
    ),
    "list_spread": (
        "List spread",
        "sets",
        "mean over ready sets of the largest difference in the share of words in lists",
    ),
    "words": ("Words", "responses", "mean number of words of the ready sets' responses"),
    "lists": (
        "In list form",
        "responses",
        "share of the ready sets' responses with a line that begins with a bullet or a number",
    ),
    "coverage": (
        "Coverage",
        "sets",
        "share of ready sets with one or more responses of the pole, as the judge says; sets "
        "with a response that was not judged are left out",
    ),
    "corrected": (
        "Corrected coverage",
        "sets",
        "the same with the judge's errors in that language taken out (Rogan & Gladen, 1978, for "
        "each response, joined over the set); its interval draws the labelled texts too, and "
        "it assumes that errors on the responses of a set are independent",
    ),
    "helpfulness": (
        "Helpfulness",
        "responses",
        "mean score of the ready sets' responses, 1 to 5, by the helpfulness judge",
    ),
    "price": (
        "Price a set",
        "sets",
        "mean cost of a set asked for, refused attempts and failed sets included, in the unit of "
        "the endpoints' prices",
    ),
    "seconds": (
        "Seconds a set",
        "sets",
        "mean over the sets asked for of the seconds of their calls one after the other, refused "
        "attempts included",
    ),
}
SET_FIGURES = ("lexical", "semantic", "length_spread", "list_spread")
_SIMPLE = (
    *("ready", "valid", "refused", *SET_FIGURES),
    *("words", "lists", "helpfulness", "price", "seconds"),
)
COMPARED = ("lexical", "semantic", "helpfulness")

Values = Mapping[str, Sequence[float]]  # by prompt


@dataclass(frozen=True)
class Response:
    """One candidate, with what the judges say. A pole of None: not judged on that axis."""

    source: str
    text: str
    poles: Mapping[str, str | None] = field(default_factory=dict)
    score: int | None = None


@dataclass(frozen=True)
class SetRecord:
    """One set asked for, whatever became of it."""

    sampler: str
    prompt: str
    language: str
    ready: bool
    valid_attempts: int
    refused_attempts: int
    attempts: int
    reasons: Sequence[str] = ()
    measures: Mapping[str, float | None] = field(default_factory=dict)
    price: float = 0.0
    seconds: float = 0.0
    responses: Sequence[Response] = ()


@dataclass(frozen=True)
class JudgeError:
    """How a judge did on labelled texts: of those of a pole, and of those not of it."""

    positives: int
    found: int
    negatives: int
    passed: int

    @property
    def sensitivity(self) -> float:
        return self.found / self.positives

    @property
    def specificity(self) -> float:
        return self.passed / self.negatives

    @property
    def fault(self) -> str:
        """Why nothing can be corrected with it; empty when something can."""
        if not self.positives:
            return "no labelled text of this pole"
        if not self.negatives:
            return "every labelled text is of this pole"
        if self.sensitivity + self.specificity <= 1:
            return "the judge does no better than chance"
        return ""

    def draw(self, chance: random.Random) -> tuple[float, float]:
        """Sensitivity and specificity on as many labelled texts drawn again."""
        found = sum(chance.random() < self.sensitivity for _text in range(self.positives))
        passed = sum(chance.random() < self.specificity for _text in range(self.negatives))
        return found / self.positives, passed / self.negatives


Errors = Mapping[str, Mapping[str, JudgeError]]  # by language and pole


def rogan_gladen(observed: float, sensitivity: float, specificity: float) -> float | None:
    """The true share behind one that a judge with these errors sees; None where none follows."""
    gain = sensitivity + specificity - 1
    if gain <= 0:
        return None
    return min(1.0, max(0.0, (observed + specificity - 1) / gain))


def uncovered(responses: int, seen: int, sensitivity: float, specificity: float) -> float:
    """An unbiased estimate of "no response of this set is of the pole".

    Rogan and Gladen's estimate for a single response is t = (y + Sp - 1) / (Se + Sp - 1), y
    being 1 or 0. Where errors are independent, the product of all (1 - t) has the product
    of the true values as its mean, and that is 1 only for a set without the pole. With a
    perfect judge it is 1 or 0; with another it may leave that range, and the mean of many
    sets is what counts.
    """
    gain = sensitivity + specificity - 1
    hit, miss = (sensitivity - 1) / gain, sensitivity / gain
    return float(hit**seen * miss ** (responses - seen))


class Resampling:
    """The same draws of prompts for every figure, so that figures can be compared."""

    def __init__(self, prompts: Iterable[str], *, draws: int = DRAWS, seed: int = SEED):
        self.prompts = sorted(set(prompts))
        self.draws = draws
        chance = random.Random(seed)
        places = list(range(len(self.prompts)))
        self.picks = [chance.choices(places, k=len(places)) for _draw in range(draws)]
        self.chance = random.Random(seed + 1)

    def mean(self, values: Values) -> dict[str, Any]:
        """A mean with its interval; None where there is nothing to take it of."""
        sums = [float(sum(values.get(prompt, ()))) for prompt in self.prompts]
        counts = [len(values.get(prompt, ())) for prompt in self.prompts]
        means = []
        for pick in self.picks:
            count = sum(map(counts.__getitem__, pick))
            if count:
                means.append(sum(map(sums.__getitem__, pick)) / count)
        n = sum(counts)
        return self.figure(sum(sums) / n if n else None, means, counts)

    def figure(
        self, value: float | None, draws: Sequence[float], counts: Sequence[int]
    ) -> dict[str, Any]:
        """Without two prompts there is no interval: nothing says how prompts differ."""
        prompts = sum(1 for count in counts if count)
        known = value is not None and prompts > 1 and len(draws) > self.draws / 2
        return {
            "value": value,
            "low": quantile(draws, (1 - LEVEL) / 2) if known else None,
            "high": quantile(draws, (1 + LEVEL) / 2) if known else None,
            "n": sum(counts),
            "prompts": prompts,
        }


def quantile(values: Sequence[float], share: float) -> float:
    """Between the two nearest values, by how near they are."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def coverage(records: Sequence[SetRecord], pole: str) -> dict[str, list[tuple[str, int, int]]]:
    """By prompt: for each fully judged set its language, responses, and those of the pole."""
    found = defaultdict(list)
    for record in records:
        said = [response.poles.get(AXIS_OF[pole]) for response in record.responses]
        if record.ready and said and None not in said:
            found[record.prompt].append((record.language, len(said), said.count(pole)))
    return dict(found)


def raw_coverage(
    cells: Mapping[str, Sequence[tuple[str, int, int]]], resampling: Resampling
) -> dict[str, Any]:
    return resampling.mean(
        {prompt: [float(seen > 0) for _, _, seen in sets] for prompt, sets in cells.items()}
    )


def corrected_coverage(
    cells: Mapping[str, Sequence[tuple[str, int, int]]],
    errors: Mapping[str, JudgeError],
    resampling: Resampling,
) -> dict[str, Any]:
    """Coverage without the errors of the judge, each language with its own.

    Each draw takes prompts and labelled texts anew, since both are samples. Draws in which
    the judge does no better than chance are left out.
    """
    kinds = {cell for sets in cells.values() for cell in sets}
    languages = sorted({language for language, _, _ in kinds})
    faults = [
        f"{language}: {errors[language].fault if language in errors else 'no labelled texts'}"
        for language in languages
        if language not in errors or errors[language].fault
    ]
    counts = [len(cells.get(prompt, ())) for prompt in resampling.prompts]
    if faults or not kinds:
        note = "not corrected: " + ("; ".join(faults) or "nothing was judged")
        return resampling.figure(None, (), counts) | {"note": note}

    def sums(rates: Mapping[str, tuple[float, float]]) -> list[float]:
        none = {kind: uncovered(kind[1], kind[2], *rates[kind[0]]) for kind in kinds}
        return [
            sum(1 - none[cell] for cell in cells.get(prompt, ())) for prompt in resampling.prompts
        ]

    measured = {code: (errors[code].sensitivity, errors[code].specificity) for code in languages}
    draws = []
    for pick in resampling.picks:
        rates = {code: errors[code].draw(resampling.chance) for code in languages}
        count = sum(map(counts.__getitem__, pick))
        if count and all(sum(pair) > 1 for pair in rates.values()):
            drawn = sums(rates)
            draws.append(_share(sum(map(drawn.__getitem__, pick)) / count))
    return resampling.figure(_share(sum(sums(measured)) / sum(counts)), draws, counts)


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))


def difference(
    a: Sequence[SetRecord], b: Sequence[SetRecord], figure: str, resampling: Resampling
) -> dict[str, Any]:
    """a less b, over the prompt texts for which both were measured."""
    theirs = {(record.prompt, record.language): _of_set(record, figure) for record in b}
    pairs: dict[str, list[float]] = defaultdict(list)
    for record in a:
        one, other = _of_set(record, figure), theirs.get((record.prompt, record.language))
        if one is not None and other is not None:
            pairs[record.prompt].append(one - other)
    return resampling.mean(pairs)


def _of_set(record: SetRecord, figure: str) -> float | None:
    if not record.ready:
        return None
    if figure == "helpfulness":
        scores = [float(r.score) for r in record.responses if r.score is not None]
        return statistics.fmean(scores) if scores else None
    return record.measures.get(figure)


def compare(
    records: Sequence[SetRecord], errors: Errors, *, draws: int = DRAWS, seed: int = SEED
) -> dict[str, Any]:
    """Every figure, by sampler and language and over all languages; then the differences."""
    resampling = Resampling((record.prompt for record in records), draws=draws, seed=seed)
    samplers = list(dict.fromkeys(record.sampler for record in records))
    languages = [*dict.fromkeys(record.language for record in records), ALL]
    chosen = {
        (sampler, language): [
            record
            for record in records
            if record.sampler == sampler and language in (record.language, ALL)
        ]
        for sampler in samplers
        for language in languages
    }
    return {
        "bootstrap": {
            "unit": "prompt, with all its languages and samplers",
            "clusters": len(resampling.prompts),
            "draws": draws,
            "seed": seed,
            "level": LEVEL,
        },
        "groups": [
            {"sampler": sampler, "language": language, **describe(sets, errors, resampling)}
            for (sampler, language), sets in chosen.items()
        ],
        "differences": [
            {
                "figure": figure,
                "language": language,
                "a": a,
                "b": b,
                **difference(chosen[a, language], chosen[b, language], figure, resampling),
            }
            for figure in COMPARED
            for a, b in combinations(samplers, 2)
            for language in languages
        ],
    }


def describe(
    records: Sequence[SetRecord], errors: Errors, resampling: Resampling
) -> dict[str, Any]:
    """All figures of one sampler in one language, or in all."""
    ready = [record for record in records if record.ready]
    return {
        "figures": {name: resampling.mean(_values(records, name)) for name in _SIMPLE},
        "reasons": dict(
            Counter(_kind(text) for record in records for text in record.reasons).most_common()
        ),
        "sources": {
            source: {
                name: resampling.mean(_by_response(ready, name, source))
                for name in ("words", "lists")
            }
            for source in sorted({r.source for record in ready for r in record.responses})
        },
        "coverage": {pole: _coverage(ready, pole, errors, resampling) for pole in AXIS_OF},
    }


def _coverage(
    ready: Sequence[SetRecord], pole: str, errors: Errors, resampling: Resampling
) -> dict[str, Any]:
    cells = coverage(ready, pole)
    return {
        "coverage": raw_coverage(cells, resampling),
        "corrected": corrected_coverage(
            cells,
            {code: poles[pole] for code, poles in errors.items() if pole in poles},
            resampling,
        ),
        "not_judged": len(ready) - sum(map(len, cells.values())),
    }


def _values(records: Sequence[SetRecord], figure: str) -> Values:
    if figure in {"words", "lists", "helpfulness"}:
        return _by_response([record for record in records if record.ready], figure)
    found: dict[str, list[float]] = defaultdict(list)
    for record in records:
        if figure == "ready":
            found[record.prompt].append(float(record.ready))
        elif figure in {"valid", "refused"}:
            yes = record.valid_attempts if figure == "valid" else record.refused_attempts
            found[record.prompt] += [1.0] * yes + [0.0] * (record.attempts - yes)
        elif figure in {"price", "seconds"}:
            found[record.prompt].append(record.price if figure == "price" else record.seconds)
        elif (value := _of_set(record, figure)) is not None:
            found[record.prompt].append(value)
    return found


def _by_response(ready: Sequence[SetRecord], figure: str, source: str = "") -> Values:
    found: dict[str, list[float]] = defaultdict(list)
    for record in ready:
        for response in record.responses:
            if source in ("", response.source):
                value = _of_response(response, figure)
                if value is not None:
                    found[record.prompt].append(value)
    return found


def _of_response(response: Response, figure: str) -> float | None:
    if figure == "helpfulness":
        return None if response.score is None else float(response.score)
    if figure == "words":
        return float(len(response.text.split()))
    return float(any(LIST_ITEM.match(line) for line in response.text.splitlines()))


def _kind(reason: str) -> str:
    """A reason without its numbers, so that reasons can be counted."""
    return re.sub(r"\d+(?:\.\d+)?", "#", re.sub(r"^response \d+: ", "", reason))


def judge_errors(
    labelled: Iterable[tuple[str, frozenset[str], Mapping[str, str | None]]],
) -> dict[str, dict[str, JudgeError]]:
    """How the judge did, by language and pole: of (language, true poles, what it said).

    Texts that it did not judge on an axis say nothing about the poles of that axis.
    """
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for language, truth, said in labelled:
        for pole, axis in AXIS_OF.items():
            answer = said.get(axis)
            if answer is None:
                continue
            place, right = (0, answer == pole) if pole in truth else (2, answer != pole)
            counts[language, pole][place] += 1
            counts[language, pole][place + 1] += right
    found: dict[str, dict[str, JudgeError]] = defaultdict(dict)
    for (language, pole), four in counts.items():
        found[language][pole] = JudgeError(*four)
    return dict(found)
