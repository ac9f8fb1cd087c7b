"""What a study wants judged: its slots are planned, and planned anew."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from annotation.actions.pool import find_pool_gaps, newest_texts
from annotation.dealing import derive_seed
from annotation.models import (
    Phase,
    Slot,
    Study,
)
from annotation.models.assignment import slots_for
from candidates.actions import (
    request_pool_set,
    retire,
)
from candidates.models import CandidateSet, Prompt
from candidates.parallel import is_servable


@transaction.atomic
def plan_slots(*, study: Study, phase: str) -> int:
    """Slots for every ready pool set in every locale of its language, up to the target.

    Sets of retired prompts and of texts that have a newer version get none.
    """
    lock_prompts(study.pool_id)
    ready = CandidateSet.objects.ready().filter(
        sampler__in=study.arms(),
        prompt_text__in=[text.pk for text in newest_texts(study)],
    )
    before = Slot.objects.filter(locale__study=study).count()
    for candidate_set in ready.select_related("prompt_text__prompt"):
        if not is_servable(candidate_set, study.translation_stage):
            continue
        for locale in study.locales.filter(language=candidate_set.language):
            draws = [
                derive_seed(study.seed, "draw", candidate_set.pk, locale.pk, ordinal) % 2**31
                for ordinal in range(locale.target)
            ]
            Slot.objects.bulk_create(
                slots_for(candidate_set, locale, phase, draws), ignore_conflicts=True
            )
    return Slot.objects.filter(locale__study=study).count() - before


def lock_prompts(pool_id: int) -> dict[int, Prompt]:
    """A pool's prompts, so that no slot of one appears while it is being retired.

    Without their keys: a person who claims a slot refers to its prompt and never waits.
    """
    prompts = Prompt.objects.filter(pool=pool_id).order_by("pk")
    return {prompt.pk: prompt for prompt in prompts.select_for_update(no_key=True)}


@transaction.atomic
def retire_prompt(*, prompt: Prompt, why: str) -> int:
    """Gives a prompt to nobody new; returns how many open slots it voided.

    Judgements and done slots stay as they are. Whoever holds a slot now may finish, and
    it counts; whoever returns after her lease lapsed is kept as surplus. A second call
    keeps the first reason and voids the slots that people have let go since.
    """
    locked = lock_prompts(prompt.pool_id)[prompt.pk]
    retire(prompt=locked, why=why)
    return _void_free_slots(locked)


def _void_free_slots(prompt: Prompt) -> int:
    # A claim that commits first has moved the lease, and the row no longer matches.
    return (
        Slot.objects.open()
        .filter(prompt=prompt, leased_until__lt=timezone.now())
        .update(status=Slot.Status.VOID)
    )


@dataclass(frozen=True)
class Replacement:
    """What a replacement did: slots voided and planned, sets that are still to be made."""

    voided: int
    planned: int
    waiting: int


@transaction.atomic
def replace_prompt(*, prompt: Prompt, by: Prompt, why: str) -> Replacement:
    """Retires a prompt and plans another of its pool in every open study of the pool.

    The judgements of the old one stay its own; the new one is judged from the start. A
    second call plans the slots of sets that have become ready since. Raises
    ValidationError where the new one is retired, of another pool, or not in every language.
    """
    locked = lock_prompts(prompt.pool_id)
    old, new = locked[prompt.pk], locked.get(by.pk)
    if new is None or new == old:
        raise ValidationError(f"{old} is replaced by another prompt of the same pool.")
    if new.retired_at:
        raise ValidationError(f"{new} is retired itself and replaces nothing.")
    studies = list(Study.objects.filter(pool=new.pool_id, status=Study.Status.OPEN))
    for study in studies:
        gaps = find_pool_gaps(study=study, key=new.key)
        if gaps:
            raise ValidationError(f"{new} cannot replace {old}: {gaps}.")
    retire(prompt=old, why=why, replaced_by=new)
    planned = waiting = 0
    for study in studies:
        sets = [
            request_pool_set(prompt_text=text, sampler=study.pool_sampler)
            for text in newest_texts(study)
            if text.prompt_id == new.pk
        ]
        waiting += sum(item.status != CandidateSet.Status.READY for item in sets)
        planned += plan_slots(study=study, phase=Phase.MAIN)
    return Replacement(voided=_void_free_slots(old), planned=planned, waiting=waiting)
