"""Whose judgement each place wants first: strata are dealt to places by controlled rounding."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction

from django.db.models import Count
from django.utils import timezone

from annotation.cells.quotas import Cell
from annotation.cells.rounding import lean
from annotation.cells.strata import label, planned_strata, wanted
from annotation.dealing.seeds import derive_seed
from annotation.models import Quota, Slot, Study, StudyLocale
from annotation.models.assignment import draw_of


def stored_cells(study: Study, *, lock: bool = False) -> list[Cell]:
    """The study's cells; locked, until the transaction ends."""
    quotas = Quota.objects.filter(study=study).order_by("pk")
    if lock:
        quotas = quotas.select_for_update()
    return [Cell(quota.key, quota.conditions, quota.target) for quota in quotas]


def strata_for_new(
    *, locale: StudyLocale, phase: str, targets: Sequence[tuple[int, int]]
) -> list[list[str]]:
    """A stratum for every place of new sets, by ordinal; `targets` are of (set, places).

    Over the locale's sets, with those planned before, each stratum has its share of places
    up to one, and of each set its share up to one. Writes nothing.
    """
    shares = planned_strata(stored_cells(locale.study), locale.country)
    if not shares:
        return [[""] * places for _set, places in targets]
    had = _planned_so_far(locale, phase, shares)
    before = sum(had.values())
    ahead = [had[key] - share * before for key, share in shares.items()]
    rows = lean([[share * places for share in shares.values()] for _set, places in targets], ahead)
    seed = derive_seed(locale.study.seed, "strata", locale, phase, before)
    return [
        _spread(its, seed, candidate_set)
        for (candidate_set, _places), its in zip(
            targets, label(rows, list(shares), seed), strict=True
        )
    ]


def _planned_so_far(locale: StudyLocale, phase: str, strata: Iterable[str]) -> Counter[str]:
    places = Slot.objects.filter(
        locale=locale, phase=phase, stratum__in=list(strata), prompt__retired_at=None
    ).exclude(status=Slot.Status.VOID)
    counts = places.order_by().values_list("stratum").annotate(places=Count("pk"))
    return Counter(dict(counts))


def _spread(labels: list[str], seed: int, candidate_set: int) -> list[str]:
    """In random order, but so that each stratum's places lie evenly over the ordinals.

    Each label stands at a random point of its own part of the whole. So no stratum has an
    ordinal (and an order shown) of its own, and sets fill for all strata at one pace.
    """
    draw = random.Random(derive_seed(seed, candidate_set))
    times, seen, at = Counter(labels), Counter[str](), []
    for key in labels:
        at.append(((seen[key] + draw.random()) / times[key], key))
        seen[key] += 1
    return [key for _point, key in sorted(at)]


def relabel_free_places(*, locale: StudyLocale, phase: str) -> int:
    """Gives the free places of each set anew to strata, beside what is done and held.

    Judgements and places that somebody holds stay as they are; they count for the stratum
    of the person. Returns how many places want another stratum than before. The caller
    holds the lock on the pool's prompts.
    """
    shares = planned_strata(stored_cells(locale.study), locale.country)
    free, kept = free_and_kept(locale=locale, phase=phase)
    if not shares:
        return _store({slot: "" for slots in free.values() for slot in slots})
    sets = sorted(free)
    rows = [_wanted(len(free[one]), kept[one], shares) for one in sets]
    seed = derive_seed(locale.study.seed, "strata anew", locale, phase, *map(str, rows))
    changed: dict[Slot, str] = {}
    for one, labels in zip(sets, label(rows, list(shares), seed), strict=True):
        changed |= _deal(free[one], _spread(labels, seed, one))
    return _store(changed)


def _wanted(free: int, kept: Counter[str], shares: dict[str, Fraction]) -> list[Fraction]:
    return wanted(free + kept.total(), kept, shares)


def free_and_kept(
    *, locale: StudyLocale, phase: str
) -> tuple[dict[int, list[Slot]], defaultdict[int, Counter[str]]]:
    """Of each set in use its free places, locked, by ordinal; and how many others by stratum.

    Somebody who takes a place at this very moment holds it: nobody waits for anybody here.
    """
    places = (
        Slot.objects.filter(locale=locale, phase=phase, prompt__retired_at=None)
        .exclude(status=Slot.Status.VOID)
        .order_by("candidate_set", "ordinal")
    )
    now = timezone.now()
    locked = places.open().filter(leased_until__lt=now)
    free: dict[int, list[Slot]] = {}
    for slot in locked.select_for_update(of=("self",), skip_locked=True):
        free.setdefault(slot.candidate_set_id, []).append(slot)
    known = {slot.pk for slots in free.values() for slot in slots}
    kept: defaultdict[int, Counter[str]] = defaultdict(Counter)
    columns = ("pk", "candidate_set", "holder__stratum", "stratum")
    for pk, candidate_set, hers, its in places.values_list(*columns):
        if pk not in known:
            kept[candidate_set][its if hers is None else hers] += 1
    return free, kept


def _deal(slots: Sequence[Slot], labels: Sequence[str]) -> dict[Slot, str]:
    """A label for each slot; whoever has one that is still wanted keeps it."""
    left, dealt, others = Counter(labels), {}, []
    for slot in slots:
        if left[slot.stratum]:
            left[slot.stratum] -= 1
            dealt[slot] = slot.stratum
        else:
            others.append(slot)
    rest = [key for key in labels if left[key] > 0 and not left.subtract([key])]
    return dealt | dict(zip(others, rest, strict=True))


def _store(labels: dict[Slot, str]) -> int:
    changed = [slot for slot, key in labels.items() if slot.stratum != key]
    for slot in changed:
        slot.stratum = labels[slot]
    Slot.objects.bulk_update(changed, ["stratum"], batch_size=1000)
    return len(changed)


def make_slot(
    *,
    candidate_set: int,
    prompt: int,
    locale: StudyLocale,
    phase: str,
    ordinal: int,
    batch: int,
    due: int,
    stratum: str,
) -> Slot:
    """A place that is not stored yet."""
    return Slot(
        candidate_set_id=candidate_set,
        prompt_id=prompt,
        locale=locale,
        phase=phase,
        ordinal=ordinal,
        draw=draw_of(locale, candidate_set, ordinal),
        batch=batch,
        due=due,
        stratum=stratum,
    )
