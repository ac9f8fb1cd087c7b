"""Questionnaires: the screening, the closing one, and further ones at their places."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Question
from annotation.authoring.blank import no_text
from annotation.authoring.texts import name_of
from annotation.forms.authoring.base import Section, StepPage
from annotation.forms.authoring.fields import CODE, CodesField, RowForm, Rows, whole
from annotation.models import Place


class QuestionRow(RowForm):
    NEEDED = "code"
    code = forms.RegexField(CODE, label=_("Code"), max_length=50, required=False)
    kind = forms.ChoiceField(
        label=_("Kind"), choices=Question.Kind.choices, required=False, initial="choice"
    )
    codes = CodesField(
        label=_("Codes of its options"), required=False, help_text=_("with blanks between them")
    )
    minimum = whole(_("Least number"), least=-1_000_000, most=1_000_000)
    maximum = whole(_("Greatest number"), least=-1_000_000, most=1_000_000)
    country = forms.RegexField(r"^[A-Z]{2}$", label=_("Only in the country"), required=False)
    expected = forms.RegexField(
        CODE, label=_("Option that an attention question asks for"), required=False
    )
    special_category = forms.BooleanField(label=_("Special category"), required=False)


def question_rows(instrument: dict[str, Any], data: Any) -> Rows:
    items = [
        {**one, "codes": [option["code"] for option in one.get("options") or []]}
        for one in instrument["questions"]
    ]
    return Rows(QuestionRow, items, prefix="questions", data=data, extra=2)


def question_of(row: dict[str, Any]) -> dict[str, Any]:
    """A question with the options that its row names, each with the texts it had."""
    question = {"kind": "choice", "text": no_text(), "help": no_text(), **row}
    codes = question.pop("codes", [])
    known = {option["code"]: option for option in question.get("options") or []}
    question["options"] = [known.get(code, {"code": code, "label": no_text()}) for code in codes]
    if question["kind"] != Question.Kind.CHOICE:
        question["options"] = []
    return question


def let_help_be_written(instrument: dict[str, Any]) -> None:
    for question in instrument["questions"]:
        question.setdefault("help", no_text())


class InstrumentPage(StepPage):
    """The questions of one questionnaire; the texts of each stand on a page of its own."""

    parts = ("instruments",)
    name = ""

    @property
    def instrument(self) -> dict[str, Any]:
        found: dict[str, Any] = self.definition["instruments"][self.name]
        return found

    def paths(self) -> tuple[str, ...]:
        let_help_be_written(self.instrument)
        root = f"instruments.{self.name}"
        return (f"{root}.questions[{self.part}].",) if self.part else (f"{root}.title",)

    def part_links(self) -> list[str]:
        return [name_of(one, place) for place, one in enumerate(self.instrument["questions"])]

    def build(self) -> list[Section]:
        self.questions = question_rows(self.instrument, self.data)
        help_text = _(
            "They are asked in this order. The texts of a question that is added here are "
            "written on its own page, once this is saved."
        )
        return [Section(_("Questions"), rows=self.questions, help=help_text)]

    def edit(self, definition: dict[str, Any]) -> None:
        instrument = definition["instruments"][self.name]
        instrument["questions"] = [question_of(one) for one in self.questions.values()]

    def changed(self) -> dict[str, Any]:
        found = super().changed()
        whole_part = found["values"]["instruments"]
        found["values"]["instruments"] = {self.name: whole_part[self.name]}
        return found


class ScreeningPage(InstrumentPage):
    slug = "screening"
    name = "quota"


class ClosingPage(InstrumentPage):
    slug = "closing"
    name = "closing"


class PlacedRow(RowForm):
    NEEDED = "key"
    key = forms.RegexField(CODE, label=_("Key"), max_length=50, required=False)
    placement = forms.ChoiceField(
        label=_("Place"), choices=Place.choices, required=False, initial=Place.START
    )
    after = whole(_("After how many conversations"), least=1, most=100)


class QuestionnairesPage(StepPage):
    """Which further questionnaires there are, and where; each has a page of its own, with its
    questions and all its texts."""

    slug = "questionnaires"
    parts = ("instruments",)

    @property
    def further(self) -> list[dict[str, Any]]:
        instruments = self.definition["instruments"]
        found: list[dict[str, Any]] = instruments.get("further") or []
        for one in found:  # a file may leave out much
            one.setdefault("title", no_text())
            one["questions"] = one.get("questions") or []
        instruments["further"] = found
        return found

    @property
    def at(self) -> int | None:
        """Which of them this page is about."""
        return self.part_links().index(self.part) if self.part in self.part_links() else None

    def paths(self) -> tuple[str, ...]:
        for one in self.further:
            let_help_be_written(one)
        return (f"instruments.further[{self.part}].",) if self.part else ()

    def part_links(self) -> list[str]:
        return [name_of(one, place) for place, one in enumerate(self.further)]

    def build(self) -> list[Section]:
        self.placed = Rows(PlacedRow, self.further, prefix="further", data=self.data, extra=1)
        help_text = _(
            "Each is asked whole at its place, after consent, in the order they have here. Its "
            "questions are written on its own page, once this is saved."
        )
        return [Section(_("Questionnaires"), rows=self.placed, help=help_text)]

    def build_part(self) -> list[Section]:
        if self.at is None:
            return []
        self.questions = question_rows(self.further[self.at], self.data)
        help_text = _("The texts of a question that is added here are written below, once saved.")
        return [Section(_("Questions"), rows=self.questions, help=help_text)]

    def edit(self, definition: dict[str, Any]) -> None:
        if self.at is None:
            definition["instruments"]["further"] = [_placed(one) for one in self.placed.values()]
            return
        questions = [question_of(one) for one in self.questions.values()]
        definition["instruments"]["further"][self.at]["questions"] = questions

    def changed(self) -> dict[str, Any]:
        found = super().changed()
        further = found["values"]["instruments"]["further"]
        found["values"]["instruments"] = {"further": further or None}
        return found


def _placed(row: dict[str, Any]) -> dict[str, Any]:
    placed = {"version": 1, "placement": "start", "title": no_text(), "questions": [], **row}
    if placed["placement"] != Place.BETWEEN:
        placed.pop("after", None)
    return placed
