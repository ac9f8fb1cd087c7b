"""Pages of settings: places, conversations, practice, explanations, pay, rules."""

from dataclasses import fields as fields_of
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from annotation.authoring.blank import no_text
from annotation.forms.authoring.base import Section, StepPage, put
from annotation.forms.authoring.fields import RowForm, Rows, day, money, whole, words
from annotation.models import Mode
from annotation.models.parts import ExplanationPolicy
from annotation.review.signals import USUAL, Thresholds
from candidates.models import PromptText

TURNS = range(1, 9)


class LocaleRow(RowForm):
    NEEDED = "country"
    country = forms.RegexField(
        r"^[A-Za-z]{2}$", label=_("Country"), required=False, help_text=_("ISO code, such as FR")
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES, required=False)
    legal_basis = words(_("Legal basis for questions of a special category"))

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()


class BasicsForm(forms.Form):
    closes_on = day(_("Last day of collection"))
    daily_cap = whole(_("Conversations a person and day at most"), least=1)
    soft_launch = whole(_("Soft launch: people of each place after whom it waits"))
    translation_stage = forms.ChoiceField(
        label=_("Translated answers are served once they are"), choices=PromptText.Stage.choices
    )
    lease_minutes = whole(_("Minutes for which a place is held"), least=15, most=30)
    seed = whole(_("Seed of every random order"), most=2**53)
    check_duplicates = forms.BooleanField(
        label=_("Notice two people who came from one address (only a hash is kept)"),
        required=False,
    )


class BasicsPage(StepPage):
    slug = "basics"
    study = ("locales", *BasicsForm.base_fields)

    def build(self) -> list[Section]:
        self.locales = Rows(
            LocaleRow, self.about["locales"], prefix="locales", data=self.data, extra=2
        )
        self.form = self.bind(BasicsForm, {"translation_stage": "adjudicated", **self.about})
        return [
            Section(_("Countries and languages"), rows=self.locales),
            Section(_("Settings"), form=self.form),
        ]

    def edit(self, definition: dict[str, Any]) -> None:
        definition["study"]["locales"] = self.locales.values()
        put(definition["study"], self.form.cleaned_data)


class TextsPage(StepPage):
    slug = "texts"
    study = ("title", "summary", "guidelines", "own_prompt_instruction", "explanation_question")


