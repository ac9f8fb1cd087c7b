"""How long conversations take and what the pay comes to: reads, of one phase at a time.

Minutes are those of `annotation/moments.py`: between the stored acts, pauses longer than 15
minutes cut out. Medians are over the latest 500, so that a page stays fast and follows the
present. People count by what they are paid: everybody who finished, also who is left out of
the analysis later.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from annotation.models import (
    Conversation,
    Outcome,
    Participation,
    Study,
    StudyLocale,
)
from annotation.moments import OF_A_CONVERSATION, OF_A_PERSON, moments_of, worked_minutes
from insights.statistics.forecast import hourly

LATEST = 500


@dataclass(frozen=True)
class LocalePace:
    """Median minutes of a finished conversation. Re-tests are shorter, and left out."""

    locale: StudyLocale
    conversations: int
    minutes: float | None


@dataclass(frozen=True)
class Pay:
    """What an hour pays those whom one vendor sent to one country, where the pay is the same."""

    country: str
    vendor: str
    people: int
    minutes: float
    pay: Decimal
    currency: str
    floor: Decimal | None

    @property
    def an_hour(self) -> float | None:
        return hourly(float(self.pay), self.minutes)

    @property
    def too_low(self) -> bool:
        """Whether it is below the locale's floor."""
        paid = self.an_hour
        return self.floor is not None and paid is not None and paid < float(self.floor)


def locale_paces(study: Study, phase: str) -> list[LocalePace]:
    paces = []
    for locale in study.locales.order_by("country", "language"):
        talks = Conversation.objects.released().without_retests()
        finished = talks.filter(
            locale=locale, participation__phase=phase, status=Conversation.Status.FINISHED
        )
        latest = list(finished.order_by("-ended_at").values_list("pk", flat=True)[:LATEST])
        moments = moments_of(latest, OF_A_CONVERSATION).values()
        minutes = median(worked_minutes(times) for times in moments) if latest else None
        paces.append(LocalePace(locale, len(latest), minutes))
    return paces


def pays(study: Study, phase: str, *, most: int = LATEST) -> list[Pay]:
    """By country and vendor, over complete participations; locales without pay are left out.

    Medians are over the latest `most` of each."""
    finished = (
        Participation.objects.filter(study=study, phase=phase, outcome=Outcome.COMPLETE)
        .exclude(locale__pay=None)
        .order_by("-finished_at")
        .values_list(
            *("pk", "locale__country", "annotator__vendor__name"),
            *("locale__pay", "locale__currency", "locale__pay_floor"),
        )
    )
    groups: dict[tuple[str, str, Decimal, str, Decimal | None], list[int]] = defaultdict(list)
    for person, country, vendor, pay, currency, floor in finished.iterator():
        assert pay is not None
        people = groups[country, vendor, pay, currency, floor]
        if len(people) < most:
            people.append(person)
    moments = moments_of([person for people in groups.values() for person in people], OF_A_PERSON)
    return [
        Pay(
            country=country,
            vendor=vendor,
            people=len(people),
            minutes=median(worked_minutes(moments[person]) for person in people),
            pay=pay,
            currency=currency,
            floor=floor,
        )
        for (country, vendor, pay, currency, floor), people in sorted(
            groups.items(), key=lambda group: group[0][:3]
        )
    ]
