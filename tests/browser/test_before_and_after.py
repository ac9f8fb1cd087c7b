"""From the invitation to the first conversation and the end of a day, without JavaScript."""

from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Browser, Page, expect

from annotation.models import Participation, RecruitmentLink, Study
from tests.definitions import practice_item
from tests.processes import Site

pytestmark = pytest.mark.django_db(transaction=True)
Look = Callable[[str], None]


@pytest.fixture
def study_with_all(link: RecruitmentLink) -> RecruitmentLink:
    """A practice item, one conversation a day and a last day far away."""
    Study.objects.filter(pk=link.study.pk).update(
        practice=practice_item(), daily_cap=1, closes_on=date(2099, 3, 31)
    )
    return link


def press(page: Page) -> None:
    with page.expect_navigation():
        page.locator("main form button[type=submit]").first.click()


def walk(page: Page, address: str, country: str, look: Look) -> None:
    """Every page before the first conversation, one wrong try at the practice question, and
    the page that says enough for today."""
    page.goto(address)
    look("invitation")
    press(page)
    page.locator(f'input[value="{country}"]').check()
    press(page)
    page.locator("label.option").last.click()
    press(page)
    look("screening")
    page.locator('input[name="age"]').fill("29")
    page.locator('input[name="gender"][value="other"]').check()
    press(page)
    look("consent")
    for yes in page.locator('input[value="yes"]').all():
        yes.check()
    press(page)
    press(page)  # guidelines
    look("practice")
    for letter, place in (("A", "2"), ("B", "2"), ("C", "1")):
        page.locator(f'input[name="place_{letter}"][value="{place}"]').check()
    page.locator('input[name="option"][value="0"]').check()
    press(page)
    expect(page.locator('input[name="place_A"][value="2"]')).to_be_checked()
    look("practice-again")
    page.locator('input[name="option"][value="1"]').check()
    press(page)
    look("practice-done")
    press(page)
    look("conversations")
    press(page)
    look("conversation")
    page.locator("details.skip summary").first.click()
    with page.expect_navigation():
        page.locator("details.skip button").first.click()
    look("enough")
    expect(page.locator(".return-link")).to_be_visible()


def test_everything_works_without_javascript(
    study_with_all: RecruitmentLink, site: Site, browser: Browser
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    seen: list[str] = []
    walk(page, f"{site.address}/join/{study_with_all.key}/", "US", seen.append)
    context.close()
    assert seen[-1] == "enough"
    person = Participation.objects.get()
    assert person.practised_at is not None
    assert (person.comprehension_tries, person.comprehension_passed) == (2, True)
