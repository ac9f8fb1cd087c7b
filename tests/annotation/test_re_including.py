"""Somebody who was left out comes back: no set is ever judged by more people than were planned,
in any order of events, and no judgement is lost."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from accounts.models import User
from annotation.actions.conversation import open_next_conversation
from annotation.actions.replan import change_target
from annotation.actions.standing import exclude, re_include
from annotation.actions.withdrawal import withdraw
from annotation.models import (
    Change,
    Conversation,
    Exclusion,
    Grant,
    Ranking,
    RecruitmentLink,
    Slot,
    Study,
)
from tests.annotation.slot_model import Place
from tests.annotation.test_slots_stateful import Story, world  # noqa: F401
from tests.made_once import Once
from tests.walker import Walker, entered

pytestmark = pytest.mark.django_db


class Coming(Story):
    """The story of slots, in which people who were left out come back again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.rankings = 0

    def left(self) -> list[int]:
        return [
            n
            for n, pk in enumerate(self.ids)
            if self.ledger.people[pk].excluded and not self.ledger.people[pk].withdrawn
        ]

    @rule(n=st.integers(0, 5))
    def leave_out(self, n: int) -> None:
        """By hand, as often as it happens."""
        person, model = self.person(n), self.model(n)
        if model.withdrawn:
            return
        exclude(participation=person, why="two people, one account", by=self.world.by)
        if not model.excluded:
            self.ledger.replace(person.pk)
        model.excluded = True

    @precondition(lambda self: bool(self.left()))
    @rule(n=st.integers(0, 5))
    def come_back(self, n: int) -> None:
        n = self.left()[n % len(self.left())]
        person, model = self.person(n), self.model(n)
        before = {pk: place.status for pk, place in self.ledger.places.items()}
        done = re_include(participation=person, why="a mistake", by=self.world.by)
        assert done.restored is not None
        model.excluded = False
        self.follow(person.pk, before)
        endings = [e for (who, _place), e in self.ledger.endings.items() if who == person.pk]
        assert done.restored.counted == endings.count("completed")
        assert done.restored.surplus == endings.count("surplus")

    def follow(self, who: int, before: dict[int, str]) -> None:
        """Which places she got back the code decides; the model says which she may have got."""
        places = self.ledger.places
        for (person, pk), ending in sorted(self.ledger.endings.items()):
            if person != who or ending not in {"completed", "surplus"}:
                continue
            place = places[pk]
            counts = Slot.objects.filter(pk=pk, status="done", holder=who).exists()
            may = place.prompt not in self.ledger.retired and (
                place.is_free or (place.status == "void" and bool(self.free_beside(place)))
            )
            hers = place.status == "open" or place.holder == who
            if place.status != "done":
                assert counts == (may and hers), "a place that is free is hers again"
            self.ledger.endings[who, pk] = "completed" if counts else "surplus"
            if counts and place.status == "void":
                [gone] = (
                    key for key in self.free_beside(place)
                    if Slot.objects.filter(pk=key, status="void").exists()
                )  # fmt: skip
                places[gone].status = "void"
            if counts:
                place.status, place.holder = "done", who

    def free_beside(self, place: Place) -> list[int]:
        return [
            pk
            for pk, other in self.ledger.places.items()
            if other.pair == place.pair and other.is_free
        ]

    @invariant()
    def no_judgement_is_lost(self) -> None:
        stored = Ranking.objects.count()
        assert stored >= self.rankings
        self.rankings = stored

    @invariant()
    def who_is_left_out_fills_no_place(self) -> None:
        assert not Slot.objects.filter(status="done", holder__excluded_at__isnull=False).exists()


