"""Real Chromium, driven by Playwright; the pages come from a live server."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.processes import Site

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
# Five seconds, which is Playwright's own, are soon over on a slow machine that is busy.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["PLURIVOX_CHROMIUM"], args=QUIET, timeout=180_000
        )
        yield browser
        browser.close()


@pytest.fixture
def browser(chromium: Browser, site: Site) -> Iterator[Browser]:
    """One Chromium for all tests; what a test leaves open is closed before the site is emptied."""
    yield chromium
    for context in chromium.contexts:
        context.close()
