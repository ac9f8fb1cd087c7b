"""A stored judgement in words, for the person who gave it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotation.judgement.rating import rating_word
from annotation.models import Mode, RankedCandidate, ShownCandidate, Turn


@dataclass(frozen=True)
class StoredAnswer:
    row: ShownCandidate
    words: str
    chosen: bool
    picked: bool  # among several that share first place


def stored_order(turn: Turn) -> list[StoredAnswer]:
    """What the database holds of a ranked turn, the best first."""
    ranked = {row.candidate_id: row for row in turn.ranking.rows.all()}
    shown = list(turn.shown.select_related("candidate"))
    letters = {
        row.letter: ranked[row.candidate_id].rank for row in shown if row.candidate_id in ranked
    }
    first = sum(rank == 1 for rank in letters.values())
    stored = []
    for row in sorted(shown, key=lambda row: _standing(turn, ranked[row.candidate_id], row)):
        rank = ranked[row.candidate_id].rank
        others = [letter for letter, r in letters.items() if r == rank and letter != row.letter]
        chosen = row.candidate_id == turn.ranking.chosen_id
        words = _words(turn.mode, ranked[row.candidate_id], others)
        stored.append(StoredAnswer(row, words, chosen, picked=chosen and first > 1))
    return stored


def _standing(turn: Turn, ranked: RankedCandidate, row: ShownCandidate) -> tuple[float, int]:
    """Without a rank comes last; only between the best and the worst it is the middle."""
    unranked = 1.5 if turn.mode == Mode.BEST_WORST else float("inf")
    return (unranked if ranked.rank is None else ranked.rank, row.position)


def _words(mode: str, ranked: RankedCandidate, others: Sequence[str]) -> str:
    if mode == Mode.RATING:
        return _("Not rated") if ranked.score is None else rating_word(ranked.score)
    if mode in {Mode.BEST, Mode.BEST_WORST}:
        if ranked.rank is None:
            return _("Not chosen") if mode == Mode.BEST else _("In between")
        return _("The best") if ranked.rank == 1 else _("The worst")
    if ranked.rank is None:
        return _("No place")
    if others:
        shared = {"rank": ranked.rank, "letters": ", ".join(others)}
        return _("Place %(rank)s, shared with %(letters)s") % shared
    return _("Place %(rank)s") % {"rank": ranked.rank}
