"""The form by which a member of the team makes a token."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Vendor
from annotation.models import Study
from exports.access.token_fields import ordinary_fields, special_fields
from exports.actions.tokens import as_network
from exports.models import Access

DAYS = 365


class TokenForm(forms.Form):
    vendor = forms.ModelChoiceField(
        Vendor.objects.order_by("name"),
        label=_("Vendor"),
        help_text=_("The token shows this vendor's people alone."),
    )
    study: "forms.ModelChoiceField[Study]" = forms.ModelChoiceField(
        Study.objects.none(), label=_("Study")
    )
    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("What it is for; only you see it.")
    )
    access = forms.ChoiceField(
        label=_("What it opens"), choices=Access.choices, widget=forms.RadioSelect
    )
    fields_kept = forms.MultipleChoiceField(
        label=_("Columns that carry values"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 12}),
        help_text=_("All of them are chosen; the others leave empty. For data only."),
    )
    special_fields = forms.MultipleChoiceField(
        label=_("Columns of special categories"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("They leave only where you choose them."),
    )
    addresses = forms.CharField(
        label=_("Networks"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line, such as 192.0.2.0/24. Empty: the token is good from anywhere."),
    )
    expires_on = forms.DateField(label=_("Good until"), widget=AdminDateWidget)

    def __init__(self, data: Any = None, *, studies: QuerySet[Study]) -> None:
        """`studies`: those whose data whoever asks may give away."""
        super().__init__(data)
        self.fields["study"].queryset = studies.filter(rehearsal_of=None).order_by("key")  # type: ignore[attr-defined]
        ordinary, special = ordinary_fields(), special_fields()
        self.fields["fields_kept"].choices = [(name, name) for name in ordinary]  # type: ignore[attr-defined]
        self.fields["special_fields"].choices = [(name, name) for name in special]  # type: ignore[attr-defined]
        self.initial = {
            "access": Access.DATA.value,
            "fields_kept": ordinary,
            "expires_on": timezone.localdate() + timedelta(days=DAYS),
        }

    def clean_addresses(self) -> list[str]:
        lines = self.cleaned_data["addresses"].splitlines()
        return [as_network(line) for line in lines if line.strip()]

    def clean_expires_on(self) -> date:
        day: date = self.cleaned_data["expires_on"]
        if day <= timezone.localdate():
            raise forms.ValidationError(_("Name a day that is still to come."))
        return day
