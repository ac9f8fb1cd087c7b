"""The team signs in with a real browser: password and code, passkey, limits, sessions."""

import re
import time
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, expect

from accounts.models import User
from annotation.actions.team import add_vendor_manager
from annotation.models import RecruitmentLink
from tests.accounts.codes import totp
from tests.browser.checks import picture, violations
from tests.processes import Site
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a-long-test-password"
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def ines(site: Site) -> User:
    return User.objects.create_superuser("ines", password=PASSWORD)


def address(site: Site, name: str, *arguments: Any) -> str:
    """By name: passkeys belong to a name, never to a number."""
    return site.address.replace("127.0.0.1", "localhost") + reverse(name, args=arguments)


def opened(browser: Browser, **options: Any) -> tuple[BrowserContext, Page, list[str]]:
    """A page of a fresh browser, and what it complains about."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    return context, page, complaints


def sign_in(page: Page, site: Site, password: str = PASSWORD) -> None:
    page.goto(address(site, "account_login"))
    page.get_by_label("Username").fill("ines")
    page.get_by_label("Password").fill(password)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in", exact=True).click()


def sound(page: Page, complaints: list[str]) -> None:
    """Nothing was blocked by the policy, and axe-core finds nothing."""
    assert [one for one in complaints if "Content Security Policy" in one] == []
    assert violations(page) == []


def test_a_password_and_a_code_open_the_desk(
    ines: User, browser: Browser, site: Site, artefacts: Path
) -> None:
    _context, page, complaints = opened(browser)
    sign_in(page, site)
    expect(page).to_have_url(address(site, "admin:index"))
    page.goto(address(site, "mfa_index"))
    picture(page, artefacts / "second-factor.png")
    sound(page, complaints)
    page.goto(address(site, "mfa_activate_totp"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    secret = page.locator("#authenticator_secret").input_value()
    picture(page, artefacts / "authenticator-app.png")
    sound(page, complaints)
    page.get_by_label("Authenticator code").fill(totp(secret))
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery Codes")
    sound(page, complaints)

    _other, door, complaints = opened(browser)
    sign_in(door, site)
    expect(door).to_have_url(re.compile("/authenticate/"))
    sound(door, complaints)
    picture(door, artefacts / "asked-for-a-code.png")
    # A code is good once: the one of the next half minute is accepted, too.
    door.locator("input[name=code]").fill(totp(secret, at=time.time() + 30))
    door.get_by_role("button", name="Sign In").click()
    expect(door).to_have_url(address(site, "admin:index"))


def test_a_passkey_is_made_and_opens_the_desk_alone(
    ines: User, browser: Browser, site: Site, artefacts: Path
) -> None:
    context, page, complaints = opened(browser)
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    sign_in(page, site)
    page.goto(address(site, "mfa_add_webauthn"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Passwordless").check()
    sound(page, complaints)
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery Codes")
    assert Authenticator.objects.filter(user=ines, type="webauthn").exists()
    page.goto(address(site, "mfa_list_webauthn"))
    picture(page, artefacts / "passkeys.png")
    sound(page, complaints)

    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/account/login/")
    picture(page, artefacts / "sign-in.png")
    sound(page, complaints)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(address(site, "admin:index"))


def test_after_too_many_failures_a_sentence_says_what_to_do(
    ines: User, browser: Browser, site: Site, artefacts: Path
) -> None:
    _context, page, complaints = opened(browser)
    for _attempt in range(5):
        sign_in(page, site, "wrong")
        expect(page.get_by_text("The user name or the password is not right.")).to_be_visible()
    sign_in(page, site)
    expect(page.get_by_text("Too many attempts failed. Wait five minutes")).to_be_visible()
    picture(page, artefacts / "too-many-attempts.png")
    sound(page, complaints)


def test_a_session_that_is_ended_elsewhere_is_over(
    ines: User, browser: Browser, site: Site, artefacts: Path
) -> None:
    _one, train, _none = opened(browser, user_agent="Firefox on the train")
    _two, desk, complaints = opened(browser)
    sign_in(train, site)
    sign_in(desk, site)
    desk.goto(address(site, "usersessions_list"))
    picture(desk, artefacts / "sessions.png")
    sound(desk, complaints)
    row = desk.get_by_role("row", name="Firefox on the train")
    row.get_by_role("button", name="End this session").click()
    expect(desk.get_by_text("1 session was ended.")).to_be_visible()
    train.goto(address(site, "admin:index"))
    assert "/account/login/" in train.url
    desk.goto(address(site, "admin:index"))
    assert desk.url == address(site, "admin:index")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_fit_a_phone_in_light_and_dark(
    ines: User, link: RecruitmentLink, browser: Browser, site: Site, artefacts: Path, theme: Any
) -> None:
    add_vendor_manager(vendor=link.vendor, user=ines, by=None, why="for a test")
    Walker(link).join("P-17")
    context, page, complaints = opened(browser, color_scheme=theme)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(address(site, "account_login"))
    picture(page, artefacts / f"sign-in-phone-{theme}.png")
    sound(page, complaints)
    sign_in(page, site)
    names = ["your-account", "usersessions_list", "mfa_index", "account_change_password"]
    vendors = [(name, (link.vendor.key,)) for name in ("vendor-people", "vendor-compare")]
    for name, arguments in [*((name, ()) for name in names), *vendors]:
        page.goto(address(site, name, *arguments))
        picture(page, artefacts / f"{name}-phone-{theme}.png")
        sound(page, complaints)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
    context.close()
