"""PRISM's layout: its files are read and checked; a study of ours does not fit it yet."""

from django.core.exceptions import ValidationError

from annotation.models import Mode, Study
from exports.format import Format, Query
from exports.scope import Scope

NO_RATINGS = (
    "PRISM's files are scores from 1 to 100 and its survey's answers; this study collected no "
    "ratings, so export `rankings` or `comparisons` instead."
)
NO_SURVEY = (
    "PRISM's files need its survey's answers and every response scored as it came; this study has "
    "ratings alone, so export `rankings`, which carries them."
)


def check(study: Study) -> None:
    """Refuses every study that there is; the writer comes with studies in PRISM's manner."""
    raise ValidationError(NO_SURVEY if Mode.RATING in study.modes else NO_RATINGS)


def query(scope: Scope) -> Query:
    check(scope.study)
    raise AssertionError("no study fits")


FORMAT = Format(
    name="prism",
    title="PRISM",
    row="None: no study can be written in this layout yet.",
    columns=(),
    query=query,
    not_carried="Everything.",
    check=check,
)
