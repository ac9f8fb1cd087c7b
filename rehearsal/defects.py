"""Defects planted into a copy's rows, to show that a rehearsal notices them."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from annotation.models import RankedCandidate, Ranking, ShownCandidate, Study, Turn

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
    """In the country with most judgements, each set's rankings are told of the next candidate."""
    countries = [
        (Ranking.objects.filter(turn__conversation__locale__country=country,
                                turn__conversation__participation__study=study).count(), country)
        for country in sorted(set(study.locales.values_list("country", flat=True)))
    ]  # fmt: skip
    _most, country = max(countries)
    rankings = Ranking.objects.filter(
        turn__conversation__participation__study=study,
        turn__conversation__locale__country=country,
        turn__live=False,
    ).select_related("turn")
    for ranking in rankings.prefetch_related("rows"):
        rows = sorted(ranking.rows.all(), key=lambda row: row.candidate_id)
        shifted = [row.rank for row in rows[1:]] + [rows[0].rank]
        for row, rank in zip(rows, shifted, strict=True):
            RankedCandidate.objects.filter(pk=row.pk).update(rank=rank)
        first = min(zip(shifted, rows, strict=True), key=lambda pair: pair[0] or 99)[1]
        Ranking.objects.filter(pk=ranking.pk).update(chosen=first.candidate_id)
    return f"labels shifted in {rankings.count()} rankings of {country}"


def _lose_one(study: Study) -> str:
    """The latest ranking, gone from the tables as if it had never arrived."""
    rankings = Ranking.objects.filter(turn__conversation__participation__study=study)
    lost = Ranking.objects.get(pk=rankings.aggregate(last=Max("pk"))["last"])
    lost.delete()
    return f"one ranking deleted, of turn {lost.turn_id}"
