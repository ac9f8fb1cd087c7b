"""Claiming, keeping and settling slots."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from annotation.dealing import derive_seed
from annotation.models import Conversation, Grant, Participation, Slot
from annotation.models.assignment import NEVER_LEASED
from candidates.models import Prompt

# What a person who comes back to her conversation can still settle otherwise.
UNSETTLED = ("", Grant.Disposition.TIMED_OUT, Grant.Disposition.BROKE_OFF)


def claim_slot(*, participation: Participation) -> Grant | None:
    """Gives this person the neediest slot she has not met; None when there is none.

    The caller holds the lock on the participation. Rows that others are claiming are
    passed over, so that nobody waits and nobody is given the same one. A lapsed lease
    is claimable here and now; whoever held it is noted as timed out.
    """
    assert participation.locale is not None
    slot = (
        Slot.objects.claimable(locale=participation.locale, phase=participation.phase)
        .not_met_by(participation.annotator)
        .order_by("ordinal", "draw")
        .select_for_update(skip_locked=True, of=("self",))
        .first()
    )
    if slot is None:
        return None
    now = timezone.now()
    Grant.objects.filter(slot=slot, disposition="").update(
        disposition=Grant.Disposition.TIMED_OUT, ended_at=now
    )
    slot.holder = participation
    slot.leased_until = now + _lease(participation)
    slot.save(update_fields=["holder", "leased_until"])
    return Grant.objects.create(
        slot=slot,
        participation=participation,
        annotator=participation.annotator,
        prompt_id=slot.prompt_id,
    )


def renew_lease(*, conversation: Conversation) -> None:
    """Keeps the slot of somebody who is at work; at most one write a minute."""
    grant, participation = conversation.grant, conversation.participation
    if grant is None or not conversation.is_open:
        return
    now = timezone.now()
    renewed = Slot.objects.filter(
        pk=grant.slot_id,
        status=Slot.Status.OPEN,
        holder=participation,
        leased_until__lt=now + _lease(participation) - timedelta(minutes=1),
    ).update(leased_until=now + _lease(participation))
    if renewed:
        Grant.objects.filter(pk=grant.pk).update(renewed_at=now)


def complete_slot(*, grant: Grant) -> None:
    """Counts a stored turn-1 ranking: the slot is done, or the judgement is surplus.

    The slot is hers while she holds it, lapsed or not, and is taken back from a holder
    whose own lease lapsed. Otherwise the judgement is kept and marked. Whoever is left out
    of the analysis goes on as before and fills no place: hers is free at once.
    """
    now = timezone.now()
    place = (
        Slot.objects.open()
        .filter(pk=grant.slot_id)
        .filter(Q(holder=grant.participation_id) | Q(leased_until__lt=now))
    )
    if Participation.objects.filter(pk=grant.participation_id, excluded_at=None).exists():
        counted = place.update(status=Slot.Status.DONE, holder=grant.participation_id, done_at=now)
    else:
        counted = 0
        place.update(holder=None, leased_until=NEVER_LEASED)
    Grant.objects.filter(pk=grant.pk).update(
        disposition=Grant.Disposition.COMPLETED if counted else Grant.Disposition.SURPLUS,
        reason="",
        ended_at=now,
    )


def release_slot(*, grant: Grant, disposition: Grant.Disposition, reason: str = "") -> None:
    """Gives an unfinished slot back at once; does nothing to one that is done."""
    Slot.objects.open().filter(pk=grant.slot_id, holder=grant.participation_id).update(
        holder=None, leased_until=NEVER_LEASED
    )
    unsettled = Grant.objects.filter(pk=grant.pk, disposition__in=UNSETTLED)
    unsettled.update(disposition=disposition, reason=reason, ended_at=timezone.now())


@transaction.atomic
def replace_done_slots(*, participation: Participation) -> int:
    """Voids what this person's judgements filled and plans as many new places; returns how many.

    The judgements stay as rows and count for nobody's overlap. A second call finds none.
    """
    lock_places(participation=participation)
    done = list(
        Slot.objects.filter(holder=participation, status=Slot.Status.DONE)
        .select_related("locale__study", "prompt")
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
    """One more place beside this one. The caller holds the lock on all its siblings."""
    # Asked anew after the lock: whoever held it before may have planned places meanwhile.
    ordinals = Slot.objects.filter(
        candidate_set=slot.candidate_set_id, locale=slot.locale_id, phase=slot.phase
    ).values_list("ordinal", flat=True)
    ordinal = max(ordinals) + 1
    seed = slot.locale.study.seed
    draw = derive_seed(seed, "draw", slot.candidate_set_id, slot.locale_id, ordinal) % 2**31
    Slot.objects.create(
        candidate_set_id=slot.candidate_set_id,
        prompt_id=slot.prompt_id,
        locale_id=slot.locale_id,
        phase=slot.phase,
        ordinal=ordinal,
        draw=draw,
    )


def _lease(participation: Participation) -> timedelta:
    return timedelta(minutes=participation.study.lease_minutes)
