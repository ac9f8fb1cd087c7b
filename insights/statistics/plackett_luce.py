"""Plackett-Luce strengths: with ties of any size, and rankings that leave some unranked.

Ties follow Turner et al. (2020), see `tied_choices`. A top-k ranking is a row of staged
choices, and what was left unranked was there to be taken at every stage and never was: a
fit that is handed the ranked ones alone loses that. Strengths of two responses can be
compared only where rankings connect them, directly or through others: arms of a study share
no response, unless all arms of a prompt share an anchor.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from insights.statistics.arrays import Bools, Floats, Ints
from insights.statistics.newton import NotIdentifiedError, climb, clustered, influence
from insights.statistics.tied_choices import GroupStages, Stages, standard_places


@dataclass(frozen=True)
class TieFit:
    """Effects (p,) of covariates, then logarithms (t,) of how common ties of `sizes` are.

    Units of utility (log odds). moves: (people, p + t) how far each person moves them.
    """

    effects: Floats
    ties: Floats
    sizes: tuple[int, ...]
    moves: Floats
    people: int
    log_likelihood: float

    @property
    def covariance(self) -> Floats:
        """(p + t, p + t), clustered by person."""
        return clustered(self.moves, self.people)

    @property
    def errors(self) -> Floats:
        """Of the covariates' effects, (p,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)[: self.effects.size]))


@dataclass(frozen=True)
class Strengths:
    """Log strengths of items (q,), their mean 0, and covariance (q, q), clustered by person.

    `ties`: for each size of tie how common it is (delta). Of two equals d / (2 + d) tie.
    """

    logs: Floats
    covariance: Floats
    ties: dict[int, float]
    people: int
    log_likelihood: float

    @property
    def errors(self) -> Floats:
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def shares(self) -> Floats:
        """How often each would be first among them all, where first place is not tied, (q,)."""
        weight = np.exp(self.logs - self.logs.max())
        return np.asarray(weight / weight.sum())


@dataclass(frozen=True)
class StageTest:
    """Whether later choices weigh as the first one does: the figures of Wald's test.

    statistic: of chi-squared with `freedom` degrees where people are many. largest: the largest
    difference between an effect in first and in later choices, in units of utility.
    """

    statistic: float
    freedom: int
    p_value: float
    largest: float


def fit(
    ranks: Ints,
    shown: Bools,
    covariates: Floats,
    people: Ints,
    *,
    counted: Bools | None = None,
    same: Ints | None = None,
    near: Floats | None = None,
) -> TieFit:
    """Maximum likelihood of the covariates' effects and of the ties' prevalence.

    ranks: (n, k), 1 = best, equal = tied, 0 = left unranked; shown: (n, k); covariates:
    (n, k, p), each must differ within rankings; people: (n,) from 0; counted: (k,) whether
    choices for place 1, 2, … count (None: all); same: (n,) equal only where ranks and
    covariates are; near: (p,) effects that are about right. Both save time and change nothing.
    Raises NotIdentifiedError.
    """
    every = np.ones(ranks.shape[1], dtype=bool) if counted is None else counted
    return _fitted(Stages.of(ranks, shown, covariates, every, same), people, near)


def fit_groups(
    ranks: Ints,
    shown: Bools,
    covariates: Floats,
    people: Ints,
    *,
    groups: Ints,
    columns: Ints,
    near: Floats | None = None,
) -> TieFit:
    """The same where a covariate may have an effect of its own in each group of judgements.

    groups: (n,) from 0; columns: (groups, covariates) which effect each covariate has in each
    group, from 0, the same number for one that groups share, -1 for one that is left out.
    """
    return _fitted(GroupStages.of(ranks, shown, covariates, groups, columns), people, near)


def _fitted(stages: Stages | GroupStages, people: Ints, near: Floats | None) -> TieFit:
    wide = stages.parameters - len(stages.sizes)
    if not wide:
        raise NotIdentifiedError("The responses do not differ in anything that is asked about.")
    start = np.zeros(stages.parameters)
    start[:wide] = 0.0 if near is None else near
    found, (value, _gradient, curvature) = climb(stages.summed, start)
    return TieFit(
        effects=found[:wide],
        ties=found[wide:],
        sizes=stages.sizes,
        moves=influence(curvature, stages.scores(found, people)),
        people=int(np.unique(people).size),
        log_likelihood=value,
    )


