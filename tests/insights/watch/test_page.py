"""The page: whole at first sight, renewed in parts, quiet while nothing changes."""

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from annotation.models import Flag, RecruitmentLink, Study
from insights.watch.page import PANELS
from tests.walker import Walker

pytestmark = pytest.mark.django_db
QUIET = [panel.name for panel in PANELS if panel.name != "machine"]


def part(study: Study, name: str, **query: str) -> tuple[str, dict[str, str]]:
    return reverse("study-watch-panel", args=[study.key, name]), query


def version(content: bytes) -> str:
    return content.decode().split('name="seen" value="')[1].split('"')[0]


def test_the_first_page_holds_every_panel(
    researcher: Client, study: Study, people: list[Walker]
) -> None:
    page = researcher.get(reverse("study-watch", args=[study.key])).content.decode()
    for panel in PANELS:
        assert f'id="watch-{panel.name}"' in page
        assert str(panel.title) in page
    assert page.count("<h1") == 1
    assert "unsafe" not in researcher.get("/").headers.get("Content-Security-Policy", "")


@pytest.mark.parametrize("name", QUIET)
def test_a_panel_that_has_not_changed_answers_with_nothing(
    researcher: Client, study: Study, people: list[Walker], name: str
) -> None:
    address, _query = part(study, name)
    first = researcher.get(address)
    assert first.status_code == 200
    again = researcher.get(address, {"seen": version(first.content)})
    assert (again.status_code, again.content) == (204, b"")
    assert "no-store" in again["Cache-Control"]


def test_a_panel_that_has_changed_is_sent_anew(
    researcher: Client, study: Study, people: list[Walker], link: RecruitmentLink
) -> None:
    address, _query = part(study, "progress")
    seen = version(researcher.get(address).content)
    walker = Walker(link)
    walker.enter()
    walker.rank(walker.current_turn(walker.open_kind("pool")))
    changed = researcher.get(address, {"seen": seen})
    assert changed.status_code == 200
    assert version(changed.content) != seen


def test_a_panel_is_of_one_phase(researcher: Client, study: Study, people: list[Walker]) -> None:
    address, _query = part(study, "progress")
    main = researcher.get(address, {"phase": "main"}).content
    pilot = researcher.get(address, {"phase": "pilot"}).content
    assert b"Judgements by the end of each day" in main
    assert b"Judgements by the end of each day" not in pilot


def test_asking_again_and_again_neither_writes_nor_lengthens_a_session(
    researcher: Client, study: Study
) -> None:
    before = Session.objects.values_list("session_key", "session_data", "expire_date").get()
    address, _query = part(study, "progress")
    with CaptureQueriesContext(connection) as captured:
        answer = researcher.get(address)
    assert "sessionid" not in answer.cookies
    assert not [q for q in captured.captured_queries if not q["sql"].startswith("SELECT")]
    assert before == Session.objects.values_list("session_key", "session_data", "expire_date").get()


def test_the_page_and_its_parts_are_for_those_with_the_right(client: Client, study: Study) -> None:
    addresses = [
        reverse("study-watch", args=[study.key]),
        *(part(study, panel.name)[0] for panel in PANELS),
    ]
    for address in addresses:
        assert client.get(address).status_code == 302
    client.force_login(User.objects.create_user("guest", is_staff=True))
    for address in addresses:
        assert client.get(address).status_code == 403


def test_an_unknown_panel_or_study_is_not_found(researcher: Client, study: Study) -> None:
    assert researcher.get(part(study, "weather")[0]).status_code == 404
    assert researcher.get(reverse("study-watch", args=["nothing"])).status_code == 404


def test_the_study_has_a_tab_for_it(researcher: Client, study: Study) -> None:
    address = reverse("study-watch", args=[study.key])
    page = researcher.get(address).content.decode()
    assert f'href="{address}" aria-current="page"' in page


def test_nothing_on_the_page_says_what_people_preferred(
    researcher: Client, study: Study, people: list[Walker]
) -> None:
    """The right to watch is no right to outcomes: of choices, only the place on the page."""
    page = researcher.get(reverse("study-watch", args=[study.key])).content.decode()
    for word in ("acceptable", "represents", "ranked first"):
        assert word not in page


def test_a_note_to_review_is_counted_until_somebody_decides(
    researcher: Client, study: Study, people: list[Walker]
) -> None:
    flag = Flag.objects.create(participation=people[0].participation, kind=Flag.Kind.SPEED)
    address, _query = part(study, "review")
    assert b"faster than the text can be read" in researcher.get(address).content
    flag.decision, flag.reason = Flag.Decision.KEPT, "reads fast"
    flag.decided_by = User.objects.get(username="researcher")
    flag.decided_at = flag.raised_at
    flag.save()
