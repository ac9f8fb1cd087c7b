"""Every page in every language, light and dark: accessible, whole, and nothing clipped."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser

from accounts.models import Vendor
from annotation.actions.study import apply_study, create_recruitment_link, open_study, request_pool
from annotation.models import Phase, RecruitmentLink
from candidates.generation import complete_candidate_set
from tests.browser.checks import clipped_when_longer, violations
from tests.browser.pages import Explorer, new_context, page_templates
from tests.definitions import small_definition
from tests.processes import Site
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)
LOCALES = [("US", "en"), ("FR", "fr"), ("IT", "it"), ("BR", "pt-br"), ("IN", "hi")]


class Look:
    """Opens each page light, dark, and narrow with longer words, and keeps what is wrong."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self.address = site.address
        self.light = new_context(browser, width=1280)
        self.dark = new_context(browser, width=1280, dark=True)
        self.narrow = new_context(browser, width=320)
        self.contexts = (self.light, self.dark, self.narrow)
        self.wrong: list[str] = []
        self.explorer: Explorer | None = None

    def __call__(self, name: str, path: str) -> None:
        for context in self.contexts:
            if self.explorer:
                self.explorer.lend_session(context, self.address)
            page = context.pages[0] if context.pages else context.new_page()
            page.goto(self.address + path, wait_until="load")
            if context is self.narrow:
                found = clipped_when_longer(page)
            else:
                found = violations(page)
            theme = {self.light: "light", self.dark: "dark", self.narrow: "narrow"}[context]
            self.wrong += [f"{name} ({theme}): {problem}" for problem in found]


@contextmanager
def looking(browser: Browser, site: Site) -> Iterator[Look]:
    look = Look(browser, site)
    yield look
    for context in look.contexts:
        context.close()


@pytest.fixture
def link(empty_database: None, provider: Provider) -> RecruitmentLink:
    study = apply_study(
        small_definition(prompts=2, pool_conversations=1, own_conversations=1, turn_lengths={2: 1})
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
        look.explorer = explorer
        visit_everything(explorer)
        assert not look.wrong, "\n".join(look.wrong)
        assert {name.partition("-")[0] for name in explorer.met} == page_templates()


def visit_everything(explorer: Explorer) -> None:
    explorer.get("join", explorer.link.key)
    explorer.get("no-session")
    explorer.get("come-back", "nobody:signed-this")
    explorer.join()
    explorer.get("come-back", explorer.participation.return_token)
    explorer.enter()
    explorer.post("conversation-open")
    conversation = explorer.open()
    while conversation:
        if conversation.kind == "own":
            explorer.post(
                "own-prompt-write", {"message": "Comment vivre ?"}, conversation.public_id
            )
        for _position in range(conversation.planned_turns):
            turn = explorer.current_turn(conversation)
            explorer.get("conversation", conversation.public_id)
            complete_candidate_set(turn.candidate_set_id)
            explorer.get("conversation", conversation.public_id)
            explorer.rank(turn)
            explorer.explain(turn)
        conversation = explorer.open() if "conversations" in explorer.here() else None
    explorer.get("here")
    explorer.finish()
