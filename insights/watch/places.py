"""Which place on the page people choose: an estimate that may be looked at every day."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import Count, F
from django.utils.translation import gettext as _

from annotation.models import Conversation, Outcome, Participation, ShownCandidate, Study
from insights.charts import Chart, Kind, Series
from insights.statistics.arrays import Floats
from insights.statistics.sequences import mean_sequence
from insights.tables import Row, Table, number

FEW = 20  # people; below, the interval says nothing
LEVEL = 0.95


@dataclass(frozen=True)
class PlaceShares:
    """Each finished person's share of choices by place, (people, places), in the order in
    which they finished; `chance`: the same if the place played no part."""

    shares: Floats
    chance: Floats

    @property
    def people(self) -> int:
        return len(self.shares)


def place_shares(study: Study, phase: str) -> PlaceShares:
    """First turns of pool conversations, without re-tests; of people who finished and count.

    Each person weighs the same. She enters when she has finished and her share no longer
    changes, so that looking early or often does not select whose share is seen.
    """
    finished = Participation.objects.filter(
        study=study, phase=phase, outcome=Outcome.COMPLETE, withdrawn_at=None, excluded_at=None
    ).order_by("finished_at", "pk")
    row_of = {person: row for row, person in enumerate(finished.values_list("pk", flat=True))}
    counted = Conversation.objects.released().without_retests()
    talks = counted.filter(
        participation__study=study, participation__phase=phase, kind=Conversation.Kind.POOL
    )
    chosen = ShownCandidate.objects.filter(
        turn__conversation__in=talks, turn__position=1, turn__ranking__chosen=F("candidate")
    )
    columns = ("turn__conversation__participation", "turn__candidate_set__sampler__n", "position")
    found: dict[tuple[int, int, int], int] = defaultdict(int)
    for person, n, place, times in (
        chosen.order_by().values_list(*columns).annotate(times=Count("pk"))
    ):
        if person in row_of:
            found[row_of[person], max(n, place + 1), place] += times
    return _shares(found, len(row_of))


def _shares(found: dict[tuple[int, int, int], int], people: int) -> PlaceShares:
    width = max((n for _person, n, _place in found), default=0)
    chosen, chance = np.zeros((people, width)), np.zeros((people, width))
    for (person, n, place), times in found.items():
        chosen[person, place] += times
        chance[person, :n] += times / n
    total = chosen.sum(axis=1, keepdims=True)
    judged = total[:, 0] > 0
    return PlaceShares((chosen[judged] / total[judged]), chance[judged] / total[judged])


@dataclass(frozen=True)
class PlaceEstimate:
    """The mean share of one place, and bounds that hold at all looks together; none for few."""

    place: int  # from 0
    share: float
    low: float | None
    high: float | None
    chance: float


def estimates(found: PlaceShares) -> list[PlaceEstimate]:
    """One a place. The level holds for each place by itself."""
    if not found.people:
        return []
    sequence = mean_sequence(found.shares, level=LEVEL)
    enough = found.people >= FEW
    return [
        PlaceEstimate(
            place=place,
            share=float(sequence.mean[-1, place]),
            low=float(sequence.low[-1, place]) if enough else None,
            high=float(sequence.high[-1, place]) if enough else None,
            chance=float(found.chance[:, place].mean()),
        )
        for place in range(found.shares.shape[1])
    ]


def choice_table(people: int, estimated: Sequence[PlaceEstimate]) -> Table:
    return Table(
        title=_("Which place people chose"),
        columns=[
            *(_("place on the page"), _("people"), _("share of choices, %"), _("at least, %")),
            *(_("at most, %"), _("if the place played no part, %")),
        ],
        rows=[
            Row(
                [
                    *(number(one.place + 1), number(people), _percent(one.share)),
                    *(_percent(one.low), _percent(one.high), _percent(one.chance)),
                ]
            )
            for one in estimated
        ],
        notes=[
            _(
                "The bounds hold at all moments together with 95 %% certainty, for each place; "
                "the unit is the person. They are given from %(n)s people on."
            )
            % {"n": FEW}
        ],
        empty=_("Nobody has finished yet."),
    )


def choice_chart(estimated: Sequence[PlaceEstimate]) -> Chart | None:
    if not estimated or estimated[0].low is None:
        return None
    return Chart(
        kind=Kind.POINTS,
        title=_("Share of choices by place on the page, with its confidence sequence"),
        labels=[number(one.place + 1) for one in estimated],
        series=[
            Series(
                _("share of choices, %"),
                [100 * one.share for one in estimated],
                [_times(one.low) for one in estimated],
                [_times(one.high) for one in estimated],
            )
        ],
        unit="%",
        lowest=0,
        lines=[(_("if the place played no part"), 100 * estimated[0].chance)],
    )


def _times(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _percent(share: float | None) -> str:
    return number(_times(share), 1)
