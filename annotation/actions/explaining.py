"""Why a person chose as she did: her words, and the candidates that they name."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from annotation.actions.judgement import OUT_OF_DATE
from annotation.actions.leaving import end_when_done, forget_draft, lock_turn, refuse_if_ended
from annotation.judgement.mentions import find_mentions
from annotation.models import Explanation, Mention, Turn
from annotation.queries.prepared import store
from annotation.steps.conversation import explanation_asked, is_ranked
from candidates.languages import describe


@transaction.atomic
def explain_choice(*, turn: Turn, text: str, pasted: int | None = None) -> Explanation:
    """Stores the explanation of a ranked turn once (an empty text: asked, left empty).

    The letters it names are stored as the candidates that stood under them. A repeat returns
    what is stored. Raises ValidationError, also for a turn that no explanation is asked of.
    """
    held = lock_turn(turn)
    locked = held.turn
    if not is_ranked(locked):
        raise ValidationError(_("Rank the answers first, please."))
    if hasattr(locked, "explanation"):
        return locked.explanation
    conversation = locked.conversation
    refuse_if_ended(conversation)
    if not explanation_asked(locked):
        raise ValidationError(OUT_OF_DATE)
    label = describe(text)
    explanation = Explanation(
        turn=locked,
        text=text,
        detected_language=label.language,
        script=label.script,
        pasted=pasted,
    )
    store(explanation)
    if text:
        _store_mentions(explanation, label.language or conversation.locale.language)
    if not end_when_done(conversation, drafted=held.drafted) and held.drafted:
        forget_draft(conversation, "explanation-submit", locked.position)
    return explanation


def _store_mentions(explanation: Explanation, language: str) -> None:
    """Resolves the letters in an explanation by the order that was shown."""
    shown = {row.letter: row.candidate_id for row in explanation.turn.shown.all()}
    Mention.objects.bulk_create(
        Mention(explanation=explanation, candidate_id=shown[letter], start=start)
        for start, letter in find_mentions(explanation.text, "".join(shown), language)
    )
