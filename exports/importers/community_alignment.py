"""The wide CSV of Community Alignment: its rows as dialogues, and its invariants.

Columns are matched by name; both published layouts are read (45 columns, and 44 without
`wave`). The invariants are those of the released file,
https://huggingface.co/datasets/facebook/community-alignment-dataset.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TextIO

import pyarrow
from django.core.exceptions import ValidationError

from exports.format import Format
from exports.formats.community_alignment import FORMAT, SLOTS, TURNS
from exports.importers.ca_labels import COUNTRIES, LANGUAGES, person_answers
from exports.importers.records import Dialogue, JudgedTurn, Person, Problem, Response, Tally
from exports.importers.tables import read_table
from exports.importers.texts import refuse_unstorable

Row = Mapping[str, str]
NAMES = FORMAT.names
TRUE, FALSE = {"true", "1"}, {"false", "0"}
EMPTY = {"", "EMPTY STRING"}  # how the released files write an empty response
WITHOUT_WAVE = tuple(name for name in NAMES if name != "wave")
DEMOGRAPHICS = tuple(name for name in NAMES if name.startswith("annotator_"))[1:]


def read_file(path: Path, form: Format) -> Iterator[Row]:
    """The rows of a file: CSV, plain or compressed, or any other container of our exports."""
    if ".csv" not in path.suffixes and path.suffix in {".jsonl", ".gz", ".zst", ".parquet"}:
        for row in read_table(path, form):
            yield {name: "" if value is None else str(value) for name, value in row.items()}
        return
    kind = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
    raw = pyarrow.CompressedInputStream(str(path), kind) if kind else path.open("rb")
    with io.TextIOWrapper(raw, encoding="utf-8", newline="") as file:
        yield from read_rows(file)


def read_rows(file: TextIO) -> Iterator[Row]:
    """The rows of a file. Raises ValidationError where a column is missing or a line is cut."""
    csv.field_size_limit(2**24)
    reader = csv.DictReader(file, strict=True)
    try:
        missing = set(WITHOUT_WAVE) - set(reader.fieldnames or ())
        if missing:
            raise ValidationError(f"The file lacks these columns: {', '.join(sorted(missing))}.")
        for row in reader:
            if None in row or None in row.values():
                raise ValidationError(f"Line {reader.line_num} has another number of values.")
            refuse_unstorable(row, f"Line {reader.line_num}")
            yield row
    except csv.Error as error:
        raise ValidationError(f"Line {reader.line_num} cannot be read: {error}.") from error
    except UnicodeDecodeError as error:
        raise ValidationError("The file is not UTF-8: save it as UTF-8 and try again.") from error


def find_problems(rows: Iterable[Row]) -> Iterator[Problem]:
    """Every violation of the file's invariants, row by row; a sound file yields none."""
    seen: set[str] = set()
    people: dict[str, tuple[str, ...]] = {}
    for number, row in enumerate(rows, start=1):
        place = f"row {number}"
        if row["conversation_id"] in seen:
            yield Problem("unique_conversation", place, "the conversation id occurs again.")
        seen.add(row["conversation_id"])
        yield from _faults_of(row, place)
        facts = (row.get("wave", ""), *(row[name] for name in DEMOGRAPHICS))
        if people.setdefault(row["annotator_id"], facts) != facts:
            yield Problem("constant_person", place, "another row says otherwise of this person.")


