"""What pages cost: bytes over the wire, requests before reading starts, and nothing that jumps.

Gunicorn and WhiteNoise serve as in production; Chromium reports what came over the wire
(headers and compressed bodies of every request). The answers have 300 words each.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import Vendor
from annotation.actions.definition import apply_study
from annotation.actions.link import create_recruitment_link
from annotation.actions.pool import request_pool
from annotation.actions.study import open_study
from annotation.models import Phase, RecruitmentLink
from candidates.generation import complete_candidate_set
from candidates.models import CandidateSet
from tests.definitions import small_definition
from tests.long_answers import make_answers_long
from tests.made_once import Once
from tests.processes import Site, Worker, wait_until
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)

FIRST_PAGE = 60_000
STEP = 15_000
COUNTRIES = {"fr": "FR", "hi": "IN"}
SCREENS = [(360, 740), (800, 1100), (1440, 900)]
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const sources = entry.sources.map((source) => source.node?.className || source.node?.nodeName);
    window.shifts.push([entry.value, entry.hadRecentInput, sources]);
  }
}).observe({ type: "layout-shift", buffered: true });
"""


@dataclass
class Wire:
    """What came over the wire since the last look."""

    bytes: int = 0
    requests: list[str] = field(default_factory=list)

    def take(self) -> int:
        taken, self.bytes = self.bytes, 0
        return taken


@pytest.fixture
def link(once: Once, empty_database: None) -> RecruitmentLink:
    return once(make_link_to_long_answers)


def make_link_to_long_answers() -> RecruitmentLink:
    definition = small_definition(
        prompts=1, target=3, pool_conversations=1, own_conversations=0, turn_lengths={2: 1}
    )
    study = apply_study(definition)
    sets = request_pool(study=study)
    for candidate_set in sets:
        complete_candidate_set(candidate_set.pk)  # unless a worker has taken it already
    wait_until(lambda: CandidateSet.objects.ready().count() == len(sets))
    make_answers_long()
    open_study(study=study)
    vendor = Vendor.objects.create(key="vendor", name="Vendor")
    return create_recruitment_link(study=study, vendor=vendor, phase=Phase.MAIN)


@pytest.fixture(params=COUNTRIES)
def language(request: pytest.FixtureRequest) -> str:
    """Hindi is the heaviest of the five: three bytes a letter."""
    return str(request.param)


@pytest.fixture
def walker(once: Once, link: RecruitmentLink, language: str) -> Walker:
    return once(one_in_a_conversation, link, language)


def one_in_a_conversation(link: RecruitmentLink, language: str, number: int = 0) -> Walker:
    """The first person, or another."""
    walker = Walker(link, country=COUNTRIES[language], language=language)
    walker.enter()
    walker.open()
    return walker


@pytest.fixture
def page(browser: Browser) -> Page:
    return opened(browser, SCREENS[0])


def opened(browser: Browser, size: tuple[int, int]) -> Page:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.add_init_script(SHIFTS)
    return page


@pytest.fixture
def wire(page: Page) -> Wire:
    wire = Wire()
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")

    def add(event: dict[str, float]) -> None:
        wire.bytes += int(event["encodedDataLength"])

    devtools.on("Network.loadingFinished", add)
    page.on("request", lambda request: wire.requests.append(request.url))
    return wire


def come_in(page: Page, site: Site, walker: Walker) -> None:
    """By the personal link to the conversation that waits."""
    page.goto(f"{site.address}/return/{walker.participation.return_token}/")
    page.locator("main form button").click()
    expect(page.locator("[data-answer]")).to_have_count(4)
    page.wait_for_load_state("networkidle")


def rank(page: Page) -> None:
    for place, answer in enumerate(page.locator("[data-answer]").all(), start=1):
        answer.locator(f'input[value="{place}"]').check(force=True)
    page.locator('input[name="acceptable"][value="yes"]').check()
    page.locator('input[name="represents"][value="yes"]').check()
    if page.locator('textarea[name="next_message"]').count():
        page.locator('textarea[name="next_message"]').fill("Et ensuite ?")
    page.locator("#ranking > button").first.click()
    expect(page.locator(".stored")).to_be_visible()


