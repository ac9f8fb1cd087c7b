"""How a release's answers are made coarser: planned once, in the snapshot of its data."""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.db.backends.utils import CursorWrapper

from annotation.models import Study
from exports.privacy.recoding import Recoding


def plan(
    cursor: CursorWrapper, *, study: Study, tier: str, settings: Mapping[str, Any]
) -> tuple[Recoding, dict[str, Any], dict[str, Any]]:
    """The recoding, what it does in counts, and itself as `Release.settings` keeps it."""
    if find_spec("exports.privacy.generalise") is None:
        return Recoding(), {}, {}
    planner = import_module("exports.privacy.generalise").plan_recoding
    recoding, report = planner(study=study, tier=tier, settings=settings, cursor=cursor)
    return recoding, report.to_json(), recoding.to_json()


def check(*, tier: str, settings: Mapping[str, Any]) -> None:
    """Raises ValidationError for settings that make no sense in a tier."""
    if find_spec("exports.privacy.tiers") is not None:
        import_module("exports.privacy.tiers").Demands.of(tier, settings)
