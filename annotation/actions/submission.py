"""One submission: the ranking of a turn is stored, once, with all that follows from it."""

import uuid
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from annotation.actions.assignment import complete_slot
from annotation.actions.judgement import OUT_OF_DATE, Judgement, check_judgement
from annotation.actions.leaving import end_when_done, forget_draft, lock_turn, refuse_if_ended
from annotation.actions.writing import add_live_turn
from annotation.models import Mode, RankedCandidate, Ranking, ShownCandidate, Turn
from annotation.queries.prepared import store
from annotation.queries.remembered import shown_in
from annotation.steps.conversation import is_ranked


def submit_ranking(*, turn: Turn, submission_key: uuid.UUID, judgement: Judgement) -> Ranking:
    """Stores the judgement of a turn once; a repeat returns what is stored.

    Locks the turn's row: of simultaneous submissions the first is stored and the others
    read it. On turn 1 the slot is settled; where another turn follows, its message is
    stored and its generation starts after commit. Raises ValidationError.
    """
    try:
        with transaction.atomic():
            return _submit(turn, submission_key, judgement)
    except IntegrityError as error:
        if Ranking.objects.filter(submission_key=submission_key).exists():  # of another turn
            raise ValidationError(OUT_OF_DATE) from error
        raise


def _submit(turn: Turn, submission_key: uuid.UUID, judgement: Judgement) -> Ranking:
    held = lock_turn(turn)
    locked = held.turn
    if is_ranked(locked):
        return locked.ranking
    conversation = locked.conversation
    refuse_if_ended(conversation)
    if not locked.is_last and not judgement.next_message:
        raise ValidationError({"next_message": _("Write your next message.")})
    ranking = _store_ranking(locked, shown_in(turn), submission_key, judgement)
    if locked.position == 1 and conversation.grant:
        complete_slot(grant=conversation.grant)
    if not locked.is_last:
        add_live_turn(
            conversation,
            position=locked.position + 1,
            message=judgement.next_message,
            pasted=judgement.pasted,
        )
    if not end_when_done(conversation, drafted=held.drafted) and held.drafted:
        forget_draft(conversation, "ranking-submit", locked.position)
    return ranking


def _store_ranking(
    turn: Turn, rows: Iterable[ShownCandidate], submission_key: uuid.UUID, judgement: Judgement
) -> Ranking:
    shown = {row.candidate.handle: row.candidate for row in rows}
    partial = turn.conversation.participation.study.partial_allowed
    ranks, chosen = check_judgement(judgement, list(shown), mode=turn.mode, partial=partial)
    ranking = Ranking(
        turn=turn,
        submission_key=submission_key,
        chosen=shown[chosen],
        acceptable=judgement.acceptable,
        represents=judgement.represents,
        reason=judgement.reason,
        layout=judgement.layout,
        viewport=judgement.viewport,
    )
    store(ranking)
    ranked = [
        RankedCandidate(
            ranking=ranking,
            candidate=shown[handle],
            rank=rank,
            score=judgement.scores.get(handle) if turn.mode == Mode.RATING else None,
            visible_seconds=judgement.seconds.get(handle),
        )
        for handle, rank in ranks.items()
    ]
    store(*ranked)
    return ranking
