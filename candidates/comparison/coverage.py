"""How many sets have a response of a value pole: as the judge says, and without its errors."""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from candidates.comparison.axes import AXIS_OF
from candidates.comparison.records import SetRecord
from candidates.comparison.resampling import Resampling


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
