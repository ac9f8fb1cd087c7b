"""What a plan of recoding does to people and to answers, in counts that may be published."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from exports.privacy import risk
from exports.privacy.people import People
from exports.privacy.published import without_sizes
from exports.privacy.recoding import REFUSED, Recoding
from exports.privacy.suppression import answers_given, far_off, groups_of
from exports.privacy.tiers import Demands, Roles

CELLS_LISTED = 50
WHATEVER_SHE_ANSWERED = ("people", "k", "groups", "unique", "below_k")


@dataclass(frozen=True)
class Measure:
    """The risk in one table of people."""

    people: int
    k: int  # smallest group; 0 without people
    groups: int
    unique: float  # share of people
    below_k: int  # people in groups smaller than demanded
    l: dict[str, int]  # noqa: E741 - fewest answers of a group, by sensitive question
    entropy_l: dict[str, float]
    t: dict[str, float]


@dataclass(frozen=True)
class Place:
    """One locale: smallest groups, whose answers are cut out, and who is left out."""

    place: str
    people: int
    k_before: int
    k_after: int  # 0: nobody of it is left
    below_k: int  # people, before
    suppressed: int
    left_out: int


@dataclass(frozen=True)
class Loss:
    """What is left of one question's answers, in people."""

    code: str
    answered: int  # or preferred not to say
    kept: int  # exactly
    coarser: int
    gone: int

    @property
    def share_kept(self) -> float:
        return self.kept / self.answered if self.answered else 1.0

    @property
    def share_left(self) -> float:
        return (self.kept + self.coarser) / self.answered if self.answered else 1.0


@dataclass(frozen=True)
class Cell:
    """A group below k, by its quasi-identifiers. How many it holds is not said."""

    place: str
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Staying:
    """What may be published of before: of those alone who are in the release. By a difference
    of two counts everybody would know how many live in the locale that is left out."""

    before: Measure
    losses: tuple[Loss, ...]


@dataclass(frozen=True)
class Report:
    """`steps`: keys of the steps taken, in order. Holds no id and no sensitive answer.

    The team alone may see how many people are left out; what leaves is `to_json`.
    """

    tier: str
    k: int  # demanded, like l and t
    l: int  # noqa: E741
    t: float
    quasi: tuple[str, ...]
    sensitive: tuple[str, ...]
    kept_in: tuple[str, ...]
    steps: tuple[str, ...]
    before: Measure
    after: Measure
    suppressed: int  # people counted whose answers are all cut out
    partly: int  # people counted who lose some
    others: int  # people without a finished conversation: none of their answers leave
    left_out: int  # people counted who are not in it at all
    places: tuple[Place, ...]
    losses: tuple[Loss, ...]
    cells: tuple[Cell, ...]  # below k before, at most CELLS_LISTED; not in `to_json`
    staying: "Staying"

    @property
    def shortfall(self) -> str:
        """One sentence where the demand is not met, however much is cut; else empty."""
        if self.before.people and not self.after.people:
            return (
                f"Nobody can be in it: no locale has {self.k} people who finished a conversation."
            )
        small = [place.place for place in self.places if 0 < place.k_after < self.k]
        if not small:
            return ""
        return (
            f"The smallest group has {self.after.k} people, not {self.k}: fewer than {self.k} "
            f"finished a conversation in {', '.join(small)}."
        )

    @property
    def omission(self) -> str:
        """One sentence where people are left out since too few live alike; else empty."""
        gone = [place.place for place in self.places if place.left_out]
        if not gone:
            return ""
        return (
            f"{self.left_out} people are not in it: fewer than {self.k} finished a conversation "
            f"in {', '.join(gone)}."
        )

    def to_json(self) -> dict[str, Any]:
        """For Release.settings, the card, the datasheet and the manifest. Of a locale that is
        left out it says "fewer than k" where a number would be its size."""
        found = asdict(self)
        staying = found.pop("staying")
        del found["cells"]
        # Of groups as they were: how far one person stands from all tells what she answered.
        found["before"] = {name: staying["before"][name] for name in WHATEVER_SHE_ANSWERED}
        found |= {"losses": staying["losses"], "shortfall": self.shortfall, "omission": ""}
        return found | (without_sizes(found["places"], self.k) if self.left_out else {})


