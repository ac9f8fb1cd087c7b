"""A person withdraws: work ends, her part leaves every later export, her texts can go too."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actions import erase_answers, withdraw_consent
from accounts.models import Annotator, Answer, Instrument, User
from annotation.actions.audit import record
from annotation.actions.cells import forget_screening
from annotation.actions.leaving import end_for_withdrawal
from annotation.actions.participation import end_participation
from annotation.actions.replacing import lock_places, replace_done_slots
from annotation.models import (
    AuditEntry,
    Conversation,
    Draft,
    Explanation,
    Flag,
    Grant,
    HelpMessage,
    Mention,
    Moderation,
    Outcome,
    Participation,
    ProblemReport,
    Ranking,
    Receipt,
    Study,
    Turn,
)
from annotation.steps.participation import has_consented, open_conversation
from candidates.actions.erasure import erase_live_sets, stop_live_sets
from candidates.models import Candidate


@transaction.atomic
def withdraw(*, participation: Participation) -> None:
    """Ends her part now and hides it from every later export; a repeat changes nothing.

    Her judgements stay as rows and fill no place: as many places are planned anew. An
    outcome and a completion code that she has already are kept, else she receives the
    ones of a withdrawal. Before her consent, her screening answers go and she is counted.
    """
    # Without the key: what of hers is being stored now refers to this row and goes on.
    locked = Participation.objects.select_for_update(of=("self",), no_key=True).get(
        pk=participation.pk
    )
    if locked.withdrawn_at:
        return
    at_the_door = not (locked.finished_at or locked.declined_at or has_consented(locked))
    now = timezone.now()
    Participation.objects.filter(pk=locked.pk).update(withdrawn_at=now)
    if at_the_door:  # as a refusal does: nothing allows these answers to be kept
        forget_screening(participation=locked, outcome=Outcome.WITHDRAWN)
    document = locked.study.consent_document
    if not _studies_she_stays_in(locked.annotator).filter(consent_document=document).exists():
        withdraw_consent(annotator=locked.annotator, document=document)
    current = open_conversation(locked)
    if current:
        # Hers before any place is: a submission under way comes first and is counted below.
        current = Conversation.objects.select_for_update(of=("self",)).get(pk=current.pk)
    lock_places(participation=locked)
    if current:
        end_for_withdrawal(conversation=current)
    replace_done_slots(participation=locked)
    stop_live_sets(set_ids=_live_sets(locked))
    Draft.objects.filter(participation=locked).delete()
    end_participation(participation=locked, outcome=Outcome.WITHDRAWN)
    participation.refresh_from_db()
    Receipt.objects.create(participation=locked, withdrawn_at=now)


@transaction.atomic
def erase_person(*, participation: Participation, why: str, by: User) -> Receipt:
    """Withdraws somebody who asked the team for it, and erases what she wrote and answered.

    What she could do herself on her own page, with the same receipt. A second call changes
    nothing and finds it. Raises ValidationError without a reason.
    """
    if not why.strip():
        raise ValidationError({"why": _("Say why: it is kept for good.")})
    withdraw(participation=participation)
    receipt = Receipt.objects.select_for_update().get(participation=participation)
    if receipt.erased_at is None:
        receipt = erase_texts(participation=participation) or receipt
        receipt.by = by
        receipt.save(update_fields=["by"])
        kind, study = AuditEntry.Kind.PERSON_ERASED, participation.study
        record(kind=kind, what=f"receipt {receipt.public_id}", by=by, study=study, why=why)
    return receipt


@transaction.atomic
def erase_texts(*, participation: Participation) -> Receipt | None:
    """Takes out what she wrote and answered, for somebody who withdrew; others keep theirs.

    Rows, ranks and times stay, so that what others are paid and planned by still adds up;
    so does the recruitment id, by which she is paid. Returns her receipt, which says how many
    of each were emptied; None, with nothing done, for somebody who has not withdrawn. A repeat
    finds nothing more.
    """
    # Her row before all else, as everybody takes it who erases something of hers.
    people = Participation.objects.select_for_update(of=("self",), no_key=True)
    people.get(pk=participation.pk)
    receipt = Receipt.objects.select_for_update().filter(participation=participation).first()
    if receipt is None:
        return None
    held = count_texts(participation)
    _empty(participation)
    if receipt.erased_at is None:
        receipt.erased_at, receipt.erased = timezone.now(), held
        receipt.save(update_fields=["erased_at", "erased"])
    return receipt


def count_texts(participation: Participation) -> dict[str, int]:
    """How many of each an erasure empties: numbers alone."""
    turns = Turn.objects.filter(conversation__participation=participation)
    said = HelpMessage.objects.filter(thread__participation=participation)
    asked = _instruments_of_hers_alone(participation)
    made = Candidate.objects.filter(candidate_set__in=_live_sets(participation))
    answers = Answer.objects.filter(
        annotator=participation.annotator_id,
        question__instrument__in=asked,
        status=Answer.Status.ANSWERED,
    )
    return {
        "messages": turns.filter(live=True).exclude(message="").count(),
        "responses": made.exclude(text="").count(),
        "explanations": Explanation.objects.filter(turn__in=turns).exclude(text="").count(),
        "reasons": Ranking.objects.filter(turn__in=turns).exclude(reason="").count(),
        "reports": participation.reports.exclude(text="").count(),
        "help_messages": said.exclude(text=HelpMessage.ERASED).count(),
        "notes_answered": participation.flags.exclude(answer="", objection="").count(),
        "answers": answers.count(),
    }


def _empty(participation: Participation) -> None:
    turns = Turn.objects.filter(conversation__participation=participation)
    list(turns.order_by("pk").select_for_update(of=("self",)).values_list("pk"))
    erase_live_sets(set_ids=_live_sets(participation))
    turns.filter(live=True).update(message="")
    Ranking.objects.filter(turn__in=turns).update(reason="")
    Mention.objects.filter(explanation__turn__in=turns).delete()
    Explanation.objects.filter(turn__in=turns).update(text="")
    Moderation.objects.filter(conversation__participation=participation).update(text_sha256="")
    Conversation.objects.filter(participation=participation).update(skip_reason="")
    Grant.objects.filter(participation=participation).update(reason="")
    ProblemReport.objects.filter(participation=participation).update(text="")
    # The study's answers go too: they repeat what was asked.
    HelpMessage.objects.filter(thread__participation=participation).update(
        text=HelpMessage.ERASED, page=""
    )
    Flag.objects.filter(participation=participation).update(answer="", objection="")
    Draft.objects.filter(participation=participation).delete()
    Participation.objects.filter(pk=participation.pk).update(stratum="", most_places=None)
    erase_answers(
        annotator=participation.annotator, instruments=_instruments_of_hers_alone(participation)
    )


def _live_sets(participation: Participation) -> list[int]:
    """Sets made for her own messages; they belong to no other person."""
    return list(
        Turn.objects.filter(conversation__participation=participation, live=True).values_list(
            "candidate_set", flat=True
        )
    )


def _instruments_of_hers_alone(participation: Participation) -> list[Instrument]:
    """The study's questionnaires, without those that another study she stays in asks too."""
    study, others = participation.study, _studies_she_stays_in(participation.annotator)
    asked = Instrument.objects.filter(pk__in=study.instrument_ids())
    return [
        instrument
        for instrument in asked
        if not others.filter(
            Q(quota_instrument=instrument)
            | Q(closing_instrument=instrument)
            | Q(placements__contains=[{"instrument": instrument.pk}])
        ).exists()
    ]


def _studies_she_stays_in(annotator: Annotator) -> QuerySet[Study]:
    return Study.objects.filter(
        participations__annotator=annotator, participations__withdrawn_at=None
    )
