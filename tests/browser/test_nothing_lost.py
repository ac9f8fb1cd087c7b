"""Networks fail, servers die, sessions end, people change device: nothing is lost or doubled."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from playwright.sync_api import APIResponse, Browser, BrowserContext, Page, Route, expect

from accounts.models import Vendor
from annotation.actions.definition import apply_study
from annotation.actions.link import create_recruitment_link
from annotation.actions.pool import request_pool
from annotation.actions.study import open_study
from annotation.models import Conversation, Draft, Explanation, Phase, Ranking, Turn
from candidates.generation import complete_candidate_set
from tests.definitions import small_definition
from tests.made_once import Once
from tests.processes import Site, wait_until
from tests.provider import Provider
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)
REASONS = 'form[data-draft] textarea[name="reason"]'
REASON, MESSAGE = "Elle écoute,\nles autres jugent.", "Et si cela ne suffit pas ?"


@pytest.fixture
def walker(
    once: Once, empty_database: None, provider: Provider, request: pytest.FixtureRequest
) -> Walker:
    """Somebody with one conversation of two turns before her, from the pool or her own."""
    return once(one_in_a_conversation, getattr(request, "param", "pool") == "own")


def one_in_a_conversation(own: bool) -> Walker:
    definition = small_definition(
        prompts=1, pool_conversations=int(not own), own_conversations=int(own), turn_lengths={2: 1}
    )
    study = apply_study(definition)
    for candidate_set in request_pool(study=study):
        complete_candidate_set(candidate_set.pk)
    open_study(study=study)
    vendor = Vendor.objects.create(key="vendor", name="Vendor")
    walker = Walker(create_recruitment_link(study=study, vendor=vendor, phase=Phase.MAIN))
    walker.enter()
    walker.post("interface-language", {"language": "en", "next": "/"})
    walker.open()
    return walker


Device = Callable[..., Page]


@pytest.fixture
def device(site: Site, walker: Walker, browser: Browser) -> Iterator[Device]:
    """Opens another device at her personal link; pages as a person would find them."""
    contexts: list[BrowserContext] = []

    def open_page(**options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.clock.install()
        come_back(page, site, walker)
        return page

    yield open_page
    for context in contexts:
        context.close()


def come_back(page: Page, site: Site, walker: Walker) -> None:
    page.goto(f"{site.address}/return/{walker.participation.return_token}/")
    page.locator("main form button").click()
    expect(page.locator("form[data-draft]")).to_be_visible()
    page.wait_for_load_state()  # its scripts, too, before a network is lost


def answers_come(page: Page) -> None:
    """The next answers are on the page, and its scripts know of them."""
    expect(page.locator("[data-answer]")).to_have_count(4)
    expect(page.locator("#ranking.is-live")).to_be_visible()
    page.wait_for_load_state()


def state(page: Page) -> Any:
    return expect(page.locator("[data-save-state]"))


def told(page: Page, name: str, *, after: int = 1000) -> None:
    """The state on the page, once its own clock, which does not stand still, is so many
    milliseconds on: the pause before it saves, or one before it tries again."""
    page.clock.run_for(after)
    state(page).to_have_attribute("data-save-state", name)


def rank(page: Page, message: str = MESSAGE) -> None:
    """Everything the first turn asks for, entered and not sent."""
    for place, answer in enumerate(page.locator("[data-answer]").all(), start=1):
        answer.locator(f'input[value="{place}"]').check(force=True)
    page.locator('input[name="acceptable"][value="yes"]').check()
    page.locator('input[name="represents"][value="no"]').check()
    page.locator(REASONS).fill(REASON)
    page.locator('textarea[name="next_message"]').fill(message)


def is_filled(page: Page, message: str = MESSAGE) -> None:
    for place, answer in enumerate(page.locator("[data-answer]").all(), start=1):
        expect(answer.locator(f'input[value="{place}"]')).to_be_checked()
    expect(page.locator('input[name="acceptable"][value="yes"]')).to_be_checked()
    expect(page.locator('input[name="represents"][value="no"]')).to_be_checked()
    expect(page.locator(REASONS)).to_have_value(REASON)
    expect(page.locator('textarea[name="next_message"]')).to_have_value(message)


def somebody_waits_for_a_row() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from pg_stat_activity"
            " where datname = current_database() and wait_event_type = 'Lock')"
        )
        return bool(cursor.fetchone()[0])


def send(page: Page) -> None:
    page.locator("#ranking > button[type=submit]").first.click()


def tried_until_stored(page: Page) -> None:
    """Its pauses between two tries grow; its clock goes ten times as fast as ours."""
    stored = page.locator(".stored")
    for _second in range(600):
        if stored.is_visible():
            break
        page.clock.run_for(1000)
        page.wait_for_timeout(100)
    expect(stored).to_be_visible()


def kept_here(page: Page) -> list[dict[str, Any]]:
    """What this browser holds of what no server has confirmed."""
    found = page.evaluate(
        "Object.keys(localStorage).filter(k => k.startsWith('plurivox:draft:'))"
        ".map(k => localStorage.getItem(k))"
    )
    return [json.loads(text) for text in found]


def chosen_in_draft() -> dict[str, str]:
    """What the stored draft holds besides what the page measures by itself."""
    measured = {"layout", "viewport", "pasted"}
    fields: dict[str, str] = Draft.objects.get().fields
    return {
        name: value
        for name, value in fields.items()
        if name not in measured and not name.startswith("seen_")
    }


def is_stored_once() -> None:
    """One ranking, as it was entered, and one second turn with the message."""
    ranking = Ranking.objects.get()
    rows = {row.candidate_id: row.rank for row in ranking.rows.all()}
    order = [rows[shown.candidate_id] for shown in ranking.turn.shown.order_by("position")]
    assert order == [1, 2, 3, 4]
    assert ranking.reason == REASON
    assert [turn.message for turn in Turn.objects.filter(position=2)] == [MESSAGE]


def test_every_change_is_saved_and_the_page_says_so(device: Device) -> None:
    page = device()
    rank(page)
    told(page, "saved")
    expect(page.locator("[data-save-spoken]")).to_have_text("Saved")
    assert kept_here(page) == []
    assert Draft.objects.get().fields["next_message"] == MESSAGE
    page.reload()
    is_filled(page)
    told(page, "saved")


def test_a_reload_right_after_a_keystroke_loses_nothing(device: Device) -> None:
    page = device()
    rank(page)
    page.reload()  # before the pause after which it is saved
    is_filled(page)
    told(page, "saved")


def test_a_reload_while_seconds_in_sight_are_counted_is_no_quarrel_with_oneself(
    device: Device,
) -> None:
    """What a page sends as it is left comes after its successor was written, and what is measured
    is another by the next time."""
    page = device()
    page.locator("[data-answer] .text").first.evaluate("e => e.scrollIntoView()")
    page.wait_for_function("() => Exposure.answers[0].inSight")
    page.clock.run_for(600)
    page.locator(REASONS).evaluate(
        "area => { area.value = 'un'; area.dispatchEvent(new Event('input', { bubbles: true })) }"
    )
    page.reload()
    expect(page.locator(REASONS)).to_have_value("un")
    wait_until(Draft.objects.exists)  # what the old page sent
    page.wait_for_function("() => Exposure.answers[0].inSight")
    told(page, "saved")
    page.locator(REASONS).fill("un deux")
    told(page, "saved")
    assert chosen_in_draft() == {"reason": "un deux"}


def test_what_is_typed_before_the_scripts_have_arrived_is_kept(device: Device) -> None:
    page = device()
    page.locator(REASONS).fill("first")
    told(page, "saved")
    late: list[Route] = []
    page.route("**/js/conversation*.js", lambda route: late.append(route))
    with page.expect_request("**/js/conversation*.js"):
        page.reload(wait_until="commit")
    page.locator(REASONS).fill("first, and early")
    late[0].continue_()
    told(page, "saved")
    expect(page.locator(REASONS)).to_have_value("first, and early")
    assert chosen_in_draft() == {"reason": "first, and early"}


def test_ten_minutes_without_a_network_lose_nothing_and_double_nothing(device: Device) -> None:
    page = device()
    page.context.set_offline(True)
    rank(page)
    told(page, "offline")
    send(page)
    told(page, "unsent")
    expect(page.locator("[data-save-spoken]")).to_contain_text("Not sent yet")
    page.clock.run_for(10 * 60 * 1000)
    told(page, "unsent")
    assert kept_here(page)[0]["fields"]["reason"] == REASON
    assert not Ranking.objects.exists()
    page.context.set_offline(False)
    expect(page.locator(".stored")).to_be_visible()
    is_stored_once()
    assert kept_here(page) == []
    assert not Draft.objects.exists()


def test_what_was_entered_without_a_network_is_saved_when_it_is_back(device: Device) -> None:
    page = device()
    page.context.set_offline(True)
    rank(page)
    told(page, "offline")
    page.clock.run_for(10 * 60 * 1000)
    told(page, "offline")
    page.context.set_offline(False)
    told(page, "saved")
    assert Draft.objects.get().fields["next_message"] == MESSAGE


def test_an_answer_lost_on_the_way_back_is_no_second_ranking(device: Device) -> None:
    page = device()
    rank(page)
    told(page, "saved")
    lost: list[APIResponse] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch(max_redirects=0))
        route.abort("connectionreset")

    page.route("**/ranking/", lose_the_first)
    send(page)
    told(page, "unsent")
    tried_until_stored(page)
    assert lost[0].status == 302
    is_stored_once()


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_without_a_server_is_asked_again(device: Device, status: int) -> None:
    page = device()
    rank(page)
    answers = [status, status]
    page.route(
        "**/ranking/",
        lambda route: route.fulfill(status=answers.pop()) if answers else route.continue_(),
    )
    send(page)
    tried_until_stored(page)
    assert answers == []
    is_stored_once()


def test_a_lost_answer_to_a_draft_is_no_quarrel_with_oneself(device: Device) -> None:
    page = device()
    lost: list[APIResponse] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch())
        route.abort("connectionreset")

    page.route("**/drafts/", lose_the_first)
    page.locator(REASONS).fill("un")
    told(page, "offline")
    page.locator(REASONS).fill("un deux")
    told(page, "saved", after=3000)
    assert lost[0].status == 200
    assert chosen_in_draft() == {"reason": "un deux"}


def test_a_server_killed_in_the_middle_of_a_submission_stores_one_ranking(
    device: Device, site: Site
) -> None:
    page = device()
    rank(page)
    told(page, "saved")

    turn = Turn.objects.get()
    with transaction.atomic():  # the submission comes as far as this lock, and waits
        Turn.objects.select_for_update().get(pk=turn.pk)
        send(page)
        wait_until(somebody_waits_for_a_row)
        site.kill()
    told(page, "unsent")
    assert not Ranking.objects.exists()
    site.start()
    tried_until_stored(page)
    is_stored_once()


def test_a_choice_between_two_devices_is_hers(device: Device) -> None:
    laptop, phone = device(), device(viewport={"width": 360, "height": 740})
    laptop.locator(REASONS).fill("laptop")
    told(laptop, "saved")
    phone.locator(REASONS).fill("phone")
    told(phone, "conflict")
    expect(phone.locator("[data-save-choice]")).to_be_visible()
    assert chosen_in_draft() == {"reason": "laptop"}
    phone.locator(REASONS).fill("phone, and more")  # goes on while she is asked
    phone.locator("[data-keep-mine]").click()
    told(phone, "saved")
    assert chosen_in_draft() == {"reason": "phone, and more"}
    laptop.locator(REASONS).fill("laptop again")
    told(laptop, "conflict")
    laptop.locator("[data-take-other]").click()
    expect(laptop.locator(REASONS)).to_have_value("phone, and more")
    assert chosen_in_draft() == {"reason": "phone, and more"}


def test_another_device_goes_on_where_the_first_stopped(device: Device) -> None:
    laptop = device()
    rank(laptop)
    told(laptop, "saved")
    phone = device(viewport={"width": 360, "height": 740})
    is_filled(phone)
    send(phone)
    expect(phone.locator(".stored")).to_be_visible()
    is_stored_once()
    laptop.locator(REASONS).fill("too late")
    told(laptop, "ended")
    is_stored_once()


def test_older_words_of_an_offline_device_wait_for_her_choice(device: Device) -> None:
    laptop, phone = device(), device()
    laptop.context.set_offline(True)
    laptop.locator(REASONS).fill("offline words")
    told(laptop, "offline")
    phone.locator(REASONS).fill("phone")
    told(phone, "saved")
    laptop.route("**/drafts/", lambda route: route.abort())
    laptop.context.set_offline(False)
    laptop.reload()
    for _look in range(2):  # also after another reload, nobody has chosen for her
        told(laptop, "conflict")
        expect(laptop.locator(REASONS)).to_have_value("offline words")
        laptop.reload()
    laptop.unroute("**/drafts/")
    laptop.locator("[data-take-other]").click()
    expect(laptop.locator(REASONS)).to_have_value("phone")
    told(laptop, "saved")
    assert chosen_in_draft() == {"reason": "phone"}


def test_older_words_of_an_offline_device_can_be_kept(device: Device) -> None:
    laptop, phone = device(), device()
    laptop.route("**/drafts/", lambda route: route.abort())
    laptop.locator(REASONS).fill("offline words")
    told(laptop, "offline")
    phone.locator(REASONS).fill("phone")
    told(phone, "saved")
    laptop.reload()
    told(laptop, "conflict")
    laptop.unroute("**/drafts/")
    laptop.locator("[data-keep-mine]").click()
    expect(laptop.locator(REASONS)).to_have_value("offline words")
    told(laptop, "saved")
    assert chosen_in_draft() == {"reason": "offline words"}


def test_a_session_that_ends_while_she_writes_costs_nothing(
    device: Device, site: Site, walker: Walker
) -> None:
    page = device()
    page.locator(REASONS).fill("before")
    told(page, "saved")
    page.context.clear_cookies(name="sessionid")
    rank(page)
    told(page, "signed-out")
    send(page)
    expect(page).to_have_url(f"{site.address}/no-session/")
    assert not Ranking.objects.exists()
    come_back(page, site, walker)
    is_filled(page)
    send(page)
    expect(page.locator(".stored")).to_be_visible()
    is_stored_once()
    assert kept_here(page) == []


def test_an_expired_proof_of_origin_costs_one_reload(device: Device) -> None:
    page = device()
    page.route("**/drafts/", lambda route: route.abort())
    rank(page)
    page.context.clear_cookies(name="csrftoken")
    with page.expect_event("load"):
        send(page)
    is_filled(page)
    send(page)
    expect(page.locator(".stored")).to_be_visible()
    is_stored_once()


def test_a_draft_renews_an_expired_proof_of_origin_by_itself(device: Device) -> None:
    page = device()
    page.context.clear_cookies(name="csrftoken")
    rank(page)
    told(page, "saved")
    send(page)
    expect(page.locator(".stored")).to_be_visible()
    is_stored_once()


def test_without_javascript_it_is_restored_and_can_be_saved(device: Device) -> None:
    page = device()
    rank(page)
    told(page, "saved")
    plain = device(java_script_enabled=False)
    is_filled(plain)
    plain.locator(REASONS).fill("without a script")
    with plain.expect_navigation():
        plain.get_by_role("button", name="Save for later").click()
    expect(plain.locator(REASONS)).to_have_value("without a script")
    assert Draft.objects.get().fields["reason"] == "without a script"
    plain.locator(REASONS).fill(REASON)
    send(plain)
    expect(plain.locator(".stored")).to_be_visible()
    is_stored_once()


def test_a_browser_that_keeps_nothing_is_told_to_stay_open(device: Device) -> None:
    page = device()
    page.evaluate("void (Storage.prototype.setItem = () => { throw new Error('full') })")
    page.context.set_offline(True)
    page.locator(REASONS).fill("x")
    told(page, "unkept")
    page.context.set_offline(False)
    told(page, "saved")


def test_a_text_too_long_for_a_draft_stays_on_the_device(device: Device) -> None:
    page = device()
    text = "long " * 9000
    page.locator('textarea[name="next_message"]').evaluate(
        "(area, text) => { area.value = text; "
        "area.dispatchEvent(new Event('change', { bubbles: true })) }",
        text,
    )
    told(page, "local")
    page.reload()
    expect(page.locator('textarea[name="next_message"]')).to_have_value(text)


def test_what_is_measured_is_saved_along_and_starts_no_quarrel(device: Device) -> None:
    laptop, phone = device(), device()
    laptop.set_viewport_size({"width": 1440, "height": 900})
    phone.set_viewport_size({"width": 360, "height": 740})
    state(phone).to_have_attribute("data-save-state", "")
    laptop.locator(REASONS).fill("x")
    told(laptop, "saved")
    stored = Draft.objects.get().fields
    assert (stored["reason"], stored["viewport"]) == ("x", "desktop")
    come = phone.locator('input[name="acceptable"][value="yes"]')
    come.check()
    told(phone, "conflict")  # of what was entered, not of what was measured
    phone.locator("[data-take-other]").click()
    come.check()
    told(phone, "saved")
    fields = Draft.objects.get().fields
    assert (fields["reason"], fields["acceptable"]) == ("x", "yes")


def test_a_refused_form_is_a_draft_too(device: Device) -> None:
    page = device()
    page.locator(REASONS).fill(REASON)
    send(page)
    expect(page.locator(".problems")).to_be_visible()
    told(page, "saved")
    page.reload()
    expect(page.locator(REASONS)).to_have_value(REASON)


@pytest.mark.parametrize("walker", ["own"], indirect=True)
def test_an_own_message_and_its_explanation_are_as_safe(device: Device, walker: Walker) -> None:
    page = device()
    page.context.set_offline(True)
    page.locator('textarea[name="message"]').fill(MESSAGE)
    page.locator("form[data-draft] > button[type=submit]").first.click()
    told(page, "unsent")
    page.context.set_offline(False)
    wait_until(Turn.objects.exists)
    turn = Turn.objects.get()
    assert turn.message == MESSAGE
    complete_candidate_set(turn.candidate_set_id)
    page.clock.run_for(2000)
    answers_come(page)
    rank(page)
    send(page)
    expect(page.locator(".stored")).to_be_visible()
    page.context.set_offline(True)
    page.locator('textarea[name="text"]').fill(REASON)
    page.locator("form[data-draft] > button[type=submit]").first.click()
    told(page, "unsent")
    page.clock.run_for(10 * 60 * 1000)
    page.context.set_offline(False)
    wait_until(Explanation.objects.exists)
    assert Explanation.objects.get().text == REASON
    assert Turn.objects.filter(position=1).count() == 1


def test_the_last_questions_survive_a_dead_network(device: Device, walker: Walker) -> None:
    for conversation in Conversation.objects.filter(participation=walker.participation):
        walker.post("conversation-skip", {}, conversation.public_id)
    page = device()
    page.context.set_offline(True)
    page.locator('input[name="education"][value="isced_6"]').check()
    told(page, "offline")
    page.locator('input[name="ethnicity"][value="prefer_not_to_say"]').check()
    page.locator('input[name="politics"][value="5"]').check()
    page.locator('input[name="attention"][value="rarely"]').check()
    page.locator('input[name="ai_help"][value="no"]').check()
    page.locator("form[data-draft] > button[type=submit]").first.click()
    told(page, "unsent")
    page.clock.run_for(10 * 60 * 1000)
    page.context.set_offline(False)
    expect(page.locator("[data-completion-code]")).to_be_visible()
    assert kept_here(page) == []
    assert not Draft.objects.exists()


def test_a_shared_browser_never_gives_one_persons_answers_to_another(
    device: Device, site: Site, walker: Walker
) -> None:
    other = Walker(walker.link)
    other.enter()
    for person in (walker, other):
        for conversation in Conversation.objects.filter(participation=person.participation):
            person.post("conversation-skip", {}, conversation.public_id)
        while "conversations" in person.here():
            person.post("conversation-skip", {}, person.open().public_id)
    page = device()
    page.route("**/drafts/", lambda route: route.abort())
    page.locator('input[name="politics"][value="5"]').check()
    told(page, "offline")
    page.context.clear_cookies()  # before it may try again: it would store a draft of hers
    page.unroute("**/drafts/")
    come_back(page, site, other)
    expect(page.locator('input[name="politics"]:checked')).to_have_count(0)
    page.locator('input[name="education"][value="isced_6"]').check()
    told(page, "saved")
    assert Draft.objects.get().participation == other.participation
    assert Draft.objects.get().fields == {"education": "isced_6"}
    page.context.clear_cookies()
    come_back(page, site, walker)  # hers is still there
    expect(page.locator('input[name="politics"][value="5"]')).to_be_checked()


@pytest.mark.parametrize("walker", ["own"], indirect=True)
def test_the_next_answers_wait_for_somebody_who_is_writing(device: Device) -> None:
    page = device()
    page.locator('textarea[name="message"]').fill(MESSAGE)
    page.locator("form[data-draft] > button[type=submit]").first.click()
    expect(page.locator(".next-answers.waiting")).to_be_visible()
    reason = page.locator("#skip-reason")
    page.locator("details.skip summary").first.click()
    reason.fill("Too sad")
    page.clock.run_for(2000)  # renewed while it is waiting: the words stay
    complete_candidate_set(Turn.objects.get().candidate_set_id)
    page.clock.run_for(4000)
    ready = page.locator(".next-answers:not(.waiting)")
    expect(ready).to_contain_text("The next answers are ready.")
    expect(reason).to_have_value("Too sad")
    expect(reason).to_be_focused()
    ready.locator("a").click()
    answers_come(page)
    rank(page)
    send(page)
    expect(page.locator(".stored")).to_be_visible()
    expect(page.locator('textarea[name="text"]')).to_have_count(1)


def test_nothing_else_asks_where_she_stands_while_a_form_is_on_its_way(device: Device) -> None:
    """The answer to it might lead to another page than the one that the form brings."""
    page = device()
    rank(page)
    send(page)
    expect(page.locator(".next-answers.waiting")).to_be_visible()
    held: list[Route] = []
    page.route("**/explanation/", lambda route: held.append(route))
    page.locator('textarea[name="text"]').fill(REASON)
    with page.expect_request("**/explanation/"):
        page.locator("form[data-draft] > button[type=submit]").first.click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(10_000)
    assert not [url for url in asked if "next" in url]
    held[0].continue_()
    expect(page.locator('textarea[name="text"]')).to_have_count(0)
    with page.expect_request(lambda request: "next" in request.url):
        page.clock.run_for(2000)
    assert Explanation.objects.get().text == REASON


def test_what_a_draft_brings_back_is_no_step_to_undo(device: Device) -> None:
    page = device()
    page.route("**/drafts/", lambda route: route.abort())
    rank(page)
    told(page, "offline")
    page.reload()
    is_filled(page)
    undo = page.locator("[data-undo]")
    expect(undo).to_have_attribute("aria-disabled", "true")
    undo.click(force=True)
    is_filled(page)


def test_dragging_comes_although_its_library_was_lost_once(device: Device) -> None:
    page = device()
    lost: list[Route] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route)
        route.abort()

    page.route("**/sortable*.js", lose_the_first)
    chips = page.locator("[data-board] .grip")
    with page.expect_event("requestfailed"):
        chips.nth(0).hover()
    expect(page.locator('script[src*="sortable"]')).to_have_count(0)  # the page knows it, too
    chips.nth(1).hover()
    expect(page.locator("[data-board].can-drag")).to_be_visible()


def test_a_form_that_cannot_be_sent_for_long_is_hers_again(device: Device) -> None:
    page = device()
    rank(page)
    told(page, "saved")
    page.route("**/ranking/", lambda route: route.abort())
    send(page)
    told(page, "unsent")
    again = page.locator("[data-send-again]")
    form = page.locator("#ranking")
    expect(form).to_have_attribute("inert", "")
    expect(again).to_be_hidden()
    for _wait in range(200):
        if again.is_visible():
            break
        page.clock.run_for(20_000)
        page.wait_for_timeout(20)
    expect(again).to_have_text("Try again")
    expect(form).not_to_have_attribute("inert", "")
    page.unroute("**/ranking/")
    again.click()
    expect(page.locator(".stored")).to_be_visible()
    expect(again).to_be_hidden()
    is_stored_once()
