"""The practice item: places as in a real turn (looked at, never stored), and one question."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.forms.fields import CHOOSE_ONE
from annotation.models import ShownCandidate
from annotation.steps.practice import Practice


class PracticeForm(forms.Form):
    """What she chose stays in the fields when the question has to be tried again."""

    attempt = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, data: Any = None, *, practice: Practice, attempt: int) -> None:
        super().__init__(data, initial={"attempt": attempt})
        self.practice = practice
        places = [(str(place + 1), str(place + 1)) for place in range(len(practice.answers))]
        for letter, _text in self._lettered():
            self.fields[f"place_{letter}"] = forms.ChoiceField(
                label=_("Place of answer %(letter)s") % {"letter": letter},
                choices=places,
                widget=forms.RadioSelect,
                error_messages={"required": _("Give this answer a place.")},
            )
        self.fields["option"] = forms.ChoiceField(
            label=practice.question,
            choices=[(str(place), text) for place, text in enumerate(practice.options)],
            widget=forms.RadioSelect,
            error_messages={"required": CHOOSE_ONE},
        )

    def _lettered(self) -> list[tuple[str, str]]:
        return list(zip(ShownCandidate.LETTERS, self.practice.answers, strict=False))

    def place_fields(self) -> list[tuple[str, str, forms.BoundField]]:
        """Each answer's letter and text with its bound field, in order."""
        return [(letter, text, self[f"place_{letter}"]) for letter, text in self._lettered()]

    def is_right(self) -> bool:
        return int(self.cleaned_data["option"]) == self.practice.right
