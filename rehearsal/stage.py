"""A rehearsal from the copy to the verdict: everything but the words on the screen."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.urls import reverse

from accounts.models import Question
from annotation.actions.pool import newest_texts
from annotation.models import Study, StudyLocale
from candidates.generation import complete_candidate_set
from candidates.models import CandidateSet
from demo.library import Library
from rehearsal import bookkeeping, checks, reading
from rehearsal.capacity import Capacity, capacities
from rehearsal.clock import lapse_lease, review_everybody, set_reading_times
from rehearsal.copies import copy_study, open_copy, waiting_sets
from rehearsal.findings import Check
from rehearsal.ledger import Ledger
from rehearsal.play import World, play
from rehearsal.truth import Truth

THREADS = 8
TRIES = 5
Say = Callable[[str], None]


@dataclass
class Rehearsal:
    """One copy, its people, and what they know."""

    study: Study
    truth: Truth
    people: int
    join_path: str
    seed: int
    ledger: Ledger = field(default_factory=Ledger)
    played_seconds: float = 0.0

    def capacities(self) -> list[Capacity]:
        return capacities(self.study, self.truth, self.people)


def prepare(
    original: Study, *, seed: int, people: int, provider: str, changes: Mapping[str, Any]
) -> Rehearsal:
    """The copy with its sets, slots and link. Sets that are lacking are made here and now."""
    study = copy_study(study=original, seed=seed, provider=provider, changes=dict(changes))
    for candidate_set in waiting_sets(study):
        _make(candidate_set)
    link = open_copy(study=study)
    locales = StudyLocale.objects.filter(study=study).order_by("pk")
    truth = Truth.from_seed(seed, locales=[(item.country, item.language) for item in locales])
    join_path = reverse("join", args=[link.key])
    return Rehearsal(study, truth, people, join_path, seed)


def _make(candidate_set: CandidateSet) -> None:
    for _try in range(TRIES * candidate_set.sampler.max_attempts):
        outcome = complete_candidate_set(candidate_set.pk)
        if outcome.again_in is None:
            return
        time.sleep(outcome.again_in)


def world_of(rehearsal: Rehearsal, site: str) -> World:
    study = rehearsal.study
    texts: dict[str, list[str]] = {}
    for text in newest_texts(study):
        texts.setdefault(text.language, []).append(text.text)
    instruments = [study.quota_instrument_id, study.closing_instrument_id]
    asked = Question.objects.filter(instrument__in=instruments).exclude(expected="")
    options = study.practice.get("options", [])
    return World(
        site=site,
        join_path=rehearsal.join_path,
        key=study.key,
        truth=rehearsal.truth,
        locales={(item.country, item.language): str(item.pk) for item in study.locales.all()},
        expected=dict(asked.values_list("code", "expected")),
        right_option=str(next((n for n, item in enumerate(options) if item.get("correct")), 0)),
        messages=texts,
        ledger=rehearsal.ledger,
        lapse=lambda key: _lapse(rehearsal.ledger, key),
        library=Library(),
    )


def _lapse(ledger: Ledger, key: str) -> None:
    if lapse_lease(conversation_id=key):
        ledger.note_lapse(key)


def play_over_http(
    rehearsal: Rehearsal, site: str, *, threads: int = THREADS, say: Say = lambda words: None
) -> None:
    """Everybody plays, some at a time, in the order of their indices."""
    world = world_of(rehearsal, site)
    started = time.monotonic()

    def one(index: int) -> None:
        try:
            play(world, index)
        finally:
            connection.close()  # each thread has its own
        if (index + 1) % 50 == 0:
            say(f"  {index + 1} people, {time.monotonic() - started:.0f} s")

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, range(rehearsal.people)))
    rehearsal.played_seconds = time.monotonic() - started


def settle(rehearsal: Rehearsal) -> None:
    """Sets the played clock, and has the product review everybody by it."""
    set_reading_times(study=rehearsal.study, ledger=rehearsal.ledger)
    review_everybody(study=rehearsal.study)


def verdict(rehearsal: Rehearsal, *, faults: bool = False) -> list[Check]:
    """Every check: first what the database shows by itself, then what needs the truth."""
    study = rehearsal.study
    can_fill = {item.locale: item.fills for item in rehearsal.capacities()}
    people = reading.people_of(study)
    table = reading.read_table(study, people, Library())
    found = bookkeeping.check_all(study, rehearsal.ledger, can_fill=can_fill, faults=faults)
    return found + checks.run(
        rehearsal.truth,
        table,
        flagged=reading.flagged_people(study, people),
        judged_turns=reading.turns_by_person(study, people),
        people=reading.placed_people(study, people),
    )
