"""Slots: exact, distinct, given again, and never to the same person twice."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Annotator
from annotation.actions import assignment
from annotation.actions.assignment import (
    claim_slot,
    complete_slot,
    renew_lease,
)
from annotation.actions.plan import plan_slots
from annotation.actions.replacing import replace_done_slots
from annotation.choosing import OpenSlot, choose
from annotation.dealing import derive_seed
from annotation.deals import find_unexplained
from annotation.models import Grant, Participation, RecruitmentLink, Slot, Study
from annotation.models.assignment import deal_parts
from tests.made_once import Once
from tests.walker import entered

pytestmark = pytest.mark.django_db


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


def test_work_renews_the_lease(once: Once, link: RecruitmentLink) -> None:
    walker = once(entered, link)
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


def test_the_turn_one_ranking_makes_a_slot_done(once: Once, link: RecruitmentLink) -> None:
    walker = once(entered, link)
    conversation = walker.open_kind("pool")
    walker.rank(walker.current_turn(conversation))
    slot = Slot.objects.get(holder=walker.participation)
    assert slot.status == "done"
    assert Grant.objects.get(conversation=conversation).disposition == "completed"
    walker.post("conversation-skip", {}, conversation.public_id)
    slot.refresh_from_db()
    assert slot.status == "done"
    assert Grant.objects.get(conversation=conversation).disposition == "completed"


def test_whoever_returns_late_takes_the_slot_back_if_it_is_free(
    once: Once, link: RecruitmentLink
) -> None:
    walker = once(entered, link)
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


def test_phases_never_mix(once: Once, link: RecruitmentLink) -> None:
    walker = once(entered, link)
    Participation.objects.filter(pk=walker.participation.pk).update(phase="pilot")
    with transaction.atomic():
        assert claim_slot(participation=walker.participation) is None


def places_of(participation: Participation, *strata: str) -> None:
    """The first places of her locale want these strata, one each; nothing else is open."""
    slots = Slot.objects.filter(locale=participation.locale).order_by("batch", "due", "draw")
    chosen = list({slot.prompt_id: slot for slot in slots.reverse()}.values())
    slots.exclude(pk__in=[slot.pk for slot in chosen[: len(strata)]]).update(status="void")
    for slot, stratum in zip(chosen, strata, strict=False):
        Slot.objects.filter(pk=slot.pk).update(stratum=stratum)


def test_her_own_stratum_comes_first_then_anybodys_then_others(link: RecruitmentLink) -> None:
    participation = entered(link).participation
    participation.stratum = "young"
    places_of(participation, "old", "", "young")
    with transaction.atomic():
        grants = [claim_slot(participation=participation) for _claim in range(3)]
    assert [grant.slot.stratum for grant in grants if grant] == ["young", "", "old"]
    records = [grant.deal.considered for grant in grants if grant]
    assert [[item["stratum"] for item in record] for record in records] == [
        ["young"],
        [""],
        ["old"],
    ]


def test_an_earlier_batch_is_used_up_first(link: RecruitmentLink) -> None:
    participation = entered(link).participation
    late = Slot.objects.filter(locale=participation.locale, ordinal=0)
    batches = {prompt: 2 - n for n, prompt in enumerate(late.values_list("prompt", flat=True))}
    for prompt, batch in batches.items():
        Slot.objects.filter(prompt=prompt).update(batch=batch)
    # Of the first batch only the last ordinal is left: it still comes before the next batch.
    Slot.objects.filter(locale=participation.locale, batch=0, ordinal=0).update(status="void")
    with transaction.atomic():
        grants = [claim_slot(participation=participation) for _claim in range(3)]
    assert [(g.slot.batch, g.slot.ordinal) for g in grants if g] == [(0, 1), (1, 0), (2, 0)]


def test_whoever_has_her_share_of_a_cell_is_done_and_does_not_wait(link: RecruitmentLink) -> None:
    Study.objects.filter(pk=link.study_id).update(pool_conversations=3)
    walker = entered(link)
    Participation.objects.filter(pk=walker.participation.pk).update(most_places=1)
    conversation = walker.open_kind("pool")
    walker.post("conversation-skip", {}, conversation.public_id)
    second = walker.open_kind("pool")  # a place that she left is none that she took
    walker.finish_conversation(second)
    while walker.participation.conversations.filter(kind="own").count() < 1:
        walker.finish_conversation(walker.open())
    page = walker.post("conversation-open")
    assert "busy" not in page.request["QUERY_STRING"]
    assert walker.participation.pool_exhausted_at is not None


def test_a_place_that_somebody_is_taking_is_passed_over_in_the_record_too(
    link: RecruitmentLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = entered(link).participation, entered(link).participation
    places_of(first, "", "", "")
    look = assignment._open_slots
    looks: list[list[OpenSlot]] = []

    def looking(*args: Any, **kwargs: Any) -> list[OpenSlot]:
        """Between her look and her grasp the other takes what she would have chosen."""
        found = look(*args, **kwargs)
        if args[0] == second and not looks:
            looks.append(found)
            monkeypatch.setattr(assignment, "_open_slots", look)
            seed = derive_seed(*deal_parts(second, 0))
            Slot.objects.filter(pk=choose(found, seed).slot).update(
                holder=first, leased_until=timezone.now() + timedelta(minutes=9)
            )
        return found

    monkeypatch.setattr(assignment, "_open_slots", looking)
    with transaction.atomic():
        grant = claim_slot(participation=second)
    assert grant is not None
    assert len(looks[0]) == 3
    assert len(grant.deal.considered) == 2
    assert grant.slot.holder == second
    assert list(find_unexplained(link.study, "main")) == []


def test_a_replacement_is_shown_in_the_order_of_the_void_place(link: RecruitmentLink) -> None:
    walker, other = entered(link), entered(link)
    conversation = walker.open_kind("pool")
    walker.rank(walker.current_turn(conversation))
    assert conversation.grant
    void = conversation.grant.slot
    replace_done_slots(participation=walker.participation)
    Slot.objects.filter(candidate_set=void.candidate_set, locale=void.locale).exclude(
        ordinal__gt=1
    ).update(status="void", done_at=None)
    Slot.objects.exclude(candidate_set=void.candidate_set).update(status="void")
    again = other.open_kind("pool")
    other.page(again)
    assert again.grant
    assert again.grant.slot.ordinal == void.ordinal + 4
    orders = [
        list(c.turns.get(position=1).shown.order_by("position").values_list("candidate", flat=True))
        for c in (conversation, again)
    ]
    assert orders[0] == orders[1]


def test_where_most_people_have_met_most_prompts_a_claim_still_walks_an_index(
    link: RecruitmentLink,
) -> None:
    participation = entered(link).participation
    of_each_prompt = list(
        Slot.objects.filter(locale=participation.locale, phase=link.phase, ordinal=0)
    )
    assert len(of_each_prompt) == 3
    Slot.objects.bulk_create(
        Slot(
            candidate_set=slot.candidate_set,
            prompt=slot.prompt,
            locale=slot.locale,
            phase=slot.phase,
            ordinal=ordinal,
            due=ordinal,
            draw=slot.draw,
        )
        for slot in of_each_prompt
        for ordinal in range(2, 3000)
    )
    people = Annotator.objects.bulk_create(
        Annotator(vendor=participation.annotator.vendor) for _person in range(300)
    )
    Grant.objects.bulk_create(
        Grant(slot=slot, participation=participation, annotator=person, prompt=slot.prompt)
        for person in people
        for slot in of_each_prompt
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE annotation_slot, annotation_grant, candidates_prompt")
    looked = assignment._foremost.build(
        locale=participation.locale_id,
        phase=link.phase,
        annotator=people[0].pk,
        now=timezone.now(),
        stratum="",
    )
    plan = looked.explain()
    assert "open_slots" in plan
    assert "Sort" not in plan
