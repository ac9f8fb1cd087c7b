"""What is pasted is counted, in real Chromium, and pasting is never hindered."""

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import Vendor
from annotation.actions.link import create_recruitment_link
from annotation.models import Explanation, Phase, Turn
from tests.conftest import small_study
from tests.processes import Site, Worker
from tests.provider import Provider
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)

PASTED = "Un texte venu d'ailleurs, écrit avant 🌊."


def at_own_prompt(page: Page, site: Site) -> None:
    """A person before her own prompt, in a browser that has her session."""
    study = small_study()
    vendor = Vendor.objects.create(key="v", name="V")
    walker = Walker(create_recruitment_link(study=study, vendor=vendor, phase=Phase.MAIN))
    walker.enter()
    conversation = walker.open_kind("own")
    page.context.add_cookies(
        [{"name": "sessionid", "value": walker.client.cookies["sessionid"].value,
          "url": site.address}]
    )  # fmt: skip
    page.goto(f"{site.address}/conversations/{conversation.public_id}/")


def paste(page: Page, area: str) -> None:
    page.evaluate("text => navigator.clipboard.writeText(text)", PASTED)
    page.locator(area).focus()
    page.keyboard.press("Control+V")


def test_pasted_characters_are_counted_and_typed_ones_are_not(
    empty_database: None, provider: Provider, site: Site, browser: Browser
) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    at_own_prompt(page, site)
    pasted = page.locator('input[name="pasted"]')
    expect(pasted).to_have_value("0")
    paste(page, 'textarea[name="message"]')
    page.keyboard.type(" Oui ?")
    expect(page.locator('textarea[name="message"]')).to_have_value(f"{PASTED} Oui ?")
    expect(pasted).to_have_value(str(len(PASTED)))
    page.locator("form.card button").first.click()
    with Worker.running():
        expect(page.locator("[data-answer]")).to_have_count(4, timeout=120_000)
        expect(page.locator("#ranking.is-live")).to_be_visible()
    turn = Turn.objects.get(live=True)
    assert (turn.message, turn.pasted) == (f"{PASTED} Oui ?", len(PASTED))

    # On the next form: only the message counts, not the reason beside it.
    paste(page, '#ranking textarea[name="reason"]')
    expect(page.locator('input[name="pasted"]')).to_have_value("0")
    page.locator('textarea[name="next_message"]').focus()
    page.keyboard.type("Et alors ?")
    answers = page.locator("[data-answer]")
    for place, answer in enumerate(answers.all(), start=1):
        answer.locator(f'input[value="{place}"]').check(force=True)
    page.locator('input[name="acceptable"][value="yes"]').check()
    page.locator('input[name="represents"][value="yes"]').check()
    page.locator("#ranking > button").first.click()
    expect(page.locator(".stored")).to_be_visible()
    assert Turn.objects.get(position=2).pasted == 0

    paste(page, 'textarea[name="text"]')
    paste(page, 'textarea[name="text"]')
    page.locator(".card > button").first.click()
    expect(page.locator('textarea[name="text"]')).to_have_count(0)
    assert Explanation.objects.get().pasted == 2 * len(PASTED)
    context.close()


def test_without_javascript_nothing_is_measured(
    empty_database: None, provider: Provider, site: Site, browser: Browser
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    at_own_prompt(page, site)
    page.locator('textarea[name="message"]').fill("Comment faire ?")
    page.locator("form.card button").first.click()
    expect(page.locator(".next-answers")).to_be_visible()
    assert Turn.objects.get(live=True).pasted is None
    context.close()