def test_overlap_stays_exact_however_often_people_leave_and_come_back(
    world: SimpleNamespace,  # noqa: F811
) -> None:
    told = type("Told", (Coming,), {"world": world})
    run_state_machine_as_test(
        told,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


# -- One by one


@pytest.fixture
def by(db: None) -> User:
    return User.objects.create(username="decides")


def judged(link: RecruitmentLink) -> tuple[Walker, Slot]:
    """Somebody whose one judgement fills a place."""
    walker = entered(link)
    conversation = walker.open_kind("pool")
    walker.rank(walker.current_turn(conversation))
    assert conversation.grant
    slot = conversation.grant.slot
    slot.refresh_from_db()
    assert slot.status == "done"
    return walker, slot


def siblings(slot: Slot) -> list[tuple[int, str]]:
    same = Slot.objects.filter(
        candidate_set=slot.candidate_set, locale=slot.locale, phase=slot.phase
    )
    return list(same.order_by("ordinal").values_list("ordinal", "status"))


def test_her_own_place_counts_again_and_the_one_planned_instead_goes(
    link: RecruitmentLink, by: User
) -> None:
    walker, slot = judged(link)
    before, done_at = siblings(slot), slot.done_at
    exclude(participation=walker.participation, why="two accounts", by=by)
    assert len(siblings(slot)) == len(before) + 1
    done = re_include(participation=walker.participation, why="a mistake", by=by)
    assert done.restored and (done.restored.counted, done.restored.surplus) == (1, 0)
    slot.refresh_from_db()
    assert (slot.status, slot.holder) == ("done", walker.participation)
    assert done_at and slot.done_at and abs((slot.done_at - done_at).total_seconds()) < 1
    assert siblings(slot) == [*before, (siblings(slot)[-1][0], "void")]
    assert [one.out for one in Exclusion.objects.all()] == [True, False]


def test_where_others_filled_the_places_hers_is_surplus_and_stays_stored(
    link: RecruitmentLink, by: User
) -> None:
    walker, slot = judged(link)
    exclude(participation=walker.participation, why="two accounts", by=by)
    free = Slot.objects.filter(candidate_set=slot.candidate_set, locale=slot.locale, status="open")
    for one in free:
        other = entered(link).participation
        Slot.objects.filter(pk=one.pk).update(status="done", holder=other, done_at=slot.done_at)
    target = len([status for _n, status in siblings(slot) if status == "done"])
    done = re_include(participation=walker.participation, why="a mistake", by=by)
    assert done.restored and (done.restored.counted, done.restored.surplus) == (0, 1)
    assert len([status for _n, status in siblings(slot) if status == "done"]) == target
    assert Grant.objects.get(slot=slot).disposition == "surplus"
    assert Ranking.objects.filter(turn__conversation__grant__slot=slot).exists()
    assert walker.participation in [one.participation for one in Conversation.objects.released()], (
        "a judgement that fills no place still leaves with exports"
    )


def test_what_she_judged_while_she_was_out_counts_where_its_place_is_free(
    once: Once, link: RecruitmentLink, by: User
) -> None:
    walker = once(entered, link)
    exclude(participation=walker.participation, why="two accounts", by=by)
    conversation = walker.open_kind("pool")
    walker.rank(walker.current_turn(conversation))
    grant = Grant.objects.get(conversation=conversation)
    assert (grant.disposition, grant.slot.status) == ("surplus", "open")
    re_include(participation=walker.participation, why="a mistake", by=by)
    grant = Grant.objects.get(pk=grant.pk)
    assert (grant.disposition, grant.slot.status) == ("completed", "done")


def test_a_smaller_target_meanwhile_is_kept(link: RecruitmentLink, by: User) -> None:
    walker, slot = judged(link)
    exclude(participation=walker.participation, why="two accounts", by=by)
    locale = link.study.locales.select_related("study").get(country="FR")
    change_target(locale=locale, target=1, by=by, why="less money")
    re_include(participation=walker.participation, why="a mistake", by=by)
    counted = [status for _n, status in siblings(slot) if status != "void"]
    assert counted == ["done"], "hers took the one place that is left"


def test_a_second_call_changes_nothing_and_a_reason_is_needed(
    link: RecruitmentLink, by: User
) -> None:
    walker, slot = judged(link)
    with pytest.raises(ValidationError):
        exclude(participation=walker.participation, why=" ", by=by)
    for _call in range(2):
        exclude(participation=walker.participation, why="two accounts", by=by)
    with pytest.raises(ValidationError):
        re_include(participation=walker.participation, why=" ", by=by)
    for _call in range(2):
        re_include(participation=walker.participation, why="a mistake", by=by)
    assert Exclusion.objects.count() == 2
    slot.refresh_from_db()
    assert slot.status == "done"
    withdraw(participation=walker.participation)
    for act in (exclude, re_include):
        with pytest.raises(ValidationError):
            act(participation=walker.participation, why="too late", by=by)


def test_the_feed_tells_that_she_is_back(link: RecruitmentLink, by: User) -> None:
    walker, _slot = judged(link)
    exclude(participation=walker.participation, why="two accounts", by=by)
    re_include(participation=walker.participation, why="a mistake", by=by)
    told = Change.objects.filter(
        participation=walker.participation, kind__in=["judged", "excluded", "readmitted"]
    )
    kinds = list(told.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["judged", "excluded", "readmitted", "judged"]


@pytest.mark.django_db(transaction=True)
def test_of_somebody_who_comes_back_and_somebody_who_comes_one_gets_the_last_place(
    link: RecruitmentLink,
) -> None:
    """Two connections at once, many times: the set is never judged by more than were planned."""
    by = User.objects.create(username="decides")
    Study.objects.update(pool_conversations=3, own_conversations=0)
    walker, slot = judged(link)
    french = Slot.objects.filter(locale=slot.locale)
    french.exclude(pk=slot.pk).update(status="void")
    for _round in range(8):
        exclude(participation=walker.participation, why="two accounts", by=by)
        other = entered(link).participation
        together = Barrier(2)

        def back(together: Barrier = together) -> None:
            together.wait()
            re_include(participation=walker.participation, why="a mistake", by=by)
            connection.close()

        def come(who=other, together: Barrier = together) -> Conversation | None:  # type: ignore[no-untyped-def]
            together.wait()
            try:
                return open_next_conversation(participation=who)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            returning, coming = pool.submit(back), pool.submit(come)
            returning.result()
            got = coming.result()
        counted = list(french.exclude(status="void").values_list("status", "holder"))
        assert len(counted) == 1
        if got:
            assert counted == [("open", other.pk)]
            assert Grant.objects.get(slot=slot).disposition == "surplus"
            french.filter(status="open").update(holder=None, leased_until="1970-01-01T00:00Z")
            exclude(participation=walker.participation, why="again", by=by)
            re_include(participation=walker.participation, why="a place is free", by=by)
        assert french.filter(status="done", holder=walker.participation).count() == 1
