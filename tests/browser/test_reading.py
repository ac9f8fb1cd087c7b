"""Reading four answers in real Chromium: their layout, the message at hand, what was in sight."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import Vendor
from annotation.actions.definition import apply_study
from annotation.actions.link import create_recruitment_link
from annotation.actions.pool import request_pool
from annotation.actions.study import open_study
from annotation.models import Conversation, Phase, Turn
from candidates.generation import complete_candidate_set
from candidates.models import Candidate
from tests.definitions import small_definition
from tests.made_once import Once
from tests.processes import Site
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "A sentence of seven words stands here. " * 40
MESSAGE = "My uncles do not want her to know. I think she has a right to it. What do I do? " * 3
LAYOUTS = [((360, 740), 1, "stacked"), ((800, 1100), 2, "pairs"), ((1440, 900), 4, "row")]


@pytest.fixture
def walker(once: Once, empty_database: None) -> Walker:
    return once(one_before_long_answers)


def one_before_long_answers() -> Walker:
    study = apply_study(
        small_definition(prompts=1, pool_conversations=1, own_conversations=0, turn_lengths={2: 1})
    )
    for candidate_set in request_pool(study=study):
        complete_candidate_set(candidate_set.pk)
    Candidate.objects.update(text=LONG)
    open_study(study=study)
    vendor = Vendor.objects.create(key="vendor", name="Vendor")
    link = create_recruitment_link(study=study, vendor=vendor, phase=Phase.MAIN)
    walker = Walker(link, country="US", language="en")
    walker.enter()
    turn = walker.current_turn(walker.open())
    Turn.objects.filter(pk=turn.pk).update(message=MESSAGE)
    return walker


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    yield context.new_page()
    context.close()


def come_in(page: Page, site: Site, walker: Walker) -> None:
    page.goto(f"{site.address}/return/{walker.participation.return_token}/")
    page.locator("main form button").click()
    expect(page.locator("[data-answer]")).to_have_count(4)
    page.wait_for_load_state()


def seen(page: Page) -> list[float]:
    inputs = page.locator('input[name^="seen_"]').all()
    return [float(each.input_value() or 0) for each in inputs]


def pass_in_sight(page: Page, number: int, milliseconds: int) -> None:
    """Of the page's own clock, from when the page has seen that this answer is in sight."""
    page.wait_for_function("number => Exposure.answers[number].inSight", arg=number)
    page.clock.run_for(milliseconds)


@pytest.mark.parametrize(("viewport", "columns", "layout"), LAYOUTS)
def test_answers_have_the_same_size_and_as_many_columns_as_there_is_room_for(
    viewport: tuple[int, int], columns: int, layout: str, site: Site, walker: Walker, page: Page
) -> None:
    page.set_viewport_size({"width": viewport[0], "height": viewport[1]})
    candidate = Candidate.objects.order_by("pk")[0]
    Candidate.objects.filter(pk=candidate.pk).update(text="# Loud\n\n| a | b |\n|-|-|\n| 1 | 2 |")
    come_in(page, site, walker)
    boxes: list[Any] = [answer.bounding_box() for answer in page.locator("[data-answer]").all()]
    assert len({round(box["width"]) for box in boxes}) == 1
    assert len({round(box["x"]) for box in boxes}) == columns
    by_row: dict[int, set[int]] = {}
    for box in boxes:
        by_row.setdefault(round(box["y"]), set()).add(round(box["height"]))
    assert all(len(heights) == 1 for heights in by_row.values())
    looks = page.locator("[data-answer] .letter").evaluate_all(
        "all => all.map(e => { const s = getComputedStyle(e);"
        " return [s.fontSize, s.fontWeight, s.color, s.backgroundColor].join() })"
    )
    assert len(set(looks)) == 1
    assert page.locator('input[name="layout"]').input_value() == layout
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) == 0


def test_a_line_has_at_most_seventy_letters_on_any_screen(
    site: Site, walker: Walker, page: Page
) -> None:
    come_in(page, site, walker)
    for width in (320, 360, 700, 800, 1000, 1279, 1280, 1440, 1920, 2560):
        page.set_viewport_size({"width": width, "height": 800})
        letters = page.locator("[data-answer] .text").first.evaluate(
            """text => {
              const ruler = document.createElement("span");
              ruler.textContent = "0";
              text.firstElementChild.append(ruler);
              const letter = ruler.getBoundingClientRect().width;
              ruler.remove();
              return text.getBoundingClientRect().width / letter;
            }"""
        )
        assert 24 <= letters <= 70, width
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_message_stays_at_hand_and_takes_less_than_a_third_of_a_phone(
    site: Site, walker: Walker, page: Page
) -> None:
    come_in(page, site, walker)
    # At the top it is read whole, and nothing offers to show more.
    said = page.locator(".said")
    assert said.evaluate("e => e.scrollHeight <= e.clientHeight + 1")
    assert "What do I do?" in said.inner_text()
    expect(page.locator(".whole summary")).not_to_be_visible()
    page.locator("[data-answer]").nth(2).locator(".text").evaluate(
        "e => scrollTo(0, e.getBoundingClientRect().top + scrollY)"
    )
    brief = page.locator(".brief")
    expect(brief).to_be_in_viewport()
    assert "My uncles do not want" in brief.inner_text()
    covered = "e => e.getBoundingClientRect().bottom / innerHeight"
    assert brief.evaluate(covered) < 1 / 3
    page.locator(".whole summary").click()
    bar = page.locator(".bar")
    assert bar.evaluate(covered) < 1 / 3
    assert bar.evaluate("e => e.scrollHeight > e.clientHeight")  # the rest of it scrolls
    assert "What do I do?" in bar.inner_text()


