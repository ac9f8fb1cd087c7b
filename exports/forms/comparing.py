"""The form by which a vendor's manager compares the vendor's list with our outcomes."""

import io
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Vendor
from annotation.forms.authoring.fields import UploadField
from annotation.models import Phase, RecruitmentLink
from exports.vendors.reconciling import read_statuses

PAID = (Phase.PILOT, Phase.MAIN)


class LinkField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, link: RecruitmentLink) -> str:
        return f"{link.study.title} · {link.get_phase_display()} · /join/{link.key}/"


class ComparisonForm(forms.Form):
    """`theirs` of a valid form is our outcome by the vendor's id."""

    link = LinkField(RecruitmentLink.objects.none(), label=_("Recruitment link"))
    file = UploadField(
        label=_("Your list, as CSV in UTF-8"),
        required=False,
        help_text=_("With the columns id and status in its first line."),
    )
    words = forms.CharField(
        label=_("What your own words for a status mean"),
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "One in a line, such as paid=complete. Known are complete, screened_out, quota_full, "
            "quality, withdrawn, unfinished, and the words of Prolific and CloudResearch."
        ),
    )

    def __init__(self, *args: Any, vendor: Vendor, **more: Any) -> None:
        super().__init__(*args, **more)
        links = RecruitmentLink.objects.filter(vendor=vendor, phase__in=PAID)
        links = links.filter(study__rehearsal_of=None).select_related("study")
        field: Any = self.fields["link"]
        field.queryset = links.order_by("study__key", "-pk")

    def clean_words(self) -> dict[str, str]:
        lines = [line.strip() for line in self.cleaned_data["words"].splitlines()]
        wrong = [line for line in lines if line and "=" not in line]
        if wrong:
            raise ValidationError(
                _("“%(line)s” has no = in it: write WORD=OUTCOME."), params={"line": wrong[0]}
            )
        pairs = [line.rpartition("=") for line in lines if line]
        return {word.strip(): outcome.strip() for word, _sign, outcome in pairs}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        if not cleaned["file"]:
            raise ValidationError({"file": _("Choose the file with your list.")})
        try:
            text = cleaned["file"][1].decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ValidationError({"file": _("The file is no text in UTF-8.")}) from None
        try:
            lines = io.StringIO(text, newline="")
            cleaned["theirs"] = read_statuses(lines, words=cleaned["words"])
        except ValidationError as fault:
            raise ValidationError({"file": fault.messages}) from None
        return cleaned
