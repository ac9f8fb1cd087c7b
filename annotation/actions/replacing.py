"""Places that no longer count are planned anew, in the order shown of the void ones."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from annotation.dealing.seeds import next_ordinal, same_row
from annotation.models import Grant, Participation, Slot
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
    _lock_siblings(Slot.objects.filter(holder=participation).exclude(status=Slot.Status.VOID))


def _lock_siblings(held: QuerySet[Slot]) -> None:
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


@dataclass(frozen=True)
class Restored:
    """Of somebody's judgements: how many fill a place, and how many find none."""

    counted: int
    surplus: int


@transaction.atomic
def restore_done_slots(*, participation: Participation) -> Restored:
    """Gives the judgements of somebody who is back the places that are still free.

    Her own place counts again, and a free one of the same set, phase and locale is voided for
    it: the one planned instead, in the same order shown, where it is free. So no set has more
    places than before, and a place keeps its order. What finds nothing free, or belongs to a
    retired prompt, is surplus. A second call changes nothing.
    """
    settled = [Grant.Disposition.COMPLETED, Grant.Disposition.SURPLUS]
    grants = list(
        Grant.objects.filter(
            participation=participation, occasion=0, disposition__in=settled
        ).order_by("pk")
    )
    wanted = [grant.slot_id for grant in grants]
    _lock_siblings(Slot.objects.filter(pk__in=wanted))
    # Read behind the lock: whoever held it may have filled or voided places.
    slots = Slot.objects.select_related("prompt", "candidate_set__sampler").in_bulk(wanted)
    counted = {grant.pk for grant in grants if _fill_again(slots[grant.slot_id], grant)}
    Grant.objects.filter(pk__in=counted).update(disposition=Grant.Disposition.COMPLETED)
    left = [grant.pk for grant in grants if grant.pk not in counted]
    Grant.objects.filter(pk__in=left).update(disposition=Grant.Disposition.SURPLUS)
    return Restored(counted=len(counted), surplus=len(left))


def _fill_again(slot: Slot, grant: Grant) -> bool:
    """Whether her judgement fills its place; the caller holds the lock on all its siblings."""
    hers = slot.holder_id == grant.participation_id
    if slot.status == Slot.Status.DONE:
        return hers
    if slot.prompt.retired_at is not None:
        return False
    if slot.status == Slot.Status.VOID:
        instead = _free_sibling(slot) if hers else None
        if instead is None:
            return False
        Slot.objects.filter(pk=instead.pk).update(status=Slot.Status.VOID)
    elif slot.leased_until >= timezone.now():
        return False
    Slot.objects.filter(pk=slot.pk).update(
        status=Slot.Status.DONE, holder=grant.participation_id, done_at=grant.ended_at
    )
    return True


def _free_sibling(slot: Slot) -> Slot | None:
    """A free place of the same set: in the row of this one, never held and last, if there is."""
    free: Iterable[Slot] = Slot.objects.claimable(
        locale=slot.locale_id, phase=slot.phase, now=timezone.now()
    ).filter(candidate_set=slot.candidate_set_id)
    n = slot.candidate_set.candidates.count()
    return max(
        free,
        key=lambda one: (
            same_row(n=n, one=one.ordinal, other=slot.ordinal), one.holder_id is None, one.ordinal,
        ),
        default=None,
    )  # fmt: skip
