"""A person joins, says where she is and what she allows, and finishes."""

import secrets
import uuid
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.actions import Given, find_or_create_annotator, record_answers
from accounts.models import Answer, Instrument, Question, QuestionQuerySet, Vendor
from annotation import tasks
from annotation.actions.arrival import note_arrival
from annotation.actions.care import take_over_thread
from annotation.actions.cells import forget_screening
from annotation.actions.draft import forget_drafts
from annotation.actions.leaving import skip_conversation
from annotation.dealing.seeds import derive_seed
from annotation.models import (
    Conversation,
    HelpThread,
    Outcome,
    Participation,
    RecruitmentLink,
    Slot,
    Study,
)
from annotation.steps.participation import Step, next_step, open_conversation
from annotation.steps.placements import placed_for
from annotation.steps.sittings import came_too_late, is_past

# Without letters and digits that are read as one another.
CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@transaction.atomic
def join_study(
    *,
    link: RecruitmentLink,
    external_id: str = "",
    details: Mapping[str, str] | None = None,
    start_key: uuid.UUID | None = None,
    interface_language: str = "",
    arrival: str = "",
    help_thread: HelpThread | None = None,
) -> Participation:
    """Starts a person. The same recruitment id of the same vendor, or the same button pressed
    twice, finds the same person, also in a study that has closed since.

    `arrival` is the hash of where she comes from; it is kept where the study compares them.
    What somebody new wrote to the help desk before is hers from now on.
    """
    # The vendor's row is the lock: two first clicks of one person wait for each other.
    Vendor.objects.select_for_update(no_key=True).get(pk=link.vendor_id)
    if start_key:
        pressed = Participation.objects.filter(start_key=start_key, study=link.study).first()
        if pressed and pressed.annotator.vendor_id == link.vendor_id:
            return pressed
    if not _is_open(link) and not _has_joined(link, external_id):
        raise ValidationError(_("This study is not open."))
    annotator = find_or_create_annotator(
        vendor=link.vendor, external_id=external_id, details=details
    )
    participation, created = Participation.objects.get_or_create(
        annotator=annotator,
        study=link.study,
        defaults={
            "wave": link.wave,
            "link": link,
            "phase": link.phase,
            "interface_language": interface_language,
            "start_key": start_key,
            "seed": derive_seed(link.study.seed, annotator.public_id) % 2**31,
        },
    )
    if created:
        _refuse_after_the_last_day(link.study)
    if created and help_thread:
        take_over_thread(thread=help_thread, participation=participation)
    if created and arrival and link.study.check_duplicates:
        note_arrival(participation=participation, digest=arrival)
    return participation


def _is_open(link: RecruitmentLink) -> bool:
    """Whether the study is, and the link's phase of it: places of that phase were planned,
    unless all is people's own."""
    study = link.study
    return study.is_open and (
        study.pool_conversations == 0
        or Slot.objects.filter(locale__study=study, phase=link.phase).exists()
    )


def _has_joined(link: RecruitmentLink, external_id: str) -> bool:
    """Whether this id of this vendor takes part in the study, by whatever link it came."""
    people = Participation.objects.filter(study=link.study, annotator__vendor=link.vendor)
    return (
        bool(external_id)
        and people.filter(annotator__externalidentity__external_id=external_id).exists()
    )


def _refuse_after_the_last_day(study: Study) -> None:
    """Nobody new joins once the last day is over in every country of the study."""
    countries = set(study.locales.values_list("country", flat=True))
    if study.last_day and all(is_past(study, country) for country in countries):
        day = date_format(study.last_day, "DATE_FORMAT")
        raise ValidationError(_("This study ended on %(day)s.") % {"day": day})


def set_country(*, participation: Participation, country: str) -> None:
    """Stores the country she names; only before a locale is fixed."""
    Participation.objects.filter(pk=participation.pk, locale=None).update(country=country)


def set_interface_language(*, participation: Participation, language: str) -> None:
    """Changes the language of the pages, at any time; touches nothing else."""
    Participation.objects.filter(pk=participation.pk).update(interface_language=language)


@transaction.atomic
def read_guidelines(*, participation: Participation) -> None:
    """Notes when the guidelines were read, the first time; and where further questionnaires
    stand for somebody who was not asked for consent, having given it in another study."""
    Participation.objects.filter(pk=participation.pk, guidelines_read_at=None).update(
        guidelines_read_at=timezone.now()
    )
    note_placements(participation=participation)


def note_placements(*, participation: Participation) -> None:
    """Notes where further questionnaires will stand for her. What is noted stays."""
    if participation.study.placements:
        places = {one.key: one.place.value for one in placed_for(participation)}
        Participation.objects.filter(pk=participation.pk, placements={}).update(placements=places)


