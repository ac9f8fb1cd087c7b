"""All judgements of one phase of a study as arrays: what every figure is computed from."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from annotation.models import Study
from insights.figures.sample import Sample
from insights.statistics.arrays import Bools, Floats, Ints
from insights.statistics.preference import midranks

Labels = npt.NDArray[np.str_]

# What `ranks` says of a candidate without a rank. Equal ranks above 0 are ties.
UNRANKED, NOT_OFFERED = 0, -1
YES, NO, CANT_SAY, NOT_ASKED = 1, 0, -1, -2


@dataclass(frozen=True)
class Rows:
    """One entry per judgement (n,), in the order of the turns. Columns of (n, k) are candidates
    by their position in the set, but `order`, whose columns are places on the page."""

    turn_key: Ints  # of the database
    person: Ints  # index into `People`
    judged_set: Ints  # index into `Sets`
    locale: Ints  # index into `Judgements.locales`: where it was judged
    prompt: Ints  # index into `Judgements.prompts`; -1: an own conversation
    turn: Ints  # position in its conversation, from 1
    mode: Labels  # ranking, best, best_worst, rating
    occasion: Ints  # 0; above: a blind re-test
    ranks: Ints  # (n, k) 1 = best, equal = tied; UNRANKED, NOT_OFFERED
    order: Ints  # (n, k) the candidate's position in its set; -1: nothing at this place
    chosen: Ints  # position in the set
    acceptable: Ints  # YES, NO, CANT_SAY, NOT_ASKED
    represents: Ints
    seconds: Floats  # from showing to submitting; nan: not measured
    explanation_words: Ints  # 0: asked and left empty; -1: none stored


@dataclass(frozen=True)
class Sets:
    """One entry per candidate set (s,); columns (s, k) are candidates by position."""

    key: Ints  # of the database
    stimulus: Ints  # the same for a set and its translations: the same candidates
    language: Labels
    arm: Labels  # the sampler as `key v1`
    parallel: Bools  # there are reviewed translations of it, or it is one
    control: Bools  # drawn to skip the diversity threshold
    anchored: Bools  # its default candidate is shared by all arms of its prompt
    lexical: Floats  # mean similarity of its candidates; nan: not measured
    semantic: Floats
    source: Labels  # (s, k) nc, default, temperature, multi_model, steered; "": none there
    pole: Labels  # (s, k) the pole it was steered to; "": none
    words: Ints  # (s, k); -1: none there
    lists: Bools  # (s, k) it has a list
    headings: Bools  # (s, k) it has a heading or a line in bold


@dataclass(frozen=True)
class People:
    """One entry per person (p,), in the order of the participations."""

    key: Ints  # of the participation
    locale: Ints
    country: Labels
    excluded: Bools
    # By question: the code of her answer, "" where she was not asked or left it empty, and
    # `prefer_not_to_say`. "age" holds groups of years.
    answers: Mapping[str, Labels]
    groupings: tuple[str, ...]  # questions whose answers part people into groups


@dataclass(frozen=True)
class Judgements:
    """Counted judgements: of completed places, nobody who withdrew in them; re-tests apart."""

    study: Study
    phase: str
    locales: tuple[str, ...]
    prompts: tuple[str, ...]  # keys
    prompt_key: Ints  # of the database
    core: Bools  # by prompt
    rows: Rows
    sets: Sets
    people: People
    retests: Rows  # the later occasions of the same people
    sample: Sample
    locked: bool = False  # outcomes by group are: rows by locale are left out

    def __len__(self) -> int:
        return int(self.rows.person.size)

    def places(self) -> Floats:
        """Midranks (n, k); nan where nothing was offered."""
        return midranks(self.rows.ranks, self.rows.ranks != NOT_OFFERED)

    def ordered(self) -> Bools:
        """(n,) whether a judgement says more than which is best."""
        return np.isin(self.rows.mode, ("ranking", "rating", "best_worst"))

    def where(self, kept: Bools) -> "Judgements":
        """With the judgements where `kept` (n,) holds; indexes of people and sets stay."""
        return replace(self, rows=chosen_rows(self.rows, kept))


def chosen_rows(rows: Rows, kept: Bools) -> Rows:
    return replace(rows, **{one.name: getattr(rows, one.name)[kept] for one in fields(rows)})
