"""Typing Hindi with Latin letters, in real Chromium."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from accounts.models import Vendor
from annotation.actions.definition import apply_study
from annotation.actions.link import create_recruitment_link
from annotation.actions.pool import request_pool
from annotation.actions.study import open_study
from annotation.models import Conversation, Phase, Turn
from candidates.generation import complete_candidate_set
from tests.definitions import small_definition
from tests.made_once import Once
from tests.processes import Site
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)

SENTENCE, HINDI = "mujhe yah jawab pasand hai ", "मुझे यह जवाब पसंद है "
SWITCH = "[data-transliterate]"


@pytest.fixture
def hers(once: Once, empty_database: None) -> Walker:
    """Somebody in India before a message of her own."""
    return once(walk_to_own_prompt, "IN", "hi")


def walk_to_own_prompt(country: str, language: str) -> Walker:
    study = apply_study(
        small_definition(prompts=1, pool_conversations=0, own_conversations=1, turn_lengths={2: 1})
    )
    for candidate_set in request_pool(study=study):
        complete_candidate_set(candidate_set.pk)
    open_study(study=study)
    vendor, _new = Vendor.objects.get_or_create(key="vendor", name="Vendor")
    link = create_recruitment_link(study=study, vendor=vendor, phase=Phase.MAIN)
    walker = Walker(link, country=country, language=language)
    walker.enter()
    walker.open()
    return walker


def visit(page: Page, site: Site, walker: Walker) -> Locator:
    page.goto(f"{site.address}/return/{walker.participation.return_token}/")
    page.locator("main form button").first.click()
    area = page.locator('textarea[name="message"]')
    expect(area).to_be_visible()
    page.wait_for_load_state()  # before its scripts have come a switch tells nobody
    return area


@pytest.fixture
def fetched() -> list[str]:
    """The addresses that the page asked for."""
    return []


@pytest.fixture
def page(browser: Browser, fetched: list[str]) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 360, "height": 740})
    problems: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text)
            if message.type == "error" else None)  # fmt: skip
    yield page
    assert [text for text in problems if "422" not in text] == []
    page.close()


@pytest.fixture
def area(page: Page, hers: Walker, site: Site) -> Locator:
    return visit(page, site, hers)


def switch_on(page: Page) -> None:
    page.locator(SWITCH).first.check()
    is_on(page)


def is_on(page: Page) -> None:
    """The library and the list of words have both come."""
    page.wait_for_function("() => typeof convert !== 'undefined' && convert !== null")


def libraries(fetched: list[str]) -> list[str]:
    return [url for url in fetched if "sanscript" in url or "hindi_spelling" in url]


def test_it_is_off_until_switched_on_and_nothing_is_fetched_before(
    page: Page, area: Locator, fetched: list[str]
) -> None:
    expect(page.locator(SWITCH)).not_to_be_checked()
    area.press_sequentially(SENTENCE)
    expect(area).to_have_value(SENTENCE)
    assert libraries(fetched) == []
    switch_on(page)
    assert len(libraries(fetched)) == 2


def test_latin_letters_become_devanagari_word_by_word(page: Page, area: Locator) -> None:
    switch_on(page)
    area.press_sequentially("mujhe")
    expect(area).to_have_value("mujhe")
    area.press_sequentially(" ")
    expect(area).to_have_value("मुझे ")
    area.press_sequentially(SENTENCE.removeprefix("mujhe "))
    expect(area).to_have_value(HINDI)


def test_what_is_sent_is_what_stands_there(page: Page, area: Locator) -> None:
    switch_on(page)
    area.press_sequentially(SENTENCE.strip())  # the last word is finished by leaving
    page.locator(".card > button").first.click()
    expect(page.locator(".next-answers")).to_be_visible()
    turn = Turn.objects.get(conversation=Conversation.objects.get())
    assert turn.message == HINDI.strip()
    assert (turn.detected_language, turn.script) == ("hi", "Deva")


def test_backspace_gives_the_latin_word_back_and_leaves_it(page: Page, area: Locator) -> None:
    switch_on(page)
    area.press_sequentially("yah office ")
    area.press("Backspace")
    expect(area).to_have_value("यह office")
    area.press_sequentially(" hai, ")
    expect(area).to_have_value("यह office है, ")
    area.press("Backspace")  # the space only: the word was finished by the comma
    expect(area).to_have_value("यह office है,")


def test_letters_numbers_and_addresses_stay(page: Page, area: Locator) -> None:
    switch_on(page)
    area.press_sequentially("jawab B, AI: https://example.org/hai a@b.in 3D ")
    expect(area).to_have_value("जवाब B, AI: https://example.org/hai a@b.in 3D ")


def test_a_word_in_the_middle_keeps_the_caret_and_the_rest(page: Page, area: Locator) -> None:
    switch_on(page)
    area.fill("एक दो")
    page.evaluate("document.querySelector('textarea[name=message]').setSelectionRange(3, 3)")
    area.press_sequentially("bahut accha ")
    expect(area).to_have_value("एक बहुत अच्छा दो")


def test_a_keyboard_that_sends_no_keys_works_too(page: Page, area: Locator) -> None:
    switch_on(page)
    area.focus()
    for piece in ("mujhe", " ", "pasand", " "):  # as a phone's suggestions do
        page.keyboard.insert_text(piece)
    expect(area).to_have_value("मुझे पसंद ")


def test_a_keyboard_that_composes_words_works_too(page: Page, area: Locator) -> None:
    switch_on(page)
    area.focus()
    keyboard = page.context.new_cdp_session(page)
    for text in ("m", "mu", "muj", "mujh", "mujhe"):
        ends = {"selectionStart": len(text), "selectionEnd": len(text)}
        keyboard.send("Input.imeSetComposition", {"text": text, **ends})
    expect(area).to_have_value("mujhe")
    keyboard.send("Input.insertText", {"text": "mujhe "})
    expect(area).to_have_value("मुझे ")


def test_pasted_text_is_left_alone(page: Page, area: Locator) -> None:
    switch_on(page)
    area.focus()
    page.evaluate(
        """() => {
            const area = document.querySelector("textarea[name=message]");
            area.setRangeText("mujhe hai ", 0, 0, "end");
            area.dispatchEvent(new InputEvent(
                "input", {bubbles: true, inputType: "insertFromPaste"}));
        }"""
    )
    expect(area).to_have_value("mujhe hai ")


def test_other_scripts_hear_of_every_change(page: Page, area: Locator) -> None:
    page.evaluate(
        """() => {
            window.heard = [];
            for (const type of ["input", "change"]) document.addEventListener(
                type, (event) => window.heard.push([type, event.target.value]));
        }"""
    )
    switch_on(page)
    assert page.evaluate("window.heard") == []
    area.press_sequentially("hai ")
    expect(area).to_have_value("है ")
    assert ["input", "है "] in page.evaluate("window.heard")
    assert ["change", "है "] in page.evaluate("window.heard")


def test_a_switch_that_is_pressed_before_its_script_has_come_counts(
    page: Page, area: Locator
) -> None:
    late: list[Route] = []
    page.route("**/js/transliteration*.js", lambda route: late.append(route))
    with page.expect_request("**/js/transliteration*.js"):
        page.reload(wait_until="commit")
    page.locator(SWITCH).first.check()
    late[0].continue_()
    is_on(page)
    expect(page.locator(SWITCH).first).to_be_checked()
    area.press_sequentially("hai ")
    expect(area).to_have_value("है ")


def test_the_choice_is_remembered_on_this_device(
    page: Page, area: Locator, fetched: list[str]
) -> None:
    switch_on(page)
    page.reload()
    expect(page.locator(SWITCH)).to_be_checked()
    is_on(page)
    area.press_sequentially("hai ")
    expect(area).to_have_value("है ")
    page.locator(SWITCH).uncheck()
    fetched.clear()
    page.reload()
    expect(page.locator(SWITCH)).not_to_be_checked()
    assert libraries(fetched) == []


def test_other_languages_have_no_such_switch(
    page: Page, empty_database: None, site: Site, fetched: list[str]
) -> None:
    visit(page, site, walk_to_own_prompt("FR", "fr"))
    assert page.locator(SWITCH).count() == 0
    assert not [url for url in fetched if "transliteration" in url]


def test_without_scripts_there_is_no_switch_to_press(
    browser: Browser, hers: Walker, site: Site
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    visit(page, site, hers)
    expect(page.locator(SWITCH)).to_be_hidden()
    context.close()
