"""What figures rest on beside judgements, whose changes the log of changes does not tell."""

from collections.abc import Callable
from functools import cache

from annotation.models import Study
from insights.figures.figure import Beside, Figure
from insights.figures.locks import is_locked
from insights.figures.sample import sample_digest

LOCKED = "locked"


def basis_of(figure: Figure, *, locked: bool, places: Callable[[], str]) -> str:
    """As it is stored with the figure's result; "": nothing."""
    if figure.beside == Beside.PLACES:
        return places()
    return LOCKED if locked and figure.beside == Beside.LOCK else ""


def rests(figure: Figure, study: Study) -> bool:
    """Whether it is not computed again: it needs people's answers or the cells that they fit, and
    the day is over until which these were kept. What was computed before stays."""
    of_people = figure.by_groups or figure.beside == Beside.PLACES or figure.of_answers
    return of_people and not study.is_kept


def basis_now(study: Study, phase: str) -> Callable[[Figure], str]:
    """The same of this moment; what a figure does not ask for is not read."""
    locked, places = is_locked(study, phase), cache(lambda: sample_digest(study, phase))
    return lambda figure: basis_of(figure, locked=locked, places=places)
