"""What a copy's database holds, as the checks want it: judgements, flags, turns by person."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from django.db.models import Count

from accounts.models import Answer, ExternalIdentity
from annotation.cells.quotas import REFUSED
from annotation.models import (
    Flag,
    Grant,
    Participation,
    RankedCandidate,
    Ranking,
    ShownCandidate,
    Study,
    Turn,
)
from candidates.models import Candidate
from rehearsal.table import Judgement, Table
from rehearsal.truth import age_band
from rehearsal.voices import pole_of

SOME = 5000


def people_of(study: Study) -> dict[int, int]:
    """The truth's index of each participation: it is the end of the recruitment id."""
    named = ExternalIdentity.objects.filter(annotator__participations__study=study).values_list(
        "annotator__participations", "external_id"
    )
    return {key: int(name.rsplit("-", 1)[1]) for key, name in named}


def flagged_people(study: Study, people: Mapping[int, int]) -> set[int]:
    flags = Flag.objects.raised().filter(participation__study=study)
    return {people[key] for key in flags.values_list("participation", flat=True)}


def turns_by_person(study: Study, people: Mapping[int, int]) -> dict[int, int]:
    """How many turns each person ranked, in all her conversations."""
    counts = (
        Ranking.objects.filter(turn__conversation__participation__study=study)
        .values_list("turn__conversation__participation")
        .annotate(turns=Count("pk"))
    )
    return {people[key]: turns for key, turns in counts}


def read_table(study: Study, people: Mapping[int, int]) -> Table:
    """Every ranking of a pool conversation's first turn, in the order of the turns. Some are
    read at a time, and kept as arrays."""
    poles, told = _poles(study), _demographics(study)
    sets: dict[tuple[int, int], int] = {}
    turns, parts = _first_turns(study).iterator(chunk_size=SOME), []
    while some := list(islice(turns, SOME)):
        keys = [turn[0] for turn in some]
        shown, ranks = _shown(keys), _ranks(keys)
        rows = []
        for turn in some:
            key, participation, annotator, candidate_set, locale = turn[:5]
            country, language, prompt, ordinal, disposition, chosen = turn[5:]
            candidates = [candidate for candidate, _position in shown[key]]
            rows.append(
                Judgement(
                    person=people[participation],
                    prompt=prompt,
                    judged_set=sets.setdefault((candidate_set, locale), len(sets)),
                    locale=f"{country}-{language}",
                    country=country,
                    gender=str(told[annotator].get("gender", "")),
                    age_band=_band(told[annotator].get("age")),
                    poles=[poles[candidate] for candidate in candidates],
                    order=[position for _candidate, position in shown[key]],
                    ranks=[ranks[key].get(candidate) for candidate in candidates],
                    chosen=candidates.index(chosen),
                    ordinal=ordinal,
                    counted=disposition == Grant.Disposition.COMPLETED,
                )
            )
        parts.append(Table.of(rows))
    return Table.joined(parts)


def _first_turns(study: Study) -> Any:
    return (
        Turn.objects.filter(
            conversation__participation__study=study,
            conversation__grant__isnull=False,
            conversation__grant__occasion=0,
            position=1,
            ranking__isnull=False,
        )
        .order_by("pk")
        .values_list(
            "pk",
            "conversation__participation",
            "conversation__participation__annotator",
            "candidate_set",
            "conversation__locale",
            "conversation__locale__country",
            "conversation__locale__language",
            "conversation__grant__prompt",
            "conversation__grant__slot__ordinal",
            "conversation__grant__disposition",
            "ranking__chosen",
        )
    )


def _shown(turns: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    """By turn: the candidates in the order shown, each with its position in the set."""
    rows = ShownCandidate.objects.filter(turn__in=turns).order_by("turn", "position")
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for turn, candidate, position in rows.values_list("turn", "candidate", "candidate__position"):
        found[turn].append((candidate, position))
    return found


def _ranks(turns: Sequence[int]) -> dict[int, dict[int, int | None]]:
    rows = RankedCandidate.objects.filter(ranking__turn__in=turns).order_by()
    found: dict[int, dict[int, int | None]] = defaultdict(dict)
    for turn, candidate, rank in rows.values_list("ranking__turn", "candidate", "rank"):
        found[turn][candidate] = rank
    return found


def _poles(study: Study) -> dict[int, str]:
    """The pole of every pool candidate, told from its text as a reader would."""
    texts = Candidate.objects.filter(candidate_set__slots__locale__study=study).distinct()
    return {key: pole_of(text) for key, text in texts.values_list("pk", "text")}


def _demographics(study: Study) -> dict[int, dict[str, Any]]:
    answers = Answer.objects.filter(
        annotator__participations__study=study, question__code__in=("gender", "age")
    ).values_list("annotator", "question__code", "option__code", "number")
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    for annotator, code, option, number in answers:
        refused = option is None and number is None
        found[annotator][code] = REFUSED if refused else option or number
    return found


def _band(age: Any) -> str:
    return age_band(age) if isinstance(age, int) else ""


def placed_people(study: Study, people: Mapping[int, int]) -> int:
    """One more than the highest index of somebody who was let in."""
    placed = Participation.objects.filter(study=study, screened_at__isnull=False)
    return max((people[key] + 1 for key in placed.values_list("pk", flat=True)), default=0)
