"""Forms of the pages that open, pause and close a study."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.models import Phase, StudyLocale

REASON = 500


class RatesForm(forms.Form):
    """How many people are expected a day, locale by locale."""

    def __init__(self, *args: Any, locales: Iterable[StudyLocale], **more: Any) -> None:
        super().__init__(*args, **more)
        for locale in locales:
            self.fields[self.field_of(locale)] = forms.FloatField(
                label=str(locale), min_value=0, max_value=100_000, required=False
            )

    @staticmethod
    def field_of(locale: StudyLocale) -> str:
        return f"rate-{locale}"

    def rates(self) -> dict[str, float]:
        """By locale; those left empty are not in it."""
        return {
            name.removeprefix("rate-"): value
            for name, value in self.cleaned_data.items()
            if value is not None
        }


def _why() -> forms.CharField:
    return forms.CharField(
        label=_("Why"), max_length=REASON, widget=forms.TextInput(attrs={"size": 60})
    )


class OpenForm(forms.Form):
    phase = forms.ChoiceField(
        label=_("Phase"),
        choices=[(phase.value, phase.label) for phase in (Phase.PILOT, Phase.MAIN)],
    )
    why = _why()


class PauseForm(forms.Form):
    """Of the study (`locale` empty), or of one locale."""

    why = _why()


class CloseForm(forms.Form):
    why = _why()
    typed = forms.CharField(
        label=_("The study's key, typed out"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
