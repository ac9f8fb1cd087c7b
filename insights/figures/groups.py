"""Groups of people by what they said of themselves, large enough to be spoken of."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext_noop as noop

from annotation.cells.quotas import REFUSED
from insights.figures.judgements import Judgements, Labels
from insights.statistics.arrays import Ints

COUNTRY = noop("country")
# A question with more answers than that sorts people into no groups worth a figure.
MOST_GROUPS = 12


@dataclass(frozen=True)
class Grouping:
    """The groups of one question: names, people who judged, and of each judgement its group
    (n,), -1: none, too small, or not told."""

    question: str
    names: list[str]
    people: Ints
    of_judgement: Ints


def groupings(data: Judgements, *, least: int) -> Iterator[Grouping]:
    """By country, then by each question that parts people; only where two groups are left."""
    asked: dict[str, Labels] = {COUNTRY: data.people.country}
    asked |= {code: data.people.answers[code] for code in data.people.groupings if code != COUNTRY}
    for question, labels in asked.items():
        found = _grouping(data, question, labels, least)
        if 2 <= len(found.names) <= MOST_GROUPS:
            yield found


def _grouping(data: Judgements, question: str, labels: Labels, least: int) -> Grouping:
    judging = np.unique(data.rows.person)
    names, sizes = np.unique(labels[judging], return_counts=True)
    kept = (sizes >= least) & ~np.isin(names, ("", REFUSED))
    names, sizes = names[kept], sizes[kept]
    places = np.searchsorted(names, labels)
    known = np.isin(labels, names)
    groups = np.where(known, places, -1)
    return Grouping(question, names.tolist(), sizes, groups[data.rows.person])
