"""The form by which staff ask for a release."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from annotation.models import Study
from exports.actions.releasing import request_release
from exports.formats import FORMATS
from exports.models import Release, Tier
from exports.release.tiers import LICENCES
from exports.scope import Times

TIMES = {
    Times.EXACT: _("exact"),
    Times.HOUR: _("by the hour"),
    Times.DAY: _("by the day"),
    Times.WEEK: _("by the week"),
    Times.MONTH: _("by the month"),
    Times.NONE: _("not at all"),
}
UNSAID = [("", _("as the tier has it"))]


def format_choices() -> list[tuple[str, str]]:
    return [(name, f"{form.title} ({name})") for name, form in FORMATS.items()]


class ReleaseForm(forms.Form):
    """Everything has a default: a study and one click are enough."""

    study: "forms.ModelChoiceField[Study]" = forms.ModelChoiceField(
        Study.objects.none(),
        to_field_name="key",
        label=_("study"),
    )
    tier = forms.ChoiceField(choices=Tier.choices, label=_("who may have it"))
    formats = forms.MultipleChoiceField(
        choices=format_choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label=_("formats"),
        help_text=_("None chosen: every format that the study fits, as Parquet."),
    )
    licence = forms.ChoiceField(
        choices=[*UNSAID, *((name, name) for name in LICENCES)],
        required=False,
        label=_("licence"),
    )
    times = forms.ChoiceField(
        choices=[*UNSAID, *TIMES.items()],
        required=False,
        label=_("times leave"),
    )

    def __init__(self, *args: Any, studies: QuerySet[Study], **more: Any) -> None:
        """`studies`: those whose data whoever asks may give away."""
        super().__init__(*args, **more)
        own = studies.filter(rehearsal_of=None).order_by("key")
        self.fields["study"].queryset = own  # type: ignore[attr-defined]

    def ask(self, *, by: User) -> Release | None:
        """The release that was asked for; None where the form says why there is none."""
        given: dict[str, Any] = self.cleaned_data
        try:
            return request_release(**given, by=by)
        except ValidationError as error:
            self.add_error(None, error)
            return None
