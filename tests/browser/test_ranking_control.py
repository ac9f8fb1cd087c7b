"""The ranking control in real Chromium: one state behind every way of changing it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import gettext, override
from playwright.sync_api import Browser, Locator, Page, expect

from annotation.models import Ranking, RecruitmentLink, Study, Turn
from annotation.steps.participation import open_conversation
from tests.browser.checks import picture
from tests.made_once import Once
from tests.processes import Site
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}
Opener = Callable[..., tuple[Page, Turn]]


@pytest.fixture
def opened(once: Once, link: RecruitmentLink, site: Site, browser: Browser) -> Iterator[Opener]:
    """Opens a first turn in a mode, for a person of a language, in a browser of a kind."""
    contexts = []
    problems: list[str] = []

    def open_turn(
        mode: str = "ranking",
        *,
        country: str = "FR",
        language: str = "fr",
        viewport: dict[str, int] = DESKTOP,
        partial: bool = False,
        **kind: Any,
    ) -> tuple[Page, Turn]:
        walker = once(one_before_a_turn, link, mode, country, language, partial)
        turn = Turn.objects.get(conversation=open_conversation(walker.participation))
        context = browser.new_context(viewport=viewport, **kind)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text)
                if message.type == "error" and "422" not in message.text else None)  # fmt: skip
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{site.address}/return/{walker.participation.return_token}/")
        page.locator("main form button").first.click()
        expect(page.locator("[data-answer]")).to_have_count(4)
        if kind.get("java_script_enabled", True):
            expect(page.locator("#ranking.is-live")).to_be_visible()
        return page, turn

    yield open_turn
    for context in contexts:
        context.close()
    assert problems == []


def one_before_a_turn(
    link: RecruitmentLink, mode: str, country: str, language: str, partial: bool
) -> Walker:
    Study.objects.update(modes=[mode], partial_allowed=partial)
    walker = Walker(link, country=country, language=language)
    walker.enter()
    walker.open_kind("pool")
    return walker


def answer(page: Page, letter: str) -> Locator:
    return page.locator(f'[data-answer][data-letter="{letter}"]')


def handle(page: Page, letter: str) -> str:
    return answer(page, letter).get_attribute("data-handle") or ""


def places(page: Page) -> dict[str, str]:
    """The state: what the inputs say, by letter."""
    checked = "found => found.map(i => [i.closest('[data-answer]').dataset.letter, i.value])"
    return dict(page.locator("[data-answer] .places input:checked").evaluate_all(checked))


def board(page: Page) -> list[str]:
    """The rows of the board: a letter, a letter tied with the one above, or nothing."""
    found = []
    for row in page.locator("[data-rows] > li").all():
        chip = row.locator(".chip")
        letter = chip.inner_text() if chip.count() else ""
        found.append(("=" if "tied" in (row.get_attribute("class") or "") else "") + letter)
    return found


def becomes(page: Page, rows: list[str]) -> None:
    """The board after a tap, of which the browser makes a click a moment later."""
    expect(page.locator("[data-rows] > li:not(.free)")).to_have_count(len(list(filter(None, rows))))
    for _look in range(300):
        if board(page) == rows:
            break
        page.wait_for_timeout(100)
    assert board(page) == rows


def act(page: Page, name: str, letter: str) -> Locator:
    return page.locator(f'[data-board] [data-act="{name}"][data-of="{handle(page, letter)}"]')


def said(page: Page) -> str:
    return page.locator("[data-say]").inner_text().strip()


def key_in(page: Page, letter: str, key: str) -> None:
    answer(page, letter).locator("input:not([type=hidden])").first.focus()
    page.keyboard.press(key)


def give_opinions(page: Page) -> None:
    page.locator('input[name="acceptable"][value="yes"]').check()
    page.locator('input[name="represents"][value="no"]').check()
    page.locator('textarea[name="next_message"]').fill("Et ensuite ?")


def store(page: Page) -> list[tuple[str, str]]:
    """Sends, and returns what the page then says is stored."""
    page.locator("#ranking > button").click()
    expect(page.locator(".stored")).to_be_visible()
    rows = page.locator("[data-stored] > li").all()
    return [(row.locator(".letter").inner_text(), row.locator("[data-stored-words]").inner_text())
            for row in rows]  # fmt: skip


def stored_ranks(turn: Turn) -> dict[str, int | None]:
    ranks = {row.candidate_id: row.rank for row in Ranking.objects.get(turn=turn).rows.all()}
    return {row.letter: ranks[row.candidate_id] for row in turn.shown.all()}


def shot(page: Page, artefacts: Path, name: str) -> None:
    picture(page, artefacts / f"ranking-{name}.png")


def test_keys_buttons_taps_and_radios_change_one_state(opened: Opener, artefacts: Path) -> None:
    page, turn = opened()
    assert places(page) == {}
    assert board(page) == ["", "", "", ""]
    shot(page, artefacts, "desktop-untouched")
    key_in(page, "B", "1")
    act(page, "next", "D").click()
    answer(page, "A").locator('input[value="4"]').check(force=True)
    act(page, "next", "C").click()
    assert board(page) == ["B", "D", "C", "A"]
    assert places(page) == {"A": "4", "B": "1", "C": "3", "D": "2"}
    act(page, "up", "C").click()
    act(page, "tie", "D").click()
    assert board(page) == ["B", "C", "=D", "A"]
    assert places(page) == {"A": "4", "B": "1", "C": "2", "D": "2"}
    act(page, "hold", "A").click()
    act(page, "put", "A").first.click()
    assert board(page) == ["A", "=B", "C", "=D"]
    assert places(page) == {"A": "1", "B": "1", "C": "3", "D": "3"}
    shot(page, artefacts, "desktop-ties")
    page.locator("[data-tie] label:visible input").nth(1).check()
    give_opinions(page)
    with override("fr"):
        shared = gettext("Place %(rank)s, shared with %(letters)s")
        expected = [(letter, shared % {"rank": rank, "letters": other})
                    for letter, rank, other in ("A1B", "B1A", "C3D", "D3C")]  # fmt: skip
    assert store(page) == expected
    shot(page, artefacts, "desktop-stored")
    assert stored_ranks(turn) == {"A": 1, "B": 1, "C": 3, "D": 3}
    assert Ranking.objects.get().chosen.handle == turn.shown.all()[1].candidate.handle


def test_undo_goes_back_step_by_step_until_nothing_is_left(opened: Opener) -> None:
    page, _turn = opened()
    for key, letter in (("1", "A"), ("2", "B"), ("2", "C")):
        key_in(page, letter, key)
    act(page, "out", "A").click()
    act(page, "tie", "C").click()
    assert board(page) == ["", "B", "C", ""]
    page.keyboard.press("Control+z")
    assert board(page) == ["", "B", "=C", ""]
    page.locator("[data-undo]").click()
    assert board(page) == ["A", "B", "=C", ""]
    assert said(page) == in_words("fr", "Undone.")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert places(page) == {"A": "1"}
    page.keyboard.press("Control+z")
    assert places(page) == {}
    expect(page.locator("[data-undo]")).to_have_attribute("aria-disabled", "true")
    page.locator("[data-undo]").click(force=True)
    assert said(page) == in_words("fr", "There is nothing to undo.")


def test_undo_leaves_writing_alone(opened: Opener) -> None:
    page, _turn = opened()
    key_in(page, "A", "1")
    message = page.locator('textarea[name="next_message"]')
    message.press_sequentially("oui 2")
    message.press("Control+z")
    assert places(page) == {"A": "1"}


def in_words(language: str, message: str, **values: object) -> str:
    """A sentence of the page in a language, filled as the page fills it."""
    with override(language):
        text = gettext(message)
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text


@pytest.mark.parametrize(
    ("country", "language", "both"), [("FR", "fr", "A et C"), ("IN", "hi", "A और C")]
)
def test_each_step_is_said_in_her_language(
    opened: Opener, artefacts: Path, country: str, language: str, both: str
) -> None:
    page, _turn = opened(country=country, language=language)
    expect(page.locator("[data-say]")).to_have_attribute("role", "status")
    key_in(page, "B", "1")
    placed = "Answer {letter} is in place {place} of {n}."
    assert said(page) == in_words(language, placed, letter="B", place=1, n=4)
    shared = "Answer {letter} shares place {place} with {others}."
    key_in(page, "D", "1")
    assert said(page) == in_words(language, shared, letter="D", place=1, others="B")
    key_in(page, "A", "2")
    key_in(page, "C", "3")  # never the same place as the 2 before it
    assert places(page) == {"A": "3", "B": "1", "C": "4", "D": "1"}
    act(page, "tie", "C").click()
    assert said(page) == in_words(language, shared, letter="C", place=3, others="A")
    act(page, "hold", "B").click()
    held = "Answer {letter} is picked up. Choose a place for it."
    assert said(page) == in_words(language, held, letter="B")
    act(page, "put", "B").last.click()
    assert said(page) == in_words(language, shared, letter="B", place=2, others=both)
    shot(page, artefacts, f"{language}-said")
    act(page, "tie", "D").click()
    assert said(page) == in_words(language, "No answer stands above answer {letter}.", letter="D")
    act(page, "out", "C").click()
    assert said(page) == in_words(language, "Answer {letter} has no place.", letter="C")


def test_a_whole_turn_by_keyboard_alone(opened: Opener) -> None:
    page, turn = opened()

    def tab_to(selector: str) -> None:
        for _tab in range(120):
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"Tab never came to {selector}")

    for letter, key in zip("ABCD", "3142", strict=True):
        tab_to(f'[data-letter="{letter}"] .places input')
        page.keyboard.press(key)
    assert board(page) == ["B", "D", "A", "C"]
    tab_to(f'[data-act="up"][data-of="{handle(page, "C")}"]')
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # the focus went along
    assert board(page) == ["B", "C", "D", "A"]
    tab_to(f'[data-act="tie"][data-of="{handle(page, "D")}"]')
    page.keyboard.press(" ")
    assert board(page) == ["B", "C", "=D", "A"]
    tab_to('input[name="acceptable"]')
    page.keyboard.press(" ")
    tab_to('input[name="represents"]')
    page.keyboard.press(" ")
    tab_to('textarea[name="next_message"]')
    page.keyboard.type("Et ensuite ?")
    tab_to("#ranking > button")
    page.keyboard.press("Enter")
    expect(page.locator(".stored")).to_be_visible()
    assert stored_ranks(turn) == {"A": 4, "B": 1, "C": 2, "D": 2}


def test_tapping_on_a_phone_of_360_pixels(opened: Opener, artefacts: Path) -> None:
    page, turn = opened(viewport=PHONE, has_touch=True, is_mobile=True, country="IN", language="hi")
    shot(page, artefacts, "phone-untouched")
    for placed, letter in enumerate("CADB", start=1):
        act(page, "next", letter).tap()
        becomes(page, [*"CADB"[:placed], *[""] * (4 - placed)])
    holding = page.locator("[data-board].is-holding")
    act(page, "hold", "B").tap()
    expect(holding).to_have_count(1)
    page.locator("[data-rows] > li").nth(1).tap()  # anywhere in the row
    becomes(page, ["C", "A", "=B", "D"])
    act(page, "hold", "D").tap()
    expect(holding).to_have_count(1)
    shot(page, artefacts, "phone-held")
    act(page, "hold", "D").tap()
    expect(holding).to_have_count(0)
    check_targets(page)
    assert beyond(page) == []
    give_opinions(page)
    store(page)
    shot(page, artefacts, "phone-stored")
    assert stored_ranks(turn) == {"A": 2, "B": 2, "C": 1, "D": 4}


def beyond(page: Page) -> list[str]:
    """What of the page's content reaches over the edge of the window."""
    found: list[str] = page.locator("main *:visible").evaluate_all(
        "found => found.filter(e => e.getBoundingClientRect().right > innerWidth)"
        ".map(e => `${e.tagName} ${e.className}`)"
    )
    return found