def _faults_of(row: Row, place: str) -> Iterator[Problem]:
    for name in ("conversation_id", "annotator_id"):
        if not row[name]:
            yield Problem("never_empty", place, f"{name} is empty.")
    country, language = row["annotator_country"], row["assigned_lang"]
    if language not in LANGUAGES:
        yield Problem("known_language", place, f"assigned_lang is {language!r}.")
    elif country not in COUNTRIES or language not in COUNTRIES[country].languages:
        yield Problem("country_and_language", place, f"{language!r} is not asked in {country!r}.")
    for name in ("is_pregenerated_first_prompt", "in_balanced_subset", "in_balanced_subset_10"):
        if row[name].lower() not in TRUE | FALSE:
            yield Problem("flags", place, f"{name} is neither true nor false.")
    if row["in_balanced_subset_10"].lower() in TRUE and row["in_balanced_subset"].lower() in FALSE:
        yield Problem("balanced", place, "in_balanced_subset_10 without in_balanced_subset.")
    happened = [bool(row[f"{name}_turn_prompt"]) for name in TURNS]
    if not happened[0] or happened != sorted(happened, reverse=True):
        yield Problem("contiguous", place, "a turn has no prompt though a later one has.")
    for name in TURNS:
        yield from _faults_of_turn(row, name, place)


def _faults_of_turn(row: Row, name: str, place: str) -> Iterator[Problem]:
    if not row[f"{name}_turn_prompt"]:
        return
    texts = {f"response_{slot}": row[f"{name}_turn_response_{slot}"] for slot in SLOTS}
    preferred = row[f"{name}_turn_preferred_response"]
    if any(text in EMPTY for text in texts.values()):
        yield Problem("four_candidates", place, f"the {name} turn lacks a response.")
    if not preferred:
        yield Problem("a_choice", place, f"the {name} turn has no preferred response.")
    elif preferred not in texts:
        yield Problem("known_choice", place, f"the {name} turn prefers {preferred!r}.")
    elif texts[preferred] in EMPTY:
        yield Problem("choice_has_text", place, f"the {name} turn prefers an empty response.")


def read_dialogues(rows: Iterable[Row], tally: Tally) -> Iterator[Dialogue]:
    """Each row's longest run of usable turns; rows without a usable first turn are counted.

    A turn is usable with a prompt, a choice, the chosen text, and two responses or more.
    """
    for row in rows:
        tally.rows += 1
        turns: list[JudgedTurn] = []
        asked = [name for name in TURNS if row[f"{name}_turn_prompt"]]
        for name in asked:
            turn = _turn(row, name)
            if turn is None:
                break
            turns.append(turn)
        tally.turns_left_out += len(asked) - len(turns)
        person = _person(row)
        if not turns or person is None:
            tally.rows_left_out += 1
            continue
        tally.dialogues += 1
        tally.turns += len(turns)
        yield Dialogue(
            key=row["conversation_id"],
            person=person,
            language=LANGUAGES[row["assigned_lang"]],
            pool=row["is_pregenerated_first_prompt"].lower() in TRUE,
            turns=turns,
        )


def _turn(row: Row, name: str) -> JudgedTurn | None:
    chosen = row[f"{name}_turn_preferred_response"].removeprefix("response_")
    texts = [row[f"{name}_turn_response_{slot}"] for slot in SLOTS]
    if chosen not in tuple(SLOTS) or texts[SLOTS.index(chosen)] in EMPTY:
        return None
    responses = [
        Response(position, text, rank=1 if SLOTS[position] == chosen else None)
        for position, text in enumerate(texts)
        if text not in EMPTY
    ]
    if len(responses) < 2:
        return None
    return JudgedTurn(
        message=row[f"{name}_turn_prompt"],
        responses=responses,
        chosen=SLOTS.index(chosen),
        explanation=row[f"{name}_turn_feedback"] or None,
        raw=row[f"{name}_turn_responses"],
    )


def _person(row: Row) -> Person | None:
    country = COUNTRIES.get(row["annotator_country"])
    if country is None or row["assigned_lang"] not in LANGUAGES or not row["annotator_id"]:
        return None
    answers, refused = person_answers(row, country.code)
    return Person(
        key=row["annotator_id"],
        country=country.code,
        language=LANGUAGES[row["assigned_lang"]],
        wave=int(row.get("wave") or 1),
        answers=answers,
        refused=frozenset(refused),
    )
