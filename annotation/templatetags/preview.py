"""The banner over every page of a preview."""

from typing import Any

from django import template
from django.core.cache import cache

from annotation.actions.previewing import unprepared
from annotation.desk.previews import preview_address
from annotation.models import Phase, StudyLocale

register = template.Library()
KEPT_SECONDS = 30


@register.inclusion_tag("annotation/partials/preview_banner.html", takes_context=True)
def preview_banner(context: dict[str, Any]) -> dict[str, Any]:
    """Empty on every other page: it asks the database for nothing there."""
    locale = _locale(context)
    if locale is None:
        return {}
    user = getattr(context.get("request"), "user", None)
    missing = cache.get_or_set(f"unprepared:{locale.pk}", lambda: unprepared(locale), KEPT_SECONDS)
    return {
        "locale": locale,
        "unprepared": missing if locale.study.pool_conversations else 0,
        "again": preview_address(user=user.pk, locale=locale) if user and user.pk else "",
    }


def _locale(context: dict[str, Any]) -> StudyLocale | None:
    """Of the preview that this page belongs to."""
    invited: StudyLocale | None = context.get("preview_of")
    if invited:
        return invited
    person = getattr(context.get("request"), "participation", None)
    if person is None or person.phase != Phase.PREVIEW:
        return None
    hers: StudyLocale | None = person.locale
    return hers
