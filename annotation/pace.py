"""How long the study takes, by real medians or else by the plan, and what it pays.

A person's minutes run over all her stored acts, pauses longer than 15 minutes cut out
(`annotation/moments.py`). Medians are taken over the latest 100 people (conversations)
of one phase: first of her country, then of the whole study. Below five people the figure
of the pilot alone stands in for the main phase's, and else what is planned.
"""

from collections import Counter
from math import ceil
from statistics import median

from django.core.cache import caches
from django.db.models import QuerySet

from accounts.models import Question
from annotation.countries import country_name
from annotation.models import Conversation, Outcome, Participation, Phase, Study, StudyLocale
from annotation.moments import OF_A_CONVERSATION, OF_A_PERSON, moments_of, worked_minutes
from annotation.steps.participation import conversations_due, open_conversation, plan_of

ENOUGH, LATEST = 5, 100
SECONDS_A_QUESTION = 12  # five a minute: a guess, said where it is reckoned with
KEPT_SECONDS = 60  # for which a median is told again before it is measured anew


def _phases(phase: str) -> list[str]:
    """Whose figures are looked at, one after the other and never together."""
    return [Phase.MAIN.value, Phase.PILOT.value] if phase == Phase.MAIN else [phase]


def study_minutes(study: Study, *, phase: str, country: str = "") -> int:
    """Minutes to announce in a phase for the whole study; above ten, in steps of five."""
    finished = Participation.objects.filter(study=study, outcome=Outcome.COMPLETE)
    groups = [
        people
        for of_phase in (finished.filter(phase=item) for item in _phases(phase))
        for people in ([of_phase.filter(country=country)] if country else []) + [of_phase]
    ]
    for people in (group.order_by("-finished_at") for group in groups):
        latest = list(people.values_list("pk", flat=True)[:LATEST])
        if len(latest) >= ENOUGH:
            moments = moments_of(latest, OF_A_PERSON).values()
            return _announced(median(worked_minutes(times) for times in moments))
    return planned_minutes(study)


def planned_minutes(study: Study) -> int:
    """What the study states, and the time of its further questionnaires, which it does not."""
    more = further_questions(study) * SECONDS_A_QUESTION
    return study.expected_minutes + ceil(more / 60)


def further_questions(study: Study) -> int:
    """How many questions one person is asked beyond the screening and the closing ones, in the
    country of the study where these are most."""
    if not study.placements:
        return 0
    further = [item["instrument"] for item in study.placements]
    asked = Counter(
        Question.objects.filter(instrument__in=further).values_list("country", flat=True)
    )
    countries = set(study.locales.values_list("country", flat=True))
    return asked[""] + max((asked[country] for country in countries), default=0)


def _announced(minutes: float) -> int:
    return max(1, ceil(minutes)) if minutes <= 10 else 5 * ceil(minutes / 5)


def pays_by_country(study: Study) -> list[tuple[str, list[StudyLocale]]]:
    """Countries of the study with the locales whose pay differs; none without stated pay."""
    found: dict[str, list[StudyLocale]] = {}
    for locale in study.locales.exclude(pay=None).order_by("country", "pay"):
        known = found.setdefault(country_name(locale.country), [])
        if all((locale.pay, locale.currency) != (other.pay, other.currency) for other in known):
            known.append(locale)
    return sorted(found.items())


def minutes_left(participation: Participation, *, ranked: int | None = None) -> int:
    """Minutes for the turns that are left of her plan; 0: none is left.

    `ranked` are the ranked turns of her open conversation, where the caller has read them.
    """
    left = turns_left(participation, ranked=ranked)
    # 11 turns of 25/11 minutes are 25, not what lies a rounding above.
    return ceil(round(left * turn_minutes(participation), 6)) if left else 0


def turns_left(participation: Participation, *, ranked: int | None = None) -> int:
    """Turns she has not ranked yet, of the open conversation and of those to come."""
    left = sum(planned.turns for _ordinal, planned in conversations_due(participation))
    current = open_conversation(participation)
    if current:
        if ranked is None:
            ranked = current.turns.filter(ranking__isnull=False).count()
        left += current.planned_turns - ranked
    return left


def turn_minutes(participation: Participation) -> float:
    """Minutes of one turn: the median over finished conversations, else by the plan."""
    key = f"turn-minutes:{participation.study_id}:{participation.phase}:{participation.country}"
    measured = caches["process"].get_or_set(
        key, lambda: _measured_turn(participation) or 0.0, KEPT_SECONDS
    )
    if measured:
        return float(measured)
    planned = sum(conversation.turns for conversation in plan_of(participation))
    return participation.study.expected_minutes / max(1, planned)


def _measured_turn(participation: Participation) -> float | None:
    """The median of her country, else of the whole study; None: too few have finished.

    Without re-tests: she has read their set before, and no responses are made for them.
    """
    finished = (
        Conversation.objects.without_retests()
        .filter(participation__study=participation.study_id, status=Conversation.Status.FINISHED)
        .order_by("-ended_at")
    )
    groups = [
        conversations
        for of_phase in (
            finished.filter(participation__phase=item) for item in _phases(participation.phase)
        )
        for conversations in (
            of_phase.filter(participation__country=participation.country),
            of_phase,
        )
    ]
    for conversations in groups:
        measured = _median_of_turns(conversations)
        if measured is not None:
            return measured
    return None


def _median_of_turns(conversations: QuerySet[Conversation]) -> float | None:
    latest = list(conversations.values_list("pk", "participation", "planned_turns")[:LATEST])
    if len({person for _key, person, _turns in latest}) < ENOUGH:
        return None
    moments = moments_of([key for key, _person, _turns in latest], OF_A_CONVERSATION)
    return median(worked_minutes(moments[key]) / turns for key, _person, turns in latest)
