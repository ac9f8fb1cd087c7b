"""Pages about people: consent, targets, quotas."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Purpose, Question
from annotation.authoring.blank import no_text
from annotation.authoring.cells import Preview, cells_as_csv, look, rows_of_csv
from annotation.cells.tables import CellFault
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


class GroupsField(CodesField):
    """Groups of numbers with blanks between them, as pairs of limits."""

    def to_python(self, value: Any) -> Any:
        return [_group(word) for word in super().to_python(value)]

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return " ".join("-".join("" if one is None else str(one) for one in pair) for pair in value)


def _group(word: str) -> list[int | None]:
    limits = re.fullmatch(r"(\d{0,6})-(\d{0,6})", word)
    if not limits or not any(limits.groups()):
        raise ValidationError(
            _("“%(word)s” is no group: write 18-34, 55- or -17.") % {"word": word}
        )
    return [int(limit) if limit else None for limit in limits.groups()]


class EvenForm(forms.Form):
    """Which parts of each screening question get equally many people."""

    marginal = forms.BooleanField(
        label=_("Each question for itself, and not every combination"), required=False
    )

    def __init__(self, data: Any, *, split: Any, questions: list[dict[str, Any]]) -> None:
        split = split if isinstance(split, dict) else {}
        even = split["even"] if isinstance(split.get("even"), dict) else {}
        super().__init__(data, initial={"marginal": bool(split.get("marginal"))})
        self.codes = list(dict.fromkeys(str(question["code"]) for question in questions))
        choices = [one["code"] for one in questions if one.get("kind") == Question.Kind.CHOICE]
        self.merged = {  # several codes as one part: written in the file alone, and they stay
            code: [part for part in even.get(code) or [] if isinstance(part, list)]
            for code in choices
        }
        for question in reversed(questions):  # of several by country the first one counts
            codes = [str(option["code"]) for option in question.get("options") or []]
            self.fields[f"even-{question['code']}"] = (
                forms.MultipleChoiceField(
                    label=question["code"], choices=[(code, code) for code in codes],
                    widget=forms.CheckboxSelectMultiple, required=False,
                    initial=[part for part in even.get(question["code"]) or [] if part in codes],
                )
                if question.get("kind") == Question.Kind.CHOICE
                else GroupsField(
                    label=question["code"], required=False,
                    initial=even.get(question["code"]) or [],
                    help_text=_("Groups with blanks between them, such as 18-34 35-54 55-"),
                )
            )  # fmt: skip
        self.order_fields([*(f"even-{code}" for code in self.codes), "marginal"])

    def quotas(self) -> dict[str, Any]:
        """As a study's file says it; empty: nothing is split."""
        given = self.cleaned_data
        every = {code: given[f"even-{code}"] + self.merged.get(code, []) for code in self.codes}
        parts = {code: split for code, split in every.items() if split}
        marginal = {"marginal": True} if given["marginal"] else {}
        return {"even": parts, **marginal} if parts else {}


class QuotasPage(StepPage):
    slug = "quotas"
    study = ("quotas",)

    def build(self) -> list[Section]:
        self.shown = cells_as_csv(self.definition)
        if self.shown is None:
            merged = _("These cells were merged: they change on the study's plan page.")
            return [Section(_("Cells"), help=merged)]
        self.form = self.bind(QuotasForm, {"table": self.shown})
        self.even = EvenForm(
            self.data,
            split=self.about.get("quotas"),
            questions=self.definition["instruments"]["quota"]["questions"],
        )
        even_help = _(
            "In place of a table: in every country each cell gets an equal share of the people "
            "planned there. A change of the table above counts more."
        )
        help_text = _(
            "A census table is enough: shares become whole people, and those of a country sum "
            "to the people planned there. An empty table: anybody may come."
        )
        return [
            Section(_("Cells"), form=self.form, help=help_text),
            Section(_("Split evenly"), form=self.even, help=even_help),
        ]

    def edit(self, definition: dict[str, Any]) -> None:
        if self.shown is None:
            return
        given = said(self.form.cleaned_data)
        same = not self.form.cleaned_data["file"] and (given["table"] or "") == self.shown.strip()
        split = self.even.quotas() if same else {}
        if not same or self.even.has_changed():
            table = {"table": given["rows"]} if given["rows"] else []
            definition["study"]["quotas"] = split or table

    @property
    def preview(self) -> Preview:
        """The cells as they would be stored."""
        return look(self.definition)
