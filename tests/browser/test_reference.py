"""The API's reference page, at a desk and in a hand: accessible, whole, nothing clipped."""

from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect

from tests.browser.checks import clipped_when_longer, picture, violations
from tests.processes import Site

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_the_reference_can_be_read_and_followed(
    browser: Browser, site: Site, artefacts: Path, width: int, scheme: str
) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.goto(site.address + reverse("api-docs"))
    picture(page, artefacts / f"reference-{width}.png")
    assert violations(page) == []
    page.locator("nav a[href='#request_export']").click()
    expect(page.locator("#request_export:target")).to_be_visible()
    picture(page, artefacts / f"reference-{width}-export.png")
    page.locator("#request_export").get_by_role("link", name="ExportRequest", exact=True).click()
    expect(page.locator("#ExportRequest:target")).to_be_visible()
    assert clipped_when_longer(page) == []
    assert faults == []
