"""Themes of explanations: a sheet goes out, two coders' codes come back, and what they say."""

import csv
import io
from collections import Counter

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.datastructures import MultiValueDict

from accounts.models import Consent, Purpose, User
from annotation.models import (
    AuditEntry,
    Conversation,
    Explanation,
    Participation,
    RecruitmentLink,
    Role,
    Study,
)
from insights import theme_shares
from insights.coding_models import ThemeCoding, ThemeSheet
from insights.theming import (
    LARGEST_FILE,
    draw_sheet,
    sheet_csv,
    store_codes,
    themes_found,
    themes_of,
)
from insights.topics_forms import CodesForm
from insights.topics_page import sheets_of
from tests.made_once import Once
from tests.team import member, signed_in
from tests.walker import Walker

pytestmark = pytest.mark.django_db

TEXTS = ("Chaleureux et proche.", "=1+1", "Il cite des faits.", "Trop long, mais juste.")


@pytest.fixture
def written(once: Once, link: RecruitmentLink) -> list[Explanation]:
    """Four explanations by two people, one of which a spreadsheet would take for a formula."""
    written = once(four_explanations, link)
    translation.activate("en")  # the desk's language, after her pages
    return written


def four_explanations(link: RecruitmentLink) -> list[Explanation]:
    found = []
    for person in range(2):
        walker = Walker(link)
        walker.enter()
        for text in TEXTS[2 * person : 2 * person + 2]:
            conversation = walker.open_kind("pool")
            turn = walker.current_turn(conversation)
            walker.rank(turn)
            walker.explain(turn, text)
            found.append(Explanation.objects.get(turn=turn))
            walker.finish_conversation(conversation)
    return found


@pytest.fixture
def study(link: RecruitmentLink) -> Study:
    return link.study


@pytest.fixture
def by(study: Study) -> User:
    return member(study, Role.RESEARCHER)


def drawn(study: Study, by: User, **changes: object) -> ThemeSheet:
    values: dict[str, object] = {
        "size": 100, "coders": ("Ada", "Bo"), "language": "", "released_only": False
    }  # fmt: skip
    return draw_sheet(study=study, phase="main", by=by, **values | changes)  # type: ignore[arg-type]


def rows_of(sheet: ThemeSheet) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(sheet_csv(sheet))))


