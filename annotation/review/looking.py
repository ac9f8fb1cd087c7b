"""One look at how somebody worked: every signal is run, and what it says is stored."""

import logging
import traceback
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.db import transaction
from django.db.models import Count, F, Func, Q, QuerySet, Sum, TextField, Value
from django.db.models.functions import Length
from django.utils import timezone

from accounts.models import Answer
from annotation.models import (
    Explanation,
    Flag,
    FlagJudgement,
    Participation,
    Phase,
    Ranking,
    Study,
    Turn,
)
from annotation.review import signals
from annotation.review.signals import Evidence, JudgedTurn

logger = logging.getLogger(__name__)

# The newest rankings that make a language's norm: enough for a median, and soon read.
NORM_SAMPLE = 500
# So many of the newest may be a person's own, and are read beside: her norm is of others.
USUAL_TURNS = 100
# Reviews that a lost message forgot are found again for so long after the last act.
LOOK_BACK = timedelta(days=1)
# Work in progress is looked at every ten minutes; a beat that comes late misses nothing.
NEW_WORK = timedelta(minutes=20)


Checks = dict[Flag.Kind, Callable[[Participation], Evidence | None]]


def review_work(*, participation: Participation, norms: "Norms | None" = None) -> None:
    """Runs every signal and stores what it says: one flag a kind.

    `norms` are those of others who are looked at with her; without them they are read now.

    A repeat refreshes the figures, or takes a flag back that they no longer carry, until
    she has answered or somebody has judged it; nothing else ever changes by it. A check that
    breaks is noted as not run and says nothing about her.
    """
    speed = partial(_check_speed, norms=norms or Norms())
    checks: Checks = {Flag.Kind.SPEED: speed, **CHECKS}
    findings = {kind: _run(kind, check, participation) for kind, check in checks.items()}
    with transaction.atomic():
        # Her row is the lock: two reviews at once write one after the other.
        Participation.objects.select_for_update(of=("self",), no_key=True).get(pk=participation.pk)
        known = {flag.kind: flag for flag in participation.flags.select_for_update()}
        hers = FlagJudgement.objects.filter(flag__participation=participation)
        judged = set(hers.values_list("flag__kind", flat=True))
        for kind, finding in findings.items():
            if kind not in judged:
                _store(participation, kind, finding, known.get(kind))


Finding = tuple[Flag.State, Evidence] | None


def _run(
    kind: Flag.Kind, check: Callable[[Participation], Evidence | None], participation: Participation
) -> Finding:
    try:
        evidence = check(participation)
    except Exception as error:  # a fault of ours must never look like one of hers
        logger.exception("the check %s could not be made", kind)
        return Flag.State.NOT_RUN, {"fault": type(error).__name__}
    return (Flag.State.RAISED, evidence) if evidence else None


def _store(
    participation: Participation, kind: Flag.Kind, finding: Finding, known: Flag | None
) -> None:
    if known and (known.answered_at or known.decision):
        return
    if finding is None:
        if known:
            known.delete()
        return
    state, evidence = finding
    if known is None:
        Flag.objects.create(participation=participation, kind=kind, state=state, evidence=evidence)
    elif state == Flag.State.RAISED or known.state == Flag.State.NOT_RUN:
        if known.state != state:
            known.raised_at = timezone.now()
        known.state, known.evidence = state, evidence
        known.save(update_fields=["state", "evidence", "raised_at"])


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
    return _judged_turns(Ranking.objects.filter(pk__in=newest).order_by("-submitted_at"))


def _check_speed(participation: Participation, norms: Norms) -> Evidence | None:
    own = _judged_turns(Ranking.objects.filter(turn__conversation__participation=participation))
    languages = {turn.language for turn in own}
    known = {code: norms.of(participation, code) for code in languages}
    return signals.speed(own, known, _limits(participation))


def _limits(participation: Participation) -> signals.Thresholds:
    return signals.read_thresholds(participation.study.flag_thresholds)


