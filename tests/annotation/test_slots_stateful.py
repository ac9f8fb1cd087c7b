"""People claim, idle, judge, leave and are left out in random orders: the rules always hold.

Each story runs on the real database in a transaction of its own that is rolled back. Time
passes by moving leases back, as in the other tests.
"""

import uuid
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import User
from annotation.actions.assignment import renew_lease
from annotation.actions.conversation import (
    open_next_conversation,
    show_candidates,
)
from annotation.actions.explaining import explain_choice
from annotation.actions.judgement import Judgement
from annotation.actions.leaving import skip_conversation
from annotation.actions.participation import answer_closing, finish
from annotation.actions.plan import plan_slots, retire_prompt
from annotation.actions.pool import request_pool
from annotation.actions.replan import change_target
from annotation.actions.submission import submit_ranking
from annotation.actions.withdrawal import withdraw
from annotation.choosing import choose, from_record
from annotation.models import (
    Conversation,
    Deal,
    Flag,
    Grant,
    Participation,
    Ranking,
    RecruitmentLink,
    Slot,
    Study,
    StudyLocale,
)
from annotation.models.assignment import NEVER_LEASED
from candidates.generation import complete_candidate_set
from candidates.models import Prompt
from tests.annotation.slot_model import Person, Place, Rules, Talk
from tests.deciding import decide
from tests.walker import Walker, entered

pytestmark = pytest.mark.django_db

FRENCH, INDIAN = 4, 2  # people
PLANNED = 4  # conversations a person: more than there are prompts
# Sums of these are never a whole lease, so that no story hangs on the second it takes.
PAUSES = (3, 9, 21)
SETTLED = {"completed", "surplus"}


def who() -> st.SearchStrategy[int]:
    return st.integers(0, FRENCH + INDIAN - 1)


def somebody_at_work(story: "Story") -> bool:
    return any(person.talk for person in story.ledger.people.values())


