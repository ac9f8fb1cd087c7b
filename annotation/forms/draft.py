"""The envelope of a draft."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError


class DraftForm(forms.Form):
    """Which form it is of, what it holds, and the revision that was read before."""

    key = forms.CharField(max_length=200, strip=False)
    revision = forms.IntegerField(min_value=0, max_value=2**31 - 2)
    fields_ = forms.JSONField(required=False)

    def clean_fields_(self) -> dict[str, Any]:
        given = self.cleaned_data["fields_"]
        if given is None:
            return {}
        if not isinstance(given, dict):
            raise ValidationError("not an object")
        return given
