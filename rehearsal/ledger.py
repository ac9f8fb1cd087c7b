"""What the people of a rehearsal themselves know: which submissions were answered as stored."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from annotation.dealing.seeds import derive_seed


@dataclass(frozen=True, slots=True)
class Submission:
    """One ranking as it was sent: by whom, of which turn, under which key, with what."""

    person: int
    conversation: str
    position: int
    key: str
    content: int  # what was chosen and every rank, as `content_of` folds them
    seconds: float  # that her reading takes by the played clock


def content_of(chosen: str, ranks: Mapping[str, int | None]) -> int:
    """The chosen handle and the ranks by handle as one number, the same in any order."""
    return derive_seed(chosen, *sorted(f"{handle}={rank}" for handle, rank in ranks.items()))


@dataclass
class Ledger:
    """Kept beside the site, never in it. Several people write at once."""

    sent: list[Submission] = field(default_factory=list)
    acknowledged: set[tuple[str, int]] = field(default_factory=set)
    events: dict[str, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    unanswered: int = 0
    failures: list[str] = field(default_factory=list)
    stranded: list[str] = field(default_factory=list)
    lapsed: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note_sent(self, submission: Submission) -> None:
        with self._lock:
            self.sent.append(submission)

    def note_acknowledged(self, conversation: str, position: int) -> None:
        with self._lock:
            self.acknowledged.add((conversation, position))

    def note(self, event: str) -> None:
        with self._lock:
            self.events[event] = self.events.get(event, 0) + 1

    def note_lapse(self, conversation: str) -> None:
        with self._lock:
            self.lapsed.append(conversation)

    def note_stranded(self, person: int, why: str) -> None:
        """Somebody who could not go on although she wanted to."""
        with self._lock:
            self.stranded.append(f"person {person}: {why}")

    def add(self, seconds: list[float], unanswered: int, failures: list[str]) -> None:
        with self._lock:
            self.seconds += seconds
            self.unanswered += unanswered
            self.failures += failures

    def merge(self, other: "Ledger") -> None:
        """Takes over what another process noted."""
        self.sent += other.sent
        self.acknowledged |= other.acknowledged
        for event, times in other.events.items():
            self.events[event] = self.events.get(event, 0) + times
        self.add(other.seconds, other.unanswered, other.failures)
        self.stranded += other.stranded
        self.lapsed += other.lapsed

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "_lock"}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()
