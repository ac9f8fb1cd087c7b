"""There and back in real Chromium: from a panel's signed address to the panel's own page."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect

from accounts.models import ExternalIdentity, Vendor
from annotation.actions.participation import end_participation
from annotation.models import Outcome, Participation, RecruitmentLink, Study
from annotation.recruitment.conventions import add_signature, sign
from tests.browser.checks import picture
from tests.processes import Site
from tests.recruiting import KEY, VARIABLE, make_link

pytestmark = pytest.mark.django_db(transaction=True)
ARRIVED: list[tuple[str, str | None]] = []
SIZES = {"phone": (360, 740), "desktop": (1440, 900)}


class PanelPage(BaseHTTPRequestHandler):
    """The page of the panel that people come back to; it remembers who came and from where."""

    def do_GET(self) -> None:
        if self.path.startswith("/back"):
            ARRIVED.append((self.path, self.headers.get("Referer")))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<h1>Your panel</h1>")

    def log_message(self, *arguments: Any) -> None:
        """Says nothing."""


@pytest.fixture
def panel_address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), PanelPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def panel(
    monkeypatch: pytest.MonkeyPatch,
    study: Study,
    vendor: Vendor,
    panel_address: str,
    web_process: Site,
) -> RecruitmentLink:
    """A panel with a signed entry and signed exits; the site starts after its key is set."""
    web_process.kill()
    monkeypatch.setenv(VARIABLE, KEY)
    exits = {str(each): f"{panel_address}/back?s={each}&i={{id}}" for each in Outcome}
    return make_link(
        study,
        vendor,
        convention="panel",
        exits=exits,
        signing_key_variable=VARIABLE,
        signed_entry=True,
    )


def test_a_panels_person_comes_in_signed_and_goes_back_signed(
    panel: RecruitmentLink, site: Site, browser: Browser, panel_address: str, artefacts: Path
) -> None:
    ARRIVED.clear()
    address = f"{site.address}{reverse('join', args=[panel.key])}?pid=worker%20"
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.goto(add_signature(f"{address}17", KEY).replace("worker%2017", "worker%2018"))
    expect(page.locator("h1")).to_have_text("This link is not complete")
    picture(page, artefacts / "recruitment-incomplete.png")

    page.goto(add_signature(f"{address}17", KEY))
    page.get_by_label("Language of the pages").select_option("hi")
    page.locator(".language button").click()
    expect(page.locator("html")).to_have_attribute("lang", "hi")
    page.locator("main form button").click()
    page.wait_for_url("**/country/")
    assert ExternalIdentity.objects.get().external_id == "worker 17"
    page.goto(add_signature(f"{address}18", KEY))
    expect(page.locator("main form button")).to_have_count(2)
    picture(page, artefacts / "recruitment-already-here-hi.png")

    end_participation(participation=Participation.objects.get(), outcome=Outcome.QUOTA_FULL)
    page.goto(f"{site.address}/here/")
    picture(page, artefacts / "recruitment-finish-hi.png")
    page.locator("[data-exit]").click()
    expect(page.locator("h1")).to_have_text("Your panel")
    unsigned = f"{panel_address}/back?s=quota_full&i=worker%2017"
    signed = f"{unsigned}&signature={sign(unsigned, KEY)}"
    assert [(signed.removeprefix(panel_address), None)] == ARRIVED


@pytest.mark.parametrize("size", list(SIZES))
def test_no_last_page_is_wider_than_the_window(
    study: Study, vendor: Vendor, site: Site, browser: Browser, artefacts: Path, size: str
) -> None:
    study.locales.filter(country="FR").update(pay="12.50", short_pay="0.75", currency="EUR")
    exits = {str(each): "https://panel.example/?c={code}" for each in Outcome}
    link = make_link(study, vendor, exits=exits, codes={"complete": "C" * 40})
    width, height = SIZES[size]
    for outcome in Outcome:
        context = browser.new_context(viewport={"width": width, "height": height})
        page = context.new_page()
        page.goto(f"{site.address}{reverse('join', args=[link.key])}")
        page.locator("main form button").click()
        page.wait_for_url("**/country/")
        person = Participation.objects.latest("pk")
        person.locale, person.country = study.locales.get(country="FR"), "FR"
        person.save(update_fields=["locale", "country"])
        end_participation(participation=person, outcome=outcome)
        page.goto(f"{site.address}/here/")
        expect(page.locator(f'[data-outcome="{outcome}"]')).to_be_visible()
        picture(page, artefacts / f"recruitment-{outcome}-{size}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        box = page.locator("[data-exit]").bounding_box()
        assert box is not None
        assert box["height"] >= 44
        context.close()
