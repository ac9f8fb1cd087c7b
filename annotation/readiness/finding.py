"""What a look at a part of a study found, and how to mend it."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _

MOST_NAMED = 12  # places in one sentence; the rest is counted


class State(StrEnum):
    OK = "ok"
    WAIT = "wait"  # to be looked at; it stops nothing
    STOP = "stop"  # the study does not open


@dataclass(frozen=True)
class Finding:
    """What one part of a study is like, and how to mend it.

    `page` names the page on which it is mended, with the study's key in its address; empty:
    `todo` says what to do elsewhere.
    """

    part: str
    state: State
    words: str
    todo: str = ""
    page: str = ""

    @property
    def stops(self) -> bool:
        return self.state is State.STOP


def named(items: list[str]) -> str:
    """The first of them, and how many more there are."""
    shown = ", ".join(items[:MOST_NAMED])
    more = len(items) - MOST_NAMED
    return shown if more <= 0 else _("%(named)s and %(more)s more") % {"named": shown, "more": more}
