"""A soft launch: n people of a locale, then nobody until a person has signed."""

import pytest
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation

from accounts.models import Answer, Question, User
from annotation.actions.link import create_recruitment_link
from annotation.actions.soft_launch import sign_soft_launch
from annotation.actions.study import open_study
from annotation.models import (
    Participation,
    PlanChange,
    Quota,
    RecruitmentLink,
    ScreeningCount,
    SignOff,
    Slot,
    Study,
)
from tests.faults.test_simultaneous import at_once
from tests.walker import Walker

pytestmark = pytest.mark.django_db


def launch(link: RecruitmentLink, people: int) -> None:
    Study.objects.filter(pk=link.study_id).update(soft_launch=people)


def let_in(link: RecruitmentLink, country: str = "FR") -> Walker:
    walker = Walker(link, country=country, language={"FR": "fr", "US": "en", "IN": "en"}[country])
    walker.choose()
    walker.screen()
    return walker


def placed() -> QuerySet[Participation]:
    return Participation.objects.filter(screened_at__isnull=False)


@pytest.fixture
def lead(db: None) -> User:
    return User.objects.create_superuser("lead", password="a-long-test-password")


def sign(link: RecruitmentLink, lead: User, country: str = "FR", phase: str = "main") -> SignOff:
    locale = link.study.locales.get(country=country, language=country.lower())
    return sign_soft_launch(
        locale=locale, phase=phase, by=lead, figures={"placed": 1}, notes="All is well."
    )


def test_after_the_first_people_a_locale_waits_and_the_others_go_on(link: RecruitmentLink) -> None:
    launch(link, 2)
    assert [let_in(link).here() for _person in range(2)] == [reverse("consent")] * 2
    late = Walker(link)
    late.join()
    late.post("country", {"country": "FR"})
    assert late.here() == reverse("paused")
    assert let_in(link, "US").here() == reverse("consent")


def test_whoever_waits_is_told_in_plain_words_and_leaves_nothing_but_that_she_came(
    link: RecruitmentLink,
) -> None:
    launch(link, 0)
    walker = Walker(link)
    walker.client.cookies["django_language"] = "en"
    walker.join()
    page = walker.post("country", {"country": "FR"}).content.decode()
    for said in ("takes a pause in your country", "come back later", "No answer of yours"):
        assert said in page
    assert walker.participation.return_token in page
    assert not ScreeningCount.objects.exists()
    assert not Answer.objects.exists()
    person = walker.participation
    assert (person.locale, person.outcome, person.completion_code) == (None, "", "")


def test_a_place_lost_while_she_answers_keeps_none_of_her_answers(link: RecruitmentLink) -> None:
    launch(link, 1)
    slow = Walker(link)
    slow.choose()
    let_in(link)
    slow.screen()
    assert slow.here() == reverse("paused")
    assert slow.participation.locale is None
    assert set(Answer.objects.values_list("annotator", flat=True)) == set(
        placed().values_list("annotator", flat=True)
    )
    assert not ScreeningCount.objects.exists()


def test_once_it_is_signed_she_goes_on_by_her_own_link(link: RecruitmentLink, lead: User) -> None:
    launch(link, 1)
    let_in(link)
    late = Walker(link)
    late.join(external_id="late")
    late.post("country", {"country": "FR"})
    sign(link, lead)
    assert late.here() == reverse("language")
    again = Walker(link)
    again.join(external_id="late")
    assert again.participation == late.participation
    locale = link.study.locales.get(country="FR")
    again.post("language", {"locale": locale.pk})
    again.screen()
    assert again.here() == reverse("consent")
    assert let_in(link).here() == reverse("consent")


def test_who_has_a_place_goes_on_while_the_locale_waits(link: RecruitmentLink) -> None:
    launch(link, 1)
    walker = let_in(link)
    walker.consent()
    walker.post("guidelines")
    assert walker.open() is not None


