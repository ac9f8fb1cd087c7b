"""The act: a message, a judgement, an explanation, leaving."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from annotation.actions.judgement import OUT_OF_DATE, Judgement, check_judgement
from annotation.forms.fields import CHOOSE_ONE, PastedField, WrittenField
from annotation.forms.judgement import (
    AnswerControl,
    answer_controls,
    judgement_fields,
    measured,
    measurement_fields,
    names_only,
    read_judgement,
)
from annotation.models import ShownCandidate, Turn
from annotation.models.conversation import Opinion
from candidates.moderation import Outcome, Verdict

MESSAGE_LENGTH = 4000


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
    "personal/iban": _("a bank account number"),
    "personal/aadhaar": _("an Aadhaar number"),
    "personal/pan": _("a PAN number"),
    "personal/cpf": _("a CPF number"),
    "personal/codice-fiscale": _("a codice fiscale"),
    "personal/nir": _("a social security number"),
    "personal/ssn": _("a social security number"),
}


def explain_verdict(verdict: Verdict) -> str:
    """One sentence on why a message came back, for beside its field."""
    categories = verdict.categories
    if verdict.outcome is Outcome.REFUSE:
        if any("minors" in name for name in categories):
            return str(_("Messages that sexualise children cannot be sent here."))
        return str(_("This reads like a threat of violence. Please write it differently."))
    names = [str(PERSONAL_DATA[name]) for name in categories if name in PERSONAL_DATA]
    personal = list(dict.fromkeys(names))
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
    pasted = PastedField(into="message")


class RankingForm(ModeratedForm):
    """What the turn's mode asks of every candidate that the server showed; nothing is preset.

    Fields are built from the stored order, never from the request, so that an unknown
    candidate cannot enter. What is missing is decided by `check_judgement` alone.
    """

    message_name = "next_message"
    submission_key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={"required": OUT_OF_DATE, "invalid": OUT_OF_DATE},
    )
    acceptable = forms.ChoiceField(
        label=_("Is at least one of these answers acceptable to you?"),
        choices=Opinion.choices,
        widget=forms.RadioSelect,
        error_messages={"required": CHOOSE_ONE, "invalid_choice": CHOOSE_ONE},
    )
    represents = forms.ChoiceField(
        label=_("Does at least one of them speak for you?"),
        choices=Opinion.choices,
        widget=forms.RadioSelect,
        error_messages={"required": CHOOSE_ONE, "invalid_choice": CHOOSE_ONE},
    )
    reason = WrittenField(
        label=_("If you like, say why"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        turn: Turn,
        shown: Sequence[ShownCandidate],
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial={**(initial or {}), "submission_key": uuid.uuid4()})
        self.shown = shown
        self.mode = turn.mode
        self.partial = turn.conversation.participation.study.partial_allowed
        asked = judgement_fields(self.mode, shown, partial=self.partial)
        self.fields |= asked | measurement_fields(shown)
        if not turn.is_last:
            self.fields["next_message"] = message_field()
            self.fields["pasted"] = PastedField(into="next_message")
        # As on the page, so that what is missing is listed from top to bottom.
        self.order_fields(list(asked))

    def clean(self) -> dict[str, Any]:
        """A tie for first place without a pick is told together with all that is missing."""
        data = super().clean() or self.cleaned_data
        self.can_confirm = bool(data.get("confirm"))  # asked before: the button stays
        if not self.shown:
            raise ValidationError(OUT_OF_DATE)
        if not names_only(self.shown, self.data):
            self.add_error(None, OUT_OF_DATE)
        handles = [row.candidate.handle for row in self.shown]
        try:
            check_judgement(self.judgement(), handles, mode=self.mode, partial=self.partial)
        except ValidationError as error:
            for name, problems in error.message_dict.items():
                if name not in self.errors:
                    self.add_error(name, problems)
        return data

    def answers(self) -> list[AnswerControl]:
        """Each shown candidate with its bound controls, in the order shown."""
        return answer_controls(self, self.shown)

    def letters(self) -> str:
        return "".join(row.letter for row in self.shown)

    def grouped_choices(self) -> list[forms.BoundField]:
        """Choices whose buttons are spread over the answers."""
        return [self[name] for name in ("best", "worst") if name in self.fields]

    def judgement(self) -> Judgement:
        data = self.cleaned_data
        return Judgement(
            **read_judgement(self.mode, data, self.shown),
            **measured(data, self.shown),
            acceptable=data.get("acceptable", ""),
            represents=data.get("represents", ""),
            reason=data.get("reason", ""),
            next_message=data.get("next_message", ""),
            pasted=data.get("pasted"),
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
    pasted = PastedField(into="text")

    def __init__(
        self,
        data: Any = None,
        *,
        question: str,
        required: bool,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial={**(initial or {})})
        self.fields["text"].label = question
        self.fields["text"].required = required


class SkipForm(forms.Form):
    """Leaving is never refused: a reason that is too long is cut."""

    reason = WrittenField(required=False)

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"]
        return reason[:500]
