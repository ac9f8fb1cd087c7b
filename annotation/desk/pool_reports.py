"""The prompts of a study with the problems that people reported, and what retiring one does."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from annotation.models import ProblemReport, Slot, Study
from candidates.models import Prompt

Done = TypeVar("Done")


@dataclass(frozen=True)
class Reports:
    """How many people of a locale reported one kind of problem with a prompt or its responses."""

    locale: str
    kind: str
    people: int
    reports: int


@dataclass(frozen=True)
class Row:
    """A prompt, its reports by locale and kind, and how many people those are at most."""

    prompt: Prompt
    reports: list[Reports]

    @property
    def people(self) -> int:
        return sum(item.people for item in self.reports)


def prompts_of(study: Study) -> list[Row]:
    """Every prompt of the pool; those with the most reports first, retired ones last."""
    prompt, locale = "turn__candidate_set__prompt_text__prompt", "turn__conversation__locale"
    rows = (
        reports_of(study)
        .exclude(**{prompt: None})
        .values_list(prompt, f"{locale}__country", f"{locale}__language", "kind")
        .annotate(reports=Count("pk"), people=Count("participation", distinct=True))
        .order_by(f"{locale}__country", f"{locale}__language", "kind")
    )
    found: defaultdict[int, list[Reports]] = defaultdict(list)
    for key, country, language, kind, reports, people in rows:
        label = str(ProblemReport.Kind(kind).label)
        found[key].append(Reports(f"{country}-{language}", label, people, reports))
    prompts = study.pool.prompts.select_related("replaced_by").order_by("key")
    listed = [Row(prompt, found[prompt.pk]) for prompt in prompts]
    return sorted(listed, key=lambda row: (row.prompt.retired_at is not None, -row.people))


def reports_of(study: Study) -> QuerySet[ProblemReport]:
    return ProblemReport.objects.filter(participation__study=study)


def told_of(study: Study, prompt: Prompt | None) -> list[ProblemReport]:
    """The reports themselves, the newest first, each with what it is about; not by whom. Without
    a prompt: those about people's own messages."""
    reports = reports_of(study).filter(turn__candidate_set__prompt_text__prompt=prompt)
    return list(
        reports.select_related("turn__conversation__locale", "candidate")
        .prefetch_related("turn__shown")
        .order_by("-reported_at")[:200]
    )


@dataclass(frozen=True)
class Places:
    """The places of a prompt in one locale and phase."""

    locale: str
    phase: str
    done: int
    held: int
    free: int


def places_of(prompt: Prompt) -> list[Places]:
    """What retiring voids (free), and what stays: judged, and at work now. By study and locale,
    of every study of the pool that is no rehearsal."""
    slots = Slot.objects.filter(prompt=prompt, locale__study__rehearsal_of=None)
    now, counts = timezone.now(), defaultdict[tuple[str, str], Counter[str]](Counter)
    for slot in slots.exclude(status=Slot.Status.VOID).select_related("locale__study"):
        at_work = slot.status == Slot.Status.OPEN and slot.leased_until >= now
        state = "done" if slot.status == Slot.Status.DONE else "held" if at_work else "free"
        counts[f"{slot.locale.study} {slot.locale}", slot.phase][state] += 1
    return [
        Places(locale, phase, found["done"], found["held"], found["free"])
        for (locale, phase), found in sorted(counts.items())
    ]


def look_at(act: Callable[[], Done]) -> Done:
    """What an act would do: it is made and taken back, and nothing of it stays."""
    with transaction.atomic():
        done = act()
        transaction.set_rollback(True)
    return done


def studies_of(prompt: Prompt) -> list[Study]:
    """The studies that lose it with its pool; copies for rehearsals follow them."""
    return list(Study.objects.filter(pool=prompt.pool_id, rehearsal_of=None).order_by("pk"))
