"""A rehearsal from the copy to the verdict: everything but the words on the screen."""

import multiprocessing
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, connection
from django.urls import reverse

from accounts.models import Question
from annotation.actions.pool import newest_texts
from annotation.models import RecruitmentLink, Study, StudyLocale
from annotation.review import review_each
from candidates.generation import complete_candidate_set
from candidates.models import CandidateSet
from insights.capacity import Capacity, capacities
from rehearsal import apart, bookkeeping, checks, reading
from rehearsal.browser import PATIENCE_SECONDS, PAUSE_SECONDS
from rehearsal.clock import lapse_lease, people_to_review, set_reading_times
from rehearsal.copies import copy_study, open_copy, remove_copy, waiting_sets
from rehearsal.direct import play_some
from rehearsal.findings import Check
from rehearsal.ledger import Ledger
from rehearsal.play import play
from rehearsal.truth import Truth
from rehearsal.world import World

THREADS = 8
BATCH = 50
REVIEWED = 500
TRIES = 5
WORKER_SECONDS = 0.5
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
    """The copy with its sets, slots and link. Sets that are lacking are made here and now.

    A copy whose sets cannot be made is removed again: the next try finds nothing of it.
    """
    study = copy_study(study=original, seed=seed, provider=provider, changes=dict(changes))
    try:
        for candidate_set in waiting_sets(study):
            _make(candidate_set)
        link = open_copy(study=study)
    except BaseException:
        remove_copy(study=study)
        raise
    with connection.cursor() as cursor:
        # So many rows at once would be found by plans made for a few.
        cursor.execute("ANALYZE")
    join_path = reverse("join", args=[link.key])
    return Rehearsal(study, truth_of(study, seed), people, join_path, seed)


def truth_of(study: Study, seed: int) -> Truth:
    """The planted model of a seed, for the locales of a study."""
    locales = StudyLocale.objects.filter(study=study).order_by("pk")
    return Truth.from_seed(seed, locales=[(item.country, item.language) for item in locales])


def _make(candidate_set: CandidateSet) -> None:
    """Makes a set, or waits while a worker does. Raises ValidationError where it fails."""
    for _try in range(TRIES * candidate_set.sampler.max_attempts):
        outcome = complete_candidate_set(candidate_set.pk)
        candidate_set.refresh_from_db()
        if candidate_set.status != CandidateSet.Status.PENDING:
            break
        time.sleep(WORKER_SECONDS if outcome.again_in is None else outcome.again_in)
    if candidate_set.status != CandidateSet.Status.READY:
        why = "; ".join(candidate_set.reasons) or candidate_set.status
        raise ValidationError(f"The responses of {candidate_set} could not be made: {why}.")


def world_of(rehearsal: Rehearsal, site: str) -> World:
    study = rehearsal.study
    texts: dict[str, list[str]] = {}
    for text in newest_texts(study):
        texts.setdefault(text.language, []).append(text.text)
    instruments = study.instrument_ids()
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
    )


def _lapse(ledger: Ledger, key: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            if lapse_lease(conversation_id=key):
                ledger.note_lapse(key)
            return
        except (OperationalError, InterfaceError):  # the database is being restarted
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_SECONDS)


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
        try:
            list(pool.map(one, range(rehearsal.people)))
        except BaseException:  # told to stop: nobody else begins
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    connection.close()  # the database may have been restarted meanwhile
    rehearsal.played_seconds = time.monotonic() - started


def play_directly(
    rehearsal: Rehearsal, *, processes: int = 2, say: Say = lambda words: None
) -> None:
    """Everybody plays without HTTP, in batches; memory holds a batch and the ledger."""
    started = time.monotonic()
    batches = [
        range(first, min(first + BATCH, rehearsal.people))
        for first in range(0, rehearsal.people, BATCH)
    ]
    if processes == 1:
        for batch in batches:
            play_batch(rehearsal, batch)
    else:
        with processes_apart(processes) as pool:
            facts = (rehearsal.study.pk, rehearsal.seed, rehearsal.people, rehearsal.join_path)
            asked = [pool.submit(_play_apart, *facts, batch) for batch in batches]
            for number, answer in enumerate(as_completed(asked), start=1):
                rehearsal.ledger.merge(answer.result())
                if number % 4 == 0 or number == len(batches):
                    done = f"{number} of {len(batches)} batches of people"
                    say(f"  {done}, {time.monotonic() - started:.0f} s")
    rehearsal.played_seconds = time.monotonic() - started


def processes_apart(number: int) -> ProcessPoolExecutor:
    """Started anew, not forked: a fork would share the parent's database connections."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(number, context, initializer=apart.begin)


def play_batch(rehearsal: Rehearsal, batch: Sequence[int]) -> None:
    link = RecruitmentLink.objects.select_related("study", "wave").get(study=rehearsal.study)
    play_some(world_of(rehearsal, ""), link, batch)


def _play_apart(
    study_id: int, seed: int, people: int, join_path: str, batch: Sequence[int]
) -> Ledger:
    """One batch in a process of its own; what its people know comes back."""
    study = Study.objects.get(pk=study_id)
    here = Rehearsal(study, truth_of(study, seed), people, join_path, seed)
    play_batch(here, batch)
    return here.ledger


def settle(rehearsal: Rehearsal, *, processes: int = 1) -> int:
    """Sets the played clock, and has the product review everybody by it, once more.

    Returns how many people were reviewed.
    """
    set_reading_times(study=rehearsal.study, ledger=rehearsal.ledger)
    people = people_to_review(study=rehearsal.study)
    if processes == 1:
        return review_each(people)
    with processes_apart(processes) as pool:
        some = [people[first : first + REVIEWED] for first in range(0, len(people), REVIEWED)]
        return sum(pool.map(review_each, some))


def verdict(rehearsal: Rehearsal, *, faults: bool = False) -> list[Check]:
    """Every check: first what the database shows by itself, then what needs the truth."""
    study = rehearsal.study
    can_fill = {item.locale: item.fills for item in rehearsal.capacities()}
    people = reading.people_of(study)
    table = reading.read_table(study, people)
    found = bookkeeping.check_all(study, rehearsal.ledger, can_fill=can_fill, faults=faults)
    return found + checks.run(
        rehearsal.truth,
        table,
        flagged=reading.flagged_people(study, people),
        judged_turns=reading.turns_by_person(study, people),
        people=reading.placed_people(study, people),
    )
