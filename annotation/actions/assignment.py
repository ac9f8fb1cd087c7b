"""Claiming, keeping and settling slots; re-tests, which settle none."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Exists, Q, QuerySet
from django.utils import timezone

from annotation.dealing.choosing import (
    LOOKED_AT,
    RETEST_RULE,
    RULE,
    OpenSlot,
    choose,
    choose_retest,
    retest_record,
    to_record,
    topic_met,
)
from annotation.dealing.seeds import derive_seed
from annotation.models import Conversation, Deal, Grant, Participation, Slot
from annotation.models.assignment import NEVER_LEASED, RETEST, deal_parts, retest_parts
from annotation.queries.prepared import prepared, prepared_change, store

Changed = tuple[QuerySet[Any], dict[str, Any]]  # the rows, and what is set in them
# More places than people take at one moment: something else holds them all.
MOST_TRIES = 200
# What a person who comes back to her conversation can still settle otherwise.
UNSETTLED = ("", Grant.Disposition.TIMED_OUT, Grant.Disposition.BROKE_OFF)


def claim_slot(*, participation: Participation) -> Grant | None:
    """Gives this person an open slot she has not met, by the dealing rule; None: there is none.

    The caller holds the lock on the participation. A slot that somebody else takes at this
    moment is passed over and the rule chooses again among the others, so that nobody waits
    and nobody is given the same one; a person who meets nothing but these may try again. A
    lapsed lease is claimable here and now; whoever held it is noted as timed out.
    """
    if has_her_share(participation):
        return None
    met = list(_what_she_met(participation=participation.pk))
    seed = derive_seed(*deal_parts(participation, len(met)))
    taken: set[int] = set()
    while len(taken) < MOST_TRIES and (looked_at := _open_slots(participation, met, besides=taken)):
        while considered := [item for item in looked_at if item.slot not in taken]:
            choice = choose(considered, seed)
            slot = _take(choice.slot, participation, considered)
            if slot:
                record = Record(RULE, seed, to_record(considered), choice.probability)
                return _grant(slot, participation, record)
            taken.add(choice.slot)
    return None


def has_her_share(participation: Participation) -> bool:
    """Whether she has judged as many places of her cell as one person may."""
    if participation.most_places is None:
        return False
    places = Grant.objects.filter(
        participation=participation,
        occasion=0,
        disposition__in=["", Grant.Disposition.COMPLETED],
    )
    return places.count() >= participation.most_places


# Topics of a prompt she was given, and the arm of its set.
Met = Sequence[tuple[Sequence[str], int]]


@prepared
def _what_she_met(*, participation: int) -> QuerySet[Grant, Any]:
    grants = Grant.objects.filter(participation=participation, occasion=0)
    return grants.values_list("prompt__topics", "slot__candidate_set__sampler")


def _open_slots(participation: Participation, met: Met, besides: set[int]) -> list[OpenSlot]:
    """The first open slots in filling order: of her own stratum, else wanted of anybody,
    else of others."""
    topics = Counter(topic for topics, _arm in met for topic in topics)
    arms = Counter(arm for _topics, arm in met)
    look = partial(
        partial(_foremost.build, besides=besides) if besides else _foremost,
        locale=participation.locale_id,
        phase=participation.phase,
        annotator=participation.annotator_id,
        now=timezone.now(),
    )
    of_strata = (look(stratum=name) for name in dict.fromkeys([participation.stratum, ""]))
    rows = next(filter(None, of_strata), None) or look()
    return [
        OpenSlot(slot, stratum, batch, ordinal, topic_met(its_topics, topics), arms[arm], due)
        for slot, stratum, batch, ordinal, due, its_topics, arm in rows
    ]


@prepared
def _foremost(
    *,
    locale: int,
    phase: str,
    annotator: int,
    now: datetime,
    stratum: str | None = None,
    besides: Collection[int] = (),
) -> QuerySet[Slot, Any]:
    """Claimable slots in filling order, of one stratum or of all."""
    found = Slot.objects.claimable(locale=locale, phase=phase, now=now).not_met_by(annotator)
    if stratum is not None:
        found = found.filter(stratum=stratum)
    if besides:
        found = found.exclude(pk__in=besides)
    columns = (
        "pk",
        "stratum",
        "batch",
        "ordinal",
        "due",
        "prompt__topics",
        "candidate_set__sampler",
    )
    return found.order_by("batch", "due", "draw").values_list(*columns)[:LOOKED_AT]


def _take(
    slot_id: int, participation: Participation, considered: Sequence[OpenSlot]
) -> Slot | None:
    """Locks the slot and holds it for this person; None when somebody else was first, or
    when the plan gave it to another stratum since it was looked at."""
    now = timezone.now()
    wanted_of = next(item.stratum for item in considered if item.slot == slot_id)
    slot: Slot | None = next(iter(_lock_if_free(slot=slot_id, now=now, stratum=wanted_of)), None)
    if slot is None:
        return None
    if slot.holder_id:
        Grant.objects.filter(slot=slot, occasion=0, disposition="").update(
            disposition=Grant.Disposition.TIMED_OUT, ended_at=now
        )
    slot.holder = participation
    slot.leased_until = now + _lease(participation)
    _hold(slot=slot.pk, holder=participation.pk, until=slot.leased_until)
    return slot


@prepared
def _lock_if_free(*, slot: int, now: datetime, stratum: str) -> QuerySet[Slot]:
    return (
        Slot.objects.open()
        .filter(pk=slot, leased_until__lt=now, stratum=stratum)
        .select_related("candidate_set__prompt_text")
        .select_for_update(skip_locked=True, of=("self",))
    )


@prepared_change
def _hold(*, slot: int, holder: int, until: datetime) -> Changed:
    return Slot.objects.filter(pk=slot), {"holder": holder, "leased_until": until}


def claim_retest(*, participation: Participation) -> Grant | None:
    """Gives her a set again that she has judged; None: there is none she has not met again.

    The caller holds the lock on the participation. The grant names the slot of her first
    judgement and leaves it as it is: a re-test fills no place.
    """
    judged = list(participation.grants.to_meet_again().values_list("slot", flat=True))
    if not judged:
        return None
    again = participation.grants.filter(occasion=RETEST).count()
    seed = derive_seed(*retest_parts(participation, again))
    choice = choose_retest(judged, seed)
    slot = Slot.objects.select_related("candidate_set__prompt_text").get(pk=choice.slot)
    record = Record(RETEST_RULE, seed, retest_record(judged), choice.probability)
    return _grant(slot, participation, record, occasion=RETEST)


@dataclass(frozen=True)
class Record:
    """What a rule saw and did, as it is kept."""

    rule: int
    seed: int
    considered: list[dict[str, Any]]
    probability: float


def _grant(slot: Slot, participation: Participation, record: Record, *, occasion: int = 0) -> Grant:
    grant = Grant(
        slot=slot,
        participation=participation,
        annotator_id=participation.annotator_id,
        prompt_id=slot.prompt_id,
        occasion=occasion,
    )
    store(grant)
    store(Deal(grant=grant, **vars(record)))
    return grant


def renew_lease(*, conversation: Conversation) -> None:
    """Keeps the slot of somebody who is at work; at most one write a minute."""
    grant, participation = conversation.grant, conversation.participation
    if grant is None or not conversation.is_open:
        return
    now = timezone.now()
    a_minute_ago = now + _lease(participation) - timedelta(minutes=1)
    if grant.is_retest:
        a_while = Q(renewed_at=None) | Q(renewed_at__lt=now - timedelta(minutes=1))
        Grant.objects.filter(a_while, pk=grant.pk).update(renewed_at=now)
        return
    if grant.slot.holder_id == participation.pk and grant.slot.leased_until >= a_minute_ago:
        return
    renewed = Slot.objects.filter(
        pk=grant.slot_id,
        status=Slot.Status.OPEN,
        holder=participation,
        leased_until__lt=a_minute_ago,
    ).update(leased_until=now + _lease(participation))
    if renewed:
        Grant.objects.filter(pk=grant.pk).update(renewed_at=now)


def complete_slot(*, grant: Grant) -> None:
    """Counts a stored turn-1 ranking: the slot is done, or the judgement is surplus.

    The slot is hers while she holds it, lapsed or not, and is taken back from a holder
    whose own lease lapsed. Otherwise the judgement is kept and marked. Whoever is left out
    of the analysis goes on as before and fills no place: hers is free at once. A re-test
    is completed and leaves the slot alone.
    """
    now = timezone.now()
    if grant.is_retest:
        _end(grant=grant.pk, disposition=Grant.Disposition.COMPLETED, now=now)
        return
    counted = _count(slot=grant.slot_id, person=grant.participation_id, now=now)
    if not counted and _left_out(grant.participation_id).exists():
        place = _hers_or_free(grant.slot_id, grant.participation_id, now)
        place.update(holder=None, leased_until=NEVER_LEASED)
    _end(
        grant=grant.pk,
        disposition=Grant.Disposition.COMPLETED if counted else Grant.Disposition.SURPLUS,
        now=now,
    )


def _hers_or_free(slot: int, person: int, now: datetime) -> QuerySet[Slot]:
    return Slot.objects.open().filter(Q(holder=person) | Q(leased_until__lt=now), pk=slot)


def _left_out(person: int) -> QuerySet[Participation]:
    return Participation.objects.filter(pk=person, excluded_at__isnull=False)


@prepared_change
def _count(*, slot: int, person: int, now: datetime) -> Changed:
    place = _hers_or_free(slot, person, now).filter(~Exists(_left_out(person)))
    return place, {"status": Slot.Status.DONE, "holder": person, "done_at": now}


@prepared_change
def _end(*, grant: int, disposition: str, now: datetime) -> Changed:
    ended = {"disposition": disposition, "reason": "", "ended_at": now}
    return Grant.objects.filter(pk=grant), ended


def release_slot(*, grant: Grant, disposition: Grant.Disposition, reason: str = "") -> None:
    """Gives an unfinished slot back at once; does nothing to one that is done. Of a re-test
    it ends the grant alone."""
    if not grant.is_retest:
        Slot.objects.open().filter(pk=grant.slot_id, holder=grant.participation_id).update(
            holder=None, leased_until=NEVER_LEASED
        )
    unsettled = Grant.objects.filter(pk=grant.pk, disposition__in=UNSETTLED)
    unsettled.update(disposition=disposition, reason=reason, ended_at=timezone.now())


def _lease(participation: Participation) -> timedelta:
    return timedelta(minutes=participation.study.lease_minutes)
