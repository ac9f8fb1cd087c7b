"""What a reviewer may ask of the preview, and decide about findings."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Question
from annotation.models import Study
from exports.models import Finding, Tier
from exports.privacy.tables import question_words
from exports.privacy.tiers import FEWEST_ANSWERS, SMALLEST_GROUP


class PreviewForm(forms.Form):
    """Demands of a tier. Empty: what the tier demands by itself."""

    tier = forms.ChoiceField(label=_("For whom"), choices=Tier.choices, initial=Tier.PUBLIC)
    k = forms.IntegerField(
        label=_("Smallest group (k)"), min_value=2, max_value=1000, required=False,
        help_text=_("People alike in everything by which somebody could be known."),
    )  # fmt: skip
    l = forms.IntegerField(  # noqa: E741
        label=_("Fewest answers of a group (l)"), min_value=1, max_value=10, required=False,
        help_text=_("Different answers to a sensitive question in each group."),
    )  # fmt: skip
    special = forms.MultipleChoiceField(
        label=_("Special categories that leave"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("None, unless a legal basis and people's consent cover it."),
    )

    def __init__(self, *args: Any, study: Study, **options: Any) -> None:
        super().__init__(*args, **options)
        asked = Question.objects.filter(
            instrument__in=study.instrument_ids(),
            special_category=True,
        )
        codes = sorted(set(asked.values_list("code", flat=True)))
        field = self.fields["special"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(code, question_words(code)) for code in codes]
        if not codes:
            del self.fields["special"]

    @property
    def settings(self) -> dict[str, Any]:
        given = {name: self.cleaned_data.get(name) for name in ("k", "l", "special")}
        return {name: value for name, value in given.items() if value}

    @property
    def defaults(self) -> list[tuple[str, int, int]]:
        """What each tier demands by itself."""
        return [(str(tier.label), SMALLEST_GROUP[tier], FEWEST_ANSWERS) for tier in Tier]


class IdsField(forms.TypedMultipleChoiceField):
    """Row numbers; whether they are the study's, the action finds out."""

    def valid_value(self, value: Any) -> bool:
        return bool(re.fullmatch(r"[0-9]{1,18}", str(value)))


class DecisionForm(forms.Form):
    """One verdict on many findings; `only` is one finding's own button, such as 12:mask."""

    findings = IdsField(coerce=int, required=False)
    verdict = forms.ChoiceField(choices=Finding.Verdict, required=False)
    only = forms.RegexField(r"^[0-9]{1,18}:(keep|mask)$", required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if only := given.get("only"):
            pk, verdict = only.split(":")
            return given | {"findings": [int(pk)], "verdict": verdict}
        if not self.errors and not (given.get("findings") and given.get("verdict")):
            raise forms.ValidationError(_("Choose at least one place, and what to do with it."))
        return given
