"""A problem is told from inside a turn, and staff see where problems gather."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotation.models import Conversation, ProblemReport, Ranking, RecruitmentLink, Turn
from tests.annotation.test_claiming import entered
from tests.walker import Response, Walker

pytestmark = pytest.mark.django_db


@pytest.fixture
def walker(link: RecruitmentLink) -> Walker:
    return entered(link)


@pytest.fixture
def turn(walker: Walker) -> Turn:
    conversation = walker.open_kind("pool")
    walker.page(conversation)
    return walker.current_turn(conversation)


def report(walker: Walker, turn: Turn, htmx: bool = False, **data: str) -> Response:
    address = reverse("problem-report", args=[turn.conversation.public_id, turn.position])
    headers = {"HX-Request": "true"} if htmx else {}
    return walker.client.post(address, data, follow=True, headers=headers)


def test_every_turn_offers_to_report_the_message_and_each_answer(
    walker: Walker, turn: Turn
) -> None:
    page = walker.page(turn.conversation).content.decode()
    assert reverse("problem-report", args=[turn.conversation.public_id, 1]) in page
    for row in turn.shown.select_related("candidate"):
        assert f'<option value="{row.candidate.handle}">' in page
    walker.rank(turn)
    assert "problem-report" not in page
    assert 'id="report"' in walker.page(turn.conversation).content.decode()


def test_a_report_is_stored_with_the_answer_it_is_about(walker: Walker, turn: Turn) -> None:
    second = turn.shown.select_related("candidate")[1].candidate
    response = report(
        walker, turn, about=second.handle, kind="offensive", report_text="Das tut weh."
    )
    stored = ProblemReport.objects.get()
    assert (stored.turn, stored.candidate, stored.kind) == (turn, second, "offensive")
    assert (stored.text, stored.participation) == ("Das tut weh.", walker.participation)
    assert response.request["PATH_INFO"] == reverse(
        "conversation", args=[turn.conversation.public_id]
    )
    assert 'class="stored"' in response.content.decode()


def test_a_report_on_the_message_names_no_answer(walker: Walker, turn: Turn) -> None:
    report(walker, turn, about="", kind="broken")
    assert ProblemReport.objects.get().candidate is None


def test_with_htmx_only_the_box_comes_back_and_the_ranking_stays(
    walker: Walker, turn: Turn
) -> None:
    response = report(walker, turn, htmx=True, kind="other")
    page = response.content.decode()
    assert response.status_code == 200
    assert page.strip().startswith('<div id="report"')
    assert "place_" not in page
    assert 'class="stored"' in page
    assert not Ranking.objects.exists()
    assert Conversation.objects.get(pk=turn.conversation_id).is_open


@pytest.mark.parametrize("htmx", [True, False])
def test_a_report_without_a_kind_says_what_is_missing(
    walker: Walker, turn: Turn, htmx: bool
) -> None:
    response = report(walker, turn, htmx=htmx, report_text="Hm")
    assert response.status_code == 422
    page = response.content.decode()
    assert "<details" in page
    assert "open>" in page
    assert 'class="error"' in page
    assert ">\nHm</textarea>" in page
    assert not ProblemReport.objects.exists()


def test_a_double_click_tells_it_once_and_later_it_may_be_told_again(
    walker: Walker, turn: Turn
) -> None:
    for _click in range(2):
        report(walker, turn, kind="other", report_text="x")
    assert ProblemReport.objects.count() == 1
    report(walker, turn, kind="broken")
    assert ProblemReport.objects.count() == 2
    first = ProblemReport.objects.get(kind="other")
    first.reported_at -= timedelta(minutes=2)
    first.save()
    report(walker, turn, kind="other", report_text="x")
    assert ProblemReport.objects.count() == 3


def test_an_answer_of_another_turn_is_refused(
    walker: Walker, turn: Turn, link: RecruitmentLink
) -> None:
    other = entered(link)
    conversation = other.open_kind("pool")
    other.page(conversation)
    theirs = other.current_turn(conversation)
    strange = (
        theirs.shown.exclude(candidate__in=[row.candidate_id for row in turn.shown.all()])
        .values_list("candidate__handle", flat=True)
        .first()
        or "0" * 16
    )
    assert report(walker, turn, about=strange, kind="other").status_code == 422
    assert not ProblemReport.objects.exists()


def test_nobody_reports_in_another_persons_turn(turn: Turn, link: RecruitmentLink) -> None:
    assert report(entered(link), turn, kind="other").status_code == 404


def test_looking_at_the_address_reports_nothing(walker: Walker, turn: Turn) -> None:
    address = reverse("problem-report", args=[turn.conversation.public_id, 1])
    assert walker.client.get(address).status_code == 405


def test_staff_see_reports_counted_by_prompt_and_locale(
    walker: Walker, turn: Turn, client: Client
) -> None:
    handle = turn.shown.select_related("candidate")[2].candidate.handle
    report(walker, turn, about=handle, kind="offensive", report_text="Das tut weh.")
    report(walker, turn, kind="offensive")
    client.force_login(User.objects.create_superuser("researcher"))
    page = client.get(reverse("admin:annotation_problemreport_changelist")).content.decode()
    grant = turn.conversation.grant
    assert grant is not None
    expected = f"<td>{grant.prompt.key}</td><td>FR-fr</td><td>offensive or harmful</td>"
    assert f"{expected}<td>1</td><td>2</td>" in page
    assert ">C</td>" in page
    stored = ProblemReport.objects.get(candidate__isnull=False)
    address = reverse("admin:annotation_problemreport_change", args=[stored.pk])
    assert "Das tut weh." in client.get(address).content.decode()