def check_targets(page: Page) -> None:
    """Every control of the form is at least 44 pixels high and wide."""
    for control in page.locator("#ranking button:visible, #ranking label:visible").all():
        if control.locator("input").count() == 0 and control.evaluate("e => e.tagName") == "LABEL":
            continue
        box = control.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 44, control.inner_text()


@pytest.mark.parametrize("mode", ["ranking", "best", "best_worst", "rating"])
def test_every_mode_fits_320_pixels(opened: Opener, artefacts: Path, mode: str) -> None:
    page, _turn = opened(mode, viewport={"width": 320, "height": 640}, color_scheme="dark")
    if mode == "ranking":
        for letter in "ABCD":
            act(page, "next", letter).click()
    shot(page, artefacts, f"narrow-{mode}")
    assert beyond(page) == []
    check_targets(page)


def drag(page: Page, chip: Locator, target: Locator) -> None:
    page.locator("[data-rows]").scroll_into_view_if_needed()
    chip.hover()  # brings the library
    expect(page.locator("[data-board].can-drag")).to_be_visible()
    target_box = target.bounding_box()
    assert target_box
    page.mouse.down()
    x, y = target_box["x"] + target_box["width"] / 3, target_box["y"] + target_box["height"] / 2
    page.mouse.move(x + 5, y + 5, steps=8)
    expect(page.locator(".sortable-fallback")).to_have_count(1)  # it hangs on the pointer now
    page.mouse.move(x, y, steps=4)
    expect(target).to_contain_class("is-target")  # on the way others were
    expect(page.locator(".is-target")).to_have_count(1)
    page.mouse.up()
    expect(page.locator(".is-target")).to_have_count(0)


