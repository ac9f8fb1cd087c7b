"""The steps by which everybody's answers are made coarser, in the order they are taken.

A step is taken for all people of a study alike (or of a country, where values are rare there),
so that figures of a release stay comparable. What the coarser codes mean is in `MEANINGS`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from exports.privacy.people import People
from exports.privacy.recoding import REFUSED, Recoding
from exports.privacy.risk import Values

FOUR_AGES = (18, 35, 46, 55)  # of the Community Alignment release
TWO_AGES = (18, 46)
OTHER = "other"

EDUCATION_3 = {
    **dict.fromkeys(("isced_0_1", "isced_2", "isced_3"), "secondary"),
    **dict.fromkeys(("some_post_secondary", "isced_4_5"), "post_secondary"),
    **dict.fromkeys(("isced_6", "isced_7_8_started", "isced_7", "isced_8"), "degree"),
}
POLITICS_5 = {
    **dict.fromkeys(("0", "1"), "very_left"),
    **dict.fromkeys(("2", "3", "4"), "somewhat_left"),
    "5": "centre",
    **dict.fromkeys(("6", "7", "8"), "somewhat_right"),
    **dict.fromkeys(("9", "10"), "very_right"),
}
POLITICS_3 = {
    **dict.fromkeys(("0", "1", "2", "3", "4"), "left"),
    "5": "centre",
    **dict.fromkeys(("6", "7", "8", "9", "10"), "right"),
}
MEANINGS: Mapping[str, Mapping[str, str]] = {
    "education": {
        "secondary": "secondary school or less",
        "post_secondary": "some years after secondary school, no degree",
        "degree": "a degree, or at a university after one",
    },
    "politics": {
        "very_left": "0 or 1 on a scale from 0 (left) to 10 (right)",
        "somewhat_left": "2 to 4",
        "centre": "5",
        "somewhat_right": "6 to 8",
        "very_right": "9 or 10",
        "left": "0 to 4",
        "right": "6 to 10",
    },
}
# Answers that are steps of a scale, lowest first: their distance counts.
SCALES: Sequence[Sequence[str]] = (
    [str(step) for step in range(11)],
    ["very_left", "somewhat_left", "centre", "somewhat_right", "very_right"],
    ["left", "centre", "right"],
)


@dataclass(frozen=True)
class Step:
    """`take` returns the recoding with this step; the same one where there is nothing to do."""

    key: str
    code: str  # of the question; empty: any other
    words: str | Promise
    take: Callable[[Recoding, People, int], Recoding]

    @property
    def name(self) -> str:
        """As reports have it."""
        return f"{self.key}:{self.code}" if self.key == "others" else self.key


def apply(people: People, recoding: Recoding) -> People:
    """The people as they leave, as `exports.source` recodes them: a twin checked by its test."""
    answers = {
        code: _recode(people, recoding, code)
        for code in people.answers
        if code not in recoding.dropped
    }
    gone = np.isin(people.ids, list(recoding.suppressed))
    for code, values in answers.items():
        values[gone | np.isin(people.ids, list(recoding.blanked.get(code, ())))] = ""
    return replace(people, answers=answers)


def _recode(people: People, recoding: Recoding, code: str) -> Values:
    values = people.answers[code]
    if code == "age" and recoding.age_bands:
        return np.array([band(value, recoding.age_bands) for value in values], dtype=object)
    everybody = recoding.codes.get(code, {})
    new = [
        recoding.codes.get(f"{code}:{country}", {}).get(value, everybody.get(value, value))
        for value, country in zip(values, people.countries, strict=True)
    ]
    return np.array(new, dtype=object)


def band(age: str, lowest: Sequence[int]) -> str:
    """The group of an age in years; what is no number stays."""
    if not age.isdigit():
        return age
    found = [low for low in lowest if low <= int(age)]
    if not found:
        return ""
    place = len(found)
    return f"{found[-1]}+" if place == len(lowest) else f"{found[-1]}-{lowest[place] - 1}"


def _ages(lowest: tuple[int, ...]) -> Callable[[Recoding, People, int], Recoding]:
    return lambda recoding, people, k: replace(recoding, age_bands=lowest)


def _codes(code: str, table: Mapping[str, str]) -> Callable[[Recoding, People, int], Recoding]:
    return lambda recoding, people, k: replace(recoding, codes={**recoding.codes, code: table})


def _drop(code: str) -> Callable[[Recoding, People, int], Recoding]:
    return lambda recoding, people, k: replace(recoding, dropped=recoding.dropped | {code})


def _rare(code: str, into: str) -> Callable[[Recoding, People, int], Recoding]:
    """In each country: answers that fewer than k people gave become one, or none."""

    def take(recoding: Recoding, people: People, k: int) -> Recoding:
        codes = dict(recoding.codes)
        values = people.answer(code)
        for country in sorted(set(people.countries)):
            known, given = np.unique(values[people.countries == country], return_counts=True)
            rare = [
                str(value)
                for value, number in zip(known, given, strict=True)
                if number < k and value not in ("", REFUSED, into)
            ]
            if rare:
                codes[f"{code}:{country}"] = dict.fromkeys(rare, into)
        return replace(recoding, codes=codes)

    return take


STEPS = (
    Step("age_4", "age", _("age in years → four groups"), _ages(FOUR_AGES)),
    Step("ethnicity_rare", "ethnicity", _("rare ethnicities → other"), _rare("ethnicity", OTHER)),
    Step("education_3", "education", _("education → three"), _codes("education", EDUCATION_3)),
    Step("politics_5", "politics", _("politics → five places"), _codes("politics", POLITICS_5)),
    Step("gender_rare", "gender", _("rare genders → left empty"), _rare("gender", "")),
    Step("others", "", _("any other question that tells who somebody is → none"), _drop("")),
    Step("age_2", "age", _("age → two groups"), _ages(TWO_AGES)),
    Step("politics_3", "politics", _("politics → three places"), _codes("politics", POLITICS_3)),
    Step("education_0", "education", _("education → none"), _drop("education")),
)
KNOWN = frozenset(step.code for step in STEPS if step.code)
# Whose answers are cut out first, where a person still stands out: the last tells most.
CUT_ORDER = ("politics", "ethnicity", "education", "gender", "age")


def steps_for(quasi: Sequence[str]) -> list[Step]:
    """The steps about these questions; the step about others is one for each of them."""
    others = [code for code in quasi if code not in KNOWN]
    found = []
    for step in STEPS:
        if step.code in quasi:
            found.append(step)
        elif not step.code:
            found += [replace(step, code=code, take=_drop(code)) for code in others]
    return found
