"""Our own exports put together: what one file lacks, another brings.

`conversations`, `comparisons` or `rankings` say who judged what; the first that is there is
read. `candidates` brings how every set was made, `annotators` who the people are,
`dispositions` what became of their places.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any

from django.core.exceptions import ValidationError

from exports.formats import FORMATS
from exports.importers import annotators, candidates, comparisons, conversations, rankings
from exports.importers.records import Dialogue, MadeSet, Person, Problem, Tally
from exports.importers.tables import Tables, read_table
from exports.validators import VALIDATORS
from exports.validators.problems import Row, required

WHOLE = {
    "conversations": conversations.read_dialogues,
    "comparisons": comparisons.read_dialogues,
    "comparisons-sheet": comparisons.read_dialogues,
}
COMPLETING = ("candidates", "annotators", "dispositions")
PAIRS = ("preference-pairs", "preference-pairs-chosen")
ALONE = {
    **dict.fromkeys(
        PAIRS,
        "Pairs leave out ties and the order shown, so no judgement can be rebuilt from them: "
        "import conversations or comparisons, from which the same pairs are exported again.",
    ),
    **dict.fromkeys(
        COMPLETING,
        "It holds no judgements: put it into one folder with conversations or comparisons, and "
        "import the folder with --format release.",
    ),
    "rankings": "Rankings hold no texts: put the file into one folder with candidates and "
    "annotators, and import the folder with --format release.",
}

# Without these no judgement can be told; a recipient's export may lack them.
PLACE = ("conversation_id", "annotator_id", "candidate_set_id", "turn", "kind", "wave", "mode")
JUDGED = (
    *PLACE, "language", "message", "planned_turns", "sitting", "sampler", "sampler_version",
    "responses", "models", "letters", "candidate_ids", "ranks", "scores", "chosen",
)  # fmt: skip
NEEDED = {
    "conversations": (
        "conversation_id", "annotator_id", "kind", "is_retest", "language", "wave", "status",
        "sitting", "planned_turns", "live_sampler", "live_sampler_version", "turns",
    ),
    "comparisons": JUDGED,
    "comparisons-sheet": JUDGED,
    "rankings": (
        *PLACE, "is_retest", "candidate_id", "is_chosen", "place_shown", "candidates_shown",
        "sampler", "sampler_version",
    ),
    "candidates": (
        "result", "candidate_set_id", "set_status", "language", "sampler", "sampler_version",
        "context",
    ),
    "annotators": ("annotator_id", "wave"),
}  # fmt: skip


@dataclass(frozen=True)
class Dataset:
    """What the files of one import come to. Sets are stored first, conversations then, and at
    last the people without any."""

    dialogues: Iterable[Dialogue]
    sets: Iterable[MadeSet] = ()
    people: dict[str, Person] = field(default_factory=dict)


def check_tables(tables: Tables) -> None:
    """Raises ValidationError, with what to do, where no study can be made of these files."""
    if set(WHOLE) & set(tables) or {"rankings", "candidates"} <= set(tables):
        return
    for name, sentence in ALONE.items():
        if name in tables:
            raise ValidationError(sentence)
    raise ValidationError(
        "There is no export of ours in this folder: its files are named as formats are, such as "
        "conversations.parquet."
    )


def find_problems(tables: Tables) -> Iterator[Problem]:
    """What breaks a rule of a format, file by file; then whether a study can be made of them,
    unless there is but one file that completes others. Raises ValidationError as reading does."""
    for name, path in tables.items():
        if name in VALIDATORS:
            for found in VALIDATORS[name](read_table(path, FORMATS[name])):
                yield Problem(found.rule, f"{path.name}, row {found.row}", found.sentence)
    if set(tables) & set(ALONE) and len(tables) == 1:
        for name in tables:
            deque(_rows(tables, name), maxlen=0)
    else:
        dataset = read_dataset(tables, Tally())
        deque(chain(dataset.sets, dataset.dialogues), maxlen=0)


def read_dataset(tables: Tables, tally: Tally) -> Dataset:
    """The files as one dataset, read as it is stored. Raises ValidationError on a fault."""
    check_tables(tables)
    people = {person.key: person for person in annotators.read_people(_rows(tables, "annotators"))}
    dialogues = _dialogues(tables, tally, people)
    return Dataset(
        dialogues=_completed(dialogues, people, _places(tables)),
        sets=_sets(tables),
        people=people,
    )


def _rows(tables: Tables, name: str) -> Iterator[Row]:
    """A file's rows; none where there is no such file."""
    if name not in tables:
        return
    for row in read_table(tables[name], FORMATS[name]):
        for _rule, sentence in required(row, *NEEDED.get(name, ())):
            raise ValidationError(
                f"{tables[name].name}: {sentence} Import an export that has this column."
            )
        yield row


def _sets(tables: Tables) -> Iterator[MadeSet]:
    return candidates.read_sets(partial(_rows, tables, "candidates"))


def _dialogues(tables: Tables, tally: Tally, people: dict[str, Person]) -> Iterator[Dialogue]:
    for name, read in WHOLE.items():
        if name in tables:
            return read(_rows(tables, name), tally)
    answered = rankings.what_was_answered(_sets(tables))
    return rankings.read_dialogues(_rows(tables, "rankings"), tally, answered, people)


def _places(tables: Tables) -> dict[str, dict[str, Any]]:
    """What became of each conversation's place, and what it was, as fields of Dialogue."""
    return {
        row["conversation_id"]: {
            "disposition": row["disposition"] or "",
            "country": row["country"],
            "reason": row["reason"] or "",
            "slot": {"batch": row["batch"] or 0, "stratum": row["stratum"] or ""},
        }
        for row in _rows(tables, "dispositions")
        if row["conversation_id"]
    }


def _completed(
    dialogues: Iterator[Dialogue],
    people: dict[str, Person],
    places: dict[str, dict[str, Any]],
) -> Iterator[Dialogue]:
    for one in dialogues:
        person = people.get(one.person.key, one.person)
        yield replace(one, person=person, **places.get(one.key, {}))
