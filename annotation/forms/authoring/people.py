"""Pages about people: consent, targets, quotas."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Purpose
from annotation.authoring.blank import no_text
from annotation.authoring.cells import Preview, cells_as_csv, look, rows_of_csv
from annotation.cell_tables import CellFault
from annotation.forms.authoring.base import Section, StepPage, put
from annotation.forms.authoring.fields import (
    CodesField,
    RowForm,
    Rows,
    UploadField,
    day,
    said,
    whole,
    words,
)
from annotation.forms.authoring.settings import NO_PLACES


class ConsentForm(forms.Form):
    ethics_approval = words(_("Ethics approval: board and number"))
    controller = words(_("Controller of the data, with an address"))
    contact = words(_("Who answers people, with an address"), most=200)
    provider = words(
        _("Provider of the models that receive people's messages"),
        help_text=_("Who it is, and never which model: answers are judged blind."),
    )
    withdrawal_days = whole(
        _("Days after taking part for which people may withdraw at least"), least=1
    )
    retained_until = day(_("Personal data are kept until"))
    purposes = forms.MultipleChoiceField(
        label=_("What people decide about"),
        choices=Purpose.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    needed = forms.MultipleChoiceField(
        label=_("Without which nobody takes part"),
        choices=Purpose.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


STATED = (
    "ethics_approval", "controller", "contact", "provider", "withdrawal_days", "retained_until",
)  # fmt: skip


class ConsentPage(StepPage):
    slug = "consent"
    study = STATED
    parts = ("consent",)

    def build(self) -> list[Section]:
        statements = self.definition["consent"]["statements"]
        self.form = self.bind(
            ConsentForm,
            {
                **self.about,
                "purposes": [one["purpose"] for one in statements],
                "needed": [one["purpose"] for one in statements if one.get("required")],
            },
        )
        help_text = _(
            "These stand on the consent page, in a sentence of the reader's language. A purpose "
            "that is chosen anew gets its texts below, once this is saved."
        )
        return [Section(_("What people are told"), form=self.form, help=help_text)]

    def edit(self, definition: dict[str, Any]) -> None:
        given = dict(self.form.cleaned_data)
        purposes, needed = given.pop("purposes"), given.pop("needed")
        put(definition["study"], given)
        known = {one["purpose"]: one for one in definition["consent"]["statements"]}
        order = [one for one in known if one in purposes]
        order += [one for one in purposes if one not in known]
        definition["consent"]["statements"] = [
            {**known.get(one, {"purpose": one, "text": no_text()}), "required": one in needed}
            for one in order
        ]


class TargetRow(RowForm):
    target = whole(_("People per set"))
    core_target = whole(_("People per set of the core"))
    people = whole(_("People planned"), most=10_000_000)


class TargetsForm(forms.Form):
    core = CodesField(
        label=_("Prompts of the core"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("keys with blanks between them; the others are the tail"),
    )
    cell_share = forms.FloatField(
        label=_("Share of a cell's places that one person may take"),
        required=False, min_value=0.0001, max_value=1,
    )  # fmt: skip
    batch_size = whole(_("Prompts in one random batch"), least=1)
    retests = whole(_("Sets that each person meets again, blind"), most=100)


class TargetsPage(StepPage):
    slug = "targets"
    study = ("locales", *TargetsForm.base_fields)

    def build(self) -> list[Section]:
        self.locales = Rows(
            TargetRow, self.about["locales"], prefix="locales", data=self.data, extra=0,
            removable=False,
        )  # fmt: skip
        self.form = self.bind(TargetsForm, self.about)
        lacking = "" if self.about["locales"] else NO_PLACES
        return [
            Section(_("Places"), rows=self.locales, help=lacking),
            Section(_("Core, tail and batches"), form=self.form),
        ]

    def edit(self, definition: dict[str, Any]) -> None:
        definition["study"]["locales"] = self.locales.values()
        put(definition["study"], self.form.cleaned_data)


class QuotasForm(forms.Form):
    file = UploadField(label=_("A table as a CSV file"), required=False)
    table = words(
        _("Or the table itself"),
        long=True,
        help_text=_(
            "A line each: country, the codes of screening questions, and share (of the people "
            "planned there) or target. Several codes are parted by |, ages are written 18-34."
        ),
    )

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        text = given.get("table") or ""
        if given.get("file"):
            _name, raw = given["file"]
            text = raw.decode("utf-8-sig", errors="replace")
        try:
            given["rows"] = rows_of_csv(text) if text.strip() else []
        except CellFault as fault:
            raise ValidationError(str(fault)) from fault
        return given


class QuotasPage(StepPage):
    slug = "quotas"
    study = ("quotas",)

    def build(self) -> list[Section]:
        self.shown = cells_as_csv(self.definition)
        if self.shown is None:
            merged = _("These cells were merged: they change on the study's plan page.")
            return [Section(_("Cells"), help=merged)]
        self.form = self.bind(QuotasForm, {"table": self.shown})
        help_text = _(
            "A census table is enough: shares become whole people, and those of a country sum "
            "to the people planned there. An empty table: anybody may come."
        )
        return [Section(_("Cells"), form=self.form, help=help_text)]

    def edit(self, definition: dict[str, Any]) -> None:
        if self.shown is None:
            return
        given = said(self.form.cleaned_data)
        if not self.form.cleaned_data["file"] and given["table"] == self.shown.strip():
            return
        definition["study"]["quotas"] = {"table": given["rows"]} if given["rows"] else []

    @property
    def preview(self) -> Preview:
        """The cells as they would be stored."""
        return look(self.definition)
