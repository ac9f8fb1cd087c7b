"""Plans once per release how answers are made coarser, so that nobody stands out by them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from annotation.models import Study
from exports.models import Tier
from exports.privacy import risk
from exports.privacy.coarse import Step, apply, steps_for
from exports.privacy.people import People, read_people
from exports.privacy.recoding import Recoding
from exports.privacy.report import Report, make_report
from exports.privacy.suppression import (
    cut_alike_answers,
    cut_small_groups,
    groups_of,
    too_few,
)
from exports.privacy.tiers import Demands, Roles


def plan_recoding(
    *,
    study: Study,
    tier: Tier | str,
    settings: Mapping[str, Any] | None = None,
    cursor: CursorWrapper | None = None,
) -> tuple[Recoding, Report]:
    """The recoding of one release, and what it does; equal people and settings, equal plan.

    Steps for everybody are taken in the order of `coarse.STEPS` until at most `most_lost` of the
    people stand in groups below k; answers of those are then cut out. With the cursor of a
    snapshot the plan fits exactly the rows that the same snapshot yields. Raises ValidationError
    for settings that make no sense. In a locale of fewer than k people k cannot be reached: a
    public release leaves them out; in one by agreement `Report.shortfall` says so.
    """
    demands = Demands.of(tier, settings)
    roles = Roles.of(study, demands)
    if cursor is None:
        with transaction.atomic(), connection.cursor() as own:
            return _plan(own, study, demands, roles)
    return _plan(cursor, study, demands, roles)


def _plan(
    cursor: CursorWrapper, study: Study, demands: Demands, roles: Roles
) -> tuple[Recoding, Report]:
    start = Recoding(dropped=roles.kept_in)
    before = read_people(cursor, demands.scope(study, start))
    if demands.tier == Tier.PUBLIC:
        start = replace(start, left_out=too_few(before, demands.k))
    staying = before.without(start.left_out)
    recoding, taken = _coarsen(staying, roles, demands, start)
    recoding = _cut(staying, roles, demands, recoding)
    # Measured on what the database yields with this plan, not on what was meant.
    after = read_people(cursor, demands.scope(study, recoding))
    return recoding, make_report(
        demands=demands, roles=roles, steps=taken, recoding=recoding, before=before, after=after
    )


def _coarsen(
    people: People, roles: Roles, demands: Demands, start: Recoding
) -> tuple[Recoding, list[str]]:
    """Takes one step after the other while too many stand out, then undoes, last first, each
    without which no more would. In a public release ages are groups and places in politics
    five from the start."""
    public = demands.tier == Tier.PUBLIC
    firm = {"age_4", "politics_5"} if public else set()
    codes = sorted({*roles.quasi, *(roles.sensitive if public else ())})

    def taking(steps: Sequence[Step]) -> Recoding:
        recoding = start
        for step in steps:
            recoding = step.take(recoding, apply(people, recoding), demands.k)
        return recoding

    def stand_out(steps: Sequence[Step]) -> float:
        return _stand_out(apply(people, taking(steps)), roles, demands.k)

    taken: list[Step] = []
    for step in steps_for(codes):
        needed = step.code in roles.quasi and stand_out(taken) > demands.most_lost
        if (step.key in firm or needed) and taking([*taken, step]) != taking(taken):
            taken.append(step)
    allowed = max(demands.most_lost, stand_out(taken))
    for step in reversed(taken):
        rest = [one for one in taken if one is not step]
        if step.key not in firm and stand_out(rest) <= allowed:
            taken = rest
    return taking(taken), [step.name for step in taken]


def _stand_out(people: People, roles: Roles, k: int) -> float:
    """Share of people in groups below k."""
    return float((risk.sizes(groups_of(people, roles.quasi)) < k).mean()) if people.n else 0.0


def _cut(people: People, roles: Roles, demands: Demands, recoding: Recoding) -> Recoding:
    blanked, suppressed = cut_small_groups(apply(people, recoding), roles.quasi, demands.k)
    recoding = replace(recoding, blanked=blanked, suppressed=suppressed | people.others)
    alike = cut_alike_answers(
        apply(people, recoding), roles.quasi, roles.sensitive, demands.l, demands.t
    )
    both = {
        code: blanked.get(code, frozenset()) | alike.get(code, frozenset())
        for code in sorted({*blanked, *alike})
    }
    return replace(recoding, blanked=both)
