"""Formulas are neutralised in files meant for people, and never in those meant for machines."""

import csv
import io
import json
from dataclasses import replace

import pytest
from django.db import connection

from annotation.models import Study
from annotation.spreadsheets import neutral
from exports.containers import stream_csv, stream_jsonl
from exports.format import Column, Format, Query, Type
from exports.scope import Scope

pytestmark = pytest.mark.django_db

FORMULAS = ["=1+1", "+33 6", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠a",
            '=HYPERLINK("http://x","y")']  # fmt: skip
HARMLESS = ["plain", "a=1", " =1", "'=1", "", "−2", "5 - 2"]
CELLS = FORMULAS + HARMLESS


def form(for_people: bool) -> Format:
    return Format(
        name="cells",
        title="Cells",
        row="A cell.",
        columns=(Column("cell", Type.TEXT, "a text"), Column("number", Type.INTEGER, "a number")),
        query=lambda scope: Query(
            "SELECT cell, -2 AS number FROM unnest(%(cells)s::text[]) WITH ORDINALITY"
            " AS c (cell, n) ORDER BY n",
            {"cells": CELLS},
            scope.pseudonyms,
        ),
        not_carried="",
        for_people=for_people,
    )


def cells(study: Study, for_people: bool) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        scope = Scope(study=study, recipient="x")
        text = b"".join(stream_csv(cursor, form(for_people), scope)).decode()
    return [(row["cell"], row["number"]) for row in csv.DictReader(io.StringIO(text, newline=""))]


def test_in_a_file_for_people_no_text_is_a_formula(study: Study) -> None:
    read = cells(study, for_people=True)
    assert [cell for cell, _number in read] == [f"'{cell}" for cell in FORMULAS] + HARMLESS
    assert {number for _cell, number in read} == {"-2"}  # a number is a number


def test_a_file_for_machines_holds_the_very_words(study: Study) -> None:
    assert [cell for cell, _number in cells(study, for_people=False)] == CELLS


def test_json_lines_hold_the_very_words_whoever_they_are_for(study: Study) -> None:
    with connection.cursor() as cursor:
        scope = Scope(study=study, recipient="x")
        text = b"".join(stream_jsonl(cursor, form(for_people=True), scope)).decode()
    assert [json.loads(line)["cell"] for line in text.splitlines()] == CELLS


def test_a_missing_value_stays_missing(study: Study) -> None:
    empty = replace(
        form(for_people=True),
        query=lambda scope: Query("SELECT NULL::text AS cell, 1 AS number", {}, scope.pseudonyms),
    )
    with connection.cursor() as cursor:
        text = b"".join(stream_csv(cursor, empty, Scope(study=study, recipient="x"))).decode()
    assert text.splitlines()[1] == ',"1"'


def test_python_neutralises_as_the_database_does(study: Study) -> None:
    assert [neutral(cell) for cell in CELLS] == [cell for cell, _n in cells(study, for_people=True)]


def test_the_apostrophe_is_put_once() -> None:
    assert neutral(neutral("=1")) == neutral("=1") == "'=1"
