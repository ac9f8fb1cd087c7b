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
from exports.forms.labels import FORMATS as FORMAT_WORDS
from exports.forms.labels import LICENCE_NAMES, TIMES, word
from exports.models import Release, Tier

UNSAID = [("", _("as the tier has it"))]


def format_choices() -> list[tuple[str, str]]:
    return [(name, word(FORMAT_WORDS, name)) for name in FORMATS]


class StudyField(forms.ModelChoiceField):  # type: ignore[type-arg]  # no generics at run time
    """A study by its title; the key tells two of one title apart."""

    def label_from_instance(self, obj: Study) -> str:
        return f"{obj.title} ({obj.key})"


class ReleaseForm(forms.Form):
    """Everything has a default: a study and one click are enough."""

    study = StudyField(
        Study.objects.none(),
        to_field_name="key",
        label=_("study"),
        help_text=_("Nothing of a rehearsal leaves, so that none is offered."),
    )
    tier = forms.ChoiceField(
        choices=[
            (Tier.PUBLIC, _("public: everybody, with answers made coarser")),
            (Tier.AGREEMENT, _("by agreement: whoever signed one, with finer answers")),
        ],
        label=_("who may have it"),
        help_text=_(
            "A public release leaves out the people of a locale in which too few finished a "
            "conversation. “Disclosure risk” shows before what each tier loses."
        ),
    )
    formats = forms.MultipleChoiceField(
        choices=format_choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label=_("formats"),
        help_text=_("None chosen: every format that the study fits, as Parquet."),
    )
    licence = forms.ChoiceField(
        choices=[*UNSAID, *LICENCE_NAMES.items()],
        required=False,
        label=_("licence"),
        help_text=_("Unless chosen: CC-BY-4.0; by agreement, the agreement alone."),
    )
    times = forms.ChoiceField(
        choices=[*UNSAID, *TIMES.items()],
        required=False,
        label=_("times leave"),
        help_text=_(
            "How exactly. Unless chosen: by the day in a public one, which may not be finer; by "
            "the hour by agreement."
        ),
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