def test_dragging_changes_the_same_state(opened: Opener) -> None:
    page, turn = opened()
    rows = page.locator("[data-rows] > li")
    assert page.locator('script[src*="sortable"]').count() == 0, "the library came unasked"
    drag(page, act(page, "next", "B"), rows.nth(2))
    assert board(page) == ["", "", "B", ""]
    drag(page, act(page, "next", "A"), rows.nth(0))
    drag(page, act(page, "next", "C"), rows.nth(1))
    drag(page, act(page, "next", "D"), rows.nth(0))
    assert board(page) == ["D", "A", "C", "B"]
    drag(page, act(page, "hold", "B"), rows.nth(1))
    assert board(page) == ["D", "B", "A", "C"]
    assert places(page) == {"A": "3", "B": "2", "C": "4", "D": "1"}
    drag(page, act(page, "hold", "A"), page.locator("[data-tray]"))
    assert board(page) == ["D", "B", "", "C"]
    page.keyboard.press("Control+z")
    give_opinions(page)
    assert [letter for letter, _words in store(page)] == ["D", "B", "A", "C"]
    assert stored_ranks(turn) == {"A": 3, "B": 2, "C": 4, "D": 1}


@pytest.mark.parametrize(
    ("mode", "missing"), [("ranking", 4), ("rating", 4), ("best", 1), ("best_worst", 2)]
)
def test_an_untouched_page_is_refused_and_says_where_to_go(
    opened: Opener, artefacts: Path, mode: str, missing: int
) -> None:
    page, _turn = opened(mode)
    give_opinions(page)
    expect(page.locator("#ranking > button")).to_be_enabled()
    page.locator("#ranking > button").click()
    expect(page.locator(".problems")).to_be_focused()
    shot(page, artefacts, f"refused-{mode}")
    links = page.locator('.problems a[href^="#field-"]')
    expect(links).to_have_count(missing)
    assert not Ranking.objects.exists()
    assert page.locator('textarea[name="next_message"]').input_value() == "Et ensuite ?"
    links.last.press("Enter")
    kind = {"rating": "range"}.get(mode, "radio")
    expect(page.locator("[data-answer] input:focus")).to_have_attribute("type", kind)
    # The key that followed the link was let go on the slider: that is no rating.
    expect(page.locator("[data-rating] .untouched")).to_have_count(4 if mode == "rating" else 0)


