"""All figures, in the order of the page; each group is one page."""

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from insights.figures import (
    agreement,
    between,
    diversity,
    dividing,
    learning,
    participants,
    preferences,
    spread,
    working,
)
from insights.figures.figure import Figure

GROUPS: dict[str, Promise] = {
    "agreement": _("Agreement"),
    "preferences": _("Preferences"),
    "diversity": _("Diversity"),
    "people": _("People"),
}
FIGURES: Sequence[Figure] = (
    *agreement.FIGURES,
    *spread.FIGURES,
    *between.FIGURES,
    *dividing.FIGURES,
    *preferences.FIGURES,
    *diversity.FIGURES,
    *learning.FIGURES,
    *participants.FIGURES,
    *working.FIGURES,
)
BY_KEY = {figure.key: figure for figure in FIGURES}


def figures_of(group: str) -> list[Figure]:
    return [figure for figure in FIGURES if figure.group == group]