def _read_once(rankings: QuerySet[Ranking]) -> QuerySet[Ranking]:
    """What a person reads for the second time is read faster, as it should be."""
    shown = rankings.filter(turn__shown_at__isnull=False)
    return shown.exclude(turn__conversation__grant__occasion__gt=0)


def _judged_turns(rankings: QuerySet[Ranking]) -> list[JudgedTurn]:
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


def _check_position(participation: Participation) -> Evidence | None:
    turns = Turn.objects.filter(conversation__participation=participation)
    chosen = turns.filter(shown__candidate=F("ranking__chosen"))
    places = dict(chosen.values_list("pk", "shown__position"))
    shown = turns.filter(pk__in=places).annotate(places=Count("shown"))
    choices = [(places[turn.pk], turn.places) for turn in shown]
    return signals.position(choices, _limits(participation))


def _check_repeated(participation: Participation) -> Evidence | None:
    explanations = Explanation.objects.filter(turn__conversation__participation=participation)
    texts = list(explanations.values_list("text", flat=True))
    return signals.repeated(texts, _limits(participation))


def _check_paste(participation: Participation) -> Evidence | None:
    messages = Turn.objects.filter(conversation__participation=participation, live=True)
    explanations = Explanation.objects.filter(turn__conversation__participation=participation)
    texts = [
        *messages.values_list("pasted", Length("message")),
        *explanations.values_list("pasted", Length("text")),
    ]
    return signals.paste(texts, _limits(participation))


def _check_attention(participation: Participation) -> Evidence | None:
    study = participation.study
    answers = Answer.objects.filter(
        annotator=participation.annotator_id,
        question__instrument__in=study.instrument_ids(),
        status=Answer.Status.ANSWERED,
        option__isnull=False,
    ).exclude(question__expected="")
    return signals.attention(
        [
            (answer.question.expected, str(answer.option))
            for answer in answers.select_related("question", "option")
        ]
    )


def _check_comprehension(participation: Participation) -> Evidence | None:
    return signals.comprehension(
        participation.comprehension_passed, participation.comprehension_tries
    )


CHECKS: Checks = {
    Flag.Kind.POSITION: _check_position,
    Flag.Kind.REPEATED: _check_repeated,
    Flag.Kind.PASTE: _check_paste,
    Flag.Kind.ATTENTION: _check_attention,
    Flag.Kind.COMPREHENSION: _check_comprehension,
}


def review_each(participation_ids: Iterable[int]) -> int:
    """Reviews these people one by one, with the norms of this moment; returns how many there
    were. Who is gone is passed over, and so are previews; a repeat is a repeat of `review_work`.

    An error at one person does not keep the others from being looked at: raises
    ReviewsFailedError at the end, with how many failed. Beat finds her again.
    """
    norms, studies, number, failed = Norms(), dict[int, Study](), 0, 0
    for participation_id in participation_ids:
        people = Participation.objects.filter(pk=participation_id)
        found = people.exclude(phase=Phase.PREVIEW).first()
        if found:
            found.study = studies.get(found.study_id) or found.study
            studies[found.study_id] = found.study
            failed += not _reviewed(found, norms)
            number += 1
    if failed:
        raise ReviewsFailedError(f"{failed} of {number} people could not be looked at.")
    return number


class ReviewsFailedError(RuntimeError):
    """Some people's work could not be looked at; everybody else's was."""


def _reviewed(participation: Participation, norms: Norms) -> bool:
    try:
        with transaction.atomic():
            review_work(participation=participation, norms=norms)
    except Exception as error:  # whatever it is, it is of one person
        # Its words may hold what she wrote: the place in the code is enough to find it.
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}, line {last.lineno}"
        logger.error("a review failed: %s in %s", type(error).__name__, where)
        return False
    return True


def participations_to_review(*, within: timedelta = LOOK_BACK) -> list[int]:
    """Whoever ended something within so long, and whose checks could not be made."""
    since = timezone.now() - within
    return list(
        Participation.objects.filter(
            Q(conversations__ended_at__gte=since)
            | Q(finished_at__gte=since)
            | Q(flags__state=Flag.State.NOT_RUN)
        )
        .distinct()
        .order_by("pk")
        .values_list("pk", flat=True)
    )