def test_who_left_or_was_left_out_makes_no_room_for_another(link: RecruitmentLink) -> None:
    launch(link, 2)
    for left in ("withdrawn_at", "excluded_at"):
        person = let_in(link).participation
        Participation.objects.filter(pk=person.pk).update(**{left: person.started_at})
    late = Walker(link)
    late.join()
    late.post("country", {"country": "FR"})
    assert late.here() == reverse("paused")


def test_where_nothing_is_asked_the_stop_holds_too(link: RecruitmentLink, lead: User) -> None:
    Question.objects.filter(instrument=link.study.quota_instrument).update(country="US")
    launch(link, 1)
    first, second = Walker(link), Walker(link)
    first.choose()
    second.choose()
    assert (first.here(), second.here()) == (reverse("consent"), reverse("paused"))
    first.consent("no")  # her place is free again
    assert second.here() == reverse("language")


def test_a_language_that_still_takes_people_is_offered_instead(link: RecruitmentLink) -> None:
    launch(link, 1)
    let_in(link, "IN")
    walker = Walker(link)
    walker.join()
    page = walker.post("country", {"country": "IN"}).content.decode()
    assert page.count('type="radio" name="locale"') == 1
    waiting = link.study.locales.get(country="IN", language="en")
    walker.post("language", {"locale": waiting.pk})
    assert walker.participation.locale is None


def test_a_full_cell_or_a_full_country_ends_the_visit_as_ever(link: RecruitmentLink) -> None:
    launch(link, 1)
    let_in(link)
    Slot.objects.filter(locale__country="FR").update(status="void")
    walker = Walker(link)
    walker.choose()
    assert walker.participation.outcome == "quota_full"
    launch(link, 9)
    Quota.objects.create(study=link.study, key="none", conditions={"country": ["US"]}, target=0)
    assert let_in(link, "US").participation.outcome == "quota_full"


def test_pilot_and_main_phase_stop_and_are_signed_each_by_itself(
    link: RecruitmentLink, lead: User
) -> None:
    open_study(study=link.study, phase="pilot")
    pilot = create_recruitment_link(study=link.study, vendor=link.vendor, phase="pilot")
    launch(link, 1)
    let_in(pilot)
    sign(link, lead, phase="pilot")
    assert let_in(pilot).here() == reverse("consent")
    assert let_in(link).here() == reverse("consent")
    assert let_in(link).here() == reverse("paused")


@pytest.mark.parametrize("phase", ["preview", "rehearsal"])
def test_a_preview_and_a_rehearsal_do_not_stop(link: RecruitmentLink, phase: str) -> None:
    open_study(study=link.study, phase=phase)
    launch(link, 0)
    theirs = create_recruitment_link(study=link.study, vendor=link.vendor, phase=phase)
    assert let_in(theirs).here() == reverse("consent")


def test_a_signature_is_given_once_with_its_reason_and_stands_in_the_log(
    link: RecruitmentLink, lead: User
) -> None:
    launch(link, 1)
    with translation.override("en"), pytest.raises(ValidationError, match="nothing to sign yet"):
        sign(link, lead)
    let_in(link)
    locale = link.study.locales.get(country="FR")
    with translation.override("en"), pytest.raises(ValidationError, match="what you looked at"):
        sign_soft_launch(locale=locale, phase="main", by=lead, figures={}, notes=" ")
    first = sign(link, lead)
    assert sign(link, lead) == first
    change = PlanChange.objects.get()
    assert (change.kind, change.by, change.why) == ("signed", lead, "All is well.")
    assert change.details == {"locale": "FR-fr", "phase": "main", "people": 1}


@pytest.mark.django_db(transaction=True)
def test_of_many_at_the_door_at_once_exactly_n_are_let_in(link: RecruitmentLink) -> None:
    launch(link, 3)
    walkers = [Walker(link) for _person in range(8)]
    for walker in walkers:
        walker.choose()
    assert at_once(lambda number: walkers[number].screen().status_code, 8) == [200] * 8
    assert placed().count() == 3
    ways = sorted(walker.here() for walker in walkers)
    assert ways == [reverse("consent")] * 3 + [reverse("paused")] * 5
    assert Answer.objects.values("annotator").distinct().count() == 3