def test_the_history_is_within_reach_from_the_middle_of_the_answers(
    site: Site, walker: Walker, page: Page
) -> None:
    conversation = Conversation.objects.get()
    first = walker.current_turn(conversation)
    walker.rank(first)
    walker.explain(first)
    second = walker.current_turn(conversation)
    complete_candidate_set(second.candidate_set_id)
    come_in(page, site, walker)
    page.mouse.wheel(0, 1500)
    summary = page.locator(".whole summary")
    expect(summary).to_be_in_viewport()
    summary.click()
    history = page.locator(".whole .history")
    expect(history).to_contain_text("I think she has a right to it")
    expect(history.locator(".theirs")).to_contain_text("A sentence of seven words")


def test_what_is_focused_by_keyboard_is_not_under_the_message(
    site: Site, walker: Walker, page: Page
) -> None:
    come_in(page, site, walker)
    for _press in range(14):
        page.keyboard.press("Tab")
    page.evaluate("scrollBy({ top: 600, behavior: 'instant' })")
    for _press in range(6):
        page.keyboard.press("Shift+Tab")
        box = page.evaluate(
            """() => {
              const focus = document.activeElement.getBoundingClientRect();
              const parts = [...document.querySelectorAll(".bar, .brief")];
              const inside = parts.some((part) => part.contains(document.activeElement));
              const stuck = Math.max(...parts.map((part) => part.getBoundingClientRect().bottom));
              return inside || focus.bottom > stuck;
            }"""
        )
        assert box


def test_seconds_in_sight_are_counted_for_each_answer_and_survive_a_refusal(
    site: Site, walker: Walker, page: Page
) -> None:
    page.clock.install()
    come_in(page, site, walker)
    expect(page.locator('input[name="viewport"]')).to_have_value("phone")
    page.locator("[data-answer]").nth(0).locator(".text").scroll_into_view_if_needed()
    page.locator("[data-answer]").nth(0).evaluate("e => e.scrollIntoView()")
    pass_in_sight(page, 0, 1600)
    first = seen(page)
    assert first[0] >= 1
    assert first[2:] == [0, 0]
    unseen = page.locator("[data-told]")
    expect(unseen).to_have_count(1)
    expect(unseen).to_have_text("You have not looked at answer B yet.")
    # A refused form is another form: the seconds go on from where they were.
    page.locator("#ranking > button").first.click()
    expect(page.locator(".problems")).to_be_visible()
    page.clock.run_for(700)
    again = seen(page)
    assert again[0] >= first[0]
    # The line leads to the answer, names the next one, and falls silent after the last.
    for number, letter in enumerate("BCD", start=1):
        expect(unseen).to_have_text(f"You have not looked at answer {letter} yet.")
        unseen.locator("a").click()
        pass_in_sight(page, number, 700)
    expect(unseen).to_have_count(0)
    assert all(seconds > 0 for seconds in seen(page))


def test_seconds_of_a_draft_are_kept_and_a_hidden_tab_counts_nothing(
    site: Site, walker: Walker, page: Page
) -> None:
    page.clock.install()
    page.add_init_script(
        """document.addEventListener("DOMContentLoaded", () => {
          document.querySelector('input[name^="seen_"]')?.setAttribute("value", "41.5");
        });"""
    )
    come_in(page, site, walker)
    page.locator("[data-answer]").first.evaluate("e => e.scrollIntoView()")
    pass_in_sight(page, 0, 1200)
    assert seen(page)[0] > 42
    page.evaluate(
        """Object.defineProperty(document, "visibilityState", { value: "hidden" });
        document.dispatchEvent(new Event("visibilitychange"));"""
    )
    before = seen(page)
    page.clock.run_for(1500)
    assert seen(page) == before


def test_an_answer_that_was_never_in_sight_does_not_block(
    site: Site, walker: Walker, page: Page
) -> None:
    come_in(page, site, walker)
    page.evaluate(
        """document.querySelectorAll("[data-answer]").forEach((answer, place) => {
          answer.querySelectorAll("input[type=radio]")[place].checked = true;
        });
        for (const name of ["acceptable", "represents"]) {
          document.querySelector(`input[name=${name}][value=yes]`).checked = true;
        }
        document.querySelector("textarea[name=next_message]").value = "And then?";"""
    )
    page.locator("#ranking > button").first.click()
    expect(page.locator(".stored")).to_be_visible()


def test_reading_and_ranking_work_without_javascript(
    site: Site, walker: Walker, browser: Browser
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    come_in(page, site, walker)
    expect(page.locator(".unseen li").first).not_to_be_visible()
    page.locator(".whole summary").click()
    expect(page.locator(".whole .history")).to_be_visible()
    for place, answer in enumerate(page.locator("[data-answer]").all(), start=1):
        answer.locator(f'input[value="{place}"]').check(force=True)
    page.locator('input[name="acceptable"][value="yes"]').check()
    page.locator('input[name="represents"][value="yes"]').check()
    page.locator('textarea[name="next_message"]').fill("And then?")
    page.locator("#ranking > button").first.click()
    expect(page.locator(".stored")).to_be_visible()
    context.close()
