"""Fields and words that several forms share."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

CHOOSE_ONE = _("Choose one of the answers.")


class WrittenField(forms.CharField):
    """What people type: a browser's line ends become plain ones before anything counts them."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return text.replace("\r\n", "\n").replace("\r", "\n")
