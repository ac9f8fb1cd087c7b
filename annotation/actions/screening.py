"""The door of a study: a language, a place for this person, and her consent."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.actions import Given, record_answers, record_consent
from accounts.models import Purpose
from annotation.actions.cells import find_cell_place, forget_screening, most_places
from annotation.actions.participation import end_participation, note_placements
from annotation.actions.soft_launch import may_enter, send_to_pause
from annotation.cells.quotas import Verdict
from annotation.cells.strata import noted
from annotation.models import Outcome, Participation, StudyLocale
from annotation.queries.prepared import prepared
from annotation.steps.participation import Step, next_step, questions_due
from annotation.steps.room import has_room, takes_nobody
from annotation.steps.sittings import is_past


def locales_for(*, participation: Participation) -> QuerySet[StudyLocale]:
    """The languages she can choose in her country: those with room that neither wait for a
    signature nor take a pause, else those with room, else all."""
    locales = StudyLocale.objects.filter(
        study=participation.study, country=participation.country
    ).order_by("language")
    phase = participation.phase
    roomy = [item for item in locales if has_room(locale=item, phase=phase)]
    going = [item for item in roomy if not takes_nobody(locale=item, phase=phase)]
    chosen = [item.pk for item in going or roomy]
    return locales.filter(pk__in=chosen) if chosen else locales


@transaction.atomic
def set_locale(*, participation: Participation, locale: StudyLocale) -> None:
    """Fixes the study language, once; without a place in it she leaves, paid for the visit.

    Where the screening asks nothing of her, it is done here too. While the locale waits for
    a signature, or is paused, nothing is stored. A repeat changes nothing.
    """
    locked = _lock(participation)
    if locked.locale_id or locked.finished_at:
        return
    full = is_past(locked.study, locked.country) or not has_room(locale=locale, phase=locked.phase)
    if not full and takes_nobody(locale=locale, phase=locked.phase):
        return
    locked.locale = locale
    locked.save(update_fields=["locale"])
    if full:
        _send_away(locked, Outcome.QUOTA_FULL)
    else:
        _screen_if_nothing_is_asked(locked)


@transaction.atomic
def answer_screening(*, participation: Participation, answers: list[Given]) -> None:
    """Stores the screening answers and finds her a place, or sends her away, paid and
    forgotten but for a count. A repeat changes nothing."""
    locked = _lock(participation)
    if next_step(locked) is not Step.QUOTA:
        return
    record_answers(annotator=locked.annotator, answers=answers)
    if locked.screened_at is None and not questions_due(locked, locked.study.quota_instrument):
        _screen(locked)


@transaction.atomic
def decide_consent(*, participation: Participation, given: set[Purpose], language: str) -> None:
    """Stores a decision on every purpose, and where further questionnaires will stand for her.

    Without the first purpose the participation ends, and what she answered before is deleted;
    a repeat changes nothing.
    """
    locked = _lock(participation)
    if next_step(locked) is not Step.CONSENT:
        return
    if Purpose.TAKE_PART in given:
        record_consent(
            annotator=locked.annotator,
            document=locked.study.consent_document,
            given=given,
            language=language,
        )
        note_placements(participation=locked)
        return
    forget_screening(participation=locked, outcome=Outcome.WITHDRAWN)
    Participation.objects.filter(pk=locked.pk).update(declined_at=timezone.now())


@transaction.atomic
def reconsider(*, participation: Participation) -> None:
    """Takes a refusal back: she is screened again, for her answers are gone. A repeat
    changes nothing."""
    locked = _lock(participation)
    if locked.declined_at is None or locked.finished_at:
        return
    locked.declined_at = None
    locked.save(update_fields=["declined_at"])
    _screen_if_nothing_is_asked(locked)


@transaction.atomic
def leave_declined(*, participation: Participation) -> None:
    """Ends the participation of somebody who refused, with a code and the pay of a short
    exit. Does nothing for anybody else; a repeat changes nothing."""
    locked = _lock(participation)
    if locked.declined_at:
        end_participation(participation=locked, outcome=Outcome.WITHDRAWN)


def _lock(participation: Participation) -> Participation:
    locked: Participation
    [locked] = _locked(participation=participation.pk)
    return locked


@prepared
def _locked(*, participation: int) -> QuerySet[Participation]:
    hers = Participation.objects.filter(pk=participation)
    return hers.select_for_update(of=("self",)).select_related("study", "locale", "annotator")


def _screen_if_nothing_is_asked(locked: Participation) -> None:
    if not questions_due(locked, locked.study.quota_instrument):
        _screen(locked)


def _screen(locked: Participation) -> None:
    """Notes her place, her stratum and what she may take of it; without a place she leaves, and
    where the locale waits for a signature she may come back."""
    assert locked.locale is not None
    found = find_cell_place(participation=locked)
    verdict = found.verdict
    if verdict is Verdict.NO_CELL:
        _send_away(locked, Outcome.SCREENED_OUT)
    elif verdict is Verdict.FULL or not has_room(locale=locked.locale, phase=locked.phase):
        _send_away(locked, Outcome.QUOTA_FULL)
    elif not may_enter(participation=locked):
        send_to_pause(participation=locked)
    else:
        stratum = noted(found.keys)
        Participation.objects.filter(pk=locked.pk).update(
            screened_at=timezone.now(),
            stratum=stratum,
            most_places=most_places(participation=locked, stratum=stratum),
        )


def _send_away(locked: Participation, outcome: Outcome) -> None:
    forget_screening(participation=locked, outcome=outcome)
    end_participation(participation=locked, outcome=outcome)
