"""What a person reads before she signs a soft launch: one locale, one phase.

Every figure is a plain number, so that the signature keeps them as they stood.
"""

from dataclasses import dataclass
from statistics import median
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotation.models import (
    Conversation,
    Explanation,
    Flag,
    Outcome,
    Participation,
    Ranking,
    SignOff,
    Study,
    StudyLocale,
    Turn,
)
from annotation.models.conversation import Opinion
from annotation.moments import OF_A_PERSON, moments_of, worked_minutes
from annotation.steps.room import STOPPING, is_waiting, people_let_in
from candidates.languages import Label, is_clearly_other
from candidates.models import CandidateSet
from insights.fieldwork.dispositions import passed_screens
from insights.statistics.forecast import hourly

LATEST = 1000  # people, rankings and texts looked at: a soft launch has fewer


@dataclass(frozen=True)
class Checklist:
    """A locale's figures, and where its soft launch stands."""

    locale: StudyLocale
    phase: str
    waiting: bool
    signed: SignOff | None
    figures: dict[str, Any]
    screens: list[tuple[Promise, int]]


NAMES: dict[str, Promise] = {
    "placed": _("people who found a place"),
    "finished": _("of them finished"),
    "at_work": _("of them still on the way"),
    "screened_out": _("screened out at the door"),
    "quota_full": _("found their group full"),
    "withdrawn": _("did not consent, or withdrew"),
    "median_minutes": _("minutes for the whole study (median of those who finished)"),
    "pay_an_hour": _("pay for an hour at that pace"),
    "none_acceptable": _("judged turns where no response was acceptable, %"),
    "none_represents": _("judged turns where no response represents the person, %"),
    "skipped": _("conversations skipped, %"),
    "other_language": _("texts clearly in another language, %"),
    "generation_failures": _("turns whose responses could not be made at the first try"),
    "flags": _("people with a note on their work"),
}


def checklists(study: Study, phase: str) -> list[Checklist]:
    """One for each locale. Phases without a stop have the figures all the same."""
    locales = study.locales.select_related("study").order_by("country", "language")
    return [make_checklist(locale, phase) for locale in locales]


def make_checklist(locale: StudyLocale, phase: str) -> Checklist:
    people = Participation.objects.filter(locale=locale, phase=phase)
    return Checklist(
        locale=locale,
        phase=phase,
        waiting=is_waiting(locale=locale, phase=phase),
        signed=locale.sign_offs.filter(phase=phase).select_related("by").first(),
        figures=_of_people(locale, phase) | _of_judgements(locale, phase),
        screens=passed_screens(people),
    )


def stops(study: Study, phase: str) -> bool:
    """Whether this phase of the study has a soft launch at all."""
    return study.soft_launch is not None and phase in STOPPING


def _of_people(locale: StudyLocale, phase: str) -> dict[str, Any]:
    here = Participation.objects.filter(locale=locale, phase=phase)
    left = dict(here.values_list("outcome").annotate(Count("pk")).order_by())
    minutes = _median_minutes(here)
    placed = people_let_in(locale=locale, phase=phase)
    pay = hourly(float(locale.pay), minutes) if locale.pay is not None and minutes else None
    return {
        "placed": placed.count(),
        "finished": left.get(Outcome.COMPLETE, 0),
        "at_work": placed.filter(finished_at=None, declined_at=None, withdrawn_at=None).count(),
        "screened_out": left.get(Outcome.SCREENED_OUT, 0),
        "quota_full": left.get(Outcome.QUOTA_FULL, 0),
        "withdrawn": here.filter(
            Q(declined_at__isnull=False) | Q(withdrawn_at__isnull=False)
        ).count(),
        "median_minutes": None if minutes is None else round(minutes, 1),
        "pay_an_hour": None if pay is None else round(pay, 2),
        "flags": here.filter(flags__state=Flag.State.RAISED).distinct().count(),
    }


def _median_minutes(people: QuerySet[Participation]) -> float | None:
    done = people.filter(outcome=Outcome.COMPLETE).order_by("-finished_at")
    latest = list(done.values_list("pk", flat=True)[:LATEST])
    moments = moments_of(latest, OF_A_PERSON)
    return median(worked_minutes(times) for times in moments.values()) if latest else None


def _of_judgements(locale: StudyLocale, phase: str) -> dict[str, Any]:
    """Over what may leave and counts: nothing of people who withdrew or were left out, and no
    re-test, which is nobody's first judgement."""
    counted = Conversation.objects.released().without_retests()
    talks = counted.filter(locale=locale, participation__phase=phase)
    ended = talks.exclude(status=Conversation.Status.OPEN)
    rankings = Ranking.objects.filter(turn__conversation__in=talks)
    n = rankings.count()
    failed = Turn.objects.filter(conversation__in=talks, live=True).filter(
        Q(candidate_set__status=CandidateSet.Status.FAILED) | Q(candidate_set__rounds__gt=1)
    )
    return {
        "none_acceptable": _share(rankings.filter(acceptable=Opinion.NO).count(), n),
        "none_represents": _share(rankings.filter(represents=Opinion.NO).count(), n),
        "skipped": _share(ended.filter(status=Conversation.Status.SKIPPED).count(), ended.count()),
        "other_language": _in_another_language(talks, locale.language),
        "generation_failures": failed.count(),
    }


def _in_another_language(talks: QuerySet[Conversation], language: str) -> float | None:
    """Of messages and explanations people wrote, those clearly not in the locale's language."""
    messages = Turn.objects.filter(conversation__in=talks, live=True).order_by("-pk")
    explanations = Explanation.objects.filter(turn__conversation__in=talks).order_by("-pk")
    texts = [
        *messages.values_list("message", "detected_language", "script")[:LATEST],
        *explanations.exclude(text="").values_list("text", "detected_language", "script")[:LATEST],
    ]
    other = [is_clearly_other(text, Label(own, script), language) for text, own, script in texts]
    return _share(sum(other), len(other))


def _share(part: int, whole: int) -> float | None:
    """In per cent; None where there is nothing to share."""
    return round(100 * part / whole, 1) if whole else None