class Story(RuleBasedStateMachine):
    """Two locales, three prompts in two arms each, and six people who have come so far."""

    world: SimpleNamespace

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.ids: list[int] = self.world.people
        self.prompts: list[Prompt] = self.world.prompts
        places = {
            slot.pk: Place((slot.candidate_set_id, slot.locale_id), slot.prompt_id)
            for slot in Slot.objects.all()
        }
        people = {
            row.pk: Person(row.locale_id or 0, PLANNED)
            for row in Participation.objects.filter(pk__in=self.ids)
        }
        self.ledger = Rules(places, people, Counter(place.pair for place in places.values()))

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @initialize(spare=st.integers(0, 11))
    def plan_less(self, spare: int) -> None:
        """In most stories places are scarce, so that people get in each other's way."""
        for locale in self.world.locales:
            last = list(Slot.objects.filter(locale=locale).order_by("-ordinal", "draw")[:spare])
            Slot.objects.filter(pk__in=[slot.pk for slot in last]).update(status="void")
            for slot in last:
                self.ledger.drop(self.ledger.places[slot.pk])

    @initialize(most=st.sampled_from([None, 1, 2]), cells=st.booleans())
    def have_cells(self, most: int | None, cells: bool) -> None:
        """Places want one of two strata or anybody; one person may take so many places."""
        Participation.objects.filter(pk=self.ids[0]).update(most_places=most)
        self.ledger.people[self.ids[0]].most = most
        if cells:
            for n, pk in enumerate(self.ids):
                Participation.objects.filter(pk=pk).update(stratum="ab"[n % 2])
            for n, stratum in enumerate(["a", "b", ""]):
                Slot.objects.alias(rest=F("pk") % 3).filter(rest=n).update(stratum=stratum)

    # -- what can happen -----------------------------------------------------------------

    @rule(n=who())
    def open(self, n: int) -> None:
        person, before = self.person(n), self.model(n)
        allowed, wanted = self.ledger.claimable(person.pk), self.ledger.wanted(person.pk)
        if self.ledger.has_her_share(person.pk):
            allowed = wanted = set()
        strata = dict(Slot.objects.filter(pk__in=allowed).values_list("pk", "stratum"))
        got = open_next_conversation(participation=person)
        person.refresh_from_db()
        if before.talk:
            assert got is not None and got.pk == before.talk.pk, "she keeps her conversation"
            return
        if not self.ledger.may_open(person.pk) or not allowed:
            assert got is None
            told_so = self.ledger.may_open(person.pk) and not wanted
            before.gave_up = before.gave_up or told_so
            return
        assert got is not None, f"{len(allowed)} places are claimable, and she is given none"
        assert got.grant is not None
        assert got.grant.slot_id in allowed
        deal = Deal.objects.get(grant=got.grant)
        considered = from_record(deal.considered)
        assert {item.slot for item in considered} <= allowed
        ways = ({person.stratum}, {""}, set(strata.values()))
        first = next(way for way in ways if way & set(strata.values()))
        assert {item.stratum for item in considered} <= first, "the need is filled first"
        assert choose(considered, deal.seed).slot == got.grant.slot_id
        self.ledger.give(
            person.pk, got.grant.slot_id, Talk(got.pk, got.grant.slot_id, got.planned_turns)
        )

    @rule(n=who())
    def converse(self, n: int) -> None:
        """From the place to the end, without a pause."""
        self.open(n)
        if self.model(n).talk:
            at = self.working().index(self.ids[n])
            self.judge(at)
            self.skip(at)

    @rule(first=who())
    def rush(self, first: int) -> None:
        """Everybody comes at the same hour."""
        for n in range(len(self.ids)):
            self.open((first + n) % len(self.ids))

    @precondition(somebody_at_work)
    @rule(n=who(), act=st.sampled_from(["renew", "judge", "skip"]))
    def come_back_late(self, n: int, act: str) -> None:
        """Her lease lapsed, the others asked for a place, and only then she goes on."""
        late, _talk = self.at_work(n)
        self.pass_time(max(PAUSES))
        for other, pk in enumerate(self.ids):
            if pk != late and self.ledger.people[pk].talk:
                self.skip(self.working().index(pk))
            if pk != late:
                self.open(other)
        self.pass_time(min(PAUSES))
        getattr(self, act)(self.working().index(late))

    @precondition(somebody_at_work)
    @rule(n=who())
    def renew(self, n: int) -> None:
        pk, talk = self.at_work(n)
        renew_lease(conversation=self.conversation(talk))
        self.ledger.renew(pk)

    @rule(minutes=st.sampled_from(PAUSES))
    def pass_time(self, minutes: int) -> None:
        Slot.objects.exclude(leased_until=NEVER_LEASED).update(
            leased_until=F("leased_until") - timedelta(minutes=minutes)
        )
        self.ledger.pass_time(minutes)

    @precondition(somebody_at_work)
    @rule(n=who())
    def judge(self, n: int) -> None:
        pk, talk = self.at_work(n)
        turn = self.conversation(talk).turns.get(position=1)
        handles = [row.candidate.handle for row in show_candidates(turn=turn)]
        judgement = Judgement(
            acceptable="yes",
            represents="no",
            places={handle: place for place, handle in enumerate(handles, start=1)},
            next_message="" if turn.is_last else "And then?",
        )
        first = Ranking.objects.filter(turn=turn).first()
        ranking = submit_ranking(turn=turn, submission_key=uuid.uuid4(), judgement=judgement)
        if first:
            assert ranking == first, "a repeat returns what is stored"
            return
        self.ledger.judge(pk)

    @precondition(somebody_at_work)
    @rule(n=who())
    def explain(self, n: int) -> None:
        pk, talk = self.at_work(n)
        turn = self.conversation(talk).turns.get(position=1)
        if not talk.is_ranked:
            with pytest.raises(ValidationError):
                explain_choice(turn=turn, text="Kinder.")
            return
        explain_choice(turn=turn, text="Kinder.")
        if talk.turns == 1:
            self.ledger.people[pk].talk = None

    @precondition(somebody_at_work)
    @rule(n=who())
    def skip(self, n: int) -> None:
        pk, talk = self.at_work(n)
        skip_conversation(conversation=self.conversation(talk))
        self.ledger.leave(pk, "skipped")

    @rule(n=who(), how=st.sampled_from(["withdraw", "exclude", "end", "finish"]))
    def go(self, n: int, how: str) -> None:
        """Rather somebody who has judged: what she filled is what matters."""
        judges = [place.holder for place in self.ledger.places.values() if place.status == "done"]
        n = self.ids.index(judges[n % len(judges)] or 0) if judges else n
        if how == "withdraw":
            self.withdraw(n)
        elif how == "finish":
            self.finish(n)
        else:
            self.exclude(n, end=how == "end")

    def withdraw(self, n: int) -> None:
        person, model = self.person(n), self.model(n)
        withdraw(participation=person)
        if not model.withdrawn:
            self.ledger.leave(person.pk, "withdrawn")
            self.ledger.replace(person.pk)
        model.withdrawn = model.gone = True

    def exclude(self, n: int, end: bool) -> None:
        person, model = self.person(n), self.model(n)
        flag, _made = Flag.objects.get_or_create(participation=person, kind="speed")
        decided = flag.decision
        decide(flag, "excluded", "never read", self.world.by, end=end)
        if decided:
            return
        if end and not model.gone:
            self.ledger.leave(person.pk, "skipped")
            model.gone = True
        if not model.excluded:
            self.ledger.replace(person.pk)
        model.excluded = True

    def finish(self, n: int) -> None:
        """Only between two conversations: nothing is due any more once her plan is done."""
        person, model = self.person(n), self.model(n)
        if model.gone or model.talk or not (model.gave_up or model.opened == PLANNED):
            return
        answer_closing(participation=person, answers=[])
        assert finish(participation=person)
        model.gone = True

    @rule(n=st.integers(0, 2))
    def plan_anew(self, n: int) -> None:
        """A prompt is retired, or a plan that stands is planned a second time."""
        if len(self.ledger.retired) < n:
            prompt = self.prompts[n]
            assert retire_prompt(prompt=prompt, why="misleads") == self.ledger.retire(prompt.pk)
        assert plan_slots(study=self.world.study, phase="main") == 0

    @rule(n=st.integers(0, 1), people=st.integers(1, 4))
    def resize(self, n: int, people: int) -> None:
        locale = StudyLocale.objects.select_related("study").get(pk=self.world.locales[n])
        lacking = self.ledger.resize(locale.pk, people)
        if lacking is None:
            with pytest.raises(ValidationError, match="already"):
                change_target(locale=locale, target=people, by=self.world.by, why="as we see")
            return
        free = {pk for pk, place in self.ledger.places.items() if place.is_free}
        done = change_target(locale=locale, target=people, by=self.world.by, why="as we see")
        assert (done.added, done.voided) == ((+lacking).total(), (-lacking).total())
        self.ledger.awaited += lacking  # only what is added
        self.ledger.target.update(+lacking)
        gone = Slot.objects.filter(pk__in=free, status="void").exclude(pk__in=self.voided())
        for pk in gone.values_list("pk", flat=True):
            lacking[self.ledger.places[pk].pair] += 1
            self.ledger.drop(self.ledger.places[pk])
        assert not -lacking, "free places alone are voided"
        if done.record:  # no cell is left: everybody may take any number
            for person in self.ledger.people.values():
                person.most = None

    # -- what is always true -------------------------------------------------------------

    @invariant()
    def every_place_is_as_the_rules_say(self) -> None:
        now = timezone.now()
        for slot in Slot.objects.all():
            if slot.pk not in self.ledger.places:
                pair = (slot.candidate_set_id, slot.locale_id)
                assert self.ledger.awaited[pair] > 0, "a place nobody planned"
                self.ledger.awaited[pair] -= 1
                self.ledger.places[slot.pk] = Place(pair, slot.prompt_id)
            held = slot.status == "open" and slot.leased_until > now
            holder = slot.holder_id if held or slot.status == "done" else None
            place = self.ledger.places[slot.pk]
            assert (slot.status, holder, held) == place.state(), slot.pk
            if held:  # to the minute; a story takes no three
                left = (slot.leased_until - now).total_seconds() / 60
                assert abs(left - place.left) < min(PAUSES), "a lease of another length"
        assert not +self.ledger.awaited, "places were voided and not planned anew"

    @invariant()
    def overlap_is_exact(self) -> None:
        rows = Slot.objects.all()
        done, planned, people, void = Counter[Any](), Counter[Any](), set(), 0
        for slot in rows:
            pair = (slot.candidate_set_id, slot.locale_id)
            void += slot.status == "void"
            planned[pair] += slot.status != "void"
            if slot.status == "done":
                done[pair] += 1
                people.add((pair, slot.holder_id))
        assert all(n <= self.ledger.target[pair] for pair, n in done.items())
        assert +planned == +self.ledger.target
        assert len(people) == done.total(), "one person filled two places of a set"
        assert void == self.ledger.dropped + self.ledger.replaced, "voids equal replacements"

    @invariant()
    def nobody_meets_a_prompt_twice(self) -> None:
        met = Grant.objects.filter(occasion=0).values("annotator", "prompt")
        assert not met.annotate(times=Count("pk")).filter(times__gt=1).exists()
        assert Grant.objects.count() == Deal.objects.count(), "every grant says why"

    @invariant()
    def every_grant_ends_as_the_rules_say(self) -> None:
        rows = Grant.objects.values_list("participation", "slot", "disposition")
        assert {(who, place): ending for who, place, ending in rows} == self.ledger.endings

    @invariant()
    def every_judgement_has_one_settled_grant(self) -> None:
        first = Ranking.objects.filter(turn__position=1)
        grants = Grant.objects.filter(conversation__turns__ranking__in=first)
        assert grants.count() == first.count()
        assert set(grants.values_list("disposition", flat=True)) <= SETTLED
        settled = Grant.objects.filter(disposition__in=SETTLED)
        assert settled.count() == first.count(), "settled, and nothing was judged"
        done = Slot.objects.filter(status="done")
        by_them = done.filter(grants__disposition="completed", grants__participation=F("holder"))
        assert by_them.count() == done.count()

    @invariant()
    def a_conversation_stays_hers(self) -> None:
        open_ones = Conversation.objects.filter(status="open").values_list("participation", "pk")
        expected = {pk: model.talk.pk for pk, model in self.ledger.people.items() if model.talk}
        assert dict(open_ones) == expected

    @invariant()
    def the_pool_is_over_only_for_whom_it_is(self) -> None:
        told = Participation.objects.exclude(pool_exhausted_at=None).values_list("pk", flat=True)
        assert set(told) == {pk for pk, model in self.ledger.people.items() if model.gave_up}

    # -- the two worlds ------------------------------------------------------------------

    def person(self, n: int) -> Participation:
        return Participation.objects.select_related("study", "locale").get(pk=self.ids[n])

    def model(self, n: int) -> Person:
        return self.ledger.people[self.ids[n]]

    def at_work(self, n: int) -> tuple[int, Talk]:
        """One of those who have an open conversation."""
        pk = self.working()[n % len(self.working())]
        talk = self.ledger.people[pk].talk
        assert talk
        return pk, talk

    def working(self) -> list[int]:
        return [pk for pk in self.ids if self.ledger.people[pk].talk]

    def voided(self) -> set[int]:
        return {pk for pk, place in self.ledger.places.items() if place.status == "void"}

    def conversation(self, talk: Talk) -> Conversation:
        return Conversation.objects.select_related("grant", "participation__study").get(pk=talk.pk)


