"""What a reader of figures may choose."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.models import Study
from insights.figures.figure import Options, Turns


class OptionsForm(forms.Form):
    turns = forms.ChoiceField(label=_("Turns"), choices=Turns.choices, required=False)
    arm = forms.ChoiceField(label=_("Arm"), required=False)
    excluded = forms.BooleanField(
        label=_("With people who were left out by the exclusion rules"), required=False
    )

    def __init__(self, *args: Any, study: Study, **more: Any) -> None:
        super().__init__(*args, **more)
        arms = [(str(arm), str(arm)) for arm in study.arms()]
        self.fields["arm"].choices = [("", _("all arms together")), *arms]  # type: ignore[attr-defined]

    @property
    def turns_words(self) -> str:
        return str(Turns(self.options().turns).label)

    def options(self) -> Options:
        """What was chosen; what is no choice counts as not chosen."""
        if not self.is_bound:
            return Options()
        self.is_valid()
        chosen = self.cleaned_data
        return Options(
            turns=chosen.get("turns") or Turns.FIRST.value,
            excluded=bool(chosen.get("excluded")),
            arm=chosen.get("arm") or "",
        )
