"""A person withdraws: work ends, her part leaves every later export, her texts can go too."""

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.actions import erase_answers, withdraw_consent
from accounts.models import Annotator, Instrument
from annotation.actions.cells import forget_screening
from annotation.actions.leaving import end_for_withdrawal
from annotation.actions.participation import end_participation
from annotation.actions.replacing import lock_places, replace_done_slots
from annotation.models import (
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
    Study,
    Turn,
)
from annotation.steps import has_consented, open_conversation
from candidates.erasure import erase_live_sets, stop_live_sets

# A help message must say something; this stands in every language for what was there.
ERASED_MARK = "[…]"


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
    Participation.objects.filter(pk=locked.pk).update(withdrawn_at=timezone.now())
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


@transaction.atomic
def erase_texts(*, participation: Participation) -> None:
    """Takes out what she wrote and answered, for somebody who withdrew; others keep theirs.

    Rows, ranks and times stay, so that what others are paid and planned by still adds up;
    so does the recruitment id, by which she is paid. A repeat finds nothing more.
    """
    if participation.withdrawn_at is None:
        return
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
        text=ERASED_MARK, page=""
    )
    Flag.objects.filter(participation=participation).update(answer="")
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
    asked = [study.quota_instrument, study.closing_instrument]
    return [
        instrument
        for instrument in asked
        if not others.filter(
            Q(quota_instrument=instrument) | Q(closing_instrument=instrument)
        ).exists()
    ]


def _studies_she_stays_in(annotator: Annotator) -> QuerySet[Study]:
    return Study.objects.filter(
        participations__annotator=annotator, participations__withdrawn_at=None
    )
