"""What every importer reads a file into, before anything is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

Fields = Mapping[str, Any]  # values of a stored row, by the field's name


@dataclass(frozen=True)
class Problem:
    """Something in a file that a rule forbids: which rule, where, and one sentence."""

    rule: str
    place: str  # "row 7", "conversation c12"
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence} [{self.rule}]"


class Arm(NamedTuple):
    """A sampler as a file names it; an empty strategy: the file does not say."""

    key: str
    version: int
    strategy: str = ""


@dataclass(frozen=True)
class Person:
    """One annotator as a file knows her. `answers`: question -> option code; `numbers` likewise.

    `consents`: purpose -> given, declined or taken_back; None: the file does not say, and she is
    taken to have allowed what a published dataset rests on.
    """

    key: str
    country: str  # ISO 3166-1 alpha-2; empty: not said
    language: str
    wave: int = 1
    answers: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    not_shown: frozenset[str] = frozenset()
    labels: Mapping[tuple[str, str], str] = field(default_factory=dict)  # of question and code
    special: frozenset[str] = frozenset({"politics", "ethnicity"})  # questions of that category
    consents: Mapping[str, str] | None = None
    outcome: str = "complete"  # empty: her part has not ended
    finished_at: datetime | None = None  # None: the file does not say


@dataclass(frozen=True)
class Call:
    """One call to a model; `fields` are those of Generation."""

    key: str
    model: str = ""
    endpoint: str = ""  # empty: the file names the model alone
    fields: Fields = field(default_factory=dict)
    shared: bool = False  # the key is the file's: other sets may name the same call


@dataclass(frozen=True)
class Made:
    """One candidate of a set; `fields` are those of Candidate beside place and text."""

    key: str
    position: int  # in the set, from 0
    text: str
    call: str
    fields: Fields = field(default_factory=dict)
    translated_from: str = ""  # key of the candidate


@dataclass(frozen=True)
class Prompted:
    """The pool's text that a set answers. Without a key each text is a prompt of its own."""

    text: str
    key: str = ""
    version: int | None = None
    stage: str = "unreviewed"


@dataclass(frozen=True)
class MadeSet:
    """A candidate set and the calls that it came from; `fields` are those of CandidateSet."""

    key: str
    language: str
    context: Sequence[Mapping[str, str]]
    calls: Sequence[Call]
    candidates: Sequence[Made]
    prompt: Prompted | None = None  # None: made for one turn
    arm: Arm | None = None
    fields: Fields = field(default_factory=dict)
    refused_for: str = ""
    parallel_to: str = ""


@dataclass(frozen=True)
class Response:
    """One candidate in the place where it was shown."""

    position: int  # on the page, from 0
    text: str
    model: str = ""
    rank: int | None = None
    score: int | None = None
    key: str = ""  # of the candidate; empty: its place tells it
    visible_seconds: float | None = None


@dataclass(frozen=True)
class JudgedTurn:
    """A message, the responses in the order shown, and the one that was chosen."""

    message: str
    responses: Sequence[Response]
    chosen: int | None  # position of the chosen one; None: not judged
    explanation: str | None = None  # None: none stored
    raw: str = ""  # the generation, untouched
    mode: str = ""  # what the turn asked; empty: as the import says
    acceptable: str = ""  # empty: not asked
    represents: str = ""
    reason: str = ""
    set_key: str = ""  # empty: who saw the same texts in the same order shares a pool's set
    arm: Arm | None = None
    said: Fields = field(default_factory=dict)  # further fields of Turn,
    judged: Fields = field(default_factory=dict)  # of Ranking,
    explained: Fields = field(default_factory=dict)  # and of Explanation

    def __post_init__(self) -> None:
        places = {response.position for response in self.responses}
        if self.chosen is not None and self.chosen not in places:
            raise ValueError("the chosen response is not among the turn's responses")


@dataclass(frozen=True)
class Dialogue:
    """One conversation: its person, and its turns from the first, without a gap."""

    key: str
    person: Person
    language: str
    pool: bool  # opened by a prepared prompt
    turns: Sequence[JudgedTurn]
    planned_turns: int | None = None  # None: as many as there are
    prompt_key: str = ""  # of the pool's prompt; empty: the file does not say
    prompt_version: int | None = None
    status: str = "finished"
    skip_reason: str = ""
    disposition: str = "completed"  # of its place in the pool; empty: it has not ended
    reason: str = ""  # why the place was given back
    occasion: int | None = None  # None: counted in the order of the rows
    place_in_plan: int | None = None  # None: likewise
    sitting: int = 1
    live_arm: Arm | None = None  # of sets made in it
    country: str | None = None  # of the place's locale; None: the one she lives in
    told: Fields = field(default_factory=dict)  # further fields of Conversation,
    slot: Fields = field(default_factory=dict)  # and of Slot


@dataclass
class Tally:
    """What became of a file's rows, in the words of the report."""

    rows: int = 0
    dialogues: int = 0
    turns: int = 0
    rows_left_out: int = 0
    turns_left_out: int = 0

    def __str__(self) -> str:
        return (
            f"{self.rows} rows read; {self.dialogues} conversations with {self.turns} turns "
            f"stored; {self.rows_left_out} rows and {self.turns_left_out} turns left out."
        )