def people_of(link: RecruitmentLink) -> list[int]:
    walkers = [entered(link) for _person in range(FRENCH)]
    for _person in range(INDIAN):
        walker = Walker(link, country="IN", language="en")
        walker.enter()
        walkers.append(walker)
    return [walker.participation.pk for walker in walkers]


@pytest.fixture
def world(study: Study, link: RecruitmentLink) -> SimpleNamespace:
    """The small study with another arm, in which everybody is given pool prompts alone."""
    study.further_arms.add(study.live_sampler)
    for candidate_set in request_pool(study=study, enqueue=False):
        if candidate_set.status == "pending" and candidate_set.language in {"fr", "en"}:
            complete_candidate_set(candidate_set.pk)
    plan_slots(study=study, phase="main")
    study.pool_conversations, study.own_conversations = PLANNED, 0
    study.turn_lengths = {"1": 1, "2": 1}
    study.save()
    locales = [study.locales.get(country="FR"), study.locales.get(country="IN", language="en")]
    return SimpleNamespace(
        study=study,
        locales=[locale.pk for locale in locales],
        prompts=list(Prompt.objects.filter(pool=study.pool).order_by("pk")),
        people=people_of(link),
        by=User.objects.create(username="decides"),
    )


def test_the_rules_of_slots_hold_in_any_order_of_events(world: SimpleNamespace) -> None:
    assert Slot.objects.count() == 2 * 3 * (6 + 3)  # the second arm in three locales
    Told = type("Told", (Story,), {"world": world})
    run_state_machine_as_test(
        Told,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
