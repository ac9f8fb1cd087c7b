"""What a reported problem is about."""

from django import template
from django.utils.translation import gettext as _

from annotation.models import ProblemReport

register = template.Library()


@register.filter
def about(report: ProblemReport) -> str:
    """The message, or the letter under which the response stood for her."""
    letters = {row.candidate_id: row.letter for row in report.turn.shown.all()}
    if report.candidate_id is None:
        return _("the message")
    return letters.get(report.candidate_id, "–")
