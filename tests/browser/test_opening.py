"""The next conversation is put in place of the page between two: as if its page were loaded."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from accounts.models import Vendor
from annotation.actions.definition import apply_study
from annotation.actions.link import create_recruitment_link
from annotation.actions.pool import request_pool
from annotation.actions.study import open_study
from annotation.models import Conversation, Draft, Grant, Phase, Ranking, Turn
from candidates.generation import complete_candidate_set
from tests.definitions import small_definition
from tests.made_once import Once
from tests.processes import Site
from tests.provider import Provider
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def walker(once: Once, empty_database: None, provider: Provider) -> Walker:
    """Somebody before her first of two conversations of the pool, one turn each."""
    return once(one_between_conversations)


def one_between_conversations() -> Walker:
    definition = small_definition(
        prompts=2, pool_conversations=2, own_conversations=0, turn_lengths={1: 1}
    )
    study = apply_study(definition)
    study.waves.update(explanation_policy="off")
    for candidate_set in request_pool(study=study):
        complete_candidate_set(candidate_set.pk)
    open_study(study=study)
    vendor = Vendor.objects.create(key="vendor", name="Vendor")
    walker = Walker(create_recruitment_link(study=study, vendor=vendor, phase=Phase.MAIN))
    walker.enter()
    walker.post("interface-language", {"language": "en", "next": "/"})
    return walker


@pytest.fixture
def page(browser: Browser, site: Site, walker: Walker) -> Iterator[Page]:
    """Her browser, on the page between two conversations. Nothing may go wrong in it."""
    context = browser.new_context()
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    come_in(page, site, walker)
    yield page
    context.close()
    assert errors == []


def come_in(page: Page, site: Site, walker: Walker) -> None:
    page.goto(f"{site.address}/return/{walker.participation.return_token}/")
    page.locator("main form button").click()
    expect(page).to_have_url(f"{site.address}/conversations/")
    page.wait_for_load_state("networkidle")


def open_next(page: Page) -> None:
    page.locator("form[data-open] button").click()
    expect(page.locator("[data-answer]")).to_have_count(4)
    expect(page).to_have_url(re.compile(r"/conversations/(?!open/)[^/]+/$"))


def letters(page: Page) -> list[str | None]:
    """The answers in the order shown."""
    return [row.get_attribute("data-handle") for row in page.locator("[data-answer]").all()]


def stored_order() -> list[str]:
    turn = Turn.objects.latest("pk")
    return [row.candidate.handle for row in turn.shown.select_related("candidate")]


def rank(page: Page) -> None:
    for place, answer in enumerate(page.locator("[data-answer]").all(), start=1):
        answer.locator(f'input[value="{place}"]').check(force=True)
    page.locator('input[name="acceptable"][value="yes"]').check()
    page.locator('input[name="represents"][value="no"]').check()


def test_one_request_opens_and_shows_it_and_all_works_there(page: Page, site: Site) -> None:
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    page.evaluate("window.theSamePage = true")
    open_next(page)
    pages = [request for request in asked if "/static/img/" not in request.url]  # its icon
    assert [(request.method, request.url) for request in pages] == [
        ("POST", f"{site.address}/conversations/open/")
    ]
    conversation = Conversation.objects.get()
    expect(page).to_have_url(f"{site.address}/conversations/{conversation.public_id}/")
    expect(page).to_have_title("Conversation 1 of 2 · Plurivox")
    expect(page.locator("#main")).to_be_focused()
    assert letters(page) == stored_order()
    rank(page)
    expect(page.locator("[data-save-state]")).to_have_attribute("data-save-state", "saved")
    assert len(Draft.objects.get().fields) >= 6
    expect(page.locator("[data-board] .row:not(.free)")).to_have_count(4)
    assert page.evaluate("window.theSamePage")
    page.locator("#ranking > button[type=submit]").first.click()
    expect(page).to_have_url(f"{site.address}/conversations/")
    assert Ranking.objects.get().layout
    open_next(page)
    expect(page).to_have_title("Conversation 2 of 2 · Plurivox")


def test_what_is_put_in_place_works_from_the_first_moment(page: Page) -> None:
    """No press and no key falls into a pause between the sight of it and its scripts."""
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now() / 1000 + 60"))
    open_next(page)
    expect(page.locator("#ranking.is-live")).to_be_visible()
    page.locator("[data-answer]").first.locator("input[type=radio]").first.focus()
    page.keyboard.press("2")
    expect(page.locator("[data-board] .row:not(.free)")).to_have_count(1)


def test_reloading_shows_the_same_with_what_was_entered(page: Page) -> None:
    open_next(page)
    address, before = page.url, letters(page)
    rank(page)
    expect(page.locator("[data-save-state]")).to_have_attribute("data-save-state", "saved")
    page.reload()
    expect(page.locator("[data-answer]")).to_have_count(4)
    assert (page.url, letters(page)) == (address, before)
    expect(page.locator('input[name="acceptable"][value="yes"]')).to_be_checked()
    assert Conversation.objects.count() == Grant.objects.count() == 1


def test_going_back_and_forward_finds_the_open_conversation(page: Page) -> None:
    """Back is the page between two, which leads on to what is open, as ever."""
    open_next(page)
    address, before = page.url, letters(page)
    with page.expect_event("load"):  # the answers that stand there now are those of before
        page.go_back()
    expect(page).to_have_url(address)
    expect(page.locator("[data-answer]")).to_have_count(4)
    assert letters(page) == before
    with page.expect_event("load"):
        page.go_forward()
    expect(page).to_have_url(address)
    expect(page.locator("[data-answer]")).to_have_count(4)
    assert letters(page) == before
    assert Conversation.objects.count() == 1


def test_nothing_of_a_page_stays_behind_in_the_browser(page: Page) -> None:
    """No copy of a page for going back: whoever uses the browser next would read it."""
    open_next(page)
    address, handle = page.url, letters(page)[0]
    page.go_back()
    expect(page).to_have_url(address)
    for store in ("sessionStorage", "localStorage"):
        kept = page.evaluate(f"Object.values({store}).join()")
        assert handle not in kept and "<" not in kept


def test_a_double_click_opens_one(page: Page) -> None:
    page.locator("form[data-open] button").dblclick()
    expect(page.locator("[data-answer]")).to_have_count(4)
    page.wait_for_load_state("networkidle")
    assert letters(page) == stored_order()
    assert Conversation.objects.count() == Grant.objects.count() == 1


def test_two_tabs_open_the_same_and_it_is_stored_once(page: Page) -> None:
    other = page.context.new_page()
    other.goto(page.url)
    open_next(page)
    open_next(other)
    assert other.url == page.url
    assert letters(other) == letters(page)
    for tab in (page, other):
        rank(tab)
    page.locator("#ranking > button[type=submit]").first.click()
    expect(page.locator("form[data-open]")).to_be_visible()
    other.locator("#ranking > button[type=submit]").first.click()
    expect(other.locator("form[data-open]")).to_be_visible()
    assert Ranking.objects.count() == Conversation.objects.count() == 1


def test_an_answer_that_is_lost_is_asked_for_by_the_browser_itself(page: Page) -> None:
    """It was opened, and the answer never came: the same conversation, on its own page."""
    lost: list[int] = []

    def lose(route):  # type: ignore[no-untyped-def]
        if "hx-request" in route.request.headers:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    page.route("**/conversations/open/", lose)
    open_next(page)
    assert lost == [200]
    assert letters(page) == stored_order()
    assert Conversation.objects.count() == 1


def test_without_scripts_the_browser_is_led_to_it(
    browser: Browser, site: Site, walker: Walker
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    come_in(page, site, walker)
    open_next(page)
    expect(page).to_have_url(
        f"{site.address}/conversations/{Conversation.objects.get().public_id}/"
    )
    assert letters(page) == stored_order()
