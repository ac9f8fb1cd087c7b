"""DATASHEET.md: the study's own figures, and what the data are not good for.

After Gebru et al., Datasheets for Datasets, Communications of the ACM 64 (12), 2021.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from annotation.models import Grant, Moderation, Outcome
from exports.release.contents import Contents
from exports.release.figures import Row

SMALLEST_CELL = 5  # people; where the release names no smallest group of its own
HIDDEN = "hidden"


def datasheet(contents: Contents) -> str:
    return "\n\n".join(
        [
            f"# Datasheet: {contents.name}",
            "Figures about data count what this archive holds; figures about the collection "
            "count everything collected in its phase, without saying whose.",
            *_released(contents),
            *_collected(contents),
            "## What was made coarser\n\n" + generalised(contents),
            "## Known limits\n\n" + LIMITS,
        ]
    )


def _released(contents: Contents) -> list[str]:
    found = contents.figures.released
    smallest = int(contents.report.get("k", SMALLEST_CELL))
    return [
        "## People\n\n"
        + _table(
            ["country", "language", "people", "own words released", "allowed training models"],
            _cells(hide_training(found["people"], smallest)),
        ),
        "## What they said about themselves\n\n"
        f"Cells below {smallest} people are hidden, and with them so many others that nobody "
        "can work them out.\n\n"
        + _table(
            ["country", "question", "answer", "people"],
            _cells(hide_small(found["demographics"], smallest)),
        ),
        "## Conversations and judgements\n\n"
        + _table(["opened by", "status", "conversations"], _named(found["conversations"], KINDS))
        + "\n\n"
        + _table(["opened by", "turn", "judgements"], _named(found["judgements"], KINDS)),
        "## Overlap\n\n"
        "Sets of the pool, by how many people in this archive judged their first turn.\n\n"
        + _table(
            ["country", "language", "sets", "target", "sets at target", "share", "judges a set"],
            [
                (*place, row["sets"], row["target"], row["reached"], _share(row), row["judges"])
                for row in found["overlap"]
                for place in [(row["country"], row["language"])]
            ],
        ),
        "## Agreement\n\n"
        "The chance that two people of one locale chose the same response of one set: unbiased, "
        "over sets with two judges or more, first turns of pool conversations alone.\n\n"
        + _table(["country", "language", "sets", "chance"], _cells(found["agreement"])),
        "## Samplers and models\n\n"
        + _table(
            ["sampler", "strategy", "made for one turn", "sets", "turns"], _cells(found["samplers"])
        )
        + "\n\n"
        + _table(
            ["model", "canned by the demonstration provider", "responses"], _cells(found["models"])
        ),
    ]


def _collected(contents: Contents) -> list[str]:
    found = contents.figures.collected
    (taking_part,) = found["taking_part"]
    released = contents.figures.people
    return [
        "## Who is not in it\n\n"
        + _table(
            ["people who", "number"],
            [
                ("began", taking_part["began"]),
                ("did not consent to take part", taking_part["declined"]),
                ("took part to the end", taking_part["complete"]),
                ("withdrew", taking_part["withdrew"]),
                ("were left out by a person, by the study's rules", taking_part["excluded"]),
                *(
                    (f"left at screening: {Outcome(row['outcome']).value}", row["people"])
                    for row in found["turned_away"]
                ),
                ("are in this archive", released),
            ],
        ),
        "## Dispositions\n\nHow every grant of a prepared set ended.\n\n"
        + _table(["disposition", "grants"], _named(found["dispositions"], DISPOSITIONS)),
        "## Moderation\n\nWhat a checker said of messages before they were sent.\n\n"
        + _table(["outcome", "checked by", "messages"], _named(found["moderation"], MODERATION)),
    ]


KINDS = {"pool": "the pool", "own": "the person"}
DISPOSITIONS = {value: str(value).replace("_", " ") for value in Grant.Disposition.values}
MODERATION = {value: str(value) for value in Moderation.Outcome.values}


def generalised(contents: Contents) -> str:
    """In words and counts. Nothing here says whose answers they are."""
    report = contents.report
    if not report:
        return "No answer was made coarser, and nobody's answers were cut out."
    steps = ", ".join(report.get("steps", ())) or "none"
    lines = [
        f"- Demanded: groups of at least {report['k']} people who look alike by "
        f"{', '.join(report['quasi']) or 'nothing'}.",
        f"- Reached: {report['after']['k']} (before: {report['before']['k']}).",
        f"- Steps taken for everybody: {steps}.",
        f"- People left out altogether: {report['left_out']}, and in a public release whoever "
        f"finished no conversation: {report['others']}.",
        f"- People whose answers are all cut out: {report['suppressed']}; some: "
        f"{report['partly']}.",
        f"- Questions whose answers stay inside: {', '.join(report['kept_in']) or 'none'}.",
    ]
    lines += [f"- {report[name]}" for name in ("omission", "shortfall") if report.get(name)]
    losses = [
        (loss["code"], loss["answered"], loss["kept"], loss["coarser"], loss["gone"])
        for loss in report.get("losses", ())
    ]
    table = _table(["question", "answered", "kept", "coarser", "gone"], losses)
    return "\n".join(lines) + "\n\n" + table


def hide_training(rows: Sequence[Row], smallest: int) -> list[Row]:
    """The one figure of a locale that no row of the data tells, hidden where few live there."""
    return [row | {"training": HIDDEN} if row["people"] < smallest else row for row in rows]


def hide_small(rows: Sequence[Row], smallest: int) -> list[Row]:
    """Cells below `smallest` without their number; of a question that would have one hidden
    cell alone, the next smallest too, since a total would give it away. Where all are hidden,
    one row says so."""
    told: list[Row] = []
    for _question, group in groupby(rows, lambda row: (row["country"], row["question"])):
        cells = list(group)
        hidden = {row["answer"] for row in cells if row["people"] < smallest}
        if len(hidden) == 1:
            others = [row for row in cells if row["answer"] not in hidden]
            hidden |= {row["answer"] for row in sorted(others, key=_size)[:1]}
        if len(hidden) == len(cells):  # that an answer was given at all would tell of somebody
            told.append(cells[0] | {"answer": "", "people": HIDDEN})
            continue
        told += [
            row | {"people": HIDDEN} if row["answer"] in hidden else dict(row) for row in cells
        ]
    return told


def _size(row: Row) -> tuple[int, str]:
    return row["people"], row["answer"]


def _share(row: Row) -> str:
    return f"{100 * row['reached'] / row['sets']:.1f} %" if row["sets"] else "–"


def _named(rows: Iterable[Row], names: Mapping[str, str]) -> list[tuple[Any, ...]]:
    return [tuple(names.get(value, value) for value in row.values()) for row in rows]


def _cells(rows: Iterable[Row]) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in rows]


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [f"| {' | '.join(_text(value) for value in row)} |" for row in rows]
    if not lines:
        return "None."
    return "\n".join([f"| {' | '.join(head)} |", "|" + "---|" * len(head), *lines])


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).replace("|", "\\|").replace("\n", " ") if value not in (None, "") else "–"


LIMITS = """\
- People were recruited by vendors and took part for pay. They are no random sample of a country.
- A choice is made among the responses that were shown. It says nothing of others.
- Between countries only parallel sets compare like with like: native sets differ by language.
- Later turns depend on the person: what she chose and wrote before led to them.
- People who withdraw later are absent from later versions only."""
