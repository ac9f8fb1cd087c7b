"""Every page in every language, light and dark: accessible, whole, and nothing clipped."""

from base64 import b64encode
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from accounts.models import Vendor
from annotation.actions.definition import apply_study
from annotation.actions.link import create_recruitment_link
from annotation.actions.pool import request_pool
from annotation.actions.study import open_study
from annotation.models import Phase, RecruitmentLink
from candidates.generation import complete_candidate_set
from tests.browser.checks import clipped_when_longer, violations
from tests.browser.pages import Explorer, page_templates, visit_everything
from tests.definitions import practice_item, small_definition
from tests.made_once import Once
from tests.processes import Site
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)
LOCALES = [("US", "en"), ("FR", "fr"), ("IT", "it"), ("BR", "pt-br"), ("IN", "hi")]
# The page itself, and what scripts ask for; not its files.
ASKED = ("Document", "XHR", "Fetch", "Ping", "EventSource", "Other")


class Look:
    """Opens each page dark and narrow; then it grows wide and light, and at last its words grow
    where it is narrow. Keeps what is wrong.

    Nothing on these pages asks for the width or the colours once, when it is opened.
    """

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.content = ""
        self.wrong: list[str] = []
        # Only documents are answered here. The browser keeps the other files after the first
        # page, which a route of Playwright would forbid.
        self.devtools = page.context.new_cdp_session(page)
        self.devtools.on("Fetch.requestPaused", self._serve)
        self.devtools.send("Fetch.enable", {"patterns": [{"resourceType": one} for one in ASKED]})

    def _serve(self, paused: dict[str, Any]) -> None:
        """The page as it was answered; nothing that a script asks for."""
        request = {"requestId": paused["requestId"]}
        if paused["resourceType"] != "Document":
            self.devtools.send("Fetch.failRequest", request | {"errorReason": "Aborted"})
            return
        answer = {
            "responseCode": 200,
            "responseHeaders": [{"name": "content-type", "value": "text/html; charset=utf-8"}],
            "body": b64encode(self.content.encode()).decode(),
        }
        self.devtools.send("Fetch.fulfillRequest", request | answer)

    def __call__(self, name: str, path: str, content: str) -> None:
        self.content = content
        self._turn(width=320, dark=True)
        self.page.goto(self.address + path, wait_until="load")
        self._note(f"{name} (dark, narrow)", violations(self.page, of_looks=True))
        self._turn(width=1280, dark=False)
        self._note(f"{name} (light)", violations(self.page))
        self._turn(width=320, dark=True)
        self._note(f"{name} (narrow, long words)", clipped_when_longer(self.page))

    def _turn(self, *, width: int, dark: bool) -> None:
        self.page.set_viewport_size({"width": width, "height": 740})
        self.page.emulate_media(color_scheme="dark" if dark else "light")

    def _note(self, where: str, found: list[str]) -> None:
        self.wrong += [f"{where}: {fault}" for fault in found]


@pytest.fixture
def link(once: Once, empty_database: None, provider: Provider) -> RecruitmentLink:
    return once(make_study_with_all)


def make_study_with_all() -> RecruitmentLink:
    study = apply_study(
        small_definition(
            pool_conversations=3,
            own_conversations=3,
            turn_lengths={4: 1},
            modes=["ranking", "best", "best_worst", "rating"],
            practice=practice_item(),
        )
    )
    for candidate_set in request_pool(study=study):
        complete_candidate_set(candidate_set.pk)
    open_study(study=study)
    vendor = Vendor.objects.create(key="vendor", name="Vendor")
    return create_recruitment_link(study=study, vendor=vendor, phase=Phase.MAIN)


@pytest.mark.parametrize(("country", "language"), LOCALES)
def test_no_page_has_a_fault(
    link: RecruitmentLink, browser: Browser, site: Site, country: str, language: str
) -> None:
    look = Look(browser.new_page(reduced_motion="reduce"), site.address)
    explorer = Explorer(link, country=country, language=language, look=look)
    visit_everything(explorer)
    assert not look.wrong, "\n".join(look.wrong)
    assert {name.partition("-")[0] for name in explorer.met} == page_templates()
