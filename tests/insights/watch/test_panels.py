"""Each panel's figures against plain SQL, or against what these people are known to have done."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Vendor
from annotation.actions.link import create_recruitment_link
from annotation.models import (
    Conversation,
    Explanation,
    Flag,
    HelpMessage,
    HelpThread,
    Participation,
    Quota,
    Ranking,
    RecruitmentLink,
    Slot,
    Study,
    Turn,
)
from candidates.models import Budget, CandidateSet, Generation, ModelEndpoint
from insights.watch import cells, money, overlap, pay, progress, waits
from insights.watch.dropoff import funnels
from insights.watch.progress import days_so_far
from insights.watch.queues import calls_of_the_hour, leases, waiting_sets
from insights.watch.review import help_waiting, undecided
from insights.watch.throughput import throughput
from tests.annotation.test_pace import finished_person
from tests.walker import Walker

pytestmark = pytest.mark.django_db


def sql(question: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return list(cursor.fetchall())


def test_progress_counts_judgements_and_people_of_each_locale(
    link: RecruitmentLink, people: list[Walker]
) -> None:
    found = {str(one.locale): one for one in progress.progress(link.study, "main")}
    rows = sql(
        """select l.country || '-' || l.language,
                  (select count(*) from annotation_slot s where s.locale_id = l.id
                    and s.phase = 'main' and s.status = 'done'),
                  (select count(*) from annotation_slot s where s.locale_id = l.id
                    and s.phase = 'main' and s.status <> 'void'),
                  (select count(*) from annotation_participation p where p.locale_id = l.id
                    and p.screened_at is not null),
                  (select count(*) from annotation_participation p where p.locale_id = l.id
                    and p.outcome = 'complete')
           from annotation_studylocale l where l.study_id = %s""",
        link.study_id,
    )
    assert len(rows) == len(found)
    for name, done, wanted, people_in, finished in rows:
        one = found[name]
        assert one.filling.judgements is not None
        assert (one.filling.judgements.filled, one.filling.judgements.wanted) == (done, wanted)
        assert (one.people_in, one.finished) == (people_in, finished)
    assert (found["FR-fr"].finished, found["FR-fr"].at_work) == (1, 1)
    assert found["FR-fr"].filling.judgements.filled > 0  # type: ignore[union-attr]


def test_the_days_sum_up_to_what_is_done(link: RecruitmentLink, people: list[Walker]) -> None:
    done, now = Slot.objects.filter(status="done"), timezone.now()
    first = done.first()
    assert first is not None
    done.update(done_at=now)  # these people may have judged before midnight
    Slot.objects.filter(pk=first.pk).update(done_at=now - timedelta(days=3))
    locales = list(link.study.locales.order_by("country", "language"))
    days = days_so_far(link.study, "main", locales)
    assert len(days.days) == 4
    french = days.sums[[str(locale) for locale in locales].index("FR-fr")]
    assert list(french) == [1, 1, 1, done.count()]
    tomorrow = now + timedelta(days=1)  # of a machine whose clock is ahead, on the first day
    done.update(done_at=tomorrow)
    days = days_so_far(link.study, "main", locales)
    assert list(days.days) == [tomorrow.date()]
    assert sum(sums[0] for sums in days.sums) == done.count()


def test_a_locale_says_why_it_takes_nobody(link: RecruitmentLink, people: list[Walker]) -> None:
    study = link.study

    def state() -> str:
        (one,) = [o for o in progress.progress(study, "main") if str(o.locale) == "FR-fr"]
        return progress.state_of(study, one)

    assert state() == "takes people"
    study.soft_launch = 1
    study.save()
    assert state() == "soft launch: waits for a signature"
    Slot.objects.filter(locale__country="FR", status="open").update(status="void")
    assert state() == "full"
    study.status = Study.Status.CLOSED
    assert state() == "closed"


def test_overlap_shows_the_emptiest_prompt_first(
    link: RecruitmentLink, people: list[Walker]
) -> None:
    found = overlap.overlap(link.study, "main")
    place = [str(locale) for locale in found.locales].index("FR-fr")
    rows = sql(
        """select p.key, count(*) filter (where s.status = 'done'), count(*)
           from annotation_slot s join candidates_prompt p on p.id = s.prompt_id
           join annotation_studylocale l on l.id = s.locale_id
           where l.country = 'FR' and s.phase = 'main' and s.status <> 'void' group by p.key"""
    )
    cells = {row.prompt: row.cells[place] for row in found.rows}
    assert rows
    for prompt, done, target in rows:
        cell = cells[prompt]
        assert cell is not None
        assert (cell.done, cell.target) == (done, target)
    shares = [row.share for row in found.rows]
    assert shares == sorted(shares)
    assert found.full == sum(
        bool(cell) and cell.done >= cell.target  # type: ignore[union-attr]
        for row in found.rows
        for cell in row.cells
    )


def test_overlap_names_the_most_that_a_page_can_hold(
    link: RecruitmentLink, people: list[Walker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlap, "SHOWN", 1)
    view = overlap.view(link.study, link.phase)  # type: ignore[arg-type]
    assert view.heat is not None
    assert len(view.heat.rows) == 1
    assert any("The 1 emptiest of 3 are shown" in line for line in view.lines)


def test_cells_that_cannot_fill_are_an_alarm(link: RecruitmentLink, people: list[Walker]) -> None:
    Quota.objects.create(study=link.study, key="women", conditions={"gender": ["female"]}, target=4)
    link.study.locales.filter(country="FR").update(planned_people=100)
    assert not cells.view(link.study, link.phase).alarms  # type: ignore[arg-type]
    link.study.locales.filter(country="FR").update(planned_people=1)
    view = cells.view(link.study, link.phase)  # type: ignore[arg-type]
    places = Slot.objects.filter(locale__country="FR").exclude(status="void").count()
    lacking = places - link.study.pool_conversations  # of the one person planned
    assert view.alarms == [
        f"FR-fr cannot fill: the people planned would judge {lacking} sets too few."
    ]
    assert list(view.tables[0].rows[0].cells[2:6]) == ["2", "4", "50", "1"]


def test_the_funnel_counts_everybody_at_every_screen_she_passed(
    link: RecruitmentLink, people: list[Walker]
) -> None:
    Walker(link).join()
    *places, everybody = funnels(link.study, "main")
    assert everybody.reached == {
        "entered": 5,
        "language": 4,
        "screened": 2,
        "consented": 2,
        "guidelines": 2,
        "opened": 2,
        "judged": 2,
        "ended": 1,
        "finished": 1,
    }
    french = next(place for place in places if place.locale == "FR-fr")
    assert (french.reached["entered"], french.gone["declined"]) == (4, 1)
    assert sum(place.reached["entered"] for place in places) == 5


def test_throughput_is_every_ranking_of_the_hour_and_the_day(
    link: RecruitmentLink, people: list[Walker]
) -> None:
    rankings = list(Ranking.objects.order_by("pk"))
    now = timezone.now()
    for days, ranking in zip((2, 2, 20), rankings, strict=False):
        Ranking.objects.filter(pk=ranking.pk).update(submitted_at=now - timedelta(days=days))
    found = throughput(link.study, "main")
    (today,) = sql(
        "select count(*) from annotation_ranking where submitted_at >= date_trunc('day', now() "
        "at time zone 'utc') at time zone 'utc'"
    )
    assert found.days[-1][1] == today[0]
    assert found.days[-3][1] == 2
    assert sum(n for _day, n in found.days) == len(rankings) - 1
    assert found.hours[-1][1] + found.hours[-2][1] == len(rankings) - 3


def test_waits_run_from_the_last_act_to_the_next_responses(
    link: RecruitmentLink, people: list[Walker]
) -> None:
    (french,) = [one for one in waits.waits(link.study, "main") if one.locale == "FR-fr"]
    ready = Turn.objects.filter(live=True, candidate_set__ready_at__isnull=False)
    expected = sorted(turn.waited() for turn in ready)  # type: ignore[type-var]
    assert len(expected) > 3
    assert sorted(french.seconds) == pytest.approx(expected)


def test_long_waits_are_an_alarm_from_ten_on(link: RecruitmentLink, people: list[Walker]) -> None:
    turns = Turn.objects.filter(live=True, candidate_set__ready_at__isnull=False)
    Explanation.objects.update(written_at=timezone.now() - timedelta(hours=1))
    for turn in turns:
        CandidateSet.objects.filter(pk=turn.candidate_set_id).update(
            ready_at=turn.started_at + timedelta(seconds=31)
        )
    (french,) = [one for one in waits.waits(link.study, "main") if one.locale == "FR-fr"]
    assert french.long == len(french.seconds) == turns.count()
    alarms = waits.view(link.study, link.phase).alarms  # type: ignore[arg-type]
    assert bool(alarms) is (turns.count() >= 10)


def test_the_first_person_who_waits_is_told_with_her_locale(
    link: RecruitmentLink, people: list[Walker]
) -> None:
    waiting = {one.locale: one for one in waiting_sets(link.study, "main")}
    (pending,) = sql(
        "select count(*) from candidates_candidateset where status = 'pending' "
        "and prompt_text_id is null"
    )
    assert waiting["FR-fr"].people == pending[0] == 1
    assert waiting["US-en"].people == 0
    CandidateSet.objects.filter(status="pending").update(
        created_at=timezone.now() - timedelta(seconds=90)
    )
    (french,) = [one for one in waiting_sets(link.study, "main") if one.locale == "FR-fr"]
    assert french.longest == pytest.approx(90, abs=20)


def test_places_in_hand_and_since_when(link: RecruitmentLink) -> None:
    assert leases(link.study, "main").held == 0
    walker = Walker(link)
    walker.enter()
    conversation = walker.open_kind("pool")
    assert conversation.grant is not None
    found = leases(link.study, "main")
    assert found.held == 1
    assert found.oldest is not None
    assert 0 <= found.oldest < 60


def test_calls_of_the_hour_by_endpoint(study: Study) -> None:
    endpoint = study.pool_sampler.endpoint
    some = CandidateSet.objects.order_by("pk")[0]
    Generation.objects.update(created_at=timezone.now() - timedelta(hours=2))

    def call(**values: Any) -> None:
        Generation.objects.create(
            candidate_set=some, attempt=9, part="draw", endpoint=endpoint, request={}, **values
        )

    for milliseconds in range(100, 2000, 100):
        call(latency_ms=milliseconds)
    call(latency_ms=60_000, error="timed out")
    (found,) = [one for one in calls_of_the_hour() if one.endpoint == endpoint]
    assert (found.calls, found.errors, found.error_rate) == (20, 1, 0.05)
    assert (found.middle, found.slow) == (1000, 1720)
    assert not found.fails_often
    for _call in range(4):
        call(error="refused")
    (found,) = [one for one in calls_of_the_hour() if one.endpoint == endpoint]
    assert found.fails_often


def test_money_is_what_the_calls_cost(study: Study) -> None:
    assert money.money(study, "main") is None or study.budget is not None
    budget = Budget.objects.create(key="tight", limit=Decimal("2.0000"), daily_limit=Decimal(1))
    study.budget = budget
    study.save()
    CandidateSet.objects.update(budget=budget)
    now = timezone.now()
    Generation.objects.update(cost=0, created_at=now)  # they are as old as the tests' database
    first, second = Generation.objects.order_by("pk")[:2]
    Generation.objects.filter(pk=first.pk).update(
        cost=Decimal("1.4"), created_at=now - timedelta(days=2)
    )
    Generation.objects.filter(pk=second.pk).update(cost=Decimal("0.5"))
    found = money.money(study, "main")
    assert found is not None
    assert (found.altogether, found.today) == (Decimal("1.9"), Decimal("0.5"))
    assert float(found.a_day) == pytest.approx(1.9 / 2, rel=1e-3)
    assert found.days_left == pytest.approx(0.1 / 0.95, rel=1e-2)
    assert found.at_the_end is None  # nothing is judged yet
    assert found.live == 0  # these sets are of the pool, and are made once
    far = replace(found, done=20, lacking=9980, live=Decimal("0.2"))
    assert far.at_the_end == Decimal("1.9") + Decimal("0.2") * 499
    (alarm,) = money.view(study, "main").alarms  # type: ignore[arg-type]
    assert "nearly used up: 1.90 of 2.00" in alarm
    Generation.objects.filter(pk=second.pk).update(cost=Decimal("1.0"))
    alarms = money.view(study, "main").alarms  # type: ignore[arg-type]
    assert ["is used up (2.40 of 2.00)" in alarms[0], "after midnight" in alarms[1]] == [True] * 2


def test_the_forecast_counts_live_sets_of_its_own_study_and_phase_alone(
    link: RecruitmentLink, people: list[Walker]
) -> None:
    """Another study may share the budget, and may be the one that is dear."""
    study = link.study
    study.budget = Budget.objects.create(key="shared", limit=Decimal(1000))
    study.save()
    CandidateSet.objects.update(budget=study.budget)
    Generation.objects.update(cost=1)
    other = Study.objects.get(pk=study.pk)
    other.pk, other.key = None, "another"
    other.save()
    made = Turn.objects.filter(live=True).values("candidate_set")
    calls = Generation.objects.filter(candidate_set__in=made).count()
    assert calls > 0
    places = ((study, "main"), (study, "pilot"), (other, "main"))
    found = [money.money(*place) for place in places]
    assert [one and one.live for one in found] == [calls, 0, 0]
    assert {one and one.altogether for one in found} == {Generation.objects.count()}


def test_pay_below_the_floor_is_an_alarm(link: RecruitmentLink) -> None:
    other = Vendor.objects.create(key="other", name="Other")
    theirs = create_recruitment_link(study=link.study, vendor=other, phase="main")
    for where, minutes in ((link, 30), (theirs, 20)):
        person = finished_person(where, minutes, "FR")
        locale = link.study.locales.get(country="FR", language="fr")
        Participation.objects.filter(pk=person.pk).update(locale=locale)
    link.study.locales.filter(country="FR").update(pay_floor=Decimal("12.00"))
    view = pay.view(link.study, link.phase)  # type: ignore[arg-type]
    (alarm,) = view.alarms
    assert f"sent by {link.vendor.name} earn 11.00 EUR an hour" in alarm
    assert len(view.tables[0].rows) == 2


def test_what_waits_for_a_person(link: RecruitmentLink, people: list[Walker]) -> None:
    Flag.objects.all().delete()
    somebody = people[0].participation
    for kind, state in (("speed", "raised"), ("paste", "raised"), ("attention", "not_run")):
        Flag.objects.create(participation=somebody, kind=kind, state=state)
    Flag.objects.filter(kind="paste").update(
        answered_at=timezone.now(), raised_at=timezone.now() - timedelta(days=2)
    )
    paste, speed = undecided(link.study, "main")
    assert (paste.kind, paste.locale, paste.notes, paste.answered) == (
        "text pasted in",
        "FR-fr",
        1,
        1,
    )
    assert speed.answered == 0


def test_who_asked_for_help_is_counted_until_she_is_answered(
    link: RecruitmentLink, people: list[Walker]
) -> None:
    assert help_waiting(link.study).waiting == 0
    thread = HelpThread.objects.create(study=link.study, language="fr")
    asked = timezone.now() - timedelta(days=4)
    HelpMessage.objects.create(thread=thread, text="Bonjour ?", sent_at=asked)
    found = help_waiting(link.study)
    assert (found.waiting, found.oldest) == (1, asked)


def test_conversations_and_endpoints_of_other_studies_are_not_counted(
    link: RecruitmentLink, people: list[Walker]
) -> None:
    other = Study.objects.get(pk=link.study_id)
    other.pk, other.key = None, "another"
    other._state.adding = True
    other.save()
    assert Conversation.objects.exists()
    assert ModelEndpoint.objects.exists()
    assert funnels(other, "main")[-1].reached["entered"] == 0
    assert not throughput(other, "main").last_day
    assert not overlap.overlap(other, "main").rows
