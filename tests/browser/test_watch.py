"""The watch page in real Chromium: people work, and the figures move without a reload."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from accounts.models import User
from annotation.models import RecruitmentLink, Slot
from insights.health import seen
from rehearsal import stage
from tests.browser.checks import picture, violations
from tests.made_once import Once
from tests.processes import Site, Worker, wait_until
from tests.provider import Provider
from tests.rehearsal.rehearsing import prepared
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)
SIZES = {"phone": (360, 740), "desktop": (1440, 900)}


def watching(
    browser: Browser, site: Site, link: RecruitmentLink, phase: str = "main", **options: object
) -> Page:
    client = Client()
    client.force_login(
        User.objects.get_or_create(
            username="ines", defaults={"is_staff": True, "is_superuser": True}
        )[0]
    )
    context = browser.new_context(**options)  # type: ignore[arg-type]
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site.address}]
    )
    page = context.new_page()
    page.clock.install()
    page.goto(f"{site.address}{reverse('study-watch', args=[link.study.key])}?phase={phase}")
    return page


def one_judges(link: RecruitmentLink) -> None:
    walker = Walker(link)
    walker.enter()
    walker.rank(walker.current_turn(walker.open_kind("pool")))


def judged(page: Page, locale: str = "FR-fr") -> str:
    row = page.locator("#watch-progress tr", has=page.locator("th", has_text=locale)).first
    return row.locator("td").nth(1).inner_text()


def renew(page: Page, panel: str) -> None:
    """What its own clock does every ten seconds."""
    with page.expect_response(lambda answer: f"/watch/{panel}/" in answer.url):
        page.evaluate(f"htmx.trigger('#watch-{panel}', 'watch:now')")


def nobody_was_seen_for(seconds: float) -> None:
    """As when so much time has passed: the moments lie in Redis, by its clock."""
    client: Any = seen._redis(settings.REDIS_URL)
    for name, moment in client.hgetall(seen.KEY).items():
        client.hset(seen.KEY, name, float(moment) - seconds)


def test_figures_move_while_people_work_and_nothing_else_does(
    link: RecruitmentLink, site: Site, browser: Browser, artefacts: Path
) -> None:
    page = watching(browser, site, link, viewport={"width": 1440, "height": 900})
    faults: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(message.text)

    page.on("console", note)
    page.evaluate("window.loadedOnce = true")
    details = page.locator("#progress details")
    details.locator("summary").click()
    region = page.locator("#watch-progress [role=group]").first
    region.focus()
    before = judged(page)
    for _person in range(2):
        one_judges(link)
    done, _of, wanted = before.partition(" of ")
    row = page.locator("#watch-progress tr", has=page.locator("th", has_text="FR-fr")).first
    page.clock.run_for(10_000)  # of the page's own clock
    expect(row).to_contain_text(f"{int(done) + 2} of {wanted}", timeout=60_000)
    assert page.evaluate("window.loadedOnce") is True
    assert details.get_attribute("open") is not None
    assert page.evaluate("document.activeElement.getAttribute('role')") == "group"
    renew(page, "dropoff")
    assert not faults, faults
    picture(page, artefacts / "watch-desktop.png")


def test_a_rehearsal_fills_while_its_page_is_watched(
    empty_database: None, provider: Provider, site: Site, browser: Browser
) -> None:
    rehearsal = prepared(8, target=2)
    link = RecruitmentLink.objects.get(study=rehearsal.study)
    page = watching(browser, site, link, phase=link.phase)
    places = Slot.objects.filter(locale__study=rehearsal.study, locale__country="FR")
    assert judged(page) == f"0 of {places.count()}"
    stage.play_directly(rehearsal, processes=1)
    done = places.filter(status=Slot.Status.DONE).count()
    assert done > 0
    row = page.locator("#watch-progress tr", has=page.locator("th", has_text="FR-fr")).first
    page.clock.run_for(10_000)
    expect(row).to_contain_text(f"{done} of {places.count()}", timeout=60_000)


def test_a_server_that_stopped_is_told_in_words_with_the_time(
    link: RecruitmentLink, site: Site, browser: Browser
) -> None:
    page = watching(browser, site, link)
    told = page.locator("[data-watch-stale]")
    expect(told).to_be_hidden()
    page.route("**/watch/progress/**", lambda route: route.abort())
    figures = page.locator("#watch-progress").inner_html()
    page.evaluate("htmx.trigger('#watch-progress', 'watch:now')")
    expect(told).to_contain_text("Not refreshed since")
    assert page.locator("#watch-progress").inner_html() == figures
    page.unroute("**/watch/progress/**")
    renew(page, "progress")
    expect(told).to_be_hidden()
    page.context.clear_cookies()
    figures = page.locator("#watch-progress").inner_html()
    renew(page, "progress")
    expect(told).to_contain_text("no longer signed in")
    assert page.locator("#watch-progress").inner_html() == figures


def test_nothing_is_asked_while_nobody_looks(
    link: RecruitmentLink, site: Site, browser: Browser
) -> None:
    page = watching(browser, site, link)
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("htmx.trigger('#watch-progress', 'watch:now')")
    page.wait_for_timeout(500)
    assert not [url for url in asked if "/static/" not in url]  # its icon may come late
    page.evaluate("Object.defineProperty(document, 'hidden', {value: false, configurable: true})")
    with page.expect_response(lambda answer: "/watch/progress/" in answer.url):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_worker_that_stops_is_told_in_plain_words(
    link: RecruitmentLink, site: Site, browser: Browser, artefacts: Path
) -> None:
    with Worker.running() as worker:
        wait_until(lambda: seen.silences(["generation"])["generation"].is_alive)
        page = watching(browser, site, link)
        part = page.locator("#watch-machine tr", has_text="Worker").first
        expect(part).to_contain_text("answers")
        worker.kill()
        nobody_was_seen_for(seen.SILENT_SECONDS)
        page.clock.run_for(10_000)
        words = "worker has been seen for"
        expect(part).to_contain_text(words, timeout=60_000)
        expect(part).to_contain_text("start one with: celery -A config worker")
        expect(page.locator("[data-watch-alarms]")).to_contain_text(words)
        picture(page, artefacts / "watch-no-worker.png")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_it_is_accessible_on_phone_and_desktop_light_and_dark(
    once: Once,
    link: RecruitmentLink,
    site: Site,
    browser: Browser,
    artefacts: Path,
    size: str,
    theme: str,
) -> None:
    once(one_judges, link)
    width, height = SIZES[size]
    page = watching(
        browser, site, link, viewport={"width": width, "height": height}, color_scheme=theme
    )
    for summary in page.locator(".watch summary").all():
        summary.click()
    assert not violations(page, of_looks=(size, theme) != ("desktop", "light"))
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{wide} pixels wider than the window"
    picture(page, artefacts / f"watch-{size}-{theme}.png")
