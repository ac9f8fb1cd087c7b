"""The form of the preflight."""

from collections.abc import Iterable
from typing import Any

from django import forms

from annotation.models import StudyLocale


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
