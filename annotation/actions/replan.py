"""A study's plan changes while it runs: targets and cells, each with who and why.

A change adds or voids slots and touches no judgement and nobody who holds a slot. Each
locks in one order: people, prompts, cells, slots, as people's own acts do.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from accounts.models import User
from annotation.actions.cells import find_cells, lock_people, stamp_people
from annotation.actions.plan import lock_prompts
from annotation.actions.plan_log import log_change
from annotation.actions.strata import (
    free_and_kept,
    make_slot,
    relabel_free_places,
    stored_cells,
)
from annotation.cells.quotas import alternatives, margin_of
from annotation.cells.strata import JOIN, join_keys
from annotation.dealing.seeds import due, further_ordinals
from annotation.models import Phase, PlanChange, Quota, Slot, Study, StudyLocale


@dataclass(frozen=True)
class Change:
    """What a change of the plan did; `record` is None where nothing was to be done."""

    added: int = 0
    voided: int = 0
    relabelled: int = 0
    people: int = 0
    record: PlanChange | None = None


def preview(act: Callable[[], Change]) -> Change:
    """What a change would do: it is made and taken back, and nothing of it stays."""
    with transaction.atomic():
        change = act()
        transaction.set_rollback(True)
    return change


@transaction.atomic
def change_target(
    *,
    locale: StudyLocale,
    target: int,
    by: User,
    why: str,
    core: bool = False,
    phase: str = Phase.MAIN,
) -> Change:
    """Sets how many people judge each set of a locale; of the core's prompts where it says so.

    The locale's own target is that of the main phase; in another phase the places that it
    has change, and the plan of the main one does not. More: places are added with new
    ordinals. Fewer: free places are voided, highest ordinal first. What is judged or held
    stays: a target below that is refused in one sentence. A second call finds nothing to
    do and leaves no second record.
    """
    lock_people(locale.study)
    lock_prompts(locale.study.pool_id)
    stored_cells(locale.study, lock=True)
    locale = StudyLocale.objects.select_related("study").get(pk=locale.pk)
    if target < 1:
        raise ValidationError("A target is at least 1.")
    if core and not locale.study.core:
        raise ValidationError(f"The study {locale.study} names no prompts as its core.")
    field = "core_target" if core else "target"
    main = phase == Phase.MAIN
    before = getattr(locale, field) if main else _planned_number(locale, phase, core)
    added, voided = _resize(locale, phase, target, core)
    if before == target and not added and not voided:
        return Change()
    if main:
        StudyLocale.objects.filter(pk=locale.pk).update(**{field: target})
    relabelled = relabel_free_places(locale=locale, phase=phase)
    people = stamp_people(study=locale.study)
    record = log_change(
        study=locale.study,
        kind=PlanChange.Kind.TARGET,
        by=by,
        why=why,
        details={"locale": str(locale), "phase": str(phase), "core": core,
                 "before": before, "after": target},
        added=added,
        voided=voided,
    )  # fmt: skip
    return Change(added, voided, relabelled, people, record)


def _planned_number(locale: StudyLocale, phase: str, core: bool) -> int:
    """How many places a set has in a phase, at most. Raises ValidationError without any."""
    counted = _counted_ordinals(locale, phase)
    sets = _sets_of(locale, phase, core)
    if not sets:
        raise ValidationError(f"{locale} has no places in the phase {phase} yet: open it first.")
    return max(len(counted[one]) for one in sets)


def _resize(locale: StudyLocale, phase: str, target: int, core: bool) -> tuple[int, int]:
    """Adds or voids places of every set that the target is for; how many of each."""
    free, kept = free_and_kept(locale=locale, phase=phase)
    sets = _sets_of(locale, phase, core)
    busy = max((kept[one].total() for one in sets), default=0)
    if busy > target:
        raise ValidationError(
            f"{busy} people have judged or are judging a set of {locale} already, "
            f"so the target there cannot be {target}."
        )
    added: list[Slot] = []
    voided: list[int] = []
    counted = _counted_ordinals(locale, phase)
    for one, (prompt, batch, last, n) in sets.items():
        slots = free.get(one, [])
        lacking = target - len(slots) - kept[one].total()
        further = further_ordinals(n=n, counted=counted[one], last=last, places=lacking)
        added += [
            make_slot(
                candidate_set=one,
                prompt=prompt,
                locale=locale,
                phase=phase,
                ordinal=ordinal,
                batch=batch,
                due=due(place=target - lacking + further.index(ordinal), places=target),
                stratum="",
            )
            for ordinal in further
        ]
        voided += [slot.pk for slot in slots[lacking:]] if lacking < 0 else []
    Slot.objects.bulk_create(added, batch_size=1000)
    Slot.objects.filter(pk__in=voided).update(status=Slot.Status.VOID)
    return len(added), len(voided)


def _counted_ordinals(locale: StudyLocale, phase: str) -> dict[int, list[int]]:
    """Of each set, the ordinals of the places that are judged or wanted."""
    slots = Slot.objects.filter(locale=locale, phase=phase).exclude(status=Slot.Status.VOID)
    found: dict[int, list[int]] = defaultdict(list)
    for one, ordinal in slots.order_by().values_list("candidate_set", "ordinal"):
        found[one].append(ordinal)
    return found


def _sets_of(locale: StudyLocale, phase: str, core: bool) -> dict[int, tuple[int, int, int, int]]:
    """Prompt, batch, last ordinal and number of responses of the sets that share one target."""
    slots = Slot.objects.filter(locale=locale, phase=phase, prompt__retired_at=None)
    if core:
        slots = slots.filter(prompt__key__in=locale.study.core)
    elif locale.core_target is not None:
        slots = slots.exclude(prompt__key__in=locale.study.core)
    rows = slots.order_by().values_list("candidate_set", "prompt", "candidate_set__sampler__n")
    ends = rows.annotate(batch=Max("batch"), last=Max("ordinal"))
    return {one: (prompt, batch, last, n) for one, prompt, n, batch, last in sorted(ends)}


@transaction.atomic
def merge_cells(
    *, study: Study, keys: Iterable[str], into: str, by: User, why: str, drop: bool = False
) -> Change:
    """Cells that nobody fills join another, which takes over their targets and places.

    Their people fit the other from now on; with `drop` they fit none any more, and only
    the targets move. Held places keep their holders. A second call changes nothing.
    """
    lock_people(study)
    lock_prompts(study.pool_id)
    cells = {quota.key: quota for quota in study.quotas.select_for_update().order_by("pk")}
    wanted = sorted(set(keys))
    if _merged_before(study, wanted, into, cells):
        return Change()
    joined, other = _mergeable(cells, wanted, into)
    before = _facts_of([*joined, other])
    if not drop:
        other.conditions = [
            way for quota in (other, *joined) for way in alternatives(quota.conditions)
        ]
    other.target += sum(quota.target for quota in joined)
    other.save(update_fields=["conditions", "target"])
    Quota.objects.filter(pk__in=[quota.pk for quota in joined]).delete()
    relabelled = _rename(study, dict.fromkeys(wanted, into))
    people = stamp_people(study=study)
    details = {"merged": wanted, "into": into, "drop": drop, "relabelled": relabelled,
               "before": before, "after": _facts_of([other])}  # fmt: skip
    record = log_change(study=study, kind=PlanChange.Kind.CELLS, by=by, why=why, details=details)
    return Change(relabelled=relabelled, people=people, record=record)


def _merged_before(study: Study, keys: list[str], into: str, cells: dict[str, Quota]) -> bool:
    done = study.plan_changes.filter(
        kind=PlanChange.Kind.CELLS, details__merged=keys, details__into=into
    )
    return into in cells and not set(keys) & set(cells) and done.exists()


def _mergeable(cells: dict[str, Quota], keys: list[str], into: str) -> tuple[list[Quota], Quota]:
    """The cells that join and the one they join. Raises ValidationError."""
    unknown = [key for key in [*keys, into] if key not in cells]
    if unknown or not keys:
        raise ValidationError(f"There is no cell {', '.join(unknown) or 'to merge'}.")
    if into in keys:
        raise ValidationError(f"The cell {into} cannot join itself.")
    joined, other = [cells[key] for key in keys], cells[into]
    for quota in joined:
        if _sort_of(quota) != _sort_of(other):
            raise ValidationError(
                f"{quota.key} and {into} are not cells of the same countries and questions."
            )
    return joined, other


def _sort_of(quota: Quota) -> tuple[frozenset[str], frozenset[str]]:
    ways = alternatives(quota.conditions)
    countries = frozenset(str(one) for way in ways for one in way.get("country", []))
    return countries, margin_of(quota.conditions)


def _rename(study: Study, names: dict[str, str]) -> int:
    """Open places want the strata by their new names; how many wanted an old one."""
    slots = Slot.objects.open().filter(locale__study=study)
    changed = 0
    for stratum in list(slots.order_by().values_list("stratum", flat=True).distinct()):
        renamed = join_keys({names.get(key, key) for key in stratum.split(JOIN)})
        if renamed != stratum:
            changed += slots.filter(stratum=stratum).update(stratum=renamed)
    return changed


@transaction.atomic
def replan_cells(*, study: Study, cells: Any, by: User, why: str) -> Change:
    """Puts other cells in the place of all the study has, in any form a study file allows.

    People get their strata anew, and of each set the free places go to the strata that its
    judges and holders do not make up yet. Cells like the present ones change nothing.
    """
    lock_people(study)
    lock_prompts(study.pool_id)
    stored = list(study.quotas.select_for_update().order_by("pk"))
    after = find_cells(study=study, cells=cells)
    before = _facts_of(stored)
    if _by_key(before) == _by_key(after):
        return Change()
    study.quotas.exclude(key__in=[cell["key"] for cell in after]).delete()
    for cell in after:
        Quota.objects.update_or_create(
            study=study,
            key=cell["key"],
            defaults={"conditions": cell["conditions"], "target": cell["target"]},
        )
    people = stamp_people(study=study)  # first: what is judged counts for her new stratum
    relabelled = sum(
        relabel_free_places(locale=locale, phase=phase) for locale, phase in _planned_in(study)
    )
    stamp_people(study=study)  # and what she may take follows from the places
    details = {"before": before, "after": after, "relabelled": relabelled}
    record = log_change(study=study, kind=PlanChange.Kind.CELLS, by=by, why=why, details=details)
    return Change(relabelled=relabelled, people=people, record=record)


def _planned_in(study: Study) -> list[tuple[StudyLocale, str]]:
    pairs = Slot.objects.filter(locale__study=study).order_by().values_list("locale", "phase")
    locales = {locale.pk: locale for locale in study.locales.select_related("study")}
    return [(locales[locale], phase) for locale, phase in sorted(set(pairs))]


def _facts_of(quotas: Iterable[Quota]) -> list[dict[str, Any]]:
    return [
        {"key": quota.key, "conditions": quota.conditions, "target": quota.target}
        for quota in quotas
    ]


def _by_key(cells: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {cell["key"]: cell for cell in cells}
