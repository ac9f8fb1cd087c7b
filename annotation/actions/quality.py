"""What somebody says to a note on her work: before a person decides, and once after."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotation.models import Flag, Participation


@transaction.atomic
def answer_flag(*, flag: Flag, text: str) -> Flag:
    """Stores what she says to it; another answer replaces it, an empty one takes it back.

    Raises ValidationError once a person has decided, and for somebody who withdrew.
    """
    locked = _lock(flag)
    if locked.decision:
        raise ValidationError(_("A person has decided already. Your answer was not changed."))
    if locked.answer != text:
        locked.answer = text
        locked.answered_at = timezone.now() if text else None
        locked.save(update_fields=["answer", "answered_at"])
    return locked


@transaction.atomic
def object_to_decision(*, flag: Flag, text: str) -> Flag:
    """Stores her objection, once: the note waits for a person again. The same text sent twice
    is stored once.

    Raises ValidationError without a text, before a decision, for another objection, and for
    somebody who withdrew.
    """
    if not text.strip():
        raise ValidationError(_("Write what the person should know."))
    locked = _lock(flag)
    if locked.objected_at and locked.objection == text.strip():
        return locked
    if not locked.decision:
        raise ValidationError(_("Nobody has decided yet: answer the note instead."))
    if locked.objected_at:
        raise ValidationError(_("You have objected already. A person looks at it once more."))
    locked.objection, locked.objected_at = text.strip(), timezone.now()
    locked.save(update_fields=["objection", "objected_at"])
    return locked


def _lock(flag: Flag) -> Flag:
    """As in a decision: first her row, then the flag's."""
    participation = Participation.objects.select_for_update(of=("self",), no_key=True).get(
        pk=flag.participation_id
    )
    if participation.withdrawn_at:
        raise ValidationError(_("You have withdrawn"))
    return Flag.objects.select_for_update(of=("self",)).get(pk=flag.pk)
