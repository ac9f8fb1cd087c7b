"""On every page: the way to the help desk. In a turn: the way to report a problem."""

from typing import Any
from urllib.parse import urlencode

from django import template
from django.template.context import Context
from django.urls import reverse

from annotation.access import find_own_thread
from annotation.forms.care import ReportForm, page_of
from annotation.models import HelpThread, Study, Turn

register = template.Library()


@register.simple_tag(takes_context=True)
def help_desk_link(context: Context) -> str:
    """The help desk's address, with the page she is on (without tokens) and its study."""
    request = context.get("request")
    study = context.get("study")
    told = {
        "from": page_of(request.path) if request else "",
        "study": study.key if isinstance(study, Study) else "",
    }
    given = urlencode({name: value for name, value in told.items() if value}, safe="/")
    return reverse("help-desk") + (f"?{given}" if given else "")


@register.simple_tag(takes_context=True)
def answer_waits(context: Context) -> bool:
    """Whether the help desk has answered since she last looked."""
    request = context.get("request")
    if request is None or not hasattr(request, "session"):
        return False
    thread = find_own_thread(request)
    if thread is None:
        return False
    return HelpThread.objects.with_unread_answer().filter(pk=thread.pk).exists()


@register.inclusion_tag("annotation/partials/report.html", takes_context=True)
def report_box(context: Context, turn: Turn) -> dict[str, Any]:
    """The disclosure "Report a problem" of a turn."""
    request = context.get("request")
    return {
        "turn": turn,
        "conversation": context["conversation"],
        "form": ReportForm(turn=turn),
        "thanked": request is not None and "reported" in request.GET,
        "csrf_token": context.get("csrf_token"),
    }
