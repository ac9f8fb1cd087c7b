"""The line on every page of the desk while a part of the machine is missing."""

from typing import Any

from django import template

from annotation.models import Study
from annotation.rights import Right, may
from insights.health.parts import missing_at_a_glance
from insights.watch.machine import part_names

register = template.Library()


@register.inclusion_tag("insights/watch/missing.html", takes_context=True)
def missing_parts(context: dict[str, Any]) -> dict[str, Any]:
    """What is missing, for those who run a study; nothing for others, and nothing asked. The
    page on which a study is watched says it itself, and goes on saying how it is."""
    request = context.get("request")
    user = getattr(request, "user", None)
    match = getattr(request, "resolver_match", None)
    if match is not None and match.url_name == "study-watch":
        return {"missing": []}
    if user is None or not user.is_active or not user.is_staff:
        return {"missing": []}
    study = context.get("study")
    runs = (
        may(user, Right.AUTHOR, study)
        if isinstance(study, Study)
        else user.has_perm("annotation.change_study")
    )
    names = part_names()
    found = missing_at_a_glance() if runs else []
    return {"missing": [(names[one.part], one.words) for one in found]}
