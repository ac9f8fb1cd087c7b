"""Data about people go once the day is over until which they were told that these are kept."""

import logging
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.actions import empty_answers, forget_recruitment_ids
from accounts.models import Annotator, Answer, ExternalIdentity
from annotation.models import (
    ArrivalHash,
    AuditEntry,
    Draft,
    Flag,
    HelpMessage,
    Participation,
    Study,
)

logger = logging.getLogger(__name__)


class ErasuresFailedError(RuntimeError):
    """Data of some studies could not be erased; those of all others were."""


def erase_each() -> Iterator[tuple[Study, dict[str, int]]]:
    """Erases, as it is walked through, what is due of each study, and says what was.

    An error at one study keeps no other one's data: raises ErasuresFailedError at the end, with
    the studies that failed. Beat tries them again.
    """
    failed = []
    for study in studies_past_retention():
        try:
            yield study, erase_personal_data(study=study)
        except Exception as error:  # whatever it is, it is of one study
            # Its words may hold what somebody wrote.
            logger.error("%s could not be erased: %s", study, type(error).__name__)
            failed.append(study.key)
    if failed:
        raise ErasuresFailedError(f"Data about people stay, for an error: {', '.join(failed)}.")


def studies_past_retention() -> QuerySet[Study]:
    """Studies whose last day of keeping is over, in UTC. Rehearsals have no people."""
    return Study.objects.filter(retained_until__lt=_today(), rehearsal_of=None).order_by("pk")


@transaction.atomic
def erase_personal_data(*, study: Study) -> dict[str, int]:
    """Takes out who the people of a study were; returns how many rows of each kind, by name.

    Emptied or deleted: their answers about themselves, recruitment ids, hashes of addresses,
    letters to the help desk, answers and objections to notes on their work, drafts, and the cells
    that they fitted. What they judged and wrote in conversations stays, under their random ids.
    What another study asked too, or knows them by, stays until its own day is over. Writes one
    line into the audit; a repeat finds nothing and writes none. Does nothing while the study's
    day is not over, which is the last on which anybody begins or goes on.
    """
    locked = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    if locked.is_kept:
        return {}
    _lock_people(locked)
    answers, identities = _held_here_alone(locked)
    hers = locked.participations.all()
    asked = Q(thread__participation__in=hers)
    asked |= Q(thread__participation=None, thread__study=locked)  # by people who never joined
    letters = HelpMessage.objects.filter(asked)
    letters = letters.exclude(text=HelpMessage.ERASED)
    answered = Flag.objects.filter(participation__in=hers).exclude(answer="", objection="")
    erased = {
        "answers": empty_answers(answers=answers),
        "recruitment ids": forget_recruitment_ids(identities=identities),
        "hashes of addresses": ArrivalHash.objects.filter(participation__in=hers).delete()[0],
        "letters": letters.update(text=HelpMessage.ERASED, page=""),
        "answers to notes": answered.update(answer="", objection=""),
        "drafts": Draft.objects.filter(participation__in=hers).delete()[0],
        "cells": hers.exclude(stratum="").update(stratum="", most_places=None),
    }
    found = {name: number for name, number in erased.items() if number}
    if found:
        said = ", ".join(f"{number} {name}" for name, number in found.items())
        what = f"personal data kept until {locked.retained_until}: {said}"
        # Nobody of the team does it, and tasks stand below the team's acts.
        AuditEntry.objects.create(kind=AuditEntry.Kind.PERSON_ERASED, what=what, study=locked)
    return found


def _lock_people(study: Study) -> None:
    """Everybody of the study, in each of her studies, before anything of hers: as she locks
    herself first when she withdraws or has her texts erased, neither waits for the other twice."""
    annotators = study.participations.values("annotator")
    people = Participation.objects.filter(annotator__in=annotators).order_by("pk")
    list(people.select_for_update(of=("self",), no_key=True).values_list("pk"))


def _held_here_alone(study: Study) -> tuple[QuerySet[Answer], QuerySet[ExternalIdentity]]:
    """Answers and recruitment ids of its people that no other study may still keep."""
    people = study.participations.values("annotator")
    answers = Answer.objects.filter(
        annotator__in=people,
        question__instrument__in=study.instrument_ids(),
        status=Answer.Status.ANSWERED,
    )
    known_here = Q()  # of who was invited and never came as well
    for rows in _people_known_to(Study.objects.filter(pk=study.pk)):
        known_here |= Q(annotator__in=rows)
    identities = ExternalIdentity.objects.filter(known_here)
    others = Study.objects.filter(_keeps()).exclude(pk=study.pk)
    for other in others.filter(participations__annotator__in=people).distinct():
        answers = answers.exclude(
            annotator__in=other.participations.values("annotator"),
            question__instrument__in=other.instrument_ids(),
        )
    for known in _people_known_to(others):
        identities = identities.exclude(annotator__in=known)
    return answers, identities


def _keeps() -> Q:
    return Q(retained_until=None) | Q(retained_until__gte=_today())


def _people_known_to(studies: QuerySet[Study]) -> Iterator[QuerySet[Any, Any]]:
    """By every table that leads from a study to a person, one that is added later as well: who
    takes part, and who was invited and has not come yet."""
    for relation in Annotator._meta.related_objects:
        model: Any = relation.related_model
        if any(field.name == "study" for field in model._meta.fields):
            rows = model._base_manager.filter(study__in=studies)
            yield rows.values(relation.remote_field.name)


def _today() -> date:
    return timezone.now().date()