class ConversationsForm(forms.Form):
    pool_conversations = whole(_("Conversations about prepared prompts, a person"), most=100)
    own_conversations = whole(_("Conversations that she opens herself"), most=100)
    partial_allowed = forms.BooleanField(
        label=_("People may leave answers without a place"), required=False
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for turns in TURNS:
            self.fields[f"weight_{turns}"] = whole(
                _("Weight of conversations of %(n)s turns") % {"n": turns}, most=1000
            )
        asked = [("", _("as the turn before")), *Mode.choices]
        for turn in range(1, 5):
            self.fields[f"mode_{turn}"] = forms.ChoiceField(
                label=_("What turn %(n)s asks") % {"n": turn},
                choices=asked if turn > 1 else Mode.choices,
                required=False,
            )


class ConversationsPage(StepPage):
    slug = "conversations"
    study = (
        "pool_conversations", "own_conversations", "partial_allowed", "turn_lengths", "modes",
    )  # fmt: skip

    def build(self) -> list[Section]:
        weights = self.about.get("turn_lengths") or {}
        modes = self.about.get("modes") or [Mode.RANKING]
        initial = {
            **self.about,
            **{f"weight_{turns}": weight for turns, weight in weights.items()},
            **{f"mode_{place}": mode for place, mode in enumerate(modes, start=1)},
        }
        self.form = self.bind(ConversationsForm, initial)
        help_text = _(
            "How many turns a conversation has is drawn: of weights 2, 1 and 1, half of all "
            "conversations have the first length. The mode of the last turn named holds on."
        )
        return [Section(_("Conversations of each person"), form=self.form, help=help_text)]

    def edit(self, definition: dict[str, Any]) -> None:
        given, about = self.form.cleaned_data, definition["study"]
        weights = {
            turns: weight
            for turns, weight in (about.get("turn_lengths") or {}).items()
            if int(turns) not in TURNS
        }
        weights |= {str(n): given[f"weight_{n}"] for n in TURNS if given.get(f"weight_{n}")}
        modes: list[str] = []
        for turn in range(1, 5):
            modes.append(given[f"mode_{turn}"] or (modes[-1] if modes else Mode.RANKING.value))
        while len(modes) > 1 and modes[-1] == modes[-2]:
            modes.pop()
        about |= {
            "turn_lengths": weights,
            "modes": modes + (about.get("modes") or [])[4:],
            "partial_allowed": given["partial_allowed"],
            "pool_conversations": given["pool_conversations"] or 0,
            "own_conversations": given["own_conversations"] or 0,
        }


class PracticeForm(forms.Form):
    wanted = forms.BooleanField(label=_("There is a practice item"), required=False)
    answers = whole(_("Answers to put in order"), least=2, most=8)
    options = whole(_("Options of the question"), least=2, most=8)
    correct = whole(_("Which option is correct (1 is the first)"), least=1, most=8)


class PracticePage(StepPage):
    slug = "practice"
    study = ("practice",)

    def build(self) -> list[Section]:
        item = self.about.get("practice") or {}
        options = item.get("options") or []
        correct = [place for place, one in enumerate(options, start=1) if one.get("correct")]
        self.form = self.bind(
            PracticeForm,
            {
                "wanted": bool(item),
                "answers": len(item.get("answers") or []) or 3,
                "options": len(options) or 3,
                "correct": correct[0] if correct else 1,
            },
        )
        return [Section(_("Practice item"), form=self.form)]

    def edit(self, definition: dict[str, Any]) -> None:
        given, about = self.form.cleaned_data, definition["study"]
        if not given["wanted"]:
            about.pop("practice", None)
            return
        item = about.get("practice") or {}
        answers = list(item.get("answers") or [])
        options = [dict(one) for one in item.get("options") or []]
        wanted = given["answers"] or 2, given["options"] or 2
        answers = (answers + [no_text() for _one in range(8)])[: wanted[0]]
        options = (options + [{"text": no_text()} for _one in range(8)])[: wanted[1]]
        for place, option in enumerate(options, start=1):
            option["correct"] = place == (given["correct"] or 1)
        about["practice"] = {
            **{name: item.get(name) or no_text() for name in ("message", "question")},
            "explanation": item.get("explanation") or no_text(),
            "answers": answers,
            "options": options,
        }


class WaveRow(RowForm):
    NEEDED = "number"
    number = whole(_("Wave"), least=1)
    explanations = forms.ChoiceField(
        label=_("Explanations"), choices=ExplanationPolicy.choices, required=False,
        initial=ExplanationPolicy.OPTIONAL,
    )  # fmt: skip
    explanation_share = forms.FloatField(
        label=_("Share of turns on which she is asked"), required=False,
        min_value=0.01, max_value=1, help_text=_("such as 0.25; empty: every turn"),
    )  # fmt: skip


class ExplanationsPage(StepPage):
    slug = "explanations"
    study = ("waves",)

    def build(self) -> list[Section]:
        self.waves = Rows(WaveRow, self.about["waves"], prefix="waves", data=self.data)
        return [Section(_("Waves"), rows=self.waves)]

    def edit(self, definition: dict[str, Any]) -> None:
        definition["study"]["waves"] = self.waves.values()


class PayRow(RowForm):
    pay = money(_("For the whole study"))
    short_pay = money(_("For a visit that ends at the screening"))
    currency = forms.RegexField(
        r"^[A-Z]{3}$", label=_("Currency"), required=False, help_text=_("such as EUR")
    )
    pay_floor = money(_("An hour's pay below which an alarm is raised"))


class PayForm(forms.Form):
    expected_minutes = whole(
        _("Minutes that the study is expected to take"), least=1,
        help_text=_("Without further questionnaires: their questions are added, five a minute."),
    )  # fmt: skip


class PayPage(StepPage):
    slug = "pay"
    study = ("locales", "expected_minutes")

    def build(self) -> list[Section]:
        self.locales = Rows(
            PayRow, self.about["locales"], prefix="locales", data=self.data, extra=0,
            removable=False,
        )  # fmt: skip
        self.form = self.bind(PayForm, self.about)
        return [
            Section(_("Time"), form=self.form),
            Section(_("Pay"), rows=self.locales, help="" if self.about["locales"] else NO_PLACES),
        ]

    def edit(self, definition: dict[str, Any]) -> None:
        definition["study"]["locales"] = self.locales.values()
        put(definition["study"], self.form.cleaned_data)


NO_PLACES = _("Name the countries and languages first.")


class RulesForm(forms.Form):
    exclusion_rules = words(_("Who is left out of the analysis, and why"), long=True)
    analysis_plan = words(_("How the data will be analysed"), long=True)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for one in fields_of(Thresholds):
            usual = getattr(USUAL, one.name)
            self.fields[one.name] = forms.FloatField(
                label=LIMITS[one.name],
                required=False,
                min_value=0,
                help_text=_("usually %(value)s") % {"value": usual},
            )


LIMITS = {
    "speed_turns": _("Fewest turns before speed is looked at"),
    "speed_factor": _("Times as fast as the norm"),
    "speed_share": _("Share of turns that were so fast"),
    "position_turns": _("Fewest turns before places are looked at"),
    "position_share": _("Share of choices at one place of the page"),
    "repeated_texts": _("Fewest explanations before they are compared"),
    "repeated_share": _("Share of explanations that are nearly one"),
    "alike": _("Share of words that makes two texts alike"),
    "pasted_texts": _("Pasted texts from which on it is noticed"),
    "pasted_share": _("Share of a text that makes it pasted"),
}


class RulesPage(StepPage):
    slug = "rules"
    study = ("flag_thresholds", "exclusion_rules", "analysis_plan")

    def build(self) -> list[Section]:
        self.form = self.bind(RulesForm, {**self.about, **self.about.get("flag_thresholds", {})})
        help_text = _(
            "From these limits on a person of the team is asked to look; nobody is left out by "
            "a program. They belong to the plan that is frozen when the study opens."
        )
        return [Section(_("What was decided before"), form=self.form, help=help_text)]

    def edit(self, definition: dict[str, Any]) -> None:
        given = dict(self.form.cleaned_data)
        limits = {name: given.pop(name) for name in LIMITS}
        stated = {
            name: int(value) if value == int(value) else value
            for name, value in limits.items()
            if value is not None and value != getattr(USUAL, name)
        }
        put(definition["study"], {**given, "flag_thresholds": stated})
