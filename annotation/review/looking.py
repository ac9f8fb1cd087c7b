"""One look at how somebody worked: every signal is run, and what it says is stored."""

import logging
import traceback
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from annotation.models import (
    Flag,
    FlagJudgement,
    Participation,
    Phase,
    Study,
)
from annotation.review.checks import CHECKS, Checks, check_speed
from annotation.review.norms import Norms
from annotation.review.signals import Evidence

logger = logging.getLogger(__name__)

# Reviews that a lost message forgot are found again for so long after the last act.
LOOK_BACK = timedelta(days=1)
# Work in progress is looked at every ten minutes; a beat that comes late misses nothing.
NEW_WORK = timedelta(minutes=20)


def review_work(*, participation: Participation, norms: Norms | None = None) -> None:
    """Runs every signal and stores what it says: one flag a kind.

    `norms` are those of others who are looked at with her; without them they are read now.

    A repeat refreshes the figures, or takes a flag back that they no longer carry, until
    she has answered or somebody has judged it; nothing else ever changes by it. A check that
    breaks is noted as not run and says nothing about her.
    """
    speed = partial(check_speed, norms=norms or Norms())
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
