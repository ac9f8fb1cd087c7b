"""The shape of what annotators send. Forms turn names into objects; they never write."""

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.actions import Given
from accounts.models import ConsentDocument, Purpose, Question
from annotation.actions.conversation import PICK_ONE, Judgement
from annotation.countries import country_name
from annotation.models import ShownCandidate, StudyLocale, Turn
from annotation.models.conversation import Opinion
from annotation.ranks import first_places
from candidates.moderation import Outcome, Verdict

REFUSED = "prefer_not_to_say"
MESSAGE_LENGTH = 4000
CHOOSE_ONE = _("Choose one of the answers.")


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

    def __init__(self, data: Any = None, *, questions: Sequence[Question]) -> None:
        super().__init__(data)
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


class WrittenField(forms.CharField):
    """What people type: a browser's line ends become plain ones before anything counts them."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return text.replace("\r\n", "\n").replace("\r", "\n")


class JoinForm(forms.Form):
    """The button of the invitation: who was recruited, and which rendering was pressed."""

    external_id = forms.CharField(
        max_length=200,
        required=False,
        error_messages={"max_length": _("The recruitment id in this link is too long.")},
    )
    start_key = forms.UUIDField(required=False)


def message_field() -> WrittenField:
    return WrittenField(
        max_length=MESSAGE_LENGTH,
        label=_("Your message"),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={
            "required": _("Write your message."),
            "max_length": _("Please shorten your message to %(limit_value)d characters."),
        },
    )


PERSONAL_DATA = {
    "personal/card": _("a card number"),
    "personal/email": _("an e-mail address"),
    "personal/phone": _("a phone number"),
}


def explain_verdict(verdict: Verdict) -> str:
    """One sentence on why a message came back, for beside its field."""
    categories = verdict.categories
    if verdict.outcome is Outcome.REFUSE:
        if any("minors" in name for name in categories):
            return str(_("Messages that sexualise children cannot be sent here."))
        return str(_("This reads like a threat of violence. Please write it differently."))
    personal = [str(PERSONAL_DATA[name]) for name in categories if name in PERSONAL_DATA]
    if personal:
        text = _("Your message seems to hold %(what)s. Please take it out, or send it as it is.")
        return str(text) % {"what": ", ".join(personal)}
    return str(_("Your message may be hurtful to others. Please change it, or send it as it is."))


class ModeratedForm(forms.Form):
    """A form with a message that may come back; `confirm` is its button "Send it as it is"."""

    confirm = forms.CharField(required=False, widget=forms.HiddenInput)
    message_name = "message"
    returned = False
    can_confirm = False

    def take(self, verdict: Verdict) -> bool:
        """Whether the message may be sent; if not, the reason stands beside it."""
        confirmed = bool(self.cleaned_data["confirm"])
        self.can_confirm = verdict.outcome is Outcome.EDIT
        if verdict.outcome is Outcome.OK or (self.can_confirm and confirmed):
            return True
        self.returned = True
        self.add_error(self.message_name, explain_verdict(verdict))
        return False


class OwnPromptForm(ModeratedForm):
    message = message_field()


class RankingForm(ModeratedForm):
    """A place for every candidate that the server showed; none is set beforehand.

    Fields are built from the stored order, never from the request, so that an unknown
    candidate cannot enter.
    """

    message_name = "next_message"
    submission_key = forms.UUIDField(widget=forms.HiddenInput)
    acceptable = forms.ChoiceField(
        label=_("Is at least one of these answers acceptable to you?"),
        choices=Opinion.choices,
        widget=forms.RadioSelect,
        error_messages={"required": CHOOSE_ONE},
    )
    represents = forms.ChoiceField(
        label=_("Does at least one of them speak for you?"),
        choices=Opinion.choices,
        widget=forms.RadioSelect,
        error_messages={"required": CHOOSE_ONE},
    )
    reason = WrittenField(
        label=_("If you like, say why"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, data: Any = None, *, turn: Turn, shown: Sequence[ShownCandidate]) -> None:
        super().__init__(data, initial={"submission_key": uuid.uuid4()})
        self.shown = shown
        places = [(str(place), str(place)) for place in range(1, len(shown) + 1)]
        for row in shown:
            self.fields[f"place_{row.candidate.handle}"] = forms.ChoiceField(
                label=_("Place of answer %(letter)s") % {"letter": row.letter},
                choices=places,
                widget=forms.RadioSelect,
                error_messages={"required": _("Give this answer a place.")},
            )
        self.fields["continue_with"] = forms.ChoiceField(
            label=_("If several share first place: which one continues the conversation?"),
            choices=[(row.candidate.handle, row.letter) for row in shown],
            widget=forms.RadioSelect,
            required=False,
        )
        if not turn.is_last:
            self.fields["next_message"] = message_field()
        # As on the page, so that what is missing is listed from top to bottom.
        self.order_fields([f"place_{row.candidate.handle}" for row in shown] + ["continue_with"])

    def clean(self) -> dict[str, Any]:
        """A tie for first place without a pick is told together with all that is missing."""
        data = super().clean() or self.cleaned_data
        self.can_confirm = bool(data.get("confirm"))  # asked before: the button stays
        given = {
            row.candidate.handle: data.get(f"place_{row.candidate.handle}") for row in self.shown
        }
        places = {handle: int(place) for handle, place in given.items() if place}
        first = first_places(places)
        tied = len(places) == len(self.shown) and len(first) > 1
        if tied and data.get("continue_with") not in first:
            self.add_error("continue_with", PICK_ONE)
        return data

    def place_fields(self) -> list[tuple[ShownCandidate, forms.BoundField]]:
        """Each shown candidate with its bound field, in the order shown."""
        return [(row, self[f"place_{row.candidate.handle}"]) for row in self.shown]

    def judgement(self) -> Judgement:
        data = self.cleaned_data
        return Judgement(
            places={
                row.candidate.handle: int(data[f"place_{row.candidate.handle}"])
                for row in self.shown
            },
            continue_with=data["continue_with"],
            acceptable=data["acceptable"],
            represents=data["represents"],
            reason=data["reason"],
            next_message=data.get("next_message", ""),
        )


class ExplanationForm(forms.Form):
    text = WrittenField(
        required=False,
        max_length=MESSAGE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={
            "required": _("Please say in a few words what decided your choice."),
            "max_length": _("Please shorten your text to %(limit_value)d characters."),
        },
    )

    def __init__(self, data: Any = None, *, question: str, required: bool) -> None:
        super().__init__(data)
        self.fields["text"].label = question
        self.fields["text"].required = required


class SkipForm(forms.Form):
    """Leaving is never refused: a reason that is too long is cut."""

    reason = WrittenField(required=False)

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"]
        return reason[:500]
