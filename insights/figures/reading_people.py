"""Reads who judged: locale, whether left out, and what people said of themselves."""

import numpy as np
from django.db.models import Q

from accounts.models import Answer, Question
from annotation.cells.quotas import REFUSED, alternatives
from annotation.models import Study
from insights.figures.judgements import Labels, People
from insights.figures.sample import counted_people
from insights.statistics.arrays import Ints

AGE_GROUPS = (18, 35, 55)  # lowest ages, where the study's cells name none
NOT_ABOUT_HER = ("ai_help",)
LONGEST = 60  # characters of a code


def read_people(study: Study, phase: str, locales: list[int], *, excluded: bool) -> People:
    """Everybody of a phase who was given a place and has not withdrawn, in the order of keys.

    locales: the keys that `People.locale` counts through.
    """
    found = counted_people(study, phase).order_by("pk")
    if not excluded:
        found = found.filter(excluded_at=None)
    rows = list(found.values_list("pk", "annotator", "locale", "country", "excluded_at"))
    annotators = np.array([row[1] for row in rows], dtype=np.int64)
    answers = _answers(study, annotators)
    return People(
        key=np.array([row[0] for row in rows], dtype=np.int64),
        locale=np.searchsorted(
            np.array(locales, dtype=np.int64), np.array([row[2] for row in rows], dtype=np.int64)
        ),
        country=np.array([row[3] for row in rows], dtype="U2"),
        excluded=np.array([row[4] is not None for row in rows], dtype=np.bool_),
        answers=answers,
        groupings=tuple(code for code in _groupings(study) if code in answers),
    )


def _groupings(study: Study) -> list[str]:
    """Questions about people, in their order: not those that test attention or ask for help."""
    instruments = study.instrument_ids()
    asked = Question.objects.filter(instrument__in=instruments, expected="").filter(
        Q(kind=Question.Kind.CHOICE) | Q(code="age")
    )
    codes = asked.exclude(code__in=NOT_ABOUT_HER).order_by("instrument", "position")
    return list(dict.fromkeys(codes.values_list("code", flat=True)))


def _answers(study: Study, annotators: Ints) -> dict[str, Labels]:
    place = {int(key): row for row, key in enumerate(annotators)}
    instruments = study.instrument_ids()
    said = Answer.objects.filter(
        question__instrument__in=instruments,
        annotator__participations__study=study,
    ).order_by("pk")
    lowest = age_groups(study)
    answers: dict[str, Labels] = {}
    columns = ("annotator", "question__code", "status", "option__code", "number")
    for annotator, code, status, option, years in said.values_list(*columns).iterator():
        if annotator not in place:
            continue
        if code not in answers:
            answers[code] = np.full(annotators.size, "", dtype=f"U{LONGEST}")
        known = option or ("" if years is None else _number(code, years, lowest))
        told = REFUSED if status == Answer.Status.REFUSED else known
        answers[code][place[annotator]] = told
    return answers


def _number(code: str, value: int, lowest: tuple[int, ...]) -> str:
    return age_group(value, lowest) if code == "age" else str(value)


def age_groups(study: Study) -> tuple[int, ...]:
    """The lowest ages of the groups that the study's own cells speak of."""
    named = {
        one["age"]["from"]
        for quota in study.quotas.all()
        for one in alternatives(quota.conditions)
        if isinstance(one.get("age"), dict) and "from" in one["age"]
    }
    return tuple(sorted(named)) or AGE_GROUPS


def age_group(years: int, lowest: tuple[int, ...]) -> str:
    """The name of an age's group: 18-34, 35-54, 55+."""
    place = int(np.searchsorted(lowest, years, side="right")) - 1
    if place < 0:
        return f"-{lowest[0] - 1}"
    above = lowest[place + 1 : place + 2]
    return f"{lowest[place]}-{above[0] - 1}" if above else f"{lowest[place]}+"
