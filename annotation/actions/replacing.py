"""Places that no longer count are planned anew, in the order shown of the void ones."""

from django.db import transaction
from django.db.models import Exists, OuterRef

from annotation.dealing import next_ordinal
from annotation.models import Participation, Slot
from annotation.models.assignment import draw_of
from candidates.models import Prompt


@transaction.atomic
def replace_done_slots(*, participation: Participation) -> int:
    """Voids what this person's judgements filled and plans as many new places; returns how many.

    The judgements stay as rows and count for nobody's overlap. A second call finds none.
    """
    lock_places(participation=participation)
    done = list(
        Slot.objects.filter(holder=participation, status=Slot.Status.DONE)
        .select_related("locale__study", "prompt", "candidate_set")
        .order_by("pk")
    )
    Slot.objects.filter(pk__in=[slot.pk for slot in done]).update(
        status=Slot.Status.VOID, done_at=None
    )
    for slot in done:
        if slot.prompt.retired_at is None:
            _plan_another(slot)
    return len(done)


def lock_places(*, participation: Participation) -> None:
    """Locks the places she holds with all their siblings, for the caller's transaction.

    Always in one order, prompts before slots and each by key, so that people who leave at
    once wait for each other and never in a circle; and no place is planned for a prompt
    while it is being retired.
    """
    held = Slot.objects.filter(holder=participation).exclude(status=Slot.Status.VOID)
    prompts = Prompt.objects.filter(pk__in=held.values("prompt")).order_by("pk")
    list(prompts.select_for_update(no_key=True).values_list("pk"))
    siblings = Slot.objects.filter(
        Exists(held.filter(candidate_set=OuterRef("candidate_set"), locale=OuterRef("locale")))
    ).order_by("pk")
    list(siblings.select_for_update(of=("self",), no_key=True).values_list("pk"))


def _plan_another(slot: Slot) -> None:
    """One more place beside this one, in the same order shown. The caller holds the lock on
    all its siblings."""
    # Asked anew after the lock: whoever held it before may have planned places meanwhile.
    ordinals = Slot.objects.filter(
        candidate_set=slot.candidate_set_id, locale=slot.locale_id, phase=slot.phase
    ).values_list("ordinal", flat=True)
    n = slot.candidate_set.candidates.count()
    ordinal = next_ordinal(n=n, ordinal=slot.ordinal, last=max(ordinals))
    Slot.objects.create(
        candidate_set_id=slot.candidate_set_id,
        prompt_id=slot.prompt_id,
        locale_id=slot.locale_id,
        phase=slot.phase,
        ordinal=ordinal,
        draw=draw_of(slot.locale, slot.candidate_set_id, ordinal),
        batch=slot.batch,
        due=slot.due,
        stratum=slot.stratum,
    )
