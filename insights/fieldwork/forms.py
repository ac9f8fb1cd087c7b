"""What a person writes under the figures she read."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.forms.fields import WrittenField


class SignForm(forms.Form):
    """Why a locale may go on after its soft launch."""

    notes = WrittenField(
        label=_("What did you look at, and why may it go on?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say what you looked at, and why it may go on.")},
    )
