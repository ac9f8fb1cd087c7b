"""What a person enters on the pages about topics and themes."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotation.models import Study
from insights.statistics.topics import MOST_CLUSTERS
from insights.topics.theming import LARGEST_FILE


class SuggestForm(forms.Form):
    clusters = forms.IntegerField(
        label=_("How many topics"),
        help_text=_("Empty: as many as stand farthest apart."),
        min_value=2,
        max_value=MOST_CLUSTERS,
        required=False,
    )


class AcceptForm(forms.Form):
    """A suggestion's cluster, the topic it becomes, and the prompts that get it."""

    suggestion = forms.IntegerField()
    cluster = forms.IntegerField(min_value=0)
    topic = forms.CharField(max_length=60)
    prompts = forms.TypedMultipleChoiceField(coerce=int, required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        asked = self.data.getlist("prompts") if hasattr(self.data, "getlist") else []
        numbers = [one for one in asked if one.isdecimal()]
        self.fields["prompts"].choices = [(one, one) for one in numbers]  # type: ignore[attr-defined]


class AsideForm(forms.Form):
    suggestion = forms.IntegerField()
    cluster = forms.IntegerField(min_value=0)


class RenameForm(forms.Form):
    old = forms.CharField(max_length=60)
    new = forms.CharField(max_length=60)


class TopicsForm(forms.Form):
    """The topics of one prompt, and those that stood there when the page was made."""

    prompt = forms.IntegerField()
    topics = forms.CharField(max_length=300, required=False)
    was = forms.CharField(max_length=300, required=False)

    @staticmethod
    def parts(value: str) -> list[str]:
        return [part.strip() for part in value.split(",") if part.strip()]


class DrawForm(forms.Form):
    """A new sheet for two coders."""

    size = forms.IntegerField(
        label=_("How many explanations"), min_value=2, max_value=2000, initial=200
    )
    language = forms.ChoiceField(label=_("Language"), required=False)
    first = forms.CharField(label=_("First coder"), max_length=40)
    second = forms.CharField(label=_("Second coder"), max_length=40)
    released_only = forms.BooleanField(
        label=_("Only of people who also allow the release of their words"),
        help_text=_("Needed where a coder does not belong to the team."),
        required=False,
    )

    def __init__(self, *args: Any, study: Study, **more: Any) -> None:
        super().__init__(*args, **more)
        codes = sorted(set(study.locales.values_list("language", flat=True)))
        every: list[tuple[str, str | Promise]] = [("", _("all languages"))]
        self.fields["language"].choices = every + [(code, code) for code in codes]  # type: ignore[attr-defined]


class CodesForm(forms.Form):
    """What one coder sends back."""

    sheet = forms.IntegerField()
    coder = forms.TypedChoiceField(choices=[("0", "0"), ("1", "1")], coerce=int)
    file = forms.FileField(label=_("The coded sheet, as CSV"))
    replace = forms.BooleanField(label=_("Replace what is stored"), required=False)

    def clean_file(self) -> Any:
        """Before it is read into memory."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise ValidationError(_("The file is larger than 5 MB. Send the sheet alone."))
        return file
