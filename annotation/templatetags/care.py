"""On every page: the way to the help desk. In a turn: the way to report a problem."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django import template
from django.db.models import Case, Exists, QuerySet, When
from django.template.context import Context
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import get_language

from annotation.access import find_begun_thread
from annotation.forms.care import ReportForm, page_of
from annotation.models import Exclusion, Flag, HelpThread, Participation, Study, Turn
from annotation.queries.prepared import prepared

register = template.Library()


@register.filter
def moment(value: datetime | None) -> str:
    """Day and minute in the language of the pages, with the zone said: 21 novembre 2026, 05:56 UTC.

    Django has no format of its own for Hindi, so that the order is told here for all.
    """
    if value is None:
        return ""
    order = r"j \d\e F \d\e Y, H:i" if get_language() == "pt-br" else "j F Y, H:i"
    return f"{date_format(value.astimezone(UTC), order)} UTC"


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
def footer_news(context: Context) -> dict[str, bool]:
    """What there is for her: `notes` on how she worked, an `answer` of the help desk that came
    since she last looked."""
    request = context.get("request")
    if request is None or not hasattr(request, "session"):
        return {}
    participation = getattr(request, "participation", None)
    notes = has_thread = answer = False
    if participation:
        [(notes, has_thread, answer)] = _news_of(person=participation.pk)
    if not has_thread:
        begun = find_begun_thread(
            request, study_id=participation.study_id if participation else None
        )
        unread = HelpThread.objects.with_unread_answer()
        answer = begun is not None and unread.filter(pk=begun.pk).exists()
    return {"notes": notes, "answer": answer}


@prepared
def _news_of(*, person: int) -> QuerySet[Participation, Any]:
    threads = HelpThread.objects.filter(participation=person)
    noted = Exists(Flag.objects.filter(participation=person).raised())
    by_hand = Exists(Exclusion.objects.filter(participation=person, flag=None))
    notes = Case(When(noted | by_hand, then=True), default=False)
    return Participation.objects.filter(pk=person).values_list(
        notes, Exists(threads), Exists(threads.with_unread_answer())
    )


@register.inclusion_tag("annotation/partials/report.html", takes_context=True)
def report_box(context: Context, turn: Turn) -> dict[str, Any]:
    """The disclosure "Report a problem" of a turn."""
    request = context.get("request")
    return {
        "turn": turn,
        "conversation": context["conversation"],
        "form": ReportForm(turn=turn, shown=context.get("shown")),
        "kept": True,
        "thanked": request is not None and "reported" in request.GET,
        "csrf_token": context.get("csrf_token"),
    }
