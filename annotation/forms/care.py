"""What people tell the study: a problem in a turn, a message to the help desk."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.urls import Resolver404, resolve
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from annotation.forms.fields import CHOOSE_ONE, WrittenField
from annotation.models import ProblemReport, ShownCandidate, Study, Turn
from candidates.models import Candidate

TEXT_LENGTH = 4000
TOO_LONG = _("Please shorten your message to %(limit_value)d characters.")


def page_of(path: str) -> str:
    """Which page a path is, without what names a person, a conversation or a link.

    Every word in the path that its pattern leaves open becomes a dash, so that a personal
    token is never kept; what is no page of ours is nothing. Its own result stays as it is.
    """
    try:
        match = resolve(path)
    except Resolver404:
        return ""
    for value in match.kwargs.values():
        if isinstance(value, str):
            path = path.replace(f"/{value}/", "/-/")
    return path[:200]


class ReportForm(forms.Form):
    """A problem with the message of a turn, or with one of the answers shown in it."""

    about = forms.ChoiceField(label=_("What is it about?"), required=False)
    kind = forms.ChoiceField(
        label=_("What is the problem?"),
        choices=[(kind.value, capfirst(kind.label)) for kind in ProblemReport.Kind],
        widget=forms.RadioSelect,
        error_messages={"required": CHOOSE_ONE},
    )
    report_text = WrittenField(
        label=_("If you like, tell us more"),
        required=False,
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": TOO_LONG},
    )

    def __init__(
        self, data: Any = None, *, turn: Turn, shown: Sequence[ShownCandidate] | None = None
    ) -> None:
        super().__init__(data, auto_id="report_%s")
        self.shown = shown or list(turn.shown.select_related("candidate"))
        about = self.fields["about"]
        assert isinstance(about, forms.ChoiceField)
        about.choices = [
            ("", _("The message")),
            *(
                (row.candidate.handle, _("Answer %(letter)s") % {"letter": row.letter})
                for row in self.shown
            ),
        ]

    def candidate(self) -> Candidate | None:
        """The answer it is about; None: the message."""
        about = self.cleaned_data["about"]
        return next((row.candidate for row in self.shown if row.candidate.handle == about), None)


class StudyField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Study) -> str:
        return obj.title


class HelpForm(forms.Form):
    """A message to the help desk, with the page she came from."""

    text = WrittenField(
        label=_("Your message"),
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Write your message."), "max_length": TOO_LONG},
    )
    page = forms.CharField(required=False, widget=forms.HiddenInput)
    study = StudyField(
        label=_("Which study is it about?"),
        queryset=Study.objects.none(),
        to_field_name="key",
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": CHOOSE_ONE, "invalid_choice": CHOOSE_ONE},
    )

    def __init__(
        self, data: Any = None, *, studies: QuerySet[Study], study: Study | None, page: str = ""
    ) -> None:
        super().__init__(data, initial={"page": page_of(page), "study": study and study.key})
        self.known = study
        field = self.fields["study"]
        assert isinstance(field, StudyField)
        field.queryset = studies
        if study:
            del self.fields["study"]

    def clean_page(self) -> str:
        return page_of(self.cleaned_data["page"])

    def chosen_study(self) -> Study:
        study: Study = self.known or self.cleaned_data["study"]
        return study


class AnswerForm(forms.Form):
    """The study's answer to a thread."""

    text = WrittenField(
        label=_("Answer"), max_length=TEXT_LENGTH, widget=forms.Textarea(attrs={"rows": 5})
    )
