"""On a phone: a problem is reported in the middle of a ranking, and the help desk answers."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from annotation.actions.care import answer_thread
from annotation.models import HelpThread, ProblemReport, RecruitmentLink
from tests.annotation.test_withdrawal import typed
from tests.browser.checks import picture, violations
from tests.processes import Site
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 360, "height": 740}


def signed_in(browser: Browser, site: Site, walker: Walker, **options: Any) -> Page:
    """The walker's own browser, made real: she opens her personal link and goes on."""
    context = browser.new_context(viewport=PHONE, has_touch=True, **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{site.address}/return/{walker.participation.return_token}/")
    with page.expect_navigation():
        page.locator("main form button").click()
    return page


def fits(page: Page) -> bool:
    page.wait_for_load_state()
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def small_targets(page: Page) -> list[str]:
    """Controls of these pages that are lower than 44 px."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll(
             "footer a, #report summary, #report button, .sheet button, a.button, #report select")]
           .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 44)
           .map((e) => e.outerHTML)"""
    )
    return found


def test_a_problem_is_reported_without_losing_the_ranking_and_the_help_desk_answers(
    link: RecruitmentLink, browser: Browser, site: Site, artefacts: Path
) -> None:
    walker = Walker(link, country="IN", language="hi")
    walker.enter()
    walker.open_kind("pool")
    page = signed_in(browser, site, walker)
    problems: list[str] = []
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    reason = page.locator('#ranking textarea[name="reason"]')
    reason.fill("आधा लिखा")

    report = page.locator("#report")
    report.locator("summary").click()
    told, why = report.locator("textarea"), page.locator(".skip > form > #skip-reason")
    told.fill("बुरा जवाब")
    page.locator("summary", has=page.locator("xpath=../form/textarea")).click()
    why.fill("थकान")
    page.locator("#ranking > button").click()
    expect(page.locator(".problems")).to_be_focused()
    expect(told).to_have_value("बुरा जवाब")  # a refused ranking leaves other writing alone
    expect(why).to_have_value("थकान")
    report.locator("button").click()
    expect(report.locator(".error")).to_be_visible()
    expect(page.locator(".htmx-added, .htmx-settling")).to_have_count(0)
    expect(page.locator(".problems")).not_to_be_focused()
    report.locator("select").select_option(index=2)
    report.locator('input[value="offensive"]').check()
    picture(page, artefacts / "hi-report.png")
    assert fits(page)
    assert small_targets(page) == []
    report.locator("button").click()
    expect(report.locator(".stored")).to_be_visible()
    expect(reason).to_have_value("आधा लिखा")
    expect(told).to_have_value("")
    stored = ProblemReport.objects.get()
    assert stored.candidate == stored.turn.shown.get(position=1).candidate
    assert stored.text == "बुरा जवाब"

    page.locator("footer a").last.click()
    expect(page).to_have_url(re.compile("/write-to-us/"))
    page.locator("main textarea").fill("यह कितना समय लेगा?")
    page.locator("main button").click()
    expect(page.locator(".thread .mine")).to_contain_text("यह कितना समय लेगा?")
    thread = HelpThread.objects.get()
    assert thread.messages.get().page.startswith("/conversations/-/")
    author = User.objects.create(username="helper")
    answer_thread(thread=thread, author=author, text="लगभग बीस मिनट।")
    page.goto(f"{site.address}/here/")
    expect(page.locator("[data-answer-waits]")).to_be_visible()
    page.locator("footer a").last.click()
    expect(page.locator(".thread .theirs")).to_contain_text("लगभग बीस मिनट।")
    expect(page.locator("[data-answer-waits]")).to_have_count(0)
    picture(page, artefacts / "hi-help-desk.png")
    assert fits(page)
    assert small_targets(page) == []
    assert [text for text in problems if "422" not in text] == []


def test_without_javascript_a_report_is_stored_and_thanked_for(
    link: RecruitmentLink, browser: Browser, site: Site
) -> None:
    walker = Walker(link)
    walker.enter()
    walker.open_kind("pool")
    page = signed_in(browser, site, walker, java_script_enabled=False)
    report = page.locator("#report")
    report.locator("summary").click()
    report.locator('input[value="broken"]').check()
    report.locator("button").click()
    expect(page.locator("#report .stored")).to_be_visible()
    expect(page.locator("#ranking")).to_be_visible()
    assert ProblemReport.objects.get().candidate is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_about_her_data_are_accessible_and_fit(
    link: RecruitmentLink, browser: Browser, site: Site, artefacts: Path, scheme: str
) -> None:
    walker = typed(link)
    page = signed_in(browser, site, walker, color_scheme=scheme)
    for name in ("your-data/", "your-data/withdraw/", "write-to-us/"):
        page.goto(f"{site.address}/{name}")
        picture(page, artefacts / f"{scheme}-{name.replace('/', '-')}.png")
        assert fits(page)
        assert small_targets(page) == []
        assert violations(page) == []
    page.goto(f"{site.address}/your-data/")
    with page.expect_download() as download:
        page.locator("a[download]").click()
    assert download.value.suggested_filename.endswith(".json")
    page.locator('a[href="/your-data/withdraw/"]').click()
    expect(page).to_have_url(f"{site.address}/your-data/withdraw/")
    page.locator('main button:not([name="erase"])').click()
    expect(page.locator("[data-withdrawn] [data-completion-code]")).to_be_visible()
    assert violations(page) == []
    page.set_viewport_size({"width": 1440, "height": 900})
    picture(page, artefacts / f"{scheme}-withdrawn.png")
