"""The figures of a comparison: what each is called, and its values in the records."""

import statistics
from collections import defaultdict
from collections.abc import Sequence

from candidates.comparison.records import Response, SetRecord
from candidates.comparison.resampling import Values
from candidates.diversity import LIST_ITEM

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
SIMPLE = (
    *("ready", "valid", "refused", *SET_FIGURES),
    *("words", "lists", "helpfulness", "price", "seconds"),
)
COMPARED = ("lexical", "semantic", "helpfulness")


def values(records: Sequence[SetRecord], figure: str) -> Values:
    """What a figure is the mean of: one value for each set, attempt or response measured."""
    if figure in {"words", "lists", "helpfulness"}:
        return by_response([record for record in records if record.ready], figure)
    found: dict[str, list[float]] = defaultdict(list)
    for record in records:
        if figure == "ready":
            found[record.prompt].append(float(record.ready))
        elif figure in {"valid", "refused"}:
            yes = record.valid_attempts if figure == "valid" else record.refused_attempts
            found[record.prompt] += [1.0] * yes + [0.0] * (record.attempts - yes)
        elif figure in {"price", "seconds"}:
            found[record.prompt].append(record.price if figure == "price" else record.seconds)
        elif (value := of_set(record, figure)) is not None:
            found[record.prompt].append(value)
    return found


def by_response(ready: Sequence[SetRecord], figure: str, source: str = "") -> Values:
    """The values of a figure of single responses, of one source or of all."""
    found: dict[str, list[float]] = defaultdict(list)
    for record in ready:
        for response in record.responses:
            if source in ("", response.source):
                value = _of_response(response, figure)
                if value is not None:
                    found[record.prompt].append(value)
    return found


def of_set(record: SetRecord, figure: str) -> float | None:
    """The value of one ready set; None where it was not measured."""
    if not record.ready:
        return None
    if figure == "helpfulness":
        scores = [float(r.score) for r in record.responses if r.score is not None]
        return statistics.fmean(scores) if scores else None
    return record.measures.get(figure)


def _of_response(response: Response, figure: str) -> float | None:
    if figure == "helpfulness":
        return None if response.score is None else float(response.score)
    if figure == "words":
        return float(len(response.text.split()))
    return float(any(LIST_ITEM.match(line) for line in response.text.splitlines()))
