"""Our own `annotators`: what people answered and allowed, and how their part ended."""

import json
from collections.abc import Iterable, Iterator

from exports.formats import meanings
from exports.importers.records import Person
from exports.validators.problems import Row


def read_people(rows: Iterable[Row]) -> Iterator[Person]:
    """One person a row. An age that left as a group stays that group."""
    for row in rows:
        yield _person(row)


def _person(row: Row) -> Person:
    special = json.loads(row["special_answers"] or "{}")
    given = json.loads(row["answers"] or "{}") | special
    told = {
        purpose: row[f"consent_{purpose}"]
        for purpose in meanings.PURPOSE
        if row[f"consent_{purpose}"]
    }
    return Person(
        key=row["annotator_id"],
        country=row["country"] or "",
        language=row["language"] or "",
        wave=row["wave"],
        answers={
            code: answer["code"].replace("+", "-plus")
            for code, answer in given.items()
            if answer["code"] is not None
        },
        numbers={
            code: answer["number"]
            for code, answer in given.items()
            if answer["code"] is None and answer["number"] is not None
        },
        refused=frozenset(code for code in given if given[code]["status"] == "refused"),
        not_shown=frozenset(code for code in given if given[code]["status"] == "not_shown"),
        labels={
            (code, answer["code"]): answer["label"]
            for code, answer in given.items()
            if answer["label"]
        },
        special=frozenset(special),
        consents=told or None,
        outcome=row["outcome"] or "",
        finished_at=row["finished_on"],
    )
