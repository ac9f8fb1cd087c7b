"""What a check says: one sentence that holds or not, with the numbers behind it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Detail:
    """One figure of a family: what was found, what theory expects, how far apart they may be."""

    name: str
    found: float
    expected: float
    allowed: float

    @property
    def distance(self) -> float:
        """How far apart they are, as a multiple of what is allowed."""
        return abs(self.found - self.expected) / self.allowed


@dataclass(frozen=True)
class Check:
    """`figure` and `bound` are the two numbers compared; `words` say how, and what was seen."""

    name: str
    holds: bool
    figure: float
    bound: float
    words: str
    details: tuple[Detail, ...] = ()
