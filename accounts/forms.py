"""What an administrator says when she helps somebody to sign in again."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.signing_in import MOST_CHARACTERS


class ReasonForm(forms.Form):
    why = forms.CharField(
        label=_("Reason"), max_length=MOST_CHARACTERS, help_text=_("It is kept with the change.")
    )
