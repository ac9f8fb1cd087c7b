"""Slots: exact, distinct, given again, and never to the same person twice."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation.actions.assignment import claim_slot, complete_slot, renew_lease
from annotation.actions.plan import plan_slots
from annotation.models import Grant, Participation, RecruitmentLink, Slot, Study
from tests.walker import Walker

pytestmark = pytest.mark.django_db


def entered(link: RecruitmentLink) -> Walker:
    walker = Walker(link)
    walker.enter()
    return walker


def lapse(participation: Participation) -> None:
    Slot.objects.filter(holder=participation).update(
        leased_until=timezone.now() - timedelta(seconds=1)
    )


def test_slots_are_planned_to_the_target_in_every_locale(study: Study) -> None:
    assert Slot.objects.count() == 3 * 6 * 2
    assert plan_slots(study=study, phase="main") == 0


def test_the_neediest_slots_come_first(link: RecruitmentLink) -> None:
    with transaction.atomic():
        for _person in range(3):
            grant = claim_slot(participation=entered(link).participation)
            assert grant is not None
            assert grant.slot.ordinal == 0


def test_nobody_meets_a_prompt_twice(link: RecruitmentLink) -> None:
    participation = entered(link).participation
    with transaction.atomic():
        grants = [claim_slot(participation=participation) for _claim in range(4)]
    prompts = [grant.prompt for grant in grants if grant]
    assert len(prompts) == len(set(prompts)) == 3
    assert grants[-1] is None


def test_the_database_itself_refuses_a_second_meeting(link: RecruitmentLink) -> None:
    participation = entered(link).participation
    with transaction.atomic():
        grant = claim_slot(participation=participation)
    assert grant is not None
    with pytest.raises(IntegrityError, match="nobody_meets_a_prompt_twice"), transaction.atomic():
        Grant.objects.create(
            slot=grant.slot,
            participation=participation,
            annotator=participation.annotator,
            prompt=grant.prompt,
        )


def test_a_held_slot_is_not_given_away(link: RecruitmentLink) -> None:
    held = set()
    with transaction.atomic():
        for _person in range(6):
            grant = claim_slot(participation=entered(link).participation)
            assert grant is not None
            held.add(grant.slot_id)
        assert claim_slot(participation=entered(link).participation) is None
    assert len(held) == 6


def test_a_lapsed_lease_is_claimable_without_any_housekeeping(link: RecruitmentLink) -> None:
    first, second = entered(link), entered(link)
    Slot.objects.filter(locale__country="FR").exclude(
        pk=Slot.objects.filter(locale__country="FR").values("pk")[:1]
    ).update(status="void")
    with transaction.atomic():
        grant = claim_slot(participation=first.participation)
        assert claim_slot(participation=second.participation) is None
        lapse(first.participation)
        assert claim_slot(participation=second.participation) is not None
    assert grant is not None
    grant.refresh_from_db()
    assert grant.disposition == "timed_out"


def test_work_renews_the_lease(link: RecruitmentLink) -> None:
    walker = entered(link)
    conversation = walker.open_kind("pool")
    slot = Slot.objects.get(holder=walker.participation)
    Slot.objects.filter(pk=slot.pk).update(leased_until=timezone.now() + timedelta(minutes=5))
    walker.page(conversation)
    slot.refresh_from_db()
    assert slot.leased_until > timezone.now() + timedelta(minutes=19)
    grant = conversation.grant
    assert grant is not None
    grant.refresh_from_db()
    assert grant.renewed_at is not None


def test_a_renewal_does_not_take_a_slot_from_its_new_holder(link: RecruitmentLink) -> None:
    walker, other = entered(link), entered(link)
    conversation = walker.open_kind("pool")
    Slot.objects.filter(holder=walker.participation).update(holder=other.participation)
    renew_lease(conversation=conversation)
    assert not Slot.objects.filter(holder=walker.participation).exists()


def test_the_turn_one_ranking_makes_a_slot_done(link: RecruitmentLink) -> None:
    walker = entered(link)
    conversation = walker.open_kind("pool")
    walker.rank(walker.current_turn(conversation))
    slot = Slot.objects.get(holder=walker.participation)
    assert slot.status == "done"
    assert Grant.objects.get(conversation=conversation).disposition == "completed"
    walker.post("conversation-skip", {}, conversation.public_id)
    slot.refresh_from_db()
    assert slot.status == "done"
    assert Grant.objects.get(conversation=conversation).disposition == "completed"


def test_whoever_returns_late_takes_the_slot_back_if_it_is_free(link: RecruitmentLink) -> None:
    walker = entered(link)
    conversation = walker.open_kind("pool")
    walker.page(conversation)
    lapse(walker.participation)
    grant = conversation.grant
    assert grant is not None
    complete_slot(grant=grant)
    grant.refresh_from_db()
    assert grant.disposition == "completed"
    assert grant.slot.status == "done"


def test_whoever_comes_too_late_is_kept_as_surplus(link: RecruitmentLink) -> None:
    walker, other = entered(link), entered(link)
    conversation = walker.open_kind("pool")
    turn = walker.current_turn(conversation)
    walker.page(conversation)
    grant = conversation.grant
    assert grant is not None
    Slot.objects.filter(pk=grant.slot_id).update(
        status="done", holder=other.participation, done_at=timezone.now()
    )
    assert walker.rank(turn).status_code == 200
    grant.refresh_from_db()
    assert grant.disposition == "surplus"
    assert Slot.objects.get(pk=grant.slot_id).holder == other.participation
    assert turn.__class__.objects.get(pk=turn.pk).ranking


def test_phases_never_mix(link: RecruitmentLink) -> None:
    walker = entered(link)
    Participation.objects.filter(pk=walker.participation.pk).update(phase="pilot")
    with transaction.atomic():
        assert claim_slot(participation=walker.participation) is None