def test_a_refused_order_stays_and_can_still_be_undone(opened: Opener) -> None:
    page, _turn = opened()
    key_in(page, "B", "1")
    key_in(page, "C", "2")
    page.locator("#ranking > button").click()
    expect(page.locator(".problems")).to_be_focused()
    assert board(page) == ["B", "C", "", ""]
    page.locator("[data-undo]").click()
    assert board(page) == ["B", "", "", ""]


def test_a_double_click_stores_once(opened: Opener) -> None:
    page, turn = opened()
    for letter in "DCBA":
        act(page, "next", letter).click()
    give_opinions(page)
    page.locator("#ranking > button").dblclick()
    expect(page.locator(".stored")).to_be_visible()
    assert Ranking.objects.count() == 1
    assert turn.conversation.turns.count() == 2


def test_a_partial_order_closes_its_gaps_before_it_is_stored(opened: Opener) -> None:
    page, turn = opened(partial=True)
    key_in(page, "B", "2")
    key_in(page, "D", "4")
    give_opinions(page)
    stored = store(page)
    assert [letter for letter, _words in stored[:2]] == ["B", "D"]
    assert stored[2][1] == stored[3][1] == in_words("fr", "No place")
    assert stored_ranks(turn) == {"A": None, "B": 1, "C": None, "D": 2}


