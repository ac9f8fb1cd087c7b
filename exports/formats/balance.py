"""Which people are alike in number: the balanced subset, and its part of ten to a prompt.

The published dataset names two subsets and not their rule; ours is this.

1. Counted are people of this export who have a conversation in it. In each country they fall
   into cells, age group by gender (female, male). The subset takes as many people from every
   cell of a country as its smallest cell has: the largest subset with equal cells. A country
   with an empty cell has no part in it.
2. Who of a cell is taken is drawn by the study's seed, so that two exports of the same data
   take the same people.
3. A conversation is in the subset if its annotator is.
4. Its part of ten: only pool conversations about prompts that ten or more people of the subset
   judged. Who has none left leaves, the cells are made equal again, the prompts are counted
   again, until nothing changes.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import connection

from annotation.dealing.seeds import derive_seed
from exports.formats.labels import AGE_GROUPS, AGE_LABELS, age_label
from exports.scope import Scope
from exports.source import age_band_names, with_source

GENDERS = ("female", "male")
LEAST_PEOPLE = 10  # to a prompt


@dataclass(frozen=True)
class Person:
    """One participation: its key, its cell, and where the draw puts it within that."""

    pk: int
    country: str
    cell: tuple[str, str]  # age group, gender
    draw: int


@dataclass(frozen=True)
class Balanced:
    """Keys of participations, and of the texts of prompts."""

    people: frozenset[int] = frozenset()
    people_10: frozenset[int] = frozenset()
    prompts_10: frozenset[int] = frozenset()


def find_balanced(scope: Scope) -> Balanced:
    """Both subsets of what a scope holds."""
    cells = [(age, gender) for age in _age_groups(scope) for gender in GENDERS]
    everybody = _read_people(scope)
    people = equal_cells(everybody, cells)
    people_10, prompts = keep_ten(
        [one for one in everybody if one.pk in people], _read_judges(people), cells
    )
    return Balanced(people, people_10, prompts)


def equal_cells(people: Iterable[Person], cells: Collection[tuple[str, str]]) -> frozenset[int]:
    """The largest part of each country's people that has equally many in every cell."""
    countries: dict[str, dict[tuple[str, str], list[Person]]] = defaultdict(
        lambda: {cell: [] for cell in cells}
    )
    for person in people:
        if person.cell in cells:
            countries[person.country][person.cell].append(person)
    return frozenset(
        person.pk
        for found in countries.values()
        for members in found.values()
        for person in sorted(members, key=lambda one: one.draw)[: min(map(len, found.values()))]
    )


def keep_ten(
    people: Collection[Person],
    judges: Mapping[int, frozenset[int]],
    cells: Collection[tuple[str, str]],
) -> tuple[frozenset[int], frozenset[int]]:
    """The people and the prompts of the part of ten; `judges` holds people by prompt."""
    kept = frozenset(person.pk for person in people)
    while True:
        prompts = frozenset(
            prompt for prompt, found in judges.items() if len(found & kept) >= LEAST_PEOPLE
        )
        busy = kept & frozenset[int]().union(*(judges[prompt] for prompt in prompts))
        fewer = equal_cells((one for one in people if one.pk in busy), cells)
        if fewer == kept:
            return kept, prompts
        kept = fewer


def _age_groups(scope: Scope) -> Collection[str]:
    bands = scope.recoding.age_bands
    return age_band_names(bands) if bands else AGE_LABELS


def _read_people(scope: Scope) -> list[Person]:
    query = with_source(
        scope,
        """SELECT participation_id, participation_public_id, country, age,
            coalesce(age_band, codes ->> 'age'), codes ->> 'gender'
        FROM people
        WHERE EXISTS (
            SELECT FROM annotation_conversation c LEFT JOIN annotation_grant g ON g.id = c.grant_id
            WHERE c.participation_id = people.participation_id AND c.status = 'finished'
                AND coalesce(g.occasion, 0) = 0 AND (people.free_text OR c.kind = 'pool'))""",
    )
    seed = scope.study.seed
    with connection.cursor() as cursor:
        query.execute(cursor)
        return [
            Person(
                pk=pk,
                country=country,
                cell=(AGE_GROUPS.get(band, band) if band else age_label(age), gender or ""),
                draw=derive_seed(seed, "balance", public_id),
            )
            for pk, public_id, country, age, band, gender in cursor
        ]


def _read_judges(people: Collection[int]) -> Mapping[int, frozenset[int]]:
    """Who of these people judged each text of a prompt, in whichever set, re-tests aside."""
    judges: dict[int, frozenset[int]] = defaultdict(frozenset)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT made.prompt_text_id, judged.people
            FROM (
                SELECT s.candidate_set_id, array_agg(c.participation_id) AS people
                FROM annotation_conversation c
                JOIN annotation_grant g ON g.id = c.grant_id AND g.occasion = 0
                JOIN annotation_slot s ON s.id = g.slot_id
                WHERE c.status = 'finished' AND c.participation_id = ANY(%s)
                GROUP BY 1
            ) AS judged
            JOIN candidates_candidateset made ON made.id = judged.candidate_set_id""",
            [sorted(people)],
        )
        for prompt, found in cursor:
            judges[prompt] |= frozenset(found)
    return judges
