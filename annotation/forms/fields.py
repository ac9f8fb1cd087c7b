"""Fields and words that several forms share."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

CHOOSE_ONE = _("Choose one of the answers.")


# Beyond any text taken here: a larger number is no count of ours.
MOST_PASTED = 1_000_000


class PastedField(forms.Field):
    """Characters pasted into the text beside it, counted by static/js/paste.js.

    Nothing, or nothing readable: not measured. A measurement never refuses a form.
    """

    def __init__(self, *, into: str) -> None:
        widget = forms.HiddenInput(attrs={"data-pasted-into": into, "autocomplete": "off"})
        super().__init__(required=False, widget=widget)

    def to_python(self, value: Any) -> int | None:
        text = str(value or "")
        if not (text.isascii() and text.isdigit()):
            return None
        count = int(text[:10])
        return count if count <= MOST_PASTED else None


class WrittenField(forms.CharField):
    """What people type: a browser's line ends become plain ones before anything counts them."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return text.replace("\r\n", "\n").replace("\r", "\n")
