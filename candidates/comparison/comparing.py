"""The statistics of a comparison of samplers. Pure functions; docs/comparing-samplers.md.

Every figure is a mean over sets, attempts or responses, and comes with its n.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from candidates.comparison.axes import AXIS_OF
from candidates.comparison.coverage import Errors, corrected_coverage, coverage, raw_coverage
from candidates.comparison.figures import COMPARED, SIMPLE, by_response, of_set, values
from candidates.comparison.records import SetRecord
from candidates.comparison.resampling import DRAWS, LEVEL, SEED, Resampling

ALL = "all"  # the languages together


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
            {"figure": figure, "language": language, "a": a, "b": b}
            | difference(chosen[a, language], chosen[b, language], figure, resampling)
            for figure in COMPARED
            for a, b in combinations(samplers, 2)
            for language in languages
        ],
    }


def difference(
    a: Sequence[SetRecord], b: Sequence[SetRecord], figure: str, resampling: Resampling
) -> dict[str, Any]:
    """a less b, over the prompt texts for which both were measured."""
    theirs = {(record.prompt, record.language): of_set(record, figure) for record in b}
    pairs: dict[str, list[float]] = defaultdict(list)
    for record in a:
        one, other = of_set(record, figure), theirs.get((record.prompt, record.language))
        if one is not None and other is not None:
            pairs[record.prompt].append(one - other)
    return resampling.mean(pairs)


def describe(
    records: Sequence[SetRecord], errors: Errors, resampling: Resampling
) -> dict[str, Any]:
    """All figures of one sampler in one language, or in all."""
    ready = [record for record in records if record.ready]
    return {
        "figures": {name: resampling.mean(values(records, name)) for name in SIMPLE},
        "reasons": dict(
            Counter(_kind(text) for record in records for text in record.reasons).most_common()
        ),
        "sources": {
            source: {
                name: resampling.mean(by_response(ready, name, source))
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


def _kind(reason: str) -> str:
    """A reason without its numbers, so that reasons can be counted."""
    return re.sub(r"\d+(?:\.\d+)?", "#", re.sub(r"^response \d+: ", "", reason))
