"""How many judgements a plan wants, and how many the people who are expected can give."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Protocol

from annotation.actions.cells import share_of_places
from annotation.actions.strata import stored_cells
from annotation.cells.quotas import Facts, Verdict, find_place
from annotation.cells.strata import noted
from annotation.models import Slot, Study, StudyLocale
from annotation.pace import planned_minutes
from insights.preflight.power import Plan, PlannedLocale, Tier, bill, precision


class Expected(Protocol):
    """Somebody who is expected: what she says at the door, and how she goes on."""

    @property
    def country(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def gender(self) -> str: ...
    @property
    def age(self) -> int: ...
    @property
    def education(self) -> str: ...
    @property
    def leaves_after(self) -> int | None: ...
    @property
    def skips_at(self) -> int | None: ...
    @property
    def idles_at(self) -> int | None: ...


class Crowd(Protocol):
    """People by number, from 0; the same number is always the same person."""

    def person(self, index: int) -> Expected: ...


@dataclass(frozen=True)
class Capacity:
    """One locale in numbers. `offered`: pool judgements that its people can give; `stranded`:
    places left for them at the end, of prompts that are too few for all they could give."""

    locale: str
    people: int
    wanted: int
    offered: int
    prompts: int
    stranded: int = 0

    @property
    def fills(self) -> bool:
        """Whether one judgement a prompt is to spare: the last places may be of prompts that
        all who are left have judged."""
        return not self.stranded and self.offered >= self.wanted + self.prompts

    def words(self) -> str:
        scarce = "MAY JUST FAIL TO FILL" if self.offered >= self.wanted else "CANNOT FILL"
        if self.stranded and self.offered >= self.wanted:
            scarce = f"CANNOT FILL: its last {self.stranded} places are of too few prompts"
        verdict = "fills" if self.fills else scarce
        return (
            f"{self.locale:<9} {self.people:>6} people  {self.wanted:>7} judgements wanted  "
            f"{self.offered:>7} offered  {verdict}"
        )


def capacities(study: Study, crowd: Crowd, people: int) -> list[Capacity]:
    """The arithmetic of a copy by locale, with its people's known drop-outs and skips.

    A person gives one judgement a pool conversation, but none twice of one prompt, none of
    the conversation she leaves or skips, and none afterwards once she has left. Who lets
    her place lapse gives one judgement that another may have given meanwhile: it is not
    counted on. Whom the cells send away, in the order of the people, gives none; and nobody
    more than her share of her stratum's places.
    """
    cells, placed, places = stored_cells(study), Counter[str](), _places(study)
    offered: defaultdict[str, list[int]] = defaultdict(list)
    number: Counter[str] = Counter()
    wanted, prompts = _wanted(study), _prompts(study)
    for index in range(people):
        person = crowd.person(index)
        name = f"{person.country}-{person.language}"
        number[name] += 1
        found = find_place(cells, _facts(person), placed)
        if found.verdict is not Verdict.PLACE:
            continue
        placed.update(found.keys)
        own = places.get((name, noted(found.keys)), 0)
        most = share_of_places(share=study.cell_share, places=own)
        gives = min(_judges(study, person), prompts.get(name, 0))
        offered[name].append(gives if most is None else min(gives, most))
    order = _places_in_order(study)
    return [
        Capacity(
            name,
            number[name],
            wanted[name],
            sum(offered[name]),
            prompts.get(name, 0),
            stranded=left_open(order[name], offered[name]),
        )
        for name in sorted(wanted)
    ]


Need = tuple[int, int, int]  # batch, due, draw: the less, the sooner a place is filled


def left_open(places: Iterable[tuple[int, Need]], gives: Iterable[int]) -> int:
    """How many places (a prompt and its need) stay open when people come one after another.

    Each takes the foremost places, of a prompt no more than one. Where some prompts want
    more places than others, or batches are small, only these are open at the end, and
    nobody can give more judgements than there are such prompts.
    """
    of_prompts: defaultdict[int, list[Need]] = defaultdict(list)
    for prompt, need in places:
        of_prompts[prompt].append(need)
    rest: dict[int, Iterator[Need]] = {key: iter(sorted(of)) for key, of in of_prompts.items()}
    foremost = [(next(of), prompt) for prompt, of in rest.items()]
    heapify(foremost)
    for number in gives:
        taken = [heappop(foremost) for _place in range(min(number, len(foremost)))]
        for _need, prompt in taken:
            following = next(rest[prompt], None)
            if following is not None:
                heappush(foremost, (following, prompt))
    return len(foremost) + sum(len(list(of)) for of in rest.values())


def _judges(study: Study, person: Expected) -> int:
    """Pool conversations that she is sure to judge, if there are places enough."""
    most = study.pool_conversations
    if person.leaves_after is not None:
        most = min(most, person.leaves_after - 1 - study.own_conversations)
    return max(0, most - (person.skips_at is not None) - (person.idles_at is not None))


def _facts(person: Expected) -> Facts:
    """What she says at the door."""
    return {
        "country": person.country,
        "gender": person.gender,
        "age": person.age,
        "education": person.education,
    }


def plan_of(study: Study, people: int) -> Plan:
    """A copy's plan in the words of `power`."""
    locales = list(StudyLocale.objects.filter(study=study).order_by("country", "language"))
    conversations = study.pool_conversations + study.own_conversations
    keys = list(study.pool.prompts.in_use().values_list("key", flat=True))
    core = [key for key in keys if key in study.core]
    targets = {item.core_target for item in locales if core and item.core_target}
    tiers = [Tier("core", len(core), min(targets), len(study.arms()))] if targets else []
    rest = len(keys) - (len(core) if targets else 0)
    tiers.append(Tier("tail" if targets else "pool", rest, min(x.target for x in locales),
                      len(study.arms())))  # fmt: skip
    return Plan(
        locales=[
            PlannedLocale(people // len(locales), float(item.pay or 0), item.currency)
            for item in locales
        ],
        tiers=tiers,
        pool_conversations=study.pool_conversations,
        own_conversations=study.own_conversations,
        minutes_a_conversation=planned_minutes(study) / max(1, conversations),
    )


def forecast(study: Study, people: int) -> list[str]:
    """What the plan can show of one prompt, and what its people cost: one sentence each."""
    plan = plan_of(study, people)
    return [*(item.words for item in precision(plan)), bill(plan).words]


def _places(study: Study) -> Mapping[tuple[str, str], int]:
    """By locale and stratum."""
    slots = Slot.objects.filter(locale__study=study).exclude(status=Slot.Status.VOID)
    rows = slots.values_list("locale__country", "locale__language", "stratum")
    return Counter((f"{country}-{language}", stratum) for country, language, stratum in rows)


def _places_in_order(study: Study) -> Mapping[str, Sequence[tuple[int, Need]]]:
    """By locale. Of whose stratum a place is wanted first is left out: it keeps nobody from it."""
    slots = Slot.objects.filter(locale__study=study).exclude(status=Slot.Status.VOID).order_by()
    names = ("locale__country", "locale__language", "prompt", "batch", "due", "draw")
    found: defaultdict[str, list[tuple[int, Need]]] = defaultdict(list)
    for country, language, prompt, batch, due, draw in slots.values_list(*names).iterator():
        found[f"{country}-{language}"].append((prompt, (batch, due, draw)))
    return found


def _wanted(study: Study) -> Mapping[str, int]:
    slots = Slot.objects.filter(locale__study=study).exclude(status=Slot.Status.VOID)
    rows = slots.values_list("locale__country", "locale__language")
    return Counter(f"{country}-{language}" for country, language in rows)


def _prompts(study: Study) -> Mapping[str, int]:
    slots = Slot.objects.filter(locale__study=study).exclude(status=Slot.Status.VOID)
    rows = slots.values_list("locale__country", "locale__language", "prompt").distinct()
    return Counter(f"{country}-{language}" for country, language, _prompt in rows)
