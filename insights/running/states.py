"""How a study runs, read for its page: phases, pauses, plans and what changed between them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from accounts.models import User
from annotation.actions.plan import planned_phases
from annotation.actions.running import phases_opened
from annotation.definition.rendering import canonical
from annotation.desk.previews import preview_address
from annotation.models import FrozenPlan, Participation, Phase, PlanChange, Study, StudyLocale
from annotation.steps.room import STOPPING, WHOLE, is_waiting

MOST_SHOWN = 200  # characters of a value in a list of changes


@dataclass(frozen=True)
class LocaleState:
    """One locale: since when it is paused, and whether its soft launch waits."""

    locale: StudyLocale
    paused_since: datetime | None
    waits: list[Phase]
    preview: str  # the address of a preview for the person who looks


@dataclass(frozen=True)
class PhaseState:
    phase: Phase
    opened: PlanChange | None  # None where it was opened before openings were noted
    is_open: bool


@dataclass(frozen=True)
class Difference:
    """One place of the definition, and what became of it."""

    path: str
    before: str
    after: str


@dataclass(frozen=True)
class PlanState:
    """A frozen plan, and what it changed in the one before it."""

    plan: FrozenPlan
    differences: list[Difference]


def paused_since(study: Study, name: str = WHOLE) -> datetime | None:
    since = study.paused.get(name)
    return parse_datetime(since) if since else None


def locale_states(study: Study, user: User) -> list[LocaleState]:
    found = []
    for locale in study.locales.order_by("country", "language"):
        locale.study = study
        waits = [phase for phase in STOPPING if is_waiting(locale=locale, phase=phase)]
        address = preview_address(user=user.pk, locale=locale)
        found.append(LocaleState(locale, paused_since(study, str(locale)), waits, address))
    return found


def phase_states(study: Study) -> list[PhaseState]:
    opened, planned = phases_opened(study), set(planned_phases(study))
    return [
        PhaseState(
            phase, opened.get(phase), study.is_open and (phase in planned or phase in opened)
        )
        for phase in (Phase.PILOT, Phase.MAIN)
    ]


def preview_count(study: Study) -> int:
    return Participation.objects.filter(study=study, phase=Phase.PREVIEW).count()


def plan_states(study: Study) -> list[PlanState]:
    """Every frozen plan, the newest first."""
    plans = list(study.frozen_plans.select_related("by").order_by("number"))
    states = [
        PlanState(plan, list(differences(former.definition, plan.definition)) if former else [])
        for former, plan in zip([None, *plans], plans, strict=False)
    ]
    return states[::-1]


def differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """What differs between two definitions, place by place; lists of named things by their
    names, so that one more in the middle is one difference."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys(), key=str):
            place = f"{path}.{key}" if path else str(key)
            yield from differences(before.get(key), after.get(key), place)
        return
    named = _by_name(before), _by_name(after)
    if named[0] is not None and named[1] is not None:
        yield from differences(*named, path)
    elif before != after:
        yield Difference(path, _shown(before), _shown(after))


def _by_name(value: Any) -> dict[str, Any] | None:
    """A list of mappings as a mapping from what names each; None: it is no such list."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return None
    for names in (("country", "language"), ("code", "country"), ("key",), ("number",), ("code",),
                  ("purpose",)):  # fmt: skip
        keys = ["-".join(str(item[name]) for name in names if item.get(name)) for item in value
                if all(name in item for name in names)]  # fmt: skip
        if len(set(keys)) == len(value):
            return dict(zip(keys, value, strict=True))
    return None


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    text = value if isinstance(value, str) else canonical(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]} …"
