"""How fast others read in a language: what the speed of one person is measured against."""

from django.db.models import F, Func, Q, QuerySet, Sum, TextField, Value
from django.db.models.functions import Length

from annotation.models import (
    Participation,
    Ranking,
)
from annotation.review import signals
from annotation.review.signals import JudgedTurn

# The newest rankings that make a language's norm: enough for a median, and soon read.
NORM_SAMPLE = 500
# So many of the newest may be a person's own, and are read beside: her norm is of others.
USUAL_TURNS = 100


class Norms:
    """The norms of a moment, read once for all people who are looked at together."""

    def __init__(self) -> None:
        self._newest: dict[tuple[int, str, str], list[JudgedTurn]] = {}

    def of(self, participation: Participation, language: str) -> signals.Norm:
        """Of other people whose work counts, in the same study, phase and language."""
        key = (participation.study_id, participation.phase, language)
        if key not in self._newest:
            self._newest[key] = _newest(_counted(*key), NORM_SAMPLE + USUAL_TURNS)
        others = [turn for turn in self._newest[key] if turn.person != participation.pk]
        if len(others) < NORM_SAMPLE <= len(self._newest[key]):  # she did more than usual
            hers = Q(turn__conversation__participation=participation)
            others = _newest(_counted(*key).exclude(hers), NORM_SAMPLE)
        return signals.norm_of(language, others[:NORM_SAMPLE])


def _counted(study: int, phase: str, language: str) -> QuerySet[Ranking]:
    return Ranking.objects.filter(
        turn__conversation__locale__language=language,
        turn__conversation__participation__study=study,
        turn__conversation__participation__phase=phase,
        turn__conversation__participation__excluded_at=None,
        turn__conversation__participation__withdrawn_at=None,
    )


def _newest(rankings: QuerySet[Ranking], most: int) -> list[JudgedTurn]:
    """The newest first. Which these are is settled before any text is measured."""
    newest = _read_once(rankings).order_by("-submitted_at").values("pk")[:most]
    return judged_turns(Ranking.objects.filter(pk__in=newest).order_by("-submitted_at"))


def _read_once(rankings: QuerySet[Ranking]) -> QuerySet[Ranking]:
    """What a person reads for the second time is read faster, as it should be."""
    shown = rankings.filter(turn__shown_at__isnull=False)
    return shown.exclude(turn__conversation__grant__occasion__gt=0)


def judged_turns(rankings: QuerySet[Ranking]) -> list[JudgedTurn]:
    """Characters shown, blanks left out, and seconds until the answer, of each first reading."""
    text = Func(
        F("turn__shown__candidate__text"),
        Value(r"\s"),
        Value(""),
        Value("g"),
        function="regexp_replace",
        output_field=TextField(),
    )
    rows = (
        _read_once(rankings)
        .annotate(characters=Sum(Length(text)))
        .values_list(
            "turn__conversation__participation",
            "turn__conversation__locale__language",
            "characters",
            "turn__shown_at",
            "submitted_at",
        )
    )
    return [
        JudgedTurn(person, language, characters or 0, (end - start).total_seconds())
        for person, language, characters, start, end in rows
        if start is not None
    ]
