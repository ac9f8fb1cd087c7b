"""The invitation's buttons."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext_lazy as _

from annotation.recruitment.conventions import Arrival

LONGEST_ID = 200


class JoinForm(forms.Form):
    """Which rendering was pressed, and whether somebody else sits here now.

    The ids come from the address alone: a signature vouches for an address, not for a form.
    """

    start_key = forms.UUIDField(required=False)
    fresh = forms.BooleanField(required=False)

    def __init__(self, data: Any = None, *, arrival: Arrival) -> None:
        super().__init__(data)
        self.arrival = arrival

    def clean(self) -> dict[str, Any]:
        for value in (self.arrival.external_id, *self.arrival.details.values()):
            if len(value) > LONGEST_ID:
                raise ValidationError(_("The recruitment id in this link is too long."))
            ProhibitNullCharactersValidator()(value)
        return super().clean() or self.cleaned_data
