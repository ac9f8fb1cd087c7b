"""Who she is and what she allows: the forms from the join link to the guidelines."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.actions import Given
from accounts.models import ConsentDocument, Purpose, Question
from annotation.countries import country_name
from annotation.forms.fields import CHOOSE_ONE
from annotation.models import StudyLocale

REFUSED = "prefer_not_to_say"


class CountryForm(forms.Form):
    country = forms.ChoiceField(
        widget=forms.RadioSelect, error_messages={"required": CHOOSE_ONE}, label=_("Your country")
    )

    def __init__(self, data: Any = None, *, countries: Sequence[str]) -> None:
        super().__init__(data)
        self.field("country").choices = [(code, country_name(code)) for code in countries]

    def field(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        return field


class LocaleField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: StudyLocale) -> str:
        return dict(settings.LANGUAGES)[obj.language]


class LanguageForm(forms.Form):
    locale = LocaleField(
        queryset=StudyLocale.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": CHOOSE_ONE},
        label=_("Your language in this study"),
    )

    def __init__(self, data: Any = None, *, locales: Any, proposed: StudyLocale | None) -> None:
        super().__init__(data, initial={"locale": proposed})
        field = self.fields["locale"]
        assert isinstance(field, LocaleField)
        field.queryset = locales


class ConsentForm(forms.Form):
    """A yes or no for every purpose: nothing is ticked beforehand."""

    def __init__(self, data: Any = None, *, document: ConsentDocument) -> None:
        super().__init__(data)
        for statement in document.statements.all():
            self.fields[statement.purpose] = forms.ChoiceField(
                label=statement.text,
                choices=[("yes", _("Yes")), ("no", _("No"))],
                widget=forms.RadioSelect,
                error_messages={"required": _("Answer yes or no.")},
                help_text=_("Needed to take part") if statement.required else "",
            )

    def given(self) -> set[Purpose]:
        return {Purpose(name) for name, value in self.cleaned_data.items() if value == "yes"}


class QuestionsForm(forms.Form):
    """One screen of an instrument. Every question can be refused, none can be overlooked."""

    def __init__(
        self,
        data: Any = None,
        *,
        questions: Sequence[Question],
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial={**(initial or {})})
        self.questions = questions
        for question in questions:
            if question.kind == Question.Kind.INTEGER:
                self._add_number(question)
            else:
                self._add_choice(question)

    def _add_choice(self, question: Question) -> None:
        options = [(option.code, option.label) for option in question.options.all()]
        self.fields[question.code] = forms.ChoiceField(
            label=question.text,
            help_text=question.help,
            choices=[*options, (REFUSED, _("Prefer not to say"))],
            widget=forms.RadioSelect,
            error_messages={"required": CHOOSE_ONE},
        )

    def _add_number(self, question: Question) -> None:
        limits = _("Enter a whole number from %(low)s to %(high)s.") % {
            "low": question.minimum,
            "high": question.maximum,
        }
        self.fields[question.code] = forms.IntegerField(
            label=question.text,
            help_text=question.help,
            required=False,
            min_value=question.minimum,
            max_value=question.maximum,
            error_messages={"invalid": limits, "min_value": limits, "max_value": limits},
            widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        )
        self.fields[f"{question.code}_refused"] = forms.BooleanField(
            label=_("Prefer not to say"), required=False
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for question in self.questions:
            if question.kind != Question.Kind.INTEGER or question.code in self.errors:
                continue
            if data.get(question.code) is None and not data.get(f"{question.code}_refused"):
                self.add_error(
                    question.code,
                    _("Enter a number, or tick “Prefer not to say”."),
                )
        return data

    def given(self) -> list[Given]:
        answers = []
        for question in self.questions:
            value = self.cleaned_data[question.code]
            if question.kind == Question.Kind.INTEGER:
                refused = self.cleaned_data[f"{question.code}_refused"]
                answers.append(Given(question, number=None if refused else value))
            elif value == REFUSED:
                answers.append(Given(question))
            else:
                option = next(o for o in question.options.all() if o.code == value)
                answers.append(Given(question, option=option))
        return answers
