"""Defects planted into a copy's rows, to show that a rehearsal notices them."""

from collections import Counter

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from accounts.models import Answer
from annotation.models import Participation, Ranking, ShownCandidate, Study, Turn

KINDS = ("order", "labels", "loss")


@transaction.atomic
def plant(*, study: Study, kind: str) -> str:
    """Spoils a copy in one known way and says how. A second call spoils it once more."""
    if study.rehearsal_of_id is None:
        raise ValidationError(f"{study} is no rehearsal: nothing is spoiled in it.")
    return {"order": _confound_order, "labels": _shuffle_labels, "loss": _lose_one}[kind](study)


def _confound_order(study: Study) -> str:
    """The default response always first, as if order came from the source."""
    turns = Turn.objects.filter(
        conversation__participation__study=study, position=1, live=False, ranking__isnull=False
    )
    number = 0
    for turn in turns.prefetch_related("shown__candidate"):
        shown = sorted(turn.shown.all(), key=lambda row: -row.candidate.position)
        for offset in (100, 0):  # no two rows share a place at any moment
            for place, row in enumerate(shown):
                ShownCandidate.objects.filter(pk=row.pk).update(position=place + offset)
        number += 1
    return f"order follows the source in {number} turns"


def _shuffle_labels(study: Study) -> str:
    """In one country everybody's age and gender are told of the next person."""
    people = Participation.objects.filter(study=study, conversations__isnull=False)
    countries = Counter(people.order_by().values_list("country", flat=True))
    country = countries.most_common(1)[0][0]
    number = 0
    for code in ("age", "gender"):
        answers = list(
            Answer.objects.filter(
                annotator__participations__in=people.filter(country=country), question__code=code
            )
            .distinct()
            .order_by("annotator")
        )
        values = [(answer.option_id, answer.number, answer.status) for answer in answers]
        for answer, (option, age, status) in zip(answers, values[1:] + values[:1], strict=True):
            Answer.objects.filter(pk=answer.pk).update(option=option, number=age, status=status)
        number = len(answers)
    return f"age and gender of {number} people in {country} moved on to the next person"


def _lose_one(study: Study) -> str:
    """The latest ranking, gone from the tables as if it had never arrived."""
    rankings = Ranking.objects.filter(turn__conversation__participation__study=study)
    lost = Ranking.objects.get(pk=rankings.aggregate(last=Max("pk"))["last"])
    lost.delete()
    return f"one ranking deleted, of turn {lost.turn_id}"
