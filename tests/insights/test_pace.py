"""Pace and pay: real minutes, what an hour pays, when things close; on a page and in a terminal."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User, Vendor
from annotation.actions.link import create_recruitment_link
from annotation.actions.replan import merge_cells
from annotation.models import (
    Conversation,
    Participation,
    Quota,
    RecruitmentLink,
    Slot,
    Study,
    StudyLocale,
)
from annotation.moments import OF_A_CONVERSATION, moments_of, worked_minutes
from insights.fillings import cell_fillings, locale_fillings
from insights.pace import locale_paces, pays
from insights.pace_tables import say_closing
from insights.tables import number
from tests.annotation.test_pace import finished_person
from tests.made_once import Once
from tests.walker import Walker, entered

pytestmark = pytest.mark.django_db


@pytest.fixture
def researcher(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("researcher", password="a-long-password"))
    return client


def paid(link: RecruitmentLink, minutes: int, country: str = "FR") -> Participation:
    person = finished_person(link, minutes, country)
    language = {"FR": "fr", "US": "en"}[country]
    locale = link.study.locales.get(country=country, language=language)
    Participation.objects.filter(pk=person.pk).update(locale=locale)
    return person


def floor(link: RecruitmentLink, amount: str, country: str = "FR") -> None:
    link.study.locales.filter(country=country).update(pay_floor=Decimal(amount))


def placed(link: RecruitmentLink, days_ago: float, gender: str = "female") -> Participation:
    walker = Walker(link)
    walker.choose()
    walker.screen(gender=gender)
    person = walker.participation
    Participation.objects.filter(pk=person.pk).update(
        screened_at=timezone.now() - timedelta(days=days_ago)
    )
    return person


def french(link: RecruitmentLink) -> Any:
    rows = locale_fillings(link.study, "main")
    return next(row for row in rows if row.people.name == "FR-fr")


def test_an_hour_is_paid_by_the_median_of_those_who_finished(link: RecruitmentLink) -> None:
    for minutes in (20, 30, 40):
        paid(link, minutes)
    paid(link, 15, "US")
    french, american = pays(link.study, "main")
    assert (french.country, french.people, french.minutes, french.an_hour) == ("FR", 3, 30, 11)
    assert (american.country, american.currency, american.an_hour) == ("US", "USD", 24)


def test_each_vendor_stands_by_itself(link: RecruitmentLink) -> None:
    other = Vendor.objects.create(key="other", name="Other")
    theirs = create_recruitment_link(study=link.study, vendor=other, phase="main")
    paid(link, 30)
    paid(theirs, 20)
    assert [(row.vendor, row.an_hour) for row in pays(link.study, "main")] == [
        ("Other", 16.5),
        (link.vendor.name, 11),
    ]


@pytest.mark.parametrize(("amount", "too_low"), [("11.00", False), ("11.01", True)])
def test_below_the_floor_is_an_alarm_in_words(
    link: RecruitmentLink, researcher: Client, amount: str, too_low: bool
) -> None:
    for _person in range(5):
        paid(link, 30)
    floor(link, amount)
    assert pays(link.study, "main")[0].too_low is too_low
    page = researcher.get(reverse("study-pace", args=[link.study.key])).content.decode()
    assert ("below the floor" in page) is too_low
    assert ('class="alarm"' in page) is too_low


def test_minutes_of_a_conversation_are_those_of_its_stored_acts(
    once: Once, link: RecruitmentLink
) -> None:
    walker = once(entered, link)
    conversation = walker.open_kind("pool")
    walker.finish_conversation(conversation)
    Conversation.objects.filter(pk=conversation.pk).update(
        opened_at=conversation.opened_at - timedelta(minutes=7)
    )
    moments = moments_of([conversation.pk], OF_A_CONVERSATION)[conversation.pk]
    french = next(row for row in locale_paces(link.study, "main") if row.locale.country == "FR")
    assert french.conversations == 1
    assert french.minutes == worked_minutes(moments) >= 7


def test_a_cell_closes_by_the_people_of_the_last_week(link: RecruitmentLink) -> None:
    Quota.objects.create(
        study=link.study, key="women", conditions={"gender": ["female"]}, target=10
    )
    Quota.objects.create(study=link.study, key="men", conditions={"gender": ["male"]}, target=2)
    for days in (20, 3, 2, 1):
        placed(link, days)
    placed(link, 8, "male")
    women, men = cell_fillings(link.study, "main")
    assert (women.filled, women.wanted, women.came, women.days) == (4, 10, 3, 7)
    assert women.closes is not None
    assert women.closes.days == 14
    assert (men.filled, men.came, men.closes) == (1, 0, None)
    with translation.override("en"):
        assert say_closing(men, link.study) == "no forecast: nobody came in 7 days"


@pytest.mark.parametrize(
    ("named", "country"),
    [(["FR"], "FR"), (["FR", "US"], ""), ([], "")],
)
def test_merged_cells_close_by_the_days_of_the_country_they_share(
    link: RecruitmentLink, researcher: Client, named: list[str], country: str
) -> None:
    where = {"country": named} if named else {}
    for key, gender in (("men", "male"), ("women", "female")):
        Quota.objects.create(
            study=link.study, key=key, conditions={**where, "gender": [gender]}, target=3
        )
    for days in (7.5, 2):
        placed(link, days)
    ines = User.objects.create(username="ines")
    merge_cells(study=link.study, keys=["men"], into="women", by=ines, why="no men come")
    (cell,) = cell_fillings(link.study, "main")
    assert (cell.country, cell.filled, cell.wanted) == (country, 2, 6)
    page = researcher.get(reverse("study-pace", args=[link.study.key]))
    assert page.status_code == 200
    assert "women" in page.content.decode()


def test_a_phase_younger_than_a_week_goes_by_its_own_days(link: RecruitmentLink) -> None:
    link.study.locales.filter(country="FR").update(planned_people=6)
    placed(link, 2)
    alone = french(link).people
    assert (alone.came, alone.closes) == (1, None)
    with translation.override("en"):
        assert say_closing(alone, link.study) == "–"
    placed(link, 1)
    people = french(link).people
    assert people.days == pytest.approx(2, abs=0.01)
    # Four lack. The first began the count: one came in two days, so eight more days.
    assert people.closes is not None
    assert people.closes.days == pytest.approx(8, abs=0.01)


def test_a_locale_closes_when_its_judgements_are_in(link: RecruitmentLink) -> None:
    slots = Slot.objects.filter(locale__country="FR", status="open").order_by("ordinal", "pk")
    for days in (2, 1):
        person = placed(link, days)
        assert french(link).judgements.closes is None
        for slot in slots[:1]:
            Slot.objects.filter(pk=slot.pk).update(
                status="done", holder=person, done_at=timezone.now() - timedelta(days=days)
            )
    row = french(link)
    assert (row.judgements.filled, row.judgements.wanted, row.judgements.came) == (2, 6, 2)
    # Four lack, each person brings one, and after the first one came in two days.
    assert row.judgements.closes is not None
    assert row.judgements.closes.days == pytest.approx(8, abs=0.01)
    assert row.closing == row.judgements
    Slot.objects.filter(locale__country="FR", status="open").update(status="void")
    row = french(link)
    assert row.closing is not None
    with translation.override("en"):
        assert say_closing(row.closing, link.study) == "full"


def test_a_phase_without_places_is_not_full(link: RecruitmentLink, researcher: Client) -> None:
    link.study.locales.update(planned_people=6)
    assert all(row.closing is None for row in locale_fillings(link.study, "pilot"))
    page = researcher.get(reverse("study-pace", args=[link.study.key]) + "?phase=pilot")
    assert ">full<" not in page.content.decode()


@pytest.mark.parametrize("place", [1, 2, 3, 4])
def test_whoever_comes_while_the_cells_are_read_does_not_stop_the_page(
    link: RecruitmentLink, place: int
) -> None:
    Quota.objects.create(
        study=link.study, key="women", conditions={"gender": ["female"]}, target=10
    )
    placed(link, 3)
    late = placed(link, 0)
    Participation.objects.filter(pk=late.pk).update(screened_at=None)
    reads = 0

    def let_her_in(execute: Any, *query: Any) -> Any:
        nonlocal reads
        reads += 1
        if reads == place:
            Participation.objects.filter(pk=late.pk).update(screened_at=timezone.now())
        return execute(*query)

    with connection.execute_wrapper(let_her_in):
        (women,) = cell_fillings(link.study, "main")
    assert reads >= 4
    assert women.filled in (1, 2)


def test_a_forecast_names_its_days_in_the_readers_language(
    link: RecruitmentLink, researcher: Client
) -> None:
    Quota.objects.create(study=link.study, key="all", conditions={"country": ["FR"]}, target=3)
    for days in (7.5, 2):
        placed(link, days)
    day = timezone.now() + timedelta(days=7)
    address = reverse("study-pace", args=[link.study.key])
    page = researcher.get(address).content.decode()
    assert day.strftime("%Y") in page
    researcher.cookies["django_language"] = "fr"
    french = researcher.get(address).content.decode()
    months = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
    assert any(month in french for month in months.split())


def test_the_terminal_prints_what_the_page_shows(link: RecruitmentLink) -> None:
    paid(link, 30)
    said = StringIO()
    with translation.override("en"):
        call_command("pace", link.study.key, stdout=said)
    for words in ("phase main", "FR-fr", "France", "11.00", "no floor is set", "When each locale"):
        assert words in said.getvalue()
    with pytest.raises(CommandError, match="There is no study"):
        call_command("pace", "nothing")
    with pytest.raises(CommandError, match="is no phase"):
        call_command("pace", link.study.key, "--phase", "later")


def test_figures_are_rounded_and_not_cut_off() -> None:
    with translation.override("en"):
        assert (number(9.4286, 2), number(0.06, 1), number(None)) == ("9.43", "0.1", "–")


@pytest.mark.parametrize("name", ["study-pace", "study-dispositions", "study-soft-launch"])
def test_the_pages_are_for_staff_with_the_right(client: Client, study: Study, name: str) -> None:
    address = reverse(name, args=[study.key])
    assert client.get(address).status_code == 302
    client.force_login(User.objects.create_user("guest", is_staff=True))
    assert client.get(address).status_code == 403


def test_the_study_leads_to_its_pages(researcher: Client, study: Study) -> None:
    page = researcher.get(
        reverse("admin:annotation_study_change", args=[study.pk])
    ).content.decode()
    for name in ("study-pace", "study-dispositions", "study-soft-launch"):
        assert reverse(name, args=[study.key]) in page


def test_a_locale_without_a_plan_or_pool_has_no_forecast(link: RecruitmentLink) -> None:
    Study.objects.filter(pk=link.study_id).update(pool_conversations=0)
    study = Study.objects.get(pk=link.study_id)
    assert all(row.closing is None for row in locale_fillings(study, "main"))
    StudyLocale.objects.filter(study=study).update(planned_people=3)
    assert all(row.closing for row in locale_fillings(study, "main"))
