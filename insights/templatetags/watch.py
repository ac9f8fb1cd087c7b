"""Links from a panel to the pages that say more."""

from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse

from annotation.models import Phase, Study
from insights.watch.view import Panel

register = template.Library()


@register.inclusion_tag("insights/watch/links.html")
def watch_links(panel: Panel, study: Study, phase: Phase) -> dict[str, Any]:
    """Those pages that there are, in the same phase."""
    links = [
        (f"{address}?phase={phase.value}", words)
        for name, words in panel.more
        if (address := _address(name, study))
    ]
    return {"links": links}


def _address(name: str, study: Study) -> str:
    try:
        return reverse(name, args=[study.key])
    except NoReverseMatch:
        return ""
