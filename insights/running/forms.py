"""Forms of the pages that open, pause and close a study."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.models import Phase

REASON = 500


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