def test_a_rating_starts_untouched_and_any_touch_counts(opened: Opener, artefacts: Path) -> None:
    page, turn = opened("rating")
    shot(page, artefacts, "desktop-rating-untouched")
    sliders = page.locator("[data-rating] input[type=range]")
    unrated, words = in_words("fr", "not rated yet"), [
        in_words("fr", word) for word in ("very poor", "poor", "fair", "good", "very good")
    ]  # fmt: skip
    expect(sliders).to_have_count(4)
    for slider in sliders.all():
        expect(slider).to_have_attribute("aria-valuetext", unrated)
        expect(slider).to_have_class("untouched")
    sliders.nth(0).press("End")
    sliders.nth(1).click()  # in the middle, where it stands already
    key_in(page, "C", "2")
    page.locator("[data-undo]").click()
    expect(sliders.nth(2)).to_have_attribute("aria-valuetext", unrated)
    key_in(page, "C", "2")
    for slider, word in zip(sliders.all(), (words[4], words[2], words[1], unrated), strict=True):
        expect(slider).to_have_attribute("aria-valuetext", word)
    shot(page, artefacts, "desktop-rating")
    give_opinions(page)
    page.locator("#ranking > button").click()
    expect(page.locator(".problems a")).to_have_count(1)  # the untouched one
    page.locator(".problems a").click()
    page.keyboard.press("Home")
    page.locator("#ranking > button").click()
    expect(page.locator(".stored")).to_be_visible()
    stored = {row.candidate_id: row.score for row in Ranking.objects.get().rows.all()}
    scores = [stored[row.candidate_id] for row in turn.shown.all()]
    assert scores[0] == 100
    assert scores[1] is not None
    assert 40 <= scores[1] < 60
    assert scores[2:] == [30, 0]
    shown = page.locator("[data-stored-words]").all_inner_texts()
    assert shown == [words[4], words[2], words[1], words[0]]


def test_best_and_worst_by_keys_and_buttons(opened: Opener, artefacts: Path) -> None:
    page, turn = opened("best_worst")
    key_in(page, "B", "1")
    key_in(page, "C", "4")
    assert said(page) == in_words("fr", "Answer {letter} is the worst.", letter="C")
    name = re.compile(r"\(D\)$")
    answer(page, "D").get_by_role("radio", name=name).first.check()
    shot(page, artefacts, "desktop-best-worst")
    page.locator("[data-undo]").click()
    give_opinions(page)
    store(page)
    assert stored_ranks(turn) == {"A": None, "B": 1, "C": 4, "D": None}


@pytest.mark.parametrize("mode", ["ranking", "rating", "best", "best_worst"])
def test_without_a_script_radio_buttons_send_the_same(
    opened: Opener, artefacts: Path, mode: str
) -> None:
    page, turn = opened(mode, java_script_enabled=False)
    expect(page.locator("[data-board]:visible, [data-undo]:visible")).to_have_count(0)
    assert page.locator("meta[http-equiv=refresh]").count() == 0
    page.locator("#ranking > button").click()
    expect(page.locator(".problems a").nth(2)).to_be_visible()
    page.wait_for_load_state()
    for position, letter in enumerate("ABCD"):
        inputs = answer(page, letter).locator("input[type=radio]")
        if mode == "ranking":
            inputs.nth(3 - position).check(force=True)
        elif mode == "rating":
            inputs.nth(3 * position).check(force=True)
    if mode.startswith("best"):
        answer(page, "D").locator('input[name="best"]').check()
    if mode == "best_worst":
        answer(page, "A").locator('input[name="worst"]').check()
    shot(page, artefacts, f"no-script-{mode}")
    give_opinions(page)
    page.locator("#ranking > button").click()
    expect(page.locator(".stored")).to_be_visible()
    expected: dict[str, dict[str, int | None]] = {
        "ranking": {"A": 4, "B": 3, "C": 2, "D": 1},
        "rating": {"A": 4, "B": 3, "C": 2, "D": 1},
        "best": {"A": None, "B": None, "C": None, "D": 1},
        "best_worst": {"A": 4, "B": None, "C": None, "D": 1},
    }
    assert stored_ranks(turn) == expected[mode]


def test_forced_colours_and_a_doubled_text_leave_everything_in_reach(
    opened: Opener, artefacts: Path
) -> None:
    page, _turn = opened(viewport={"width": 640, "height": 450}, forced_colors="active",
                         reduced_motion="reduce")  # fmt: skip
    for letter in "ABCD":
        act(page, "next", letter).click()
    shot(page, artefacts, "forced-colours")
    assert beyond(page) == []
