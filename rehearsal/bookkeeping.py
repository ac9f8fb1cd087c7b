"""What the database alone must show after a rehearsal: full, exact, nothing lost, all explained."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter

from django.db.models import Count, F, Q
from django.utils import timezone

from annotation.dealing.records import find_unexplained
from annotation.models import (
    Deal,
    Grant,
    Participation,
    Phase,
    RankedCandidate,
    Ranking,
    Slot,
    Study,
)
from rehearsal.findings import Check
from rehearsal.ledger import Ledger, Submission, content_of


def check_all(
    study: Study, ledger: Ledger, *, can_fill: Mapping[str, bool], faults: bool
) -> list[Check]:
    """Every check that needs no truth. `can_fill` says by locale what the arithmetic promised."""
    return [
        check_targets(study, can_fill),
        check_overshoot(study),
        check_duplicates(study),
        *check_losses(study, ledger),
        check_leases(study, ledger),
        check_deals(study),
        check_phases(study),
        check_ways(ledger),
        check_errors(ledger, faults=faults),
    ]


def _none(name: str, figure: int, words: str) -> Check:
    return Check(name, figure == 0, figure, 0, words)


def check_targets(study: Study, can_fill: Mapping[str, bool]) -> Check:
    """Each set has its target of people in each locale that the arithmetic said can fill."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    slots = Slot.objects.filter(locale__study=study).exclude(status=Slot.Status.VOID)
    rows = slots.values_list("locale__country", "locale__language", "status")
    for country, language, status in rows.iterator(chunk_size=5000):
        counts[f"{country}-{language}"][0] += status == Slot.Status.DONE
        counts[f"{country}-{language}"][1] += 1
    lacking = {
        name: wanted - done
        for name, (done, wanted) in counts.items()
        if can_fill.get(name, True) and done < wanted
    }
    said = ", ".join(
        f"{name} {done} of {wanted}" for name, (done, wanted) in sorted(counts.items())
    )
    unfillable = sorted(name for name in counts if not can_fill.get(name, True))
    if unfillable:
        said += f"; not expected to fill with so few people: {', '.join(unfillable)}"
    return _none("every target met", sum(lacking.values()), said)


def check_overshoot(study: Study) -> Check:
    """No set has more counted people in a locale than places were planned."""
    counted = (
        Ranking.objects.filter(
            turn__position=1,
            turn__conversation__participation__study=study,
            turn__conversation__grant__disposition=Grant.Disposition.COMPLETED,
            turn__conversation__grant__occasion=0,
        )
        .values_list("turn__candidate_set", "turn__conversation__locale")
        .annotate(people=Count("turn__conversation__participation", distinct=True))
    )
    planned = dict[tuple[int, int], int]()
    slots = Slot.objects.filter(locale__study=study).exclude(status=Slot.Status.VOID)
    for judged, locale, places in slots.values_list("candidate_set", "locale").annotate(
        Count("pk")
    ):
        planned[judged, locale] = places
    over = [
        people - planned.get((judged, locale), 0)
        for judged, locale, people in counted
        if people > planned.get((judged, locale), 0)
    ]
    surplus = Grant.objects.filter(
        participation__study=study, disposition=Grant.Disposition.SURPLUS
    ).count()
    words = (
        f"{len(counted)} sets by locale; {surplus} judgements came late and are kept as surplus."
    )
    return _none("no target exceeded", sum(over), words)


def check_duplicates(study: Study) -> Check:
    """Nobody judged a prompt twice, and no person is counted twice for a set."""
    twice = (
        Ranking.objects.filter(
            turn__position=1,
            turn__conversation__participation__study=study,
            turn__conversation__grant__isnull=False,
            turn__conversation__grant__occasion=0,
        )
        .values_list("turn__conversation__participation", "turn__conversation__grant__prompt")
        .annotate(times=Count("pk"))
        .filter(times__gt=1)
    )
    people = Participation.objects.filter(study=study)
    same = people.values("annotator").annotate(times=Count("pk")).filter(times__gt=1).count()
    figure = len(twice) + same
    return _none("no duplicate", figure, f"{people.count()} people, each known once.")


