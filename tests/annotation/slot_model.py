"""The rules of slots once more, in plain objects: what the database is compared with.

It chooses nothing. Which of the places that may be given is given, the code decides; the
model says which these are, and what must be true of every row afterwards.
"""

from collections import Counter
from dataclasses import dataclass, field

LEASE = 20  # minutes, as in the demo's study

Pair = tuple[int, int]  # a candidate set in a locale


@dataclass
class Place:
    """One planned judgement. `left`: minutes of the lease; nothing or below: claimable."""

    pair: Pair
    prompt: int
    status: str = "open"
    holder: int | None = None
    left: int = 0

    @property
    def is_free(self) -> bool:
        return self.status == "open" and self.left <= 0

    def free(self) -> None:
        self.holder, self.left = None, 0

    def state(self) -> tuple[str, int | None, bool]:
        """What can be seen from outside: whoever let her lease lapse holds nothing."""
        if self.status == "done":
            return "done", self.holder, False
        held = self.status == "open" and self.left > 0
        return self.status, self.holder if held else None, held


@dataclass
class Talk:
    """An open conversation about a place."""

    pk: int
    place: int
    turns: int
    is_ranked: bool = False


@dataclass
class Person:
    locale: int
    planned: int
    met: set[int] = field(default_factory=set)
    talk: Talk | None = None
    opened: int = 0
    excluded: bool = False
    gone: bool = False  # withdrawn, finished or ended
    withdrawn: bool = False
    gave_up: bool = False
    most: int | None = None  # places of her cell


@dataclass
class Rules:
    places: dict[int, Place]
    people: dict[int, Person]
    target: Counter[Pair]
    retired: set[int] = field(default_factory=set)
    awaited: Counter[Pair] = field(default_factory=Counter)  # places planned in this step
    endings: dict[tuple[int, int], str] = field(default_factory=dict)  # of grants; "": none yet
    replaced: int = 0
    dropped: int = 0  # voided with nothing in their place

    def claimable(self, who: int) -> set[int]:
        """The places that she may be given now."""
        return {pk for pk in self.wanted(who) if self.places[pk].is_free}

    def wanted(self, who: int) -> set[int]:
        """The places that she might be given, now or when others let them go."""
        person = self.people[who]
        return {
            pk
            for pk, place in self.places.items()
            if place.status == "open"
            and place.pair[1] == person.locale
            and place.prompt not in person.met | self.retired
        }

    def may_open(self, who: int) -> bool:
        person = self.people[who]
        return not person.gone and not person.gave_up and person.opened < person.planned

    def has_her_share(self, who: int) -> bool:
        most = self.people[who].most
        taken = [end for (person, _place), end in self.endings.items() if person == who]
        return most is not None and taken.count("") + taken.count("completed") >= most

    def give(self, who: int, place: int, talk: Talk) -> None:
        for (other, its), ending in self.endings.items():
            if its == place and ending == "":
                self.endings[other, its] = "timed_out"
        self.endings[who, place] = ""
        self.places[place].holder, self.places[place].left = who, LEASE
        person = self.people[who]
        person.met.add(self.places[place].prompt)
        person.talk, person.opened = talk, person.opened + 1

    def renew(self, who: int) -> None:
        talk = self.people[who].talk
        if talk and self.places[talk.place].status == "open" and self._holds(who, talk.place):
            self.places[talk.place].left = LEASE

    def pass_time(self, minutes: int) -> None:
        for place in self.places.values():
            if place.status == "open":
                place.left -= minutes

    def judge(self, who: int) -> None:
        """Her turn-1 ranking is stored, and her grant is settled."""
        person = self.people[who]
        assert person.talk
        person.talk.is_ranked = True
        place = self.places[person.talk.place]
        hers = place.status == "open" and (self._holds(who, person.talk.place) or place.left <= 0)
        self.endings[who, person.talk.place] = (
            "completed" if hers and not person.excluded else "surplus"
        )
        if hers and person.excluded:
            place.free()
        elif hers:
            place.status, place.holder = "done", who

    def leave(self, who: int, ending: str) -> None:
        """Her conversation ends before its plan is done."""
        person = self.people[who]
        if person.talk is None:
            return
        pk = person.talk.place
        if self.places[pk].status == "open" and self._holds(who, pk):
            self.places[pk].free()
        if self.endings[who, pk] in {"", "timed_out"}:
            self.endings[who, pk] = ending
        person.talk = None

    def replace(self, who: int) -> None:
        """What she judged counts no more: as many places are planned anew."""
        for place in self.places.values():
            if (place.status, place.holder) != ("done", who):
                continue
            place.status = "void"
            if place.prompt in self.retired:
                self.drop(place)
            else:
                self.awaited[place.pair] += 1
                self.replaced += 1

    def drop(self, place: Place) -> None:
        """Voided, and nothing is planned for it."""
        place.status = "void"
        self.dropped += 1
        self.target[place.pair] -= 1

    def retire(self, prompt: int) -> int:
        """Returns how many places are voided."""
        self.retired.add(prompt)
        free = [p for p in self.places.values() if p.prompt == prompt and p.is_free]
        for place in free:
            self.drop(place)
        return len(free)

    def resize(self, locale: int, target: int) -> Counter[Pair] | None:
        """How many places each set lacks (below 0: has too many); None: it is refused."""
        lacking = Counter[Pair]()
        for place in self.places.values():
            if place.pair[1] == locale and place.prompt not in self.retired:
                lacking[place.pair] += 0
        for pair in lacking:
            planned = [p for p in self.places.values() if p.pair == pair and p.status != "void"]
            if sum(not place.is_free for place in planned) > target:
                return None
            lacking[pair] = target - len(planned)
        return lacking

    def _holds(self, who: int, place: int) -> bool:
        """Hers, lapsed or not, until somebody else was given it."""
        return self.places[place].holder == who
