"""Before a rehearsal: how many judgements a plan wants, and how many its people can give."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from annotation.actions.cells import share_of_places
from annotation.actions.strata import stored_cells
from annotation.models import Slot, Study, StudyLocale
from annotation.quotas import Facts, Verdict, find_place
from annotation.strata import noted
from rehearsal.power import LocalePlan, Plan, Tier, bill, precision
from rehearsal.truth import SimulatedPerson, Truth


@dataclass(frozen=True)
class Capacity:
    """One locale in numbers. `offered`: pool judgements that its people can give."""

    locale: str
    people: int
    wanted: int
    offered: int
    prompts: int

    @property
    def fills(self) -> bool:
        """Whether one judgement a prompt is to spare: the last places may be of prompts that
        all who are left have judged."""
        return self.offered >= self.wanted + self.prompts

    def words(self) -> str:
        scarce = "MAY JUST FAIL TO FILL" if self.offered >= self.wanted else "CANNOT FILL"
        verdict = "fills" if self.fills else scarce
        return (
            f"{self.locale:<9} {self.people:>6} people  {self.wanted:>7} judgements wanted  "
            f"{self.offered:>7} offered  {verdict}"
        )


def capacities(study: Study, truth: Truth, people: int) -> list[Capacity]:
    """The arithmetic of a copy by locale, with its people's known drop-outs and skips.

    A person gives one judgement a pool conversation, but none twice of one prompt, none of
    the conversation she leaves or skips, and none afterwards once she has left. Who lets
    her place lapse gives one judgement that another may have given meanwhile: it is not
    counted on. Whom the cells send away, in the order of the people, gives none; and nobody
    more than her share of her stratum's places.
    """
    cells, placed, places = stored_cells(study), Counter[str](), _places(study)
    offered: Counter[str] = Counter()
    number: Counter[str] = Counter()
    wanted, prompts = _wanted(study), _prompts(study)
    for index in range(people):
        person = truth.person(index)
        name = f"{person.country}-{person.language}"
        number[name] += 1
        found = find_place(cells, _facts(person), placed)
        if found.verdict is not Verdict.PLACE:
            continue
        placed.update(found.keys)
        own = places.get((name, noted(found.keys)), 0)
        most = share_of_places(share=study.cell_share, places=own)
        gives = min(_judges(study, person), prompts.get(name, 0))
        offered[name] += gives if most is None else min(gives, most)
    return [
        Capacity(name, number[name], wanted[name], offered[name], prompts.get(name, 0))
        for name in sorted(wanted)
    ]


def _judges(study: Study, person: SimulatedPerson) -> int:
    """Pool conversations that she is sure to judge, if there are places enough."""
    most = study.pool_conversations
    if person.leaves_after is not None:
        most = min(most, person.leaves_after - 1 - study.own_conversations)
    return max(0, most - (person.skips_at is not None) - (person.idles_at is not None))


def _facts(person: SimulatedPerson) -> Facts:
    """What she says at the door."""
    return {
        "country": person.country,
        "gender": person.gender,
        "age": person.age,
        "education": person.education,
    }


def plan_of(study: Study, people: int) -> Plan:
    """A copy's plan in the words of `power`: what it can show, what it costs, how long it lasts."""
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
            LocalePlan(str(item), people // len(locales), float(item.pay or 0), item.currency)
            for item in locales
        ],
        tiers=tiers,
        pool_conversations=study.pool_conversations,
        own_conversations=study.own_conversations,
        minutes_a_conversation=study.expected_minutes / max(1, conversations),
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


def _wanted(study: Study) -> Mapping[str, int]:
    slots = Slot.objects.filter(locale__study=study).exclude(status=Slot.Status.VOID)
    rows = slots.values_list("locale__country", "locale__language")
    return Counter(f"{country}-{language}" for country, language in rows)


def _prompts(study: Study) -> Mapping[str, int]:
    slots = Slot.objects.filter(locale__study=study).exclude(status=Slot.Status.VOID)
    rows = slots.values_list("locale__country", "locale__language", "prompt").distinct()
    return Counter(f"{country}-{language}" for country, language, _prompt in rows)
