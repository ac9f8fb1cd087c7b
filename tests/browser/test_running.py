"""A researcher opens her study in a real browser: preflight, a preview in Hindi on a phone, open,
a pause that a newcomer reads about, on, and closed."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, ViewportSize, expect

from accounts.models import User, Vendor
from annotation.actions.definition import apply_study
from annotation.actions.link import create_recruitment_link
from annotation.actions.pool import request_pool
from annotation.models import Participation, Study
from candidates.generation import complete_candidate_set
from tests.browser.checks import picture, violations
from tests.definitions import small_definition
from tests.processes import Site
from tests.provider import Provider

PHONE = ViewportSize(width=375, height=812)
DESKTOP = ViewportSize(width=1280, height=900)


@pytest.fixture
def draft(empty_database: None, provider: Provider) -> Study:
    """A study whose sets are ready and that nobody has opened."""
    study = apply_study(small_definition())
    for candidate_set in request_pool(study=study):
        complete_candidate_set(candidate_set.pk)
    return study


def open_desk(browser: Browser, site: Site, *, phone: bool = False) -> Page:
    client, lead = Client(), User.objects.get(username="ines")
    client.force_login(lead)
    context = browser.new_context(viewport=PHONE if phone else DESKTOP)
    cookie = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": site.address}])
    context.set_extra_http_headers({"Accept-Language": "en"})
    return context.new_page()


def look(page: Page, artefacts: Path, name: str) -> None:
    picture(page, artefacts / f"running-{name}.png")
    page.wait_for_load_state()
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{name} is {wide} pixels too wide"
    # Breadcrumbs and navigation are the theme's own.
    assert [one for one in violations(page) if '<a href="/admin/' not in one] == []


def act(page: Page, section: str, button: str, why: str) -> None:
    part = page.locator("section", has=page.get_by_role("heading", name=section, exact=True))
    part.get_by_label("Why").first.fill(why)
    part.get_by_role("button", name=button, exact=True).click()


@pytest.mark.django_db(transaction=True)
def test_from_preflight_to_close(
    draft: Study, browser: Browser, site: Site, artefacts: Path
) -> None:
    User.objects.create_superuser("ines")
    page = open_desk(browser, site)
    page.goto(site.address + reverse("study-preflight", args=[draft.key]))
    expect(page.locator("main")).to_contain_text("Nothing stops it.")
    expect(page.locator("main")).to_contain_text("never ranked singly")
    look(page, artefacts, "preflight")
    page.get_by_label("FR-fr").fill("5")
    page.get_by_role("button", name="Say how long it takes").click()
    page.get_by_role("table", name="How long it will take").wait_for()
    preview_in_hindi(draft, browser, site, artefacts)
    page.get_by_role("link", name="Open it").click()
    expect(page.locator("main")).to_contain_text("It is a draft")
    page.get_by_label("Phase:", exact=True).select_option("main")
    act(page, "Open", "Open this phase", "All is read.")
    expect(page.locator("main")).to_contain_text("It is open")
    draft.refresh_from_db()
    assert draft.is_open and draft.plan_hash
    expect(page.locator("main")).to_contain_text(draft.plan_hash)
    look(page, artefacts, "open")
    a_pause(draft, page, browser, site, artefacts)
    page.get_by_label("Why").last.fill("Enough.")
    page.get_by_label("typed out").fill(draft.key)
    page.get_by_role("button", name="Close the study").click()
    expect(page.locator("main")).to_contain_text("It is closed")
    look(page, artefacts, "closed")


def preview_in_hindi(study: Study, browser: Browser, site: Site, artefacts: Path) -> None:
    desk = open_desk(browser, site, phone=True)
    desk.goto(site.address + reverse("study-run", args=[study.key]))
    look(desk, artefacts, "phone")
    with desk.expect_popup() as opened:
        desk.get_by_role("link", name="Preview IN-hi").click()
    page = opened.value
    expect(page.locator(".preview-banner")).to_be_visible()
    look(page, artefacts, "preview-invitation")
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/questions/")
    expect(page.locator("html")).to_have_attribute("lang", "hi")
    expect(page.locator(".preview-banner")).to_be_visible()
    look(page, artefacts, "preview-questions")
    with page.expect_navigation():  # else the button of this page might be pressed
        page.locator(".preview-banner a").click()
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/questions/")
    assert Participation.objects.filter(study=study, phase="preview").count() == 2
    desk.reload()
    expect(desk.locator("html")).to_have_attribute("lang", "en")


def a_pause(study: Study, page: Page, browser: Browser, site: Site, artefacts: Path) -> None:
    vendor = Vendor.objects.create(key="vendor-a", name="Vendor A")
    link = create_recruitment_link(study=study, vendor=vendor, phase="main")
    act(page, "Pause and go on", "Pause the whole study", "A slip in a text.")
    expect(page.locator("main")).to_contain_text("It takes a pause since")
    look(page, artefacts, "paused-desk")
    newcomer = browser.new_context(viewport=PHONE, locale="en-GB").new_page()
    newcomer.goto(site.address + reverse("join", args=[link.key]))
    newcomer.locator("main button[type=submit]").click()
    newcomer.wait_for_url("**/paused/")
    expect(newcomer.locator("main")).to_contain_text("The study takes a pause")
    look(newcomer, artefacts, "paused-newcomer")
    act(page, "Pause and go on", "Go on", "It is mended.")
    expect(page.locator("main")).to_contain_text("It is open")
    newcomer.get_by_role("link", name="Look again now").click()
    newcomer.wait_for_url("**/country/")
