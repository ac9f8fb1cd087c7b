"""A problem is told from inside a turn, and staff see where problems gather."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotation.models import (
    AuditEntry,
    Conversation,
    ProblemReport,
    Ranking,
    RecruitmentLink,
    Role,
    Slot,
    Study,
    Turn,
)
from tests.made_once import Once
from tests.team import member
from tests.walker import Response, Walker, entered

pytestmark = pytest.mark.django_db


@pytest.fixture
def walker(once: Once, link: RecruitmentLink) -> Walker:
    return once(entered, link)


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
    study, grant = turn.conversation.participation.study, turn.conversation.grant
    assert grant is not None
    page = client.get(reverse("study-prompts", args=[study.key])).content.decode()
    row = page.split(f">{grant.prompt.key}</a>")[1].split("</tr>")[0]
    assert "FR-fr: 1 offensive or harmful (2)" in row
    one = client.get(reverse("study-prompt", args=[study.key, grant.prompt.key])).content.decode()
    assert "about C: Das tut weh." in one
    assert "about the message" in one
    for name in (walker.participation.public_id, walker.participation.annotator.public_id):
        assert name not in one


# -- A prompt is retired or replaced


def test_a_prompt_is_retired_from_its_page_after_a_look_at_what_goes(
    study: Study, client: Client
) -> None:
    client.force_login(User.objects.create_superuser("researcher"))
    prompt = study.pool.prompts.order_by("pk")[0]
    address = reverse("study-prompt", args=[study.key, prompt.key])
    free = Slot.objects.filter(prompt=prompt, status="open").count()
    assert free
    assert client.post(address, {"preview": "1"}).status_code == 422
    looked = client.post(address, {"why": "It misleads.", "preview": "1"})
    assert f"take away {free} free places" in looked.content.decode()
    prompt.refresh_from_db()
    assert prompt.retired_at is None
    assert not AuditEntry.objects.filter(kind="prompt:retired").exists()
    done = client.post(address, {"why": "It misleads.", "apply": "1"}, follow=True)
    assert f"{free} free places taken away" in done.content.decode()
    prompt.refresh_from_db()
    assert (prompt.retired_why, prompt.retired_at is None) == ("It misleads.", False)
    assert not Slot.objects.filter(prompt=prompt, status="open").exists()
    entry = AuditEntry.objects.get(kind="prompt:retired")
    assert (entry.study, entry.why) == (study, "It misleads.")


def test_a_prompt_is_replaced_and_a_fault_is_one_sentence(study: Study, client: Client) -> None:
    client.force_login(User.objects.create_superuser("researcher"))
    old, new = study.pool.prompts.order_by("pk")[:2]
    address = reverse("study-prompt", args=[study.key, old.key])
    client.post(address, {"why": "It misleads.", "instead": new.key, "apply": "1"})
    old.refresh_from_db()
    assert old.replaced_by == new
    back = reverse("study-prompt", args=[study.key, new.key])
    assert b"errorlist" in client.post(back, {"why": "x", "instead": old.key}).content


def test_who_may_only_watch_retires_nothing(study: Study, client: Client) -> None:
    client.force_login(member(study, Role.VIEWER))
    prompt = study.pool.prompts.order_by("pk")[0]
    address = reverse("study-prompt", args=[study.key, prompt.key])
    assert b"<form method" not in client.get(address).content.split(b"<h1>")[1]
    assert client.post(address, {"why": "x", "apply": "1"}).status_code == 403
    prompt.refresh_from_db()
    assert prompt.retired_at is None
