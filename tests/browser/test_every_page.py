"""Every page in every language, light and dark: accessible, whole, and nothing clipped."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, Route

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
from tests.processes import Site
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)
LOCALES = [("US", "en"), ("FR", "fr"), ("IT", "it"), ("BR", "pt-br"), ("IN", "hi")]


class Look:
    """Opens each page light and wide, then dark and narrow with longer words too, and keeps
    what is wrong."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self.address = site.address
        self.content = ""
        self.wide = self._page(browser, width=1280)
        self.narrow = self._page(browser, width=320, dark=True)
        self.wrong: list[str] = []

    def _page(self, browser: Browser, *, width: int, dark: bool = False) -> Page:
        page = browser.new_page(
            viewport={"width": width, "height": 740},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        page.route("**/*", self._serve)
        return page

    def _serve(self, route: Route) -> None:
        """The page as it was answered; its files from the site, and nothing else."""
        if route.request.resource_type == "document":
            route.fulfill(body=self.content, content_type="text/html; charset=utf-8")
        elif "/static/" in route.request.url:
            route.continue_()
        else:
            route.abort()

    def __call__(self, name: str, path: str, content: str) -> None:
        self.content = content
        self.wide.goto(self.address + path, wait_until="load")
        self.wrong += [f"{name} (light): {fault}" for fault in violations(self.wide)]
        self.narrow.goto(self.address + path, wait_until="load")
        found = violations(self.narrow, of_looks=True) + clipped_when_longer(self.narrow)
        self.wrong += [f"{name} (dark, narrow): {fault}" for fault in found]


@contextmanager
def looking(browser: Browser, site: Site) -> Iterator[Look]:
    look = Look(browser, site)
    yield look
    look.wide.close()
    look.narrow.close()


@pytest.fixture
def link(empty_database: None, provider: Provider) -> RecruitmentLink:
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
    with looking(browser, site) as look:
        explorer = Explorer(link, country=country, language=language, look=look)
        visit_everything(explorer)
        assert not look.wrong, "\n".join(look.wrong)
        assert {name.partition("-")[0] for name in explorer.met} == page_templates()