def check_losses(study: Study, ledger: Ledger) -> list[Check]:
    """What people were told is stored is stored as they sent it, and nothing else is."""
    sent = {submission.key: submission for submission in ledger.sent}
    stored: dict[tuple[str, int], str] = {}
    rankings = Ranking.objects.filter(turn__conversation__participation__study=study)
    columns = ("turn__conversation__public_id", "turn__position", "submission_key")
    for conversation, position, key in rankings.values_list(*columns).iterator(chunk_size=5000):
        stored[conversation, position] = str(key)
    lost = sum(turn not in stored for turn in ledger.acknowledged)
    unknown = sum(
        turn not in ledger.acknowledged or key not in sent or _turn(sent[key]) != turn
        for turn, key in stored.items()
    )
    changed = _changed(study, sent)
    told = f"{len(ledger.acknowledged)} acknowledged, {len(stored)} stored"
    return [
        _none("every acknowledged submission stored", lost, told),
        _none("every stored submission acknowledged", unknown, told),
        _none("stored as it was sent", changed, f"{len(stored)} rankings compared, rank by rank."),
    ]


def _turn(submission: Submission) -> tuple[str, int]:
    return submission.conversation, submission.position


def _changed(study: Study, sent: Mapping[str, Submission]) -> int:
    """Rankings whose stored ranks or chosen response are not those of the submission. One
    ranking is held at a time."""
    rows = (
        RankedCandidate.objects.filter(
            ranking__turn__conversation__participation__study=study, ranking__turn__mode="ranking"
        )
        .order_by("ranking")
        .values_list(
            "ranking__submission_key", "ranking__chosen__handle", "candidate__handle", "rank"
        )
    )
    changed = 0
    of_one = groupby(rows.iterator(chunk_size=5000), key=itemgetter(0, 1))
    for (key, chosen), ranked in of_one:
        ranks = {handle: rank for _key, _chosen, handle, rank in ranked}
        known = sent.get(str(key))
        changed += known is not None and content_of(chosen, ranks) != known.content
    return changed


def check_leases(study: Study, ledger: Ledger) -> Check:
    """A place that somebody let lapse was given out again, or stands open for the next."""
    now = timezone.now()
    lapsed = Grant.objects.filter(
        participation__study=study, conversation__public_id__in=ledger.lapsed
    )
    again = lapsed.filter(disposition=Grant.Disposition.TIMED_OUT).count()
    stuck = lapsed.filter(
        slot__status=Slot.Status.OPEN, slot__leased_until__gt=now, slot__holder=F("participation")
    )
    voided = lapsed.filter(slot__status=Slot.Status.VOID)
    words = f"{len(ledger.lapsed)} leases lapsed; {again} of their places were given out again."
    return _none("lapsed places given out again", stuck.count() + voided.count(), words)


def check_deals(study: Study) -> Check:
    """Every grant can be chosen again from its record, and comes out the same."""
    number = Deal.objects.filter(grant__participation__study=study).count()
    unexplained = list(find_unexplained(study, Phase.REHEARSAL))
    words = f"{number} grants replayed. {'; '.join(found.why for found in unexplained[:3])}"
    return _none("every grant explained by its record", len(unexplained), words.strip())


def check_phases(study: Study) -> Check:
    """Nothing of the copy is of another phase, and nothing of another phase met the copy."""
    mixed = Participation.objects.filter(study=study).exclude(phase=Phase.REHEARSAL).count()
    mixed += Slot.objects.filter(locale__study=study).exclude(phase=Phase.REHEARSAL).count()
    mixed += (
        Grant.objects.filter(slot__locale__study=study)
        .filter(~Q(participation__study=study))
        .count()
    )
    return _none("no phase mixed", mixed, "Participations, slots and grants of the copy.")


def check_ways(ledger: Ledger) -> Check:
    """Everybody who wanted to go on could."""
    first = "; ".join(ledger.stranded[:3])
    return _none("nobody stranded", len(ledger.stranded), first or "Everybody could go on.")


def check_errors(ledger: Ledger, *, faults: bool) -> Check:
    """No page failed. Where parts were killed on purpose, what failed was sent again."""
    failed = len(ledger.failures) + ledger.unanswered
    words = (
        f"{len(ledger.seconds)} requests; {ledger.unanswered} without an answer, "
        f"{len(ledger.failures)} with an error of ours."
    )
    if faults:
        return Check("errors overcome", True, failed, float(len(ledger.seconds)), words)
    first = "; ".join(sorted(set(ledger.failures))[:3])
    return _none("no error", failed, f"{words} {first}".strip())
