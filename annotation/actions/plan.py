"""What a study wants judged: places for the candidate sets of its pool."""

from django.db import transaction
from django.db.models import Min, QuerySet

from annotation.actions.pool import newest_texts
from annotation.actions.strata import make_slot, strata_for_new
from annotation.dealing.seeds import derive_seed, due, part_of
from annotation.models import (
    Slot,
    Study,
)
from candidates.actions.parallel import is_servable
from candidates.models import CandidateSet, Prompt


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
