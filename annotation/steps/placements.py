"""Further questionnaires of a study, and where each stands for a person. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotation.dealing.seeds import falls_in_share
from annotation.models import Participation, Place

ORDER = (Place.START, Place.BETWEEN, Place.CLOSING)


@dataclass(frozen=True)
class Placed:
    """A questionnaire at its place for one person: never a drawn one, but what was drawn."""

    number: int  # from 1, in the study's order; names its address
    key: str
    instrument: int
    place: Place
    after: int  # ended conversations; 0 but between them

    def is_early(self, ended: int) -> bool:
        """Whether it is due before another conversation begins."""
        return self.place is not Place.CLOSING and self.after <= ended


def placed_for(participation: Participation) -> list[Placed]:
    """The study's further questionnaires as this person meets them, the earliest first."""
    found = [
        Placed(
            number=number,
            key=item["key"],
            instrument=item["instrument"],
            place=_place_of(participation, item),
            after=item.get("after") or 0,
        )
        for number, item in enumerate(participation.study.placements, start=1)
    ]
    return sorted(found, key=lambda one: (ORDER.index(one.place), one.after, one.number))


def _place_of(participation: Participation, item: Mapping[str, Any]) -> Place:
    """What is noted on her; before consent, what will be: drawn from her seed, half and half."""
    place = Place(participation.placements.get(item["key"]) or item["at"])
    if place is not Place.DRAWN:
        return place
    early = falls_in_share(0.5, participation.seed, "placement", item["key"])
    return Place.START if early else Place.CLOSING


def find_fault(definition: Mapping[str, Any]) -> str:
    """What in the placement of a file's further questionnaires cannot be used; empty: nothing."""
    about, instruments = definition["study"], definition["instruments"]
    further = instruments.get("further") or []
    keys = [item["key"] for item in [instruments["quota"], instruments["closing"], *further]]
    codes: dict[str, str] = {}
    last = about["pool_conversations"] + about["own_conversations"] + about.get("retests", 0) - 1
    for item in further:
        key, place = item["key"], item.get("placement")
        if keys.count(key) > 1:
            return f"Two questionnaires have the key {key}."
        if place not in Place.values:
            return f"The questionnaire {key} stands nowhere: {', '.join(Place.values)} are places."
        after = item.get("after")
        if place == Place.BETWEEN and not (isinstance(after, int) and 1 <= after <= last):
            return f"The questionnaire {key} stands after conversation 1 to {last}: say which."
    for item in [instruments["quota"], instruments["closing"], *further]:
        for code in {question["code"] for question in item["questions"]}:
            if item in further and code in codes:
                return f"The questionnaires {codes[code]} and {item['key']} both ask {code}."
            codes[code] = item["key"]
    return ""
