"""How a release's answers are made coarser: planned once, in the snapshot of its data."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.backends.utils import CursorWrapper

from annotation.models import Study
from exports.privacy.generalise import plan_recoding
from exports.privacy.recoding import Recoding
from exports.privacy.texts import check_decided, check_texts
from exports.privacy.tiers import Demands


def plan(
    cursor: CursorWrapper, *, study: Study, tier: str, settings: Mapping[str, Any]
) -> tuple[Recoding, dict[str, Any], dict[str, Any]]:
    """The recoding, what it does in counts, and itself as `Release.settings` keeps it.

    Raises ValidationError while texts wait for the check for personal data, or for a decision,
    and where everybody would have to be left out.
    """
    check_texts(study)
    recoding, report = plan_recoding(study=study, tier=tier, settings=settings, cursor=cursor)
    if report.before.people and not report.after.people:
        raise ValidationError(
            f"{report.shortfall} Wait for more people, or make a release by agreement."
        )
    return recoding, report.to_json(), recoding.to_json()


def check(*, study: Study, tier: str, settings: Mapping[str, Any]) -> None:
    """Raises ValidationError, before anything is asked for, for what `plan` would refuse."""
    Demands.of(tier, settings)
    check_decided(study)
