"""The act: a message, a judgement, an explanation, leaving."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.actions.conversation import PICK_ONE, Judgement
from annotation.forms.fields import CHOOSE_ONE, WrittenField
from annotation.models import ShownCandidate, Turn
from annotation.models.conversation import Opinion
from annotation.ranks import first_places
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
