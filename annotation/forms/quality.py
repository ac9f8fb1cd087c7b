"""What the person says to a note on her work, and what a reviewer decides about it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.forms.fields import CHOOSE_ONE, WrittenField
from annotation.models import Flag


class FlagAnswerForm(forms.Form):
    """Her answer, in any language; an empty one takes back what she said."""

    answer = WrittenField(
        label=_("Your answer"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": _("Please shorten your text to %(limit_value)d characters.")},
    )


class FlagDecisionForm(forms.Form):
    """A decision and its reason; nothing is chosen beforehand."""

    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=Flag.Decision.choices,
        widget=forms.RadioSelect,
        error_messages={"required": CHOOSE_ONE},
    )
    reason = WrittenField(
        label=_("Reason"),
        help_text=_("The person reads it. Write it in a language she understands."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 80}),
        error_messages={"required": _("Say why: the person reads it.")},
    )
    end = forms.BooleanField(
        label=_("End the participation now, with the quality exit"), required=False
    )

    def clean_end(self) -> bool:
        """Only together with leaving out; with another decision it would be a slip."""
        end: bool = self.cleaned_data["end"]
        if end and self.cleaned_data.get("decision") != Flag.Decision.EXCLUDED:
            self.add_error("decision", CHOOSE_ONE)
        return end
