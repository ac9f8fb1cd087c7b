"""The desk decides in a real browser, on a phone and at a desk: a note, a question, an erasure."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from annotation.models import Flag, HelpThread, Receipt, RecruitmentLink
from tests.browser.checks import picture, violations
from tests.browser.test_care import fits, signed_in
from tests.made_once import Once
from tests.processes import Site
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)
SIZES = {"phone": (375, 812), "desktop": (1280, 900)}


def desk(browser: Browser, site: Site, size: str) -> Page:
    """Somebody of the team, signed in."""
    user = User.objects.filter(username="ines").first() or User.objects.create_superuser("ines")
    client = Client()
    client.force_login(user)
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height})
    cookie = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": site.address}])
    return context.new_page()


@pytest.fixture
def walker(once: Once, link: RecruitmentLink) -> Walker:
    """Somebody who reads Hindi, judged a set, and has a note on her work."""
    return once(one_with_a_note, link)


def one_with_a_note(link: RecruitmentLink) -> Walker:
    walker = Walker(link, country="IN", language="hi")
    walker.enter()
    walker.rank(walker.current_turn(walker.open_kind("pool")))
    evidence = {"fast": 3, "turns": 4, "language": "hi", "norm_source": "study"}
    Flag.objects.create(participation=walker.participation, kind="speed", evidence=evidence)
    return walker


@pytest.mark.parametrize("size", SIZES)
def test_a_note_is_decided_blind_then_seen_and_she_reads_it_in_hindi_and_objects(
    walker: Walker, browser: Browser, site: Site, artefacts: Path, size: str
) -> None:
    page, study = desk(browser, site, size), walker.participation.study
    page.goto(f"{site.address}{reverse('study-review', args=[study.key])}")
    picture(page, artefacts / f"review-queue-{size}.png")
    assert violations(page) == []
    assert fits(page)
    page.get_by_role("link", name="Next undecided note").click()
    # By the keyboard alone: the first choice is in hand, then the reason, then the button.
    expect(page.locator('input[name="verdict"]').first).to_be_focused()
    page.wait_for_load_state()
    assert walker.participation.public_id not in page.content()
    picture(page, artefacts / f"review-blind-{size}.png")
    assert violations(page) == []
    assert fits(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("Three of four turns were fast.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("faster than the text can be read")
    expect(page.locator("#judgements")).to_contain_text("at first, blind")
    page.wait_for_load_state()
    assert walker.participation.public_id in page.content()
    picture(page, artefacts / f"review-choices-{size}.png")
    assert violations(page) == []
    assert fits(page)
    page.locator('input[name="decision"][value="excluded"]').check()
    page.locator('textarea[name="reason"]').fill("बहुत तेज़ पढ़ा गया।")
    page.get_by_role("button", name=re.compile("Decide")).click()
    expect(page.get_by_text("No note waits for you.").first).to_be_visible()
    assert walker.participation.excluded_at

    hers = signed_in(browser, site, walker)
    hers.goto(f"{site.address}/signals/")
    expect(hers.locator("#signal-speed")).to_contain_text("बहुत तेज़ पढ़ा गया।")
    hers.locator('#signal-speed textarea[name="speed-objection"]').fill("मैंने ध्यान से पढ़ा।")
    picture(hers, artefacts / f"hi-objects-{size}.png")
    assert violations(hers) == []
    assert fits(hers)
    hers.locator("#signal-speed form button").last.click()
    expect(hers.locator("#signal-speed")).to_contain_text("मैंने ध्यान से पढ़ा।")
    expect(hers.locator("#signal-speed form")).to_have_count(0)

    page.goto(f"{site.address}{reverse('study-review-next', args=[study.key])}")
    expect(page.locator("#objection")).to_contain_text("मैंने ध्यान से पढ़ा।")
    page.get_by_role("link", name="Go on to her choices").click()
    page.locator('input[name="decision"][value="kept"]').check()
    page.locator('textarea[name="reason"]').fill("आप सही हैं।")
    page.get_by_role("button", name=re.compile("Decide")).click()
    expect(page.get_by_text("No note waits for you.").first).to_be_visible()
    assert walker.participation.excluded_at is None
    hers.reload()
    expect(hers.locator("#signal-speed")).to_contain_text("आप सही हैं।")


@pytest.mark.parametrize("size", SIZES)
def test_the_help_desk_answers_and_erases_with_a_receipt(
    walker: Walker, browser: Browser, site: Site, artefacts: Path, size: str
) -> None:
    walker.client.post(reverse("help-desk"), {"text": "कृपया मेरा सब कुछ मिटा दें।"})
    page, study = desk(browser, site, size), walker.participation.study
    page.goto(f"{site.address}{reverse('study-help', args=[study.key])}")
    expect(page.locator("#threads tbody tr")).to_contain_text("waits for an answer")
    assert violations(page) == []
    page.get_by_role("link", name=HelpThread.objects.get().public_id).click()
    expect(page.get_by_text("कृपया मेरा सब कुछ मिटा दें।")).to_be_visible()
    page.locator('textarea[name="text"]').fill("हो जाएगा।")
    picture(page, artefacts / f"help-thread-{size}.png")
    assert violations(page) == []
    assert fits(page)
    page.get_by_role("button", name="Send the answer").click()
    expect(page.locator("#threads tbody tr")).to_contain_text("not read yet")

    page.goto(f"{site.address}{reverse('study-erase', args=[study.key])}")
    assert violations(page) == []
    assert fits(page)
    page.locator('input[name="code"]').fill(walker.participation.public_id)
    page.get_by_role("button", name="Find her").click()
    expect(page.get_by_role("button", name="Erase her now")).to_be_visible()
    picture(page, artefacts / f"erase-{size}.png")
    assert violations(page) == []
    page.locator('textarea[name="why"]').fill("She asked the help desk.")
    page.get_by_role("button", name="Erase her now").click()
    receipt = page.locator(".receipt")
    expect(receipt).to_be_visible()
    expect(receipt).to_contain_text(Receipt.objects.get().public_id)
    page.wait_for_load_state()
    assert walker.participation.public_id not in page.content()
    picture(page, artefacts / f"receipt-{size}.png")
    assert violations(page) == []
    hers = signed_in(browser, site, walker)
    hers.goto(f"{site.address}/your-data/receipt/")
    expect(hers.locator(".receipt")).to_contain_text(Receipt.objects.get().public_id)
    assert violations(hers) == []

    page.goto(f"{site.address}{reverse('study-audit', args=[study.key])}?words=receipt")
    expect(page.locator("#audit tbody tr")).to_have_count(1)
    picture(page, artefacts / f"audit-{size}.png")
    assert violations(page) == []
    assert fits(page)


@pytest.mark.parametrize("size", SIZES)
def test_prompts_and_people_left_out_are_accessible(
    walker: Walker, browser: Browser, site: Site, artefacts: Path, size: str
) -> None:
    page, study = desk(browser, site, size), walker.participation.study
    prompt = study.pool.prompts.order_by("pk")[0]
    pages: dict[str, list[str]] = {
        "study-prompts": [],
        "study-prompt": [prompt.key],
        "study-left-out": [],
    }
    for name, more in pages.items():
        page.goto(f"{site.address}{reverse(name, args=[study.key, *more])}")
        picture(page, artefacts / f"{name}-{size}.png")
        assert violations(page) == [], name
        assert fits(page), name
    page.goto(f"{site.address}{reverse('audit')}")
    assert violations(page) == []
    assert fits(page)