def strengths(ranks: Ints, items: Ints, people: Ints, names: Sequence[str]) -> Strengths:
    """Strengths of items that were ranked together.

    ranks, items: (n, k), item -1 where nothing was shown; names: of the items, from 0.
    Raises NotIdentifiedError in a sentence that says which items were never compared, or
    which always or never won.
    """
    shown = items >= 0
    if len(names) < 2:
        raise NotIdentifiedError("All responses are of one kind: there is nothing to compare.")
    require_connected(wins(ranks, items, count=len(names)), names)
    one_hot = np.eye(len(names))[items][:, :, 1:] * shown[:, :, None]
    found = fit(ranks, shown, one_hot, people, same=patterns(ranks, items))
    count = len(names)
    centre = np.eye(count)[:, 1:] - 1 / count
    wide = count - 1
    return Strengths(
        logs=centre @ found.effects,
        covariance=centre @ found.covariance[:wide, :wide] @ centre.T,
        ties=dict(zip(found.sizes, np.exp(found.ties).tolist(), strict=True)),
        people=found.people,
        log_likelihood=found.log_likelihood,
    )


def patterns(ranks: Ints, items: Ints) -> Ints | None:
    """A number for each ranking (n,), the same for rankings that say the same of the same
    items; None where there are too many kinds of them to number."""
    places, width = standard_places(ranks, items >= 0), items.shape[1]
    kinds = (int(items.max(initial=0)) + 2) * (width + 2)
    if kinds**width >= 2**62:
        return None
    return np.asarray(((items + 1) * (width + 2) + places) @ (kinds ** np.arange(width)))


def wins(ranks: Ints, items: Ints, *, count: int) -> Ints:
    """How often each item was placed above, or beside, each other one, (items, items)."""
    places = standard_places(ranks, items >= 0)
    placed = places <= ranks.shape[1]
    found = np.zeros((count, count), dtype=np.int64)
    for one in range(items.shape[1]):
        for other in range(items.shape[1]):
            both = (items[:, one] >= 0) & (items[:, other] >= 0) & placed[:, one]
            above = both & (places[:, one] <= places[:, other]) & (one != other)
            np.add.at(found, (items[above, one], items[above, other]), 1)
    np.fill_diagonal(found, 0)
    return found


def require_connected(beaten: Ints, names: Sequence[str]) -> None:
    """Raises NotIdentifiedError unless a chain of wins leads from every item to every other.

    beaten: as `wins` gives. That is what finite, unique strengths need (Ford, 1957,
    American Mathematical Monthly 64(8), 28-33); a tie leads both ways.
    """
    graph = csr_array(beaten)
    parts, of_part = connected_components(graph, directed=True, connection="weak")
    if parts > 1:
        groups = [
            ", ".join(name for name, part in zip(names, of_part, strict=True) if part == one)
            for one in range(parts)
        ]
        raise NotIdentifiedError(
            f"No ranking connects {' with '.join(f'({group})' for group in groups)}: their "
            "strengths cannot be compared. Give all arms of a prompt one shared anchor response."
        )
    parts, of_part = connected_components(graph, directed=True, connection="strong")
    if parts > 1:
        least = int(np.bincount(of_part).argmin())
        few = ", ".join(name for name, part in zip(names, of_part, strict=True) if part == least)
        raise NotIdentifiedError(
            f"({few}) always won or always lost against the others: how much is unknown."
        )


def stage_test(
    ranks: Ints,
    shown: Bools,
    covariates: Floats,
    people: Ints,
    *,
    same: Ints | None = None,
    near: Floats | None = None,
) -> StageTest:
    """Do first choices and later choices have the same effects? Arguments as for `fit`.

    Under independence of irrelevant alternatives they do, up to chance (Hausman and Ruud,
    1987, Journal of Econometrics 34, 83-104). Wald's test with the difference's covariance
    clustered by person. That covariance is of so many people only: p is Hotelling's (1931, Annals
    of Mathematical Statistics 2, 360-378), since chi-squared would reject every second true
    model at 1 % with 25 people and 12 effects. Raises NotIdentifiedError where people are no
    more than effects. It fails where alike responses share their supporters, where people
    take less care further down, and where people differ much in what they like: then the
    strengths describe an average, and shares predicted for other sets are not to be trusted.
    """
    first = np.arange(ranks.shape[1]) == 0
    wide = covariates.shape[2]
    above = fit(ranks, shown, covariates, people, counted=first, same=same, near=near)
    below = fit(ranks, shown, covariates, people, counted=~first, same=same, near=near)
    rest = above.people - wide
    if rest < 1:
        raise NotIdentifiedError("There are too few people to tell whether the model fits.")
    apart = above.effects - below.effects
    spread = clustered(above.moves[:, :wide] - below.moves[:, :wide], above.people)
    try:
        statistic = float(apart @ np.linalg.solve(spread, apart))
    except np.linalg.LinAlgError as error:
        raise NotIdentifiedError("Too few people made later choices to compare them.") from error
    scale = rest / (wide * (above.people - 1))
    return StageTest(
        statistic=statistic,
        freedom=wide,
        p_value=float(stats.f.sf(statistic * scale, wide, rest)),
        largest=float(np.abs(apart).max()),
    )
