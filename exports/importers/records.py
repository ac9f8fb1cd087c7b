"""What every importer reads a file into, before anything is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """Something in a file that a rule forbids: which rule, where, and one sentence."""

    rule: str
    place: str  # "row 7", "conversation c12"
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence} [{self.rule}]"


@dataclass(frozen=True)
class Person:
    """One annotator as a file knows her. `answers`: question -> option code; `numbers` likewise."""

    key: str
    country: str  # ISO 3166-1 alpha-2; empty: not said
    language: str
    wave: int = 1
    answers: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Response:
    """One candidate in the place where it was shown."""

    position: int  # on the page, from 0
    text: str
    model: str = ""
    rank: int | None = None
    score: int | None = None


@dataclass(frozen=True)
class JudgedTurn:
    """A message, the responses in the order shown, and the one that was chosen."""

    message: str
    responses: Sequence[Response]
    chosen: int  # position of the chosen one
    explanation: str | None = None  # None: none stored
    raw: str = ""  # the generation, untouched
    mode: str = ""  # what the turn asked; empty: as the import says
    acceptable: str = ""  # empty: not asked
    represents: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        if self.chosen not in {response.position for response in self.responses}:
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
