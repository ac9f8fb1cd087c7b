"""What a person writes in a conversation: checked first, then a turn whose candidates are made."""

import hashlib

from django.db import transaction
from django.db.models import prefetch_related_objects

from annotation.actions.leaving import end_with_help, forget_draft, lock_open
from annotation.dealing import seeds
from annotation.models import Conversation, Moderation, Turn
from candidates.actions.sets import request_live_set, retry_failed_set
from candidates.languages import describe
from candidates.moderation import Outcome, Verdict, moderate
from candidates.samplers import Message


def check_message(*, conversation: Conversation, message: str) -> Verdict:
    """Has a message moderated before it is sent, and keeps the verdict, never the text.

    Where the verdict is a help line, the conversation ends with it. A repeat checks again.
    No transaction is open while an endpoint is asked.
    """
    verdict = moderate(message, conversation.locale.language, conversation.sampler.endpoint)
    _keep_verdict(conversation, message, verdict)
    if verdict.outcome is Outcome.HELP:
        end_with_help(conversation=conversation)
    return verdict


@transaction.atomic
def _keep_verdict(conversation: Conversation, message: str, verdict: Verdict) -> None:
    """Nothing of a conversation that ended while the endpoint was asked: she may have withdrawn."""
    locked = Conversation.objects.select_for_update(of=("self",)).get(pk=conversation.pk)
    if locked.is_open:
        Moderation.objects.create(
            conversation=locked,
            text_sha256=_hash(message),
            outcome=verdict.outcome.value,
            categories=list(verdict.categories),
            source=verdict.source.value,
        )


def _hash(message: str) -> str:
    return hashlib.sha256(message.encode()).hexdigest()


@transaction.atomic
def write_own_prompt(
    *, conversation: Conversation, message: str, pasted: int | None = None
) -> Turn:
    """Opens an own conversation with her message; a repeat returns the first turn."""
    locked = lock_open(conversation)
    turn = locked.turns.filter(position=1).first()
    if turn:
        return turn
    forget_draft(locked, "own-prompt-write")
    return add_live_turn(locked, position=1, message=message, pasted=pasted)


def add_live_turn(
    conversation: Conversation, *, position: int, message: str, pasted: int | None
) -> Turn:
    candidate_set = request_live_set(
        sampler=conversation.sampler,
        language=conversation.locale.language,
        context=[*_history(conversation), {"role": "user", "content": message}],
        seed=seeds.derive_seed(conversation.participation.seed, conversation.ordinal, position)
        % 2**31,
    )
    label = describe(message)
    turn = Turn.objects.create(
        conversation=conversation,
        position=position,
        message=message,
        detected_language=label.language,
        script=label.script,
        mode=conversation.participation.study.mode_of(position),
        candidate_set=candidate_set,
        pasted=pasted,
        live=True,
    )
    conversation.moderations.filter(
        turn=None, text_sha256=_hash(message), outcome__in=("ok", "edit")
    ).update(turn=turn)
    return turn


def _history(conversation: Conversation) -> list[Message]:
    """The chosen path: each message and the one answer that continued from it."""
    turns = list(conversation.turns.all())  # in order, and as a rule read already
    prefetch_related_objects([turn.ranking for turn in turns], "chosen")
    messages: list[Message] = []
    for turn in turns:
        messages.append({"role": "user", "content": turn.message})
        messages.append({"role": "assistant", "content": turn.ranking.chosen.text})
    return messages


@transaction.atomic
def retry_generation(*, turn: Turn) -> None:
    """Lets a worker try again after a failure; does nothing otherwise, nor once the
    conversation has ended or gone on: her message goes to no endpoint again."""
    locked = Conversation.objects.select_for_update(of=("self",)).get(pk=turn.conversation_id)
    if locked.is_open and not locked.turns.filter(position__gt=turn.position).exists():
        retry_failed_set(candidate_set=turn.candidate_set)
