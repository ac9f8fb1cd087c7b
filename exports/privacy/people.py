"""The people of one scope and what leaves about them, as arrays with one value a person.

Read from the same rows as every format, so that exactly the answers that leave are counted.
Counted are people with at least one finished conversation: they are in every format, so that
a group of them is as large in each. Who has none leaves without answers.
"""

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.db.backends.utils import CursorWrapper

from exports.privacy.recoding import REFUSED
from exports.privacy.risk import Ints, Values
from exports.scope import Scope
from exports.source import with_source


@dataclass(frozen=True)
class People:
    """`ids` (n,): participations, ascending. `answers`: by question code, (n,) text, "" for none.

    Ages and other numbers are text too. Places show in every row, whatever is recoded.
    `others`: ids of people without a finished conversation.
    """

    ids: Ints
    places: Values  # (n,) such as FR-fr
    countries: Values  # (n,)
    answers: dict[str, Values]
    others: frozenset[int]

    @property
    def n(self) -> int:
        return int(self.ids.size)

    def answer(self, code: str) -> Values:
        """(n,): all empty for a question that nobody answered."""
        found = self.answers.get(code)
        return np.full(self.n, "", dtype=object) if found is None else found

    def without(self, gone: frozenset[int]) -> "People":
        """Those who are not among these ids; `others` neither."""
        stay = ~np.isin(self.ids, list(gone))
        return replace(
            self,
            ids=self.ids[stay],
            places=self.places[stay],
            countries=self.countries[stay],
            answers={code: values[stay] for code, values in self.answers.items()},
            others=self.others - gone,
        )


def read_people(cursor: CursorWrapper, scope: Scope) -> People:
    """Reads inside the transaction of the cursor; memory grows with people, not with rows."""
    query = with_source(
        scope,
        """SELECT participation_id, coalesce(country, '') AS country,
            coalesce(language, '') AS language, age, age_band, codes::text, numbers::text,
            refused::text,
            EXISTS (SELECT FROM talks t WHERE t.participation_id = people.participation_id
                AND t.status = 'finished' AND coalesce(t.occasion, 0) = 0) AS counted
        FROM people ORDER BY participation_id""",
    )
    query.execute(cursor)
    rows = cursor.fetchall()
    counted = [row for row in rows if row[8]]
    said = [_answers(row) for row in counted]
    codes = sorted({code for answers in said for code in answers})
    return People(
        ids=np.array([row[0] for row in counted], dtype=np.int64),
        places=_texts([f"{row[1]}-{row[2]}" for row in counted]),
        countries=_texts([row[1] for row in counted]),
        answers={code: _texts([one.get(code, "") for one in said]) for code in codes},
        others=frozenset(row[0] for row in rows if not row[8]),
    )


def _answers(row: tuple[Any, ...]) -> dict[str, str]:
    _id, _country, _language, age, band, codes, numbers, refused, _counted = row
    answers: dict[str, str] = dict.fromkeys(json.loads(refused), REFUSED) | json.loads(codes)
    answers |= {code: str(number) for code, number in json.loads(numbers).items()}
    if age is not None or band is not None:
        answers["age"] = band or str(age)
    return answers


def _texts(values: list[str]) -> Values:
    return np.array(values, dtype=object)
