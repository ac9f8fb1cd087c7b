"""A prompt is retired, or another takes its place; judgements stay as they are."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from annotation.actions.audit import record
from annotation.actions.plan import lock_prompts, plan_slots, planned_phases
from annotation.actions.plan_log import log_change
from annotation.actions.pool import find_pool_gaps, newest_texts
from annotation.models import (
    AuditEntry,
    PlanChange,
    Slot,
    Study,
)
from candidates.actions.prompts import retire
from candidates.actions.sets import request_pool_set
from candidates.models import CandidateSet, Prompt


@transaction.atomic
def retire_prompt(*, prompt: Prompt, why: str, by: User | None = None) -> int:
    """Gives a prompt to nobody new; returns how many open slots it voided.

    Judgements and done slots stay as they are. Whoever holds a slot now may finish, and
    it counts; whoever returns after her lease lapsed is kept as surplus. A second call
    keeps the first reason and voids the slots that people have let go since. Each study
    of the pool that lost something has it in its log; copies for rehearsals have none.
    """
    locked = lock_prompts(prompt.pool_id)[prompt.pk]
    news = locked.retired_at is None
    retire(prompt=locked, why=why)
    voided, told = _void_free_slots(locked), False
    for study in Study.objects.filter(pool=locked.pool_id, rehearsal_of=None).order_by("pk"):
        if voided.get(study.pk) or (news and study.is_open):
            log_change(
                study=study,
                kind=PlanChange.Kind.RETIRED,
                by=by,
                why=why,
                details={"prompt": locked.key},
                voided=voided.get(study.pk, 0),
            )
            told = True
    if news and not told:  # no study lost anything: the pool did
        kind = AuditEntry.Kind.PROMPT_RETIRED
        record(kind=kind, what=f"prompt {locked.key} of pool {locked.pool.key}", by=by, why=why)
    return sum(voided.values())


def _void_free_slots(prompt: Prompt) -> dict[int, int]:
    """How many it voided, by study."""
    voided: dict[int, int] = {}
    free = Slot.objects.open().filter(prompt=prompt, leased_until__lt=timezone.now())
    for study in list(free.order_by().values_list("locale__study", flat=True).distinct()):
        # A claim that commits first has moved the lease, and the row no longer matches.
        voided[study] = free.filter(locale__study=study).update(status=Slot.Status.VOID)
    return voided


@dataclass(frozen=True)
class Replacement:
    """What a replacement did: slots voided and planned, sets that are still to be made."""

    voided: int
    planned: int
    waiting: int


@transaction.atomic
def replace_prompt(
    *, prompt: Prompt, replacement: Prompt, why: str, by: User | None = None
) -> Replacement:
    """Retires a prompt and plans another of its pool in every open study of the pool.

    The judgements of the old one stay its own; the new one is judged from the start, and
    takes its place in the core. Copies for rehearsals get nothing new. A second call plans
    the slots of sets that have become ready since. Raises ValidationError where the new one
    is retired, of another pool, or not in every language.
    """
    own = Study.objects.filter(pool=prompt.pool_id, rehearsal_of=None)
    # The studies before the prompts, as where a study opens: one that does is open then.
    held = own.order_by("pk").select_for_update(of=("self",), no_key=True)
    studies = [study for study in held if study.is_open]
    locked = lock_prompts(prompt.pool_id)
    old, new = locked[prompt.pk], locked.get(replacement.pk)
    if new is None or new == old:
        raise ValidationError(f"{old} is replaced by another prompt of the same pool.")
    if new.retired_at:
        raise ValidationError(f"{new} is retired itself and replaces nothing.")
    for study in studies:
        gaps = find_pool_gaps(study=study, key=new.key)
        if gaps:
            raise ValidationError(f"{new} cannot replace {old}: {gaps}.")
    news = old.retired_at is None
    retire(prompt=old, why=why, replaced_by=new)
    voided, planned, waiting = _void_free_slots(old), 0, 0
    for study in studies:
        joined = _join_core(study, old, new)
        waiting += _request_sets(study, new)
        added = sum(plan_slots(study=study, phase=phase) for phase in planned_phases(study))
        planned += added
        gone = voided.get(study.pk, 0)
        if news or joined or added or gone:
            log_change(
                study=study,
                kind=PlanChange.Kind.REPLACED,
                by=by,
                why=why,
                details={"prompt": old.key, "replacement": new.key},
                added=added,
                voided=gone,
            )
    return Replacement(voided=sum(voided.values()), planned=planned, waiting=waiting)


def _join_core(study: Study, old: Prompt, new: Prompt) -> bool:
    """Whether the new prompt joined the study's core, because the old one is of it. The caller
    holds the study."""
    if old.key not in study.core or new.key in study.core:
        return False
    study.core = [*study.core, new.key]
    study.save(update_fields=["core"])
    return True


def _request_sets(study: Study, prompt: Prompt) -> int:
    """Asks for the sets of a new prompt, of every arm; returns how many are not ready."""
    sets = [
        request_pool_set(prompt_text=text, sampler=arm, budget=study.budget)
        for arm in study.arms()
        for text in newest_texts(study)
        if text.prompt_id == prompt.pk
    ]
    return sum(item.status != CandidateSet.Status.READY for item in sets)
