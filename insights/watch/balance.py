"""Whether every response stands equally often in every place on the page.

Where it stands is the software's doing, so that an imbalance is a fault and an alarm. Which
place people choose is theirs: `insights/watch/places.py` estimates it and never alarms.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _

from annotation.models import ShownCandidate, Slot, Study
from candidates.models import Candidate, Sampler
from insights.statistics.sequences import display_bound
from insights.tables import Row, Table, number

ALPHA = 0.001  # that anything alarms, ever, while all orders are drawn as they should be


@dataclass(frozen=True)
class Standing:
    """One response of an arm's sets, by its place in the set, and where it stood on pages.

    `counts`: displays by place on the page; each should be `expected`. `most_above` and
    `most_below`: how far a count may be from it; beyond, something is wrong.
    """

    arm: str
    live: bool
    response: int  # place in the set, from 0
    source: str  # as it is stored
    counts: tuple[int, ...]
    most_above: float
    most_below: float

    @property
    def displays(self) -> int:
        return sum(self.counts)

    @property
    def source_words(self) -> str:
        return str(Candidate.Source(self.source).label)

    @property
    def expected(self) -> float:
        return self.displays / len(self.counts)

    @property
    def wrong(self) -> list[int]:
        """Places, from 0, in which it stood too often or too rarely."""
        return [
            place
            for place, count in enumerate(self.counts)
            if not -self.most_below - 1e-9 <= count - self.expected <= self.most_above + 1e-9
        ]


def standings(study: Study, phase: str) -> list[Standing]:
    """Of the pool, displays whose judgement holds a place; of later turns, all there were."""
    pool, live = _counts(_of_places(study, phase)), _counts(_of_live(study, phase))
    arms = Sampler.objects.in_bulk({arm for arm, *_more in [*pool, *live]})
    tests = max(1, sum(arms[arm].n for arm, *_more in [*pool, *live]))
    left = _left_by_squares(study, phase, arms)
    return [
        *(
            _standing(arms[key[0]], key, counts, live=False, alpha=ALPHA / tests, left=left)
            for key, counts in sorted(pool.items())
        ),
        *(
            _standing(arms[key[0]], key, counts, live=True, alpha=ALPHA / tests, left={})
            for key, counts in sorted(live.items())
        ),
    ]


# Sampler, place in the set, source.
Response = tuple[int, int, str]


def _of_places(study: Study, phase: str) -> QuerySet[ShownCandidate]:
    """First turns that fill a place: what the balanced square was made for."""
    return ShownCandidate.objects.filter(
        turn__position=1,
        turn__live=False,
        turn__conversation__grant__occasion=0,
        turn__conversation__grant__slot__locale__study=study,
        turn__conversation__grant__slot__phase=phase,
        turn__conversation__grant__slot__status=Slot.Status.DONE,
        turn__conversation__grant__slot__holder=F("turn__conversation__participation"),
    )


def _of_live(study: Study, phase: str) -> QuerySet[ShownCandidate]:
    return ShownCandidate.objects.filter(
        turn__live=True,
        turn__conversation__participation__study=study,
        turn__conversation__participation__phase=phase,
    )


def _counts(shown: QuerySet[ShownCandidate]) -> dict[Response, dict[int, int]]:
    """Displays of each response by place on the page."""
    found: dict[Response, dict[int, int]] = defaultdict(dict)
    columns = ("candidate__candidate_set__sampler", "candidate__position", "candidate__source")
    rows = shown.order_by().values_list(*columns, "position").annotate(n=Count("pk"))
    for arm, response, source, place, n in rows:
        found[arm, response, source][place] = n
    return found


def _left_by_squares(
    study: Study, phase: str, arms: Mapping[int, Sampler]
) -> dict[int, tuple[float, float]]:
    """By arm, how far above and below its equal share a count of any response in any place
    may be, where the order shown is the row of the balanced square that the place has.

    Of a set's T places in a locale, whose rows hold a response at most ceil(T / n) and at
    least floor(T / n) times in one place, d are judged: the count c of the d is at most
    min(d, ceil(T / n)) and at least floor(T / n) - (T - d). Places taken away are among the
    T, so that the bound is never too narrow. Summed over sets and locales.
    """
    rows = (
        Slot.objects.filter(locale__study=study, phase=phase, candidate_set__sampler__in=arms)
        .order_by()
        .values_list("candidate_set__sampler", "candidate_set", "locale")
        .annotate(done=Count("pk", filter=Q(status=Slot.Status.DONE)), places=Count("pk"))
    )
    above: dict[int, float] = defaultdict(float)
    below: dict[int, float] = defaultdict(float)
    for arm, _set, _locale, done, places in rows:
        n = arms[arm].n
        above[arm] += min(done, math.ceil(places / n)) - done / n
        below[arm] += done / n - max(0, places // n - (places - done))
    return {arm: (above[arm], below[arm]) for arm in above}


def _standing(
    arm: Sampler,
    key: Response,
    counts: Mapping[int, int],
    *,
    live: bool,
    alpha: float,
    left: Mapping[int, tuple[float, float]],
) -> Standing:
    """Within what a square can leave, and within what orders drawn at random come to."""
    width = max(arm.n, max(counts) + 1)
    by_place = tuple(counts.get(place, 0) for place in range(width))
    random = float(display_bound(np.array(sum(by_place) / 4), alpha=alpha))
    above, below = left.get(arm.pk, (random, random))
    return Standing(
        arm=str(arm),
        live=live,
        response=key[1],
        source=key[2],
        counts=by_place,
        most_above=min(above, random),
        most_below=min(below, random),
    )


def display_alarms(found: Sequence[Standing]) -> list[str]:
    words = _(
        "Response %(response)s (%(source)s) of %(arm)s stood in place %(place)s %(count)s times "
        "of %(n)s: more than chance or the balanced square can explain. The order shown is at "
        "fault: tell the developers, and do not go on."
    )
    return [
        words
        % {
            "response": one.response + 1,
            "source": one.source_words,
            "arm": one.arm,
            "place": place + 1,
            "count": number(one.counts[place]),
            "n": number(one.displays),
        }
        for one in found
        for place in one.wrong
    ]


def display_table(found: Sequence[Standing]) -> Table:
    width = max((len(one.counts) for one in found), default=0)
    places = [_("place %(place)s") % {"place": place + 1} for place in range(width)]
    return Table(
        title=_("Where each response stood"),
        columns=[
            *(_("arm"), _("turns"), _("response"), _("displays")),
            *places,
            *(_("equal share"), _("alarm beyond ±")),
        ],
        rows=[_row(one, width) for one in found],
        empty=_("Nothing was judged yet."),
        words=(0, 1, 2),
    )


def _row(one: Standing, width: int) -> Row:
    counts = [number(count) for count in one.counts]
    return Row(
        [
            *(one.arm, _("later and own") if one.live else _("first of the pool")),
            *(f"{one.response + 1} ({one.source_words})", number(one.displays)),
            *[*counts, *["–"] * (width - len(counts))],
            *(number(one.expected, 1), number(max(one.most_above, one.most_below), 1)),
        ],
        alarm=bool(one.wrong),
    )