def coded(sheet: ThemeSheet, themes: dict[str, str], *, delimiter: str = ",") -> bytes:
    """The sheet with themes by the beginning of the explanation, as a spreadsheet saves it."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(["item", "language", "explanation", "themes"])
    for row in rows_of(sheet):
        found = [words for start, words in themes.items() if row["explanation"].startswith(start)]
        writer.writerow([row["item"], row["language"], row["explanation"], "|".join(found)])
    return ("\ufeff" + out.getvalue()).encode()


def test_a_sheet_says_what_was_written_and_nothing_of_who(
    study: Study, by: User, written: list[Explanation]
) -> None:
    sheet = drawn(study, by)
    rows = rows_of(sheet)
    assert {row["explanation"] for row in rows} >= set(TEXTS) - {"=1+1"} | {"'=1+1"}
    assert {row["themes"] for row in rows} == {""}
    people = Participation.objects.values_list("public_id", flat=True)
    assert not any(one in sheet_csv(sheet) for one in people)
    assert [row["item"] for row in rows] == sorted(row["item"] for row in rows)


def test_people_who_withdrew_were_left_out_or_keep_their_words_are_not_in_it(
    study: Study, by: User, written: list[Explanation]
) -> None:
    one = written[0].turn.conversation.participation
    sheet = drawn(study, by)
    assert len(rows_of(sheet)) == Explanation.objects.exclude(text="").count()
    Participation.objects.filter(pk=one.pk).update(excluded_at=one.started_at)
    assert all(not row["explanation"].startswith("Chaleur") for row in rows_of(sheet))
    Consent.objects.filter(purpose=Purpose.RELEASE_FREE_TEXT).update(given=False)
    with pytest.raises(ValidationError, match="no explanation"):
        drawn(study, by, released_only=True)


def test_what_is_drawn_and_what_is_coded_are_on_record(
    study: Study, by: User, written: list[Explanation]
) -> None:
    sheet = drawn(study, by, size=3)
    store_codes(sheet=sheet, coder=1, file=coded(sheet, {"Il": "facts"}), replace=False, by=by)
    lines = AuditEntry.objects.filter(kind__startswith="themes:").order_by("pk")
    assert list(lines.values_list("kind", "what", "by", "study")) == [
        ("themes:drawn", "sheet 1: 3 explanations drawn", by.pk, study.pk),
        ("themes:coded", "sheet 1, coder 2: 3 explanations coded", by.pk, study.pk),
    ]


def test_two_coders_themes_come_back_and_say_how_far_they_agree(
    study: Study, by: User, written: list[Explanation]
) -> None:
    sheet = drawn(study, by)
    first = {"Chaleur": "warmth", "'=1": "other", "Il": "facts", "Trop": "facts, Length "}
    second = {"Chaleur": "Warmth", "Il": "facts", "Trop": "length"}
    assert store_codes(sheet=sheet, coder=0, file=coded(sheet, first), replace=False, by=by)
    assert themes_found(sheet) is None
    store_codes(
        sheet=sheet, coder=1, file=coded(sheet, second, delimiter=";"), replace=False, by=by
    )
    found = themes_found(sheet)
    assert found is not None
    assert found.names == ["facts", "length", "other", "warmth"]
    assert found.both.tolist() == [1, 1, 0, 1]
    assert found.either.tolist() == [1, 0, 1, 0]
    assert found.people == 2
    number = len(rows_of(sheet))
    assert found.found.share.value == pytest.approx(
        [1.5 / number, 1 / number, 0.5 / number, 1 / number]
    )


def test_a_second_file_of_a_coder_replaces_only_when_asked(
    study: Study, by: User, written: list[Explanation]
) -> None:
    sheet = drawn(study, by)
    for replace in (False, True):
        store_codes(
            sheet=sheet, coder=0, file=coded(sheet, {"Chaleur": "a"}), replace=replace, by=by
        )
        with pytest.raises(ValidationError, match="stored already"):
            store_codes(sheet=sheet, coder=0, file=coded(sheet, {}), replace=False, by=by)
    assert ThemeCoding.objects.filter(coder=0).count() == len(rows_of(sheet))
    kinds = AuditEntry.objects.filter(study=study, kind=AuditEntry.Kind.THEMES_CODED)
    assert kinds.count() == 2


def test_a_file_that_is_not_the_whole_sheet_is_refused_and_nothing_is_stored(
    study: Study, by: User, written: list[Explanation]
) -> None:
    sheet = drawn(study, by)
    whole = coded(sheet, {"Chaleur": "a"}).decode("utf-8-sig")
    lines = whole.splitlines()
    broken = {
        "lacks 1 explanation": "\n".join(lines[:-1]),
        "no item of this sheet": whole + "abcdef,fr,x,y\n",
        "stands there twice": whole + lines[1] + "\n",
        "columns": "a,b\n1,2\n",
        "Line 0: this is no CSV": '"item"x,themes\n1,2\n',
        "at most": whole.replace("|", "").replace(lines[1], lines[1] + "x" * 70),
    }
    for words, text in broken.items():
        with pytest.raises(ValidationError, match=words):
            store_codes(sheet=sheet, coder=0, file=text.encode(), replace=False, by=by)
    with pytest.raises(ValidationError, match="UTF-8"):
        store_codes(sheet=sheet, coder=0, file=whole.encode("utf-16"), replace=False, by=by)
    assert not ThemeCoding.objects.exists()


def test_a_file_too_large_is_refused_before_it_is_read() -> None:
    file = SimpleUploadedFile("codes.csv", b"item,themes\n")
    file.size = LARGEST_FILE + 1
    form = CodesForm({"sheet": 1, "coder": "0"}, MultiValueDict({"file": [file]}))
    assert form.errors["file"] == ["The file is larger than 5 MB. Send the sheet alone."]


def test_themes_are_parted_cleaned_and_kept_once() -> None:
    assert themes_of(" Warmth |facts; Facts,'=x\nlong  words ", 2) == [
        "warmth",
        "facts",
        "=x",
        "long words",
    ]
    assert themes_of(" ' ", 2) == []


def test_two_coders_are_two_people(study: Study, by: User, written: list[Explanation]) -> None:
    with pytest.raises(ValidationError, match="Two different people"):
        drawn(study, by, coders=("Ada", " ada "))


def test_the_page_draws_sends_out_takes_back_and_shows(
    study: Study, by: User, written: list[Explanation]
) -> None:
    client: Client = signed_in(study, Role.RESEARCHER)
    address = reverse("study-themes", args=[study.key])
    page = client.post(
        address,
        {"act": "draw", "size": 50, "language": "fr", "first": "Ada", "second": "Bo"},
        follow=True,
    )
    assert "Sheet 1 is drawn" in page.content.decode()
    sheet = ThemeSheet.objects.get()
    answer = client.get(reverse("study-theme-sheet", args=[study.key, 1]))
    assert answer.content.decode().startswith("\ufeff")
    assert AuditEntry.objects.filter(kind="file:downloaded", what="theme sheet 1").exists()
    for coder, themes in enumerate(({"Chaleur": "warmth", "Il": "facts"}, {"Chaleur": "warmth"})):
        file = SimpleUploadedFile("codes.csv", coded(sheet, themes), content_type="text/csv")
        sent = {"act": "code", "sheet": sheet.pk, "coder": coder, "file": file}
        page = client.post(address, sent, follow=True)
    body = page.content.decode()
    assert "warmth" in body
    assert "Cohen" in body
    assert "alpha" in body
    assert signed_in(study, Role.VIEWER, "viewer").get(address).status_code == 403


def test_shares_by_language_wait_for_the_lock_and_are_a_table_and_a_csv(
    study: Study, by: User, written: list[Explanation], monkeypatch: pytest.MonkeyPatch
) -> None:
    english = study.locales.get(country="US")
    second = written[2].turn.conversation.participation
    Conversation.objects.filter(participation=second).update(locale=english)
    sheet, french_alone = drawn(study, by), drawn(study, by, language="fr")
    marks = ({"Chaleur": "warmth", "Il": "facts"}, {"Chaleur": "warmth"})
    for one in (sheet, french_alone):
        for coder, themes in enumerate(marks):
            store_codes(sheet=one, coder=coder, file=coded(one, themes), replace=False, by=by)
    client = signed_in(study, Role.RESEARCHER)
    page = reverse("study-themes", args=[study.key])
    address = reverse("study-theme-languages", args=[study.key, sheet.number])
    assert "Shares by language are locked" in client.get(page).content.decode()
    assert client.get(address).status_code == 403
    table = {one.row.pk: one.table for one in sheets_of(study, "main")}[french_alone.pk]
    assert table and {row.cells[3] for row in table.rows} == {"–"}, "one language, drawn alone"
    Study.objects.filter(pk=study.pk).update(status=Study.Status.CLOSED)
    few = list(csv.DictReader(client.get(address).content.decode().splitlines()))
    assert {row["share"] for row in few} == {""}, "fewer than 20 people"
    monkeypatch.setattr(theme_shares, "LEAST_PEOPLE", 1)
    rows = csv.DictReader(client.get(address).content.decode().splitlines())
    found = {(row["theme"], row["language"]): row for row in rows}
    languages = Counter(row["language"] for row in rows_of(sheet))
    assert set(languages) == {"en", "fr"}
    for theme, of_language, texts in (
        ("warmth", "fr", 1.0), ("warmth", "en", 0.0), ("facts", "fr", 0.0), ("facts", "en", 0.5)
    ):  # fmt: skip
        row = found[theme, of_language]
        assert (row["people"], row["explanations"]) == ("1", str(languages[of_language]))
        assert float(row["share"]) == pytest.approx(texts / languages[of_language])
    body = client.get(page).content.decode()
    assert "Themes by language" in body
    assert address in body
    assert AuditEntry.objects.filter(kind="figure:downloaded").count() == 2
    missing = reverse("study-theme-languages", args=[study.key, french_alone.number])
    assert client.get(missing).status_code == 404, "there is nothing to compare"
