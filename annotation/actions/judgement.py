"""What one submission says of a turn, and the ranks that follow from it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from annotation.judgement.ranks import first_places, to_competition_ranks
from annotation.models import Mode

OUT_OF_DATE = _("This page is out of date. Load it again, please.")
PICK_ONE = _("Several answers share first place: pick which one continues.")
PLACE_MISSING = _("Give this answer a place.")
PLACE_ONE = _("Give at least one answer a place.")
RATING_MISSING = _("Rate this answer.")
RATE_ONE = _("Rate at least one answer.")
BEST_MISSING = _("Choose the answer you like best.")
WORST_MISSING = _("Choose the answer you like least.")
WORST_IS_BEST = _("The best and the worst must be two different answers.")

Ranks = dict[str, int | None]


@dataclass(frozen=True)
class Judgement:
    """By handle: places, or scores, or the best (and the worst); the pick among ties; opinions.

    Seconds in view, layout and viewport are measured by the page; what is missing was not.
    """

    acceptable: str
    represents: str
    places: Mapping[str, int] = field(default_factory=dict)
    scores: Mapping[str, int] = field(default_factory=dict)
    best: str = ""
    worst: str = ""
    continue_with: str = ""
    reason: str = ""
    next_message: str = ""
    pasted: int | None = None  # characters of the next message
    seconds: Mapping[str, float] = field(default_factory=dict)
    layout: str = ""
    viewport: str = ""


def check_judgement(
    judgement: Judgement, shown: Collection[str], *, mode: str, partial: bool
) -> tuple[Ranks, str]:
    """Ranks and the chosen one, by handle. Raises ValidationError, keyed by form field.

    Where `partial`, answers may stay without a place or a rating, but not all of them.
    """
    named = {*judgement.places, *judgement.scores, judgement.best, judgement.worst} - {""}
    if named - set(shown):
        raise ValidationError(OUT_OF_DATE)
    ranks = RULES[Mode(mode)](judgement, shown, partial)
    first = first_places({handle: rank for handle, rank in ranks.items() if rank is not None})
    if len(first) == 1:
        return ranks, first[0]
    if judgement.continue_with not in first:
        raise ValidationError({"continue_with": PICK_ONE})
    return ranks, judgement.continue_with


def _by_places(judgement: Judgement, shown: Collection[str], partial: bool) -> Ranks:
    missing = [handle for handle in shown if handle not in judgement.places]
    if missing and not partial:
        raise ValidationError({f"place_{handle}": PLACE_MISSING for handle in missing})
    if not judgement.places:
        raise ValidationError({f"place_{missing[0]}": PLACE_ONE})
    return dict.fromkeys(shown) | to_competition_ranks(judgement.places)


def _by_scores(judgement: Judgement, shown: Collection[str], partial: bool) -> Ranks:
    missing = [handle for handle in shown if handle not in judgement.scores]
    if missing and not partial:
        raise ValidationError({f"score_{handle}": RATING_MISSING for handle in missing})
    if not judgement.scores:
        raise ValidationError({f"score_{missing[0]}": RATE_ONE})
    below_best = {handle: -score for handle, score in judgement.scores.items()}
    return dict.fromkeys(shown) | to_competition_ranks(below_best)


def _by_best(judgement: Judgement, shown: Collection[str], _partial: bool) -> Ranks:
    if not judgement.best:
        raise ValidationError({"best": BEST_MISSING})
    return dict.fromkeys(shown) | {judgement.best: 1}


def _by_best_and_worst(judgement: Judgement, shown: Collection[str], _partial: bool) -> Ranks:
    missing = {"best": BEST_MISSING, "worst": WORST_MISSING}
    problems = {name: text for name, text in missing.items() if not getattr(judgement, name)}
    if not problems and judgement.best == judgement.worst:
        problems = {"worst": WORST_IS_BEST}
    if problems:
        raise ValidationError(problems)
    return dict.fromkeys(shown) | {judgement.best: 1, judgement.worst: len(shown)}


RULES = {
    Mode.RANKING: _by_places,
    Mode.BEST: _by_best,
    Mode.BEST_WORST: _by_best_and_worst,
    Mode.RATING: _by_scores,
}