def answer_closing(*, participation: Participation, answers: list[Given]) -> None:
    """As `answer_questionnaire`, of the closing one."""
    answer_questionnaire(
        participation=participation,
        instrument=participation.study.closing_instrument,
        answers=answers,
        draft_key=reverse("closing"),
    )


@transaction.atomic
def answer_questionnaire(
    *, participation: Participation, instrument: Instrument, answers: list[Given], draft_key: str
) -> None:
    """Stores the answers, and which questions were not shown here; the draft goes. A repeat
    keeps the first answers.

    Stores nothing of somebody who withdrew meanwhile: the next page says that she did.
    """
    # A draft that arrives at this moment waits, and then finds nothing left to keep.
    locked = Participation.objects.select_for_update(no_key=True).get(pk=participation.pk)
    if locked.withdrawn_at:
        return
    asked = {given.question.pk for given in answers}
    hidden = (
        _questions(instrument, participation.country)
        .exclude(pk__in=asked)
        .exclude(answer__annotator=participation.annotator_id)
    )
    record_answers(
        annotator=participation.annotator,
        answers=[*answers, *(Given(question=question, shown=False) for question in hidden)],
    )
    forget_drafts(participation_id=participation.pk, under=draft_key)


@transaction.atomic
def finish(*, participation: Participation) -> str:
    """Releases the completion code after counting what is stored; a repeat gives the same.

    Somebody whom the study's last day overtook before her first conversation ends as one
    for whom there was no place. Raises ValidationError while something is missing.
    """
    locked = Participation.objects.select_for_update().get(pk=participation.pk)
    if locked.completion_code:
        return locked.completion_code
    if next_step(locked) is Step.FINISH and came_too_late(locked):
        forget_screening(participation=locked, outcome=Outcome.QUOTA_FULL)
        return _release_code(locked, Outcome.QUOTA_FULL)
    if next_step(locked) is not Step.FINISH or not _is_complete(locked):
        raise ValidationError(_("Not everything is stored yet. Please go on where you were."))
    return _release_code(locked, Outcome.COMPLETE)


@transaction.atomic
def end_participation(*, participation: Participation, outcome: Outcome) -> str:
    """Ends a participation before its plan is done; returns the outcome's completion code.

    A repeat, whatever its outcome, changes nothing and gives the first code.
    """
    locked = Participation.objects.select_for_update(of=("self",)).get(pk=participation.pk)
    return locked.completion_code or _release_code(locked, outcome)


@transaction.atomic
def finish_after_help(*, participation: Participation) -> str:
    """Ends a participation early and fully paid, for somebody who was shown a help line.

    Releases the completion code whatever is left of her plan; an open conversation is
    left. A repeat gives the same code. Raises ValidationError for anybody else.
    """
    locked = Participation.objects.select_for_update().get(pk=participation.pk)
    if locked.completion_code:
        return locked.completion_code
    if not locked.conversations.filter(status=Conversation.Status.HELPED).exists():
        raise ValidationError(_("Not everything is stored yet. Please go on where you were."))
    current = open_conversation(locked)
    if current:
        skip_conversation(conversation=current)
    return _release_code(locked, Outcome.COMPLETE)


def _release_code(locked: Participation, outcome: Outcome) -> str:
    """The vendor's own code for this outcome where its link has one, else a random one."""
    agreed = locked.link.codes.get(outcome.value, "") if locked.link else ""
    locked.finished_at = timezone.now()
    locked.outcome = outcome
    locked.completion_code = agreed or "".join(secrets.choice(CODE_ALPHABET) for _ in range(10))
    locked.save(update_fields=["finished_at", "outcome", "completion_code"])
    transaction.on_commit(lambda: tasks.enqueue_review(locked.pk))
    forget_drafts(participation_id=locked.pk)
    return locked.completion_code


def _is_complete(participation: Participation) -> bool:
    """Every finished conversation has a stored ranking for each planned turn."""
    finished = participation.conversations.filter(status=Conversation.Status.FINISHED)
    ranked = Count("turns", filter=Q(turns__ranking__isnull=False))
    if finished.annotate(ranked=ranked).exclude(ranked=F("planned_turns")).exists():
        return False
    asked = _questions(participation.study.quota_instrument, participation.country).filter(
        special_category=False
    )
    return (
        asked.count()
        == Answer.objects.filter(annotator=participation.annotator_id, question__in=asked).count()
    )


def _questions(instrument: Instrument, country: str) -> QuestionQuerySet:
    questions: QuestionQuerySet = Question.objects.filter(instrument=instrument)
    return questions.for_country(country)
