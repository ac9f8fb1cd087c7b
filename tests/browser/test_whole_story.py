"""Two annotators, one French on a laptop and one Hindi on a phone, in real Chromium.

Everything is real: pages, htmx, the worker that makes the second turn's responses.
Afterwards the database and the CSV are compared, field by field, with what was on
the pages and what was typed.
"""

import csv
import io
import re
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from accounts.models import Answer, Consent, Vendor
from annotation.actions.definition import apply_study
from annotation.actions.link import create_recruitment_link
from annotation.actions.pool import request_pool
from annotation.actions.study import open_study
from annotation.models import Explanation, Participation, Phase, Ranking, Study
from candidates.models import CandidateSet
from exports.actions.tokens import create_token
from exports.formats import community_alignment as ca
from tests.browser.checks import picture
from tests.definitions import small_definition
from tests.processes import Site, Worker, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
BUTTON = "main form button[type=submit]"


@dataclass(frozen=True)
class Script:
    """What one person does: where she is from, how she ranks, what she types."""

    country: str
    language: str
    viewport: tuple[int, int]
    message: str
    explanations: tuple[str, str]
    places: tuple[tuple[int, ...], tuple[int, ...]]


FRENCH = Script(
    country="FR",
    language="fr",
    viewport=(1440, 900),
    message="Et si je n'ai pas la force de voir du monde ?",
    explanations=("La réponse B m'a parlé :\nelle ne juge pas.", "A, « sans hésiter » !"),
    places=((2, 1, 3, 4), (1, 1, 3, 3)),
)
HINDI = Script(
    country="IN",
    language="hi",
    viewport=(360, 740),
    message="अगर परिवार साथ न दे तो क्या करूँ?",
    explanations=("जवाब C सबसे अपना लगा।", ""),
    places=((4, 2, 1, 2), (3, 4, 2, 1)),
)


@dataclass
class Seen:
    """What stood on the pages of one turn, by letter."""

    message: str
    texts: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def study(worker: Worker) -> Study:
    """Two turns and one pool conversation a person; sets made by the real worker."""
    definition = small_definition(
        prompts=2, pool_conversations=1, own_conversations=0, turn_lengths={2: 1}
    )
    study = apply_study(definition)
    sets = request_pool(study=study)
    wait_until(lambda: CandidateSet.objects.ready().count() == len(sets))
    open_study(study=study)
    return study


@pytest.mark.parametrize("script", [FRENCH, HINDI], ids=lambda script: script.language)
def test_a_person_joins_ranks_writes_explains_and_finishes(
    script: Script, study: Study, browser: Browser, site: Site, artefacts: Path
) -> None:
    vendor = Vendor.objects.create(key="vendor", name="Vendor")
    link = create_recruitment_link(study=study, vendor=vendor, phase=Phase.MAIN)
    width, height = script.viewport
    page = browser.new_page(viewport={"width": width, "height": height})
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text)
            if message.type == "error" else None)  # fmt: skip
    page.on("pageerror", lambda error: problems.append(str(error)))

    def shot(name: str) -> None:
        page.wait_for_load_state()
        picture(page, artefacts / f"{script.language}-{name}.png")

    page.goto(f"{site.address}/join/{link.key}/")
    shot("1-welcome")
    enter(page, script, shot)
    seen = [judge_turn(page, script, turn, shot) for turn in (0, 1)]
    code = answer_last_questions(page, shot)

    participation = Participation.objects.get()
    check_database(participation, script, seen, code)
    check_csv(site.address, study, vendor, script, seen)
    # 422 is how a refused form answers; the browser notes it, and nothing else is noted.
    assert [text for text in problems if "422" not in text] == []
    page.close()


def enter(page: Page, script: Script, shot: object) -> None:
    press_button(page)
    page.locator(f'input[value="{script.country}"]').check()
    press_button(page)
    names = {"fr": "Français", "hi": "हिन्दी"}
    page.get_by_label(names[script.language], exact=True).locator("visible=true").last.check()
    press_button(page)
    expect(page.locator("html")).to_have_attribute("lang", script.language)
    page.locator('input[name="age"]').fill("29")
    page.locator('input[name="gender"][value="other"]').check()
    shot("2-screening")  # type: ignore[operator]
    press_button(page)
    for yes in page.locator('input[value="yes"]').all():
        yes.check()
    shot("2-consent")  # type: ignore[operator]
    press_button(page)
    press_button(page)  # guidelines
    shot("3-conversations")  # type: ignore[operator]
    page.locator(BUTTON).first.click()  # the script puts the conversation into this page


def press_button(page: Page) -> None:
    """Sends the form and waits for the page that follows."""
    with page.expect_navigation():
        page.locator(BUTTON).first.click()


def judge_turn(page: Page, script: Script, turn: int, shot: object) -> Seen:
    answers = page.locator("[data-answer]")
    expect(answers).to_have_count(4, timeout=120_000)
    expect(page.locator("#ranking.is-live")).to_be_visible()  # else a key would be lost
    seen = Seen(message=page.locator(".prompt .said").inner_text())
    for answer in answers.all():
        letter = answer.get_attribute("data-letter") or ""
        seen.texts[letter] = plain(answer.locator(".text"))
    places = script.places[turn]
    if turn == 0:
        refuse_unranked(page)
    for answer, place in zip(page.locator("[data-answer]").all(), places, strict=True):
        rank_by_keyboard(page, answer, place)
    if places.count(min(places)) > 1:
        page.locator("[data-tie] label:visible input").nth(0).check()
    else:
        expect(page.locator("[data-tie]")).to_be_hidden()
    page.locator('input[name="acceptable"][value="yes"]').check()
    page.locator('input[name="represents"][value="cant_say"]').check()
    if turn == 0:
        page.locator('textarea[name="next_message"]').fill(script.message)
    shot(f"4-turn-{turn + 1}")  # type: ignore[operator]
    page.locator("#ranking > button").press("Enter")
    expect(page.locator(".stored")).to_be_visible()
    shot(f"5-explain-{turn + 1}")  # type: ignore[operator]
    page.locator('textarea[name="text"]').fill(script.explanations[turn])
    page.locator(".card > button").press("Enter")
    return seen


