"""The figures of a soft launch, and their signature on the page."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotation.models import (
    Conversation,
    Explanation,
    Ranking,
    RecruitmentLink,
    SignOff,
    Study,
    StudyLocale,
)
from insights.checklist import make_checklist
from tests.made_once import Once
from tests.walker import Walker, entered

pytestmark = pytest.mark.django_db
FRENCH = "Cette réponse me paraît plus humaine et plus proche de ce que je vis."
ENGLISH = "This answer seems more human to me, and closer to the life I lead."


def locale_of(link: RecruitmentLink) -> StudyLocale:
    return link.study.locales.select_related("study").get(country="FR")


def url(link: RecruitmentLink, phase: str = "main") -> str:
    return reverse("soft-launch-sign", args=[link.study.key, locale_of(link).pk, phase])


@pytest.fixture
def lead(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("lead", password="a-long-password"))
    return client


@pytest.fixture
def launched(link: RecruitmentLink) -> RecruitmentLink:
    """One person is in, and the locale waits."""
    Study.objects.filter(pk=link.study_id).update(soft_launch=1)
    Walker(link).enter()
    return link


def test_the_figures_are_those_of_the_locale_and_phase(once: Once, link: RecruitmentLink) -> None:
    walker = once(entered, link)
    skipped = walker.open()
    walker.post("conversation-skip", {}, skipped.public_id)
    conversation = walker.open_kind("pool")
    turn = walker.current_turn(conversation)
    walker.rank(turn, acceptable="no", represents="yes")
    walker.explain(turn, ENGLISH)
    skips = Conversation.objects.filter(status="skipped").count()
    walker.finish()
    gone = Walker(link)
    gone.choose()
    gone.screen()
    gone.consent("no")
    figures = make_checklist(locale_of(link), "main").figures
    assert (figures["placed"], figures["finished"], figures["withdrawn"]) == (1, 1, 1)
    assert figures["median_minutes"] is not None
    talks = Conversation.objects.count()
    assert figures["skipped"] == round(100 * skips / talks, 1)
    rankings = Ranking.objects.count()
    assert figures["none_acceptable"] == round(100 / rankings, 1)
    assert figures["none_represents"] == round(100 * (rankings - 1) / rankings, 1)
    assert Explanation.objects.get(turn=turn).detected_language == "en"
    assert figures["other_language"] > 0
    other = make_checklist(locale_of(link), "pilot").figures
    assert (other["placed"], other["finished"], other["skipped"]) == (0, 0, None)


def test_the_screens_tell_how_far_people_came(link: RecruitmentLink) -> None:
    Walker(link).choose()
    walker = Walker(link)
    walker.enter()
    walker.open()
    screens = [n for _name, n in make_checklist(locale_of(link), "main").screens]
    assert screens[:4] == [2, 1, 1, 1]
    assert screens[4:] == [0, 0, 0]


def test_a_person_signs_on_the_page_and_the_figures_are_kept(
    launched: RecruitmentLink, lead: Client
) -> None:
    page = lead.get(reverse("study-soft-launch", args=[launched.study.key])).content.decode()
    assert page.count("waits for a signature") == 1
    assert page.count("<textarea") == 1
    answer = lead.post(url(launched), {"notes": "Minutes and pay are as planned."}, follow=True)
    assert "FR-fr goes on." in answer.content.decode()
    assert "signed by lead" in answer.content.decode()
    signed = SignOff.objects.get()
    assert signed.notes == "Minutes and pay are as planned."
    assert signed.figures["placed"] == 1
    assert signed.figures == make_checklist(locale_of(launched), "main").figures


def test_without_a_reason_nothing_is_signed(launched: RecruitmentLink, lead: Client) -> None:
    page = lead.post(url(launched), {"notes": "  "}, follow=True).content.decode()
    assert "Say what you looked at" in page
    assert not SignOff.objects.exists()


def test_who_may_only_look_cannot_sign(launched: RecruitmentLink, client: Client) -> None:
    from django.contrib.auth.models import Permission

    guest = User.objects.create_user("guest", is_staff=True)
    guest.user_permissions.add(Permission.objects.get(codename="view_study"))
    client.force_login(guest)
    page = client.get(reverse("study-soft-launch", args=[launched.study.key])).content.decode()
    assert "<textarea" not in page
    assert client.post(url(launched), {"notes": "x"}).status_code == 403
    assert not SignOff.objects.exists()


def test_where_no_phase_stops_the_page_says_so(link: RecruitmentLink, lead: Client) -> None:
    page = lead.get(reverse("study-soft-launch", args=[link.study.key])).content.decode()
    assert "No locale stops in this phase" in page
