"""What people tell the study: a problem in a turn, a question to the help desk."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from annotation.actions.audit import record
from annotation.models import (
    AuditEntry,
    HelpMessage,
    HelpThread,
    Participation,
    ProblemReport,
    Study,
    Turn,
)
from candidates.models import Candidate

ONE_CLICK = timedelta(minutes=1)
MESSAGES_A_DAY = 20


@transaction.atomic
def report_problem(
    *,
    turn: Turn,
    candidate: Candidate | None,
    kind: ProblemReport.Kind,
    text: str = "",
) -> ProblemReport:
    """Stores a problem with the message or an answer; told twice within a minute is told once.

    Raises ValidationError for somebody who withdrew.
    """
    participation = Participation.objects.select_for_update(of=("self",), no_key=True).get(
        pk=turn.conversation.participation_id
    )
    if participation.withdrawn_at:
        raise ValidationError(_("You have withdrawn"))
    told = ProblemReport.objects.filter(
        participation=participation,
        turn=turn,
        candidate=candidate,
        kind=kind,
        reported_at__gt=timezone.now() - ONE_CLICK,
    ).first()
    return told or ProblemReport.objects.create(
        participation=participation, turn=turn, candidate=candidate, kind=kind, text=text
    )


@transaction.atomic
def write_to_help_desk(
    *,
    study: Study,
    participation: Participation | None,
    thread: HelpThread | None,
    language: str,
    text: str,
    page: str = "",
) -> HelpThread:
    """Adds her message, in a new thread where she has none; sent twice is stored once.

    A thread begun before she joined becomes hers with the first message after it. Raises
    ValidationError beyond the number of messages a day.
    """
    if thread is None:
        thread = _begin_thread(study, participation, language)
    locked = HelpThread.objects.select_for_update(of=("self",)).get(pk=thread.pk)
    if participation and locked.participation_id is None:
        locked.participation = participation
        locked.save(update_fields=["participation"])
    if _is_repeated(locked, text, author=None):
        return locked
    day = timezone.now() - timedelta(days=1)
    if locked.messages.filter(author=None, sent_at__gt=day).count() >= MESSAGES_A_DAY:
        raise ValidationError(
            _("You have sent %(n)s messages today. Please write again tomorrow.")
            % {"n": MESSAGES_A_DAY}
        )
    HelpMessage.objects.create(thread=locked, text=text, page=page)
    return locked


@transaction.atomic
def take_over_thread(*, thread: HelpThread, participation: Participation) -> None:
    """Makes a thread begun before she joined hers; one that is somebody's stays as it is."""
    HelpThread.objects.filter(
        pk=thread.pk, participation=None, study=participation.study_id
    ).update(participation=participation)


def _begin_thread(study: Study, participation: Participation | None, language: str) -> HelpThread:
    if participation is None:
        return HelpThread.objects.create(study=study, language=language)
    thread, _created = HelpThread.objects.get_or_create(
        participation=participation,
        defaults={"study": participation.study, "language": language},
    )
    return thread


@transaction.atomic
def answer_thread(*, thread: HelpThread, author: User, text: str) -> HelpMessage:
    """Adds the study's answer; the same one sent twice within a minute is stored once."""
    threads = HelpThread.objects.select_for_update(of=("self",)).select_related("study")
    locked = threads.get(pk=thread.pk)
    known = _is_repeated(locked, text, author=author)
    if known:
        return known
    kind, what = AuditEntry.Kind.HELP_ANSWERED, f"thread {locked.public_id}"
    record(kind=kind, what=what, by=author, study=locked.study)
    return HelpMessage.objects.create(thread=locked, author=author, text=text)


def read_thread(*, thread: HelpThread) -> None:
    """Notes that she has seen the answers that wait for her; writes nothing where none does."""
    HelpThread.objects.with_unread_answer().filter(pk=thread.pk).update(seen_at=timezone.now())


def _is_repeated(thread: HelpThread, text: str, *, author: User | None) -> HelpMessage | None:
    return thread.messages.filter(
        author_id=author.pk if author else None,
        text=text,
        sent_at__gt=timezone.now() - ONE_CLICK,
    ).first()
