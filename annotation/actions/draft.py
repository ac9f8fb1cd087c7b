"""What a person has entered and not sent yet: kept by the address of its form.

Only forms whose act is still to come keep a draft. Consent and screening keep none: nothing
is stored of these before the button is pressed.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Question
from annotation.actions.assignment import renew_lease
from annotation.models import Conversation, Draft, Participation, Turn
from annotation.steps.conversation import is_ranked
from annotation.steps.participation import Step, next_step, questionnaire_due

MOST_FIELDS = 100
MOST_BYTES = 40_000

FOREIGN, ENDED, TOO_LARGE, MALFORMED = "foreign", "ended", "too_large", "malformed"
OWN_PROMPT_NAMES = re.compile(r"message|pasted")
EXPLANATION_NAMES = re.compile(r"text|pasted")
RANKING_NAMES = re.compile(
    r"(place|score|seen)_[0-9a-f]{16}|best|worst|continue_with|acceptable|represents|reason"
    r"|next_message|layout|viewport|pasted"
)


class StaleDraft(Exception):
    """Somewhere else, a newer draft of the same form was stored; it is kept."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(f"{draft} is newer")
        self.draft = draft


@dataclass(frozen=True)
class _Form:
    """A form of hers, with its rows locked: may it still be sent, and what are its fields?"""

    is_open: bool
    names: re.Pattern[str]
    conversation: Conversation | None = None


@transaction.atomic
def save_draft(
    *, participation: Participation, key: str, fields: Mapping[str, Any], based_on: int | None
) -> Draft:
    """Keeps what a form holds now; the same content again changes nothing.

    `based_on` is the revision that was read before (0: none; None: whatever there is).
    Raises StaleDraft where another device stored a newer one, and ValidationError with a
    code where there is nothing to keep. Waits for an act on the same form, so that no
    draft outlives what was sent. Renews the lease of somebody at work.
    """
    form = _lock_form(participation, key)
    if not form.is_open:
        raise ValidationError(_("This was already sent, or has ended."), code=ENDED)
    wanted = _clean(fields, form.names)
    if form.conversation:
        renew_lease(conversation=form.conversation)
    stored = Draft.objects.filter(participation=participation, key=key).first()
    if stored and stored.fields == wanted:
        return stored
    if stored and based_on is not None and stored.revision != based_on:
        raise StaleDraft(stored)
    revision = max(stored.revision if stored else 0, based_on or 0) + 1
    draft, _created = Draft.objects.update_or_create(
        participation=participation,
        key=key,
        defaults={"fields": wanted, "revision": revision, "saved_at": timezone.now()},
    )
    return draft


def forget_drafts(*, participation_id: int, under: str = "/") -> None:
    """Deletes her drafts of forms at or below this path; without one, all. A repeat finds none."""
    Draft.objects.filter(participation=participation_id, key__startswith=under).delete()


def _lock_form(participation: Participation, key: str) -> _Form:
    """The form at this path, if it is hers and of a kind that keeps drafts."""
    try:
        match = resolve(key)
    except Resolver404:
        match = None
    find = _FORMS.get(match.url_name or "") if match else None
    if match is None or find is None or reverse(match.view_name, kwargs=match.kwargs) != key:
        raise ValidationError(_("There is no such form."), code=FOREIGN)
    try:
        return find(participation, **match.kwargs)
    except (Conversation.DoesNotExist, Turn.DoesNotExist) as error:
        raise ValidationError(_("There is no such form."), code=FOREIGN) from error


def _lock_conversation(participation: Participation, public_id: str) -> Conversation:
    return (
        Conversation.objects.select_for_update(of=("self",))
        .select_related("participation__study", "grant__slot")
        .get(public_id=public_id, participation=participation)
    )


def _lock_turn(participation: Participation, public_id: str, position: int) -> Turn:
    """Turn first, then conversation: as every act does."""
    turn = Turn.objects.select_for_update(of=("self",)).get(
        conversation__public_id=public_id,
        conversation__participation=participation,
        position=position,
    )
    turn.conversation = _lock_conversation(participation, public_id)
    return turn


def _own_prompt(participation: Participation, public_id: str) -> _Form:
    found = _lock_conversation(participation, public_id)
    unwritten = found.kind == Conversation.Kind.OWN and not found.turns.exists()
    return _Form(found.is_open and unwritten, OWN_PROMPT_NAMES, found)


def _ranking(participation: Participation, public_id: str, position: int) -> _Form:
    turn = _lock_turn(participation, public_id, position)
    is_open = turn.conversation.is_open and not is_ranked(turn)
    return _Form(is_open, RANKING_NAMES, turn.conversation)


def _explanation(participation: Participation, public_id: str, position: int) -> _Form:
    turn = _lock_turn(participation, public_id, position)
    is_open = turn.conversation.is_open and not hasattr(turn, "explanation")
    return _Form(is_open, EXPLANATION_NAMES, turn.conversation)


def _lock_participation(participation: Participation) -> Participation:
    return (
        Participation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("study", "locale")
        .get(pk=participation.pk)
    )


def _closing(participation: Participation) -> _Form:
    locked = _lock_participation(participation)
    due = next_step(locked) is Step.CLOSING and questionnaire_due(locked) is None
    return _Form(due, _names_in(locked.study.closing_instrument_id))


def _questionnaire(participation: Participation, number: int) -> _Form:
    locked = _lock_participation(participation)
    due = questionnaire_due(locked)
    asked = next_step(locked) in {Step.QUESTIONNAIRE, Step.CLOSING}
    if due is None or due.number != number:
        return _Form(False, re.compile(""))
    return _Form(asked, _names_in(due.instrument))


def _names_in(instrument: int) -> re.Pattern[str]:
    codes = Question.objects.filter(instrument=instrument).values_list("code", flat=True)
    return re.compile("|".join(rf"{re.escape(code)}(_refused)?" for code in codes))


_FORMS: dict[str, Callable[..., _Form]] = {
    "own-prompt-write": _own_prompt,
    "ranking-submit": _ranking,
    "explanation-submit": _explanation,
    "closing": _closing,
    "questionnaire": _questionnaire,
}


def _clean(fields: Mapping[str, Any], names: re.Pattern[str]) -> dict[str, str]:
    """The fields that this form has, as texts the database can hold; empty ones are left out."""
    if len(fields) > MOST_FIELDS:
        raise ValidationError(_("This is too much to keep as a draft."), code=TOO_LARGE)
    if not all(isinstance(value, str) for value in fields.values()):
        raise ValidationError(_("This is no draft."), code=MALFORMED)
    kept = {
        name: value.replace("\0", "").encode("utf-8", "replace").decode()
        for name, value in fields.items()
        if value and names.fullmatch(name)
    }
    if len(json.dumps(kept, ensure_ascii=False).encode()) > MOST_BYTES:
        raise ValidationError(_("This is too much to keep as a draft."), code=TOO_LARGE)
    return kept