def test_the_first_page_weighs_at_most_60_kilobytes(
    link: RecruitmentLink, site: Site, page: Page, wire: Wire
) -> None:
    page.goto(f"{site.address}/join/{link.key}/")
    page.wait_for_load_state("networkidle")
    weight = wire.take()
    assert 2_000 < weight <= FIRST_PAGE


def test_a_conversation_weighs_60_kilobytes_and_each_step_15(
    worker: Worker, site: Site, walker: Walker, page: Page, wire: Wire, artefacts: Path
) -> None:
    come_in(page, site, walker)
    # The weight for somebody whose browser has nothing of it yet.
    page.context.new_cdp_session(page).send("Network.clearBrowserCache")
    wire.take()
    page.goto(page.url)
    page.wait_for_load_state("networkidle")
    weights = {"conversation": wire.take()}
    rank(page)
    page.wait_for_load_state("networkidle")
    weights["to the explanation"] = wire.take()
    conversation = walker.participation.conversations.get()
    following = walker.current_turn(conversation)
    ready = CandidateSet.objects.ready().filter(pk=following.candidate_set_id)
    wait_until(ready.exists)
    make_answers_long()
    page.evaluate("0")  # until here the page asked whether they are ready: that is counted by now
    wire.take()
    page.locator('textarea[name="text"]').fill("Plus humain.")
    page.locator(".conversation > .card > button").click()
    expect(page.locator("[data-answer]")).to_have_count(4)
    page.wait_for_load_state("networkidle")
    weights["to the next answers"] = wire.take()
    note = artefacts / f"bytes-{walker.language}.json"
    note.write_text(json.dumps(weights, indent=2))
    assert 10_000 < weights.pop("conversation") <= FIRST_PAGE
    assert all(500 < weight <= STEP for weight in weights.values()), weights


def test_reading_starts_after_two_rounds_and_no_script_holds_it_up(
    site: Site, walker: Walker, page: Page, wire: Wire
) -> None:
    """What makes a slow line bearable: the page, then its few files at once, scripts deferred."""
    come_in(page, site, walker)
    wire.requests.clear()
    page.reload()
    page.wait_for_load_state("networkidle")
    hosts = {url.split("/")[2] for url in wire.requests}
    assert hosts == {site.address.split("/")[2]}
    assert len(wire.requests) <= 14
    assert page.locator("script[src]").count() == page.locator("script[src][defer]").count()
    assert page.locator("script:not([src])").count() == 0
    assert page.locator("link[rel=stylesheet]").count() <= 3
    for sheet in page.locator("link[rel=stylesheet]").all():
        address = site.address + (sheet.get_attribute("href") or "")
        body = page.request.get(address).text()
        assert "@import" not in body and "@font-face" not in body  # no third round


def test_html_and_files_come_compressed(site: Site, walker: Walker, page: Page) -> None:
    encodings: dict[str, str] = {}
    page.on("response", lambda response: encodings.update(
        {response.url: response.headers.get("content-encoding", "")}
        if response.status == 200 else {}))  # fmt: skip
    come_in(page, site, walker)
    plain = [
        url for url, encoding in encodings.items() if encoding not in {"gzip", "br"}
        and not url.endswith(".svg")
    ]  # fmt: skip
    assert len(encodings) > 5
    assert plain == []


def test_nothing_jumps(
    once: Once, link: RecruitmentLink, language: str, site: Site, browser: Browser
) -> None:
    """Opening, scrolling, ranking, explaining, on three screens that are waited for together.
    Left out is only what answers a press at once (hadRecentInput), as a whole new step does."""
    pages = {size: opened(browser, size) for size in SCREENS}
    for number, page in enumerate(pages.values()):
        come_in(page, site, once(one_in_a_conversation, link, language, number))
    page.wait_for_timeout(700)
    for _screen in range(12):
        for (_width, height), page in pages.items():
            page.mouse.wheel(0, height * 0.8)
        page.wait_for_timeout(120)
    for page in pages.values():
        page.mouse.wheel(0, -99_999)
    page.wait_for_timeout(700)
    for page in pages.values():
        rank(page)
    page.wait_for_timeout(700)
    for (_width, height), page in pages.items():
        page.mouse.wheel(0, height)
    page.wait_for_timeout(700)
    for size, page in pages.items():
        shifts = page.evaluate("window.shifts")
        assert [shift for shift in shifts if not shift[1]] == [], size
