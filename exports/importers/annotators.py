"""Our own `annotators`: what people answered and allowed, and how their part ended."""

from collections.abc import Iterable, Iterator

from django.core.exceptions import ValidationError

from exports.formats import meanings
from exports.importers.records import Person
from exports.importers.texts import read_json
from exports.validators.problems import Row


def read_people(rows: Iterable[Row]) -> Iterator[Person]:
    """One person a row. An age that left as a group stays that group.

    Raises ValidationError where answers are not as the format has them.
    """
    for row in rows:
        try:
            yield _person(row)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValidationError(
                f"Annotator {row['annotator_id']} cannot be read: an answer is not made of "
                "status, code, label and number."
            ) from error


def _person(row: Row) -> Person:
    place = f"Annotator {row['annotator_id']}"
    special = read_json(row["special_answers"] or "{}", place)
    given = read_json(row["answers"] or "{}", place) | special
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
