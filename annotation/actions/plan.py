"""What a study wants judged: its slots are planned, and planned anew."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

from accounts.models import User
from annotation.actions.audit import record
from annotation.actions.freezing import amend_plan
from annotation.actions.pool import find_pool_gaps, newest_texts
from annotation.actions.strata import make_slot, strata_for_new
from annotation.dealing import derive_seed, due, part_of
from annotation.models import (
    AuditEntry,
    PlanChange,
    Slot,
    Study,
)
from candidates.actions.parallel import is_servable
from candidates.actions.prompts import retire
from candidates.actions.sets import request_pool_set
from candidates.models import CandidateSet, Prompt

MOST_CHARACTERS = 500  # of a reason
AUDITED = {
    PlanChange.Kind.TARGET: AuditEntry.Kind.PLAN_TARGET,
    PlanChange.Kind.CELLS: AuditEntry.Kind.PLAN_CELLS,
    PlanChange.Kind.RETIRED: AuditEntry.Kind.PROMPT_RETIRED,
    PlanChange.Kind.REPLACED: AuditEntry.Kind.PROMPT_REPLACED,
}


@transaction.atomic
def plan_slots(*, study: Study, phase: str) -> int:
    """Slots for every ready pool set in every locale of its language, up to the target.

    Sets of retired prompts and of texts that have a newer version get none; a prompt of the
    core that has parallel sets is judged in these alone, so that countries judge the same
    responses. A second call plans what has become ready since: a set that has slots keeps
    its plan, which only a logged change alters. Returns how many slots were added.
    """
    lock_prompts(study.pool_id)
    batches, number = batches_of(study, phase)
    sets, added = plannable_sets(study), 0
    for locale in study.locales.order_by("pk"):
        locale.study = study
        planned = set(
            Slot.objects.filter(locale=locale, phase=phase)
            .order_by()
            .values_list("candidate_set", flat=True)
            .distinct()
        )
        new = [
            (one, prompt)
            for one, prompt in sets
            if one.language == locale.language and one.pk not in planned
        ]
        targets = [(one.pk, locale.target_of(prompt)) for one, prompt in new]
        strata = strata_for_new(locale=locale, phase=phase, targets=targets)
        slots = [
            make_slot(
                candidate_set=one.pk,
                prompt=prompt.pk,
                locale=locale,
                phase=phase,
                ordinal=ordinal,
                batch=batches[prompt.pk]
                if len(labels) <= locale.target
                else part_of(share=due(place=ordinal, places=len(labels)), parts=number),
                due=due(place=ordinal, places=len(labels)),
                stratum=stratum,
            )
            for (one, prompt), labels in zip(new, strata, strict=True)
            for ordinal, stratum in enumerate(labels)
        ]
        added += len(Slot.objects.bulk_create(slots, batch_size=1000))
    return added


def planned_phases(study: Study) -> list[str]:
    """The phases that have places: what changes in the plan changes in each, and in no other."""
    slots = Slot.objects.filter(locale__study=study)
    return sorted(slots.order_by().values_list("phase", flat=True).distinct())


def plannable_sets(study: Study) -> list[tuple[CandidateSet, Prompt]]:
    """Ready sets that people may be given, with their prompts; of the core, parallel ones."""
    wanted = CandidateSet.objects.filter(
        sampler__in=study.arms(), prompt_text__in=[text.pk for text in newest_texts(study)]
    )
    families = _parallel_families(wanted, study)
    found = []
    for one in wanted.ready().select_related("prompt_text__prompt").order_by("pk"):
        assert one.prompt_text is not None
        prompt = one.prompt_text.prompt
        family = families.get(prompt.pk)
        if family is not None and (one.parallel_to_id or one.pk) not in family:
            continue
        if is_servable(one, study.translation_stage):
            found.append((one, prompt))
    return found


def _parallel_families(sets: QuerySet[CandidateSet], study: Study) -> dict[int, set[int]]:
    """For each prompt of the core that has parallel sets, the originals of these."""
    pairs = sets.filter(
        parallel_to__isnull=False, refused_for=None, prompt_text__prompt__key__in=study.core
    ).values_list("prompt_text__prompt", "parallel_to")
    families: dict[int, set[int]] = {}
    for prompt, original in pairs:
        assert original is not None
        families.setdefault(prompt, set()).add(original)
    return families


def batches_of(study: Study, phase: str) -> tuple[dict[int, int], int]:
    """The replicate batch of each prompt in use, and how many there are.

    Batches are equally large, and hold as many prompts at least as one person judges: else
    those who come last find too few. A prompt that has places keeps the batch of these; one
    that is wanted of more people than the others is spread over all batches by the caller.
    """
    prompts = study.pool.prompts.in_use().values_list("pk", "key")
    order = sorted(prompts, key=lambda prompt: derive_seed(study.seed, "batch", prompt[1]))
    size = max(study.batch_size or len(order), study.pool_conversations, 1)
    number = max(1, len(order) // size)
    planned = Slot.objects.filter(locale__study=study, phase=phase).order_by()
    kept = planned.values_list("prompt").annotate(first=Min("batch"))
    batches = {key: place * number // len(order) for place, (key, _name) in enumerate(order)}
    return batches | dict(kept), number


def lock_prompts(pool_id: int) -> dict[int, Prompt]:
    """A pool's prompts, so that no slot of one appears while it is being retired.

    Without their keys: a person who claims a slot refers to its prompt and never waits.
    """
    prompts = Prompt.objects.filter(pool=pool_id).order_by("pk")
    return {prompt.pk: prompt for prompt in prompts.select_for_update(no_key=True)}


def log_change(
    *,
    study: Study,
    kind: PlanChange.Kind,
    by: User | None,
    why: str,
    details: dict[str, Any],
    added: int = 0,
    voided: int = 0,
) -> PlanChange:
    """Writes down a change of the plan, for good. Call it once for each change, after it.

    The plan of a study that has opened is frozen anew. Raises ValidationError without a reason.
    """
    why = why.strip()
    if not 0 < len(why) <= MOST_CHARACTERS:
        raise ValidationError(f"Say why, in at most {MOST_CHARACTERS} characters.")
    amend_plan(study=study, why=why, by=by)
    what = f"{_subject(details)}: {added} places added, {voided} taken away"
    record(kind=AUDITED[kind], what=what, by=by, study=study, why=why)
    return PlanChange.objects.create(
        study=study,
        kind=kind,
        by=by,
        why=why,
        details=details,
        slots_added=added,
        slots_voided=voided,
    )


def _subject(details: dict[str, Any]) -> str:
    """What a change of the plan was about: a prompt, cells, or the places of a locale."""
    if "prompt" in details:
        instead = f" by {details['replacement']}" if "replacement" in details else ""
        return f"prompt {details['prompt']}{instead}"
    return str(details.get("locale") or "plan")


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