def measure(people: People, roles: Roles, k: int) -> Measure:
    groups = groups_of(people, roles.quasi)
    apart = {code: groups_of(people, roles.quasi, without=code) for code in roles.sensitive}
    tables = {code: answers_given(people, apart[code], code) for code in roles.sensitive}
    return Measure(
        people=people.n,
        k=risk.smallest(groups),
        groups=int(groups.max(initial=-1)) + 1,
        unique=risk.share_unique(groups),
        below_k=int((risk.sizes(groups) < k).sum()),
        l={code: risk.diversity(table) for code, table in tables.items()},
        entropy_l={code: risk.entropy_diversity(table) for code, table in tables.items()},
        t={code: float(far_off(people, apart[code], code).max(initial=0)) for code in tables},
    )


def make_report(
    *,
    demands: Demands,
    roles: Roles,
    steps: Sequence[str],
    recoding: Recoding,
    before: People,
    after: People,
) -> Report:
    """`after`: those of `before` who are not left out, in the same order."""
    stayed = before.without(recoding.left_out)
    gone = np.isin(before.ids, list(recoding.suppressed))
    partly = np.zeros(before.n, dtype=bool)
    for ids in recoding.blanked.values():
        partly |= np.isin(before.ids, list(ids))
    return Report(
        tier=str(demands.tier), k=demands.k, l=demands.l, t=demands.t,
        quasi=roles.quasi, sensitive=roles.sensitive, kept_in=tuple(sorted(roles.kept_in)),
        steps=tuple(steps),
        before=measure(before, roles, demands.k),
        after=measure(after, roles, demands.k),
        suppressed=int(gone.sum()),
        partly=int((partly & ~gone).sum()),
        others=len(before.others),
        left_out=before.n - after.n,
        places=_places(before, after, roles, demands.k, gone),
        losses=_losses(before, after),
        cells=_cells(before, roles, demands.k),
        staying=Staying(measure(stayed, roles, demands.k), _losses(stayed, after)),
    )  # fmt: skip


def _places(
    before: People, after: People, roles: Roles, k: int, gone: risk.Bools
) -> tuple[Place, ...]:
    raw, coarse = (risk.sizes(groups_of(people, roles.quasi)) for people in (before, after))
    coarse = _aligned(before, after, coarse, 0)
    found = []
    for place in sorted(set(before.places)):
        here = before.places == place
        found.append(
            Place(
                place=str(place),
                people=int(here.sum()),
                k_before=int(raw[here].min()),
                k_after=int(coarse[here].min()),
                below_k=int((raw[here] < k).sum()),
                suppressed=int((gone & here).sum()),
                left_out=int((here & ~np.isin(before.ids, after.ids)).sum()),
            )
        )
    return tuple(found)


def _aligned(before: People, after: People, values: risk.Values, missing: Any) -> risk.Values:
    """(before.n,): `values` of those who are still there, `missing` of those who are not."""
    found = np.full(before.n, missing, dtype=values.dtype)
    found[np.isin(before.ids, after.ids)] = values
    return found


def _losses(before: People, after: People) -> tuple[Loss, ...]:
    return tuple(_loss(code, before, after) for code in sorted(before.answers))


def _loss(code: str, before: People, after: People) -> Loss:
    old, new = before.answer(code), _aligned(before, after, after.answer(code), "")
    answered = old != ""
    kept, gone = answered & (old == new), answered & (new == "")
    return Loss(
        code=code,
        answered=int(answered.sum()),
        kept=int(kept.sum()),
        coarser=int((answered & ~kept & ~gone).sum()),
        gone=int(gone.sum()),
    )


def _cells(people: People, roles: Roles, k: int) -> tuple[Cell, ...]:
    """Without sensitive answers, also where they count as quasi-identifiers."""
    shown = [code for code in roles.quasi if code not in roles.sensitive]
    groups = groups_of(people, shown)
    _numbers, first = np.unique(groups, return_index=True)
    small = [place for place in first if (groups == groups[place]).sum() < k]
    cells = {
        Cell(
            str(people.places[row]),
            tuple((code, _shown(people.answer(code)[row])) for code in shown),
        )
        for row in small
    }
    return tuple(sorted(cells, key=lambda cell: (cell.place, cell.answers))[:CELLS_LISTED])


def _shown(value: object) -> str:
    return "–" if value in ("", REFUSED) else str(value)