def refuse_unranked(page: Page) -> None:
    """An untouched page says what is missing, beside each control, and keeps the place."""
    page.locator("#ranking > button").click()
    expect(page.locator(".problems")).to_be_focused()
    expect(page.locator("[data-answer] .error")).to_have_count(4)
    assert not Ranking.objects.exists()


def rank_by_keyboard(page: Page, answer: Locator, place: int) -> None:
    """Tab into the answer, then its number key."""
    handle = answer.get_attribute("data-handle")
    inside = f"document.activeElement.closest('[data-handle=\"{handle}\"]') !== null"
    for _tab in range(60):
        if page.evaluate(inside):
            break
        page.keyboard.press("Tab")
    assert page.evaluate(inside)
    page.keyboard.press(str(place))
    assert answer.locator("input:checked").get_attribute("value") == str(place)


def answer_last_questions(page: Page, shot: object) -> str:
    page.locator('input[name="education"][value="isced_7"]').check()
    page.locator('input[name="attention"][value="rarely"]').check()
    page.locator('input[name="politics"][value="8"]').check()
    page.locator('input[name="ai_help"][value="few"]').check()
    page.locator('input[name="ethnicity"]').first.check()
    shot("6-questions")  # type: ignore[operator]
    press_button(page)
    code = page.locator("[data-completion-code]").inner_text()
    shot("7-finish")  # type: ignore[operator]
    assert re.fullmatch(r"[A-Z2-9]{10}", code)
    return code


def plain(locator: Locator) -> str:
    """A text as stored: paragraphs as the page has them, parted by an empty line."""
    return "\n\n".join(paragraph.inner_text() for paragraph in locator.locator("p").all())


def competition(places: tuple[int, ...]) -> list[int]:
    return [1 + sum(other < place for other in places) for place in places]


def chosen_letter(places: tuple[int, ...]) -> str:
    return "ABCD"[places.index(min(places))]


def check_database(
    participation: Participation, script: Script, seen: list[Seen], code: str
) -> None:
    assert participation.completion_code == code
    assert str(participation.locale) == f"{script.country}-{script.language}"
    assert Consent.objects.filter(given=True, language=script.language).count() == 6
    assert Answer.objects.get(question__code="age").number == 29
    conversation = participation.conversations.get()
    assert conversation.status == "finished"
    turns = list(conversation.turns.order_by("position"))
    assert len(turns) == 2
    assert turns[1].message == script.message
    for number, (turn, page) in enumerate(zip(turns, seen, strict=True)):
        assert turn.message == page.message
        shown = list(turn.shown.select_related("candidate"))
        assert {row.letter: row.candidate.text for row in shown} == page.texts
        ranks = {row.candidate_id: row.rank for row in turn.ranking.rows.all()}
        assert [ranks[row.candidate_id] for row in shown] == competition(script.places[number])
        letters = {row.candidate_id: row.letter for row in shown}
        assert letters[turn.ranking.chosen_id] == chosen_letter(script.places[number])
        assert (turn.ranking.acceptable, turn.ranking.represents) == ("yes", "cant_say")
        stored = Explanation.objects.get(turn=turn).text
        assert stored.replace("\r\n", "\n") == script.explanations[number]


def check_csv(address: str, study: Study, vendor: Vendor, script: Script, seen: list[Seen]) -> None:
    token = create_token(vendor=vendor, study=study, name="test", fields=ca.FORMAT.names)
    request = urllib.request.Request(
        f"{address}/api/v1/exports/community-alignment.csv",
        headers={"Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request, timeout=120) as response:
        rows = list(csv.DictReader(io.StringIO(response.read().decode(), newline="")))
    assert len(rows) == 1
    row = rows[0]
    expected = {
        "assigned_lang": script.language,
        "annotator_age": "18-34",
        "annotator_gender": "other",
        "annotator_education_level": "Some or complete graduate degree",
        "annotator_political": "Somewhat right-leaning",
        "annotator_ethnicity": {"FR": "Non immigrant", "IN": "Indo-Aryan"}[script.country],
        "annotator_country": {"FR": "france", "IN": "india"}[script.country],
        "is_pregenerated_first_prompt": "True",
        "in_balanced_subset": "False",
        "in_balanced_subset_10": "False",
        "wave": "1",
    }
    for number, (name, page) in enumerate(zip(ca.TURNS, seen, strict=False)):
        expected[f"{name}_turn_prompt"] = page.message
        expected[f"{name}_turn_feedback"] = script.explanations[number]
        expected[f"{name}_turn_preferred_response"] = (
            f"response_{chosen_letter(script.places[number]).lower()}"
        )
        for letter, text in page.texts.items():
            expected[f"{name}_turn_response_{letter.lower()}"] = text
        raw = "\n\n".join(f"# Response {letter}:\n{page.texts[letter]}" for letter in "ABCD")
        expected[f"{name}_turn_responses"] = ca.CANNED_NOTE + raw
    for name in ca.TURNS[2:]:
        expected |= {f"{name}_turn_{column}": "" for column in ca.TURN_COLUMNS}
    assert set(row) - set(expected) == {"conversation_id", "annotator_id"}
    for column, value in expected.items():
        assert row[column].replace("\r\n", "\n") == value, column
