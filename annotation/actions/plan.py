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
    StudyLocale,
)
from annotation.models.assignment import draw_of
from candidates.actions import (
    request_pool_set,
    retire,
)
from candidates.models import CandidateSet, Prompt
from candidates.parallel import is_servable


@transaction.atomic
def plan_slots(*, study: Study, phase: str) -> int:
    """Slots for every ready pool set in every locale of its language, up to the target.

    Sets of retired prompts and of texts that have a newer version get none. A second call
    plans what has become ready since. Returns how many slots were added.
    """
    lock_prompts(study.pool_id)
    ready = CandidateSet.objects.ready().filter(
        sampler__in=study.arms(),
        prompt_text__in=[text.pk for text in newest_texts(study)],
    )
    batches = _batches(study, phase)
    before = Slot.objects.filter(locale__study=study).count()
    for candidate_set in ready.select_related("prompt_text__prompt").order_by("pk"):
        if not is_servable(candidate_set, study.translation_stage):
            continue
        assert candidate_set.prompt_text is not None
        prompt = candidate_set.prompt_text.prompt
        for locale in study.locales.filter(language=candidate_set.language):
            Slot.objects.bulk_create(
                _slots(candidate_set, locale, phase, locale.target_of(prompt), batches[prompt.pk]),
                ignore_conflicts=True,
            )
    return Slot.objects.filter(locale__study=study).count() - before


def _slots(
    candidate_set: CandidateSet, locale: StudyLocale, phase: str, target: int, batch: int
) -> list[Slot]:
    assert candidate_set.prompt_text is not None
    return [
        Slot(
            candidate_set=candidate_set,
            prompt_id=candidate_set.prompt_text.prompt_id,
            locale=locale,
            phase=phase,
            ordinal=ordinal,
            draw=draw_of(locale, candidate_set.pk, ordinal),
            batch=batch,
        )
        for ordinal in range(target)
    ]


def _batches(study: Study, phase: str) -> dict[int, int]:
    """The replicate batch of each prompt in use; one that has places keeps the batch of these."""
    prompts = study.pool.prompts.in_use().values_list("pk", "key")
    order = sorted(prompts, key=lambda prompt: derive_seed(study.seed, "batch", prompt[1]))
    size = study.batch_size or max(1, len(order))
    planned = Slot.objects.filter(locale__study=study, phase=phase).values_list("prompt", "batch")
    return {key: place // size for place, (key, _name) in enumerate(order)} | dict(
        planned.distinct()
    )


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
