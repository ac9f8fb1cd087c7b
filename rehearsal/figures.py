"""The figures that must come back, each by an estimator of insights/ over one table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from insights.statistics import agreement, choice_model, position, preference
from insights.statistics.arrays import Bools, Floats, Ints
from insights.statistics.intervals import Estimates
from rehearsal.replay import group_liking, likings
from rehearsal.table import Labels, Table
from rehearsal.truth import POLES, Truth

# Judgements of a country that tell four coefficients of its own apart, in any likely draw.
ENOUGH_TO_TELL_POLES = 150
NAMES = {pole: pole or "default" for pole in POLES}


@dataclass(frozen=True)
class Figures:
    """One family: names (f,), values, errors and people (f,)."""

    names: tuple[str, ...]
    found: Estimates


@dataclass(frozen=True)
class Family:
    """`balanced`: theory's figure is for every candidate standing in every place equally
    often; otherwise for the very orders that were shown."""

    name: str
    balanced: bool
    figures: Callable[[Table], Figures]


def families(truth: Truth) -> list[Family]:
    """All figures that must come back."""
    return [
        Family("mean rank of everybody", True, lambda table: mean_ranks(table, _same(table))),
        Family("mean rank by country", True, lambda table: mean_ranks(table, table.country)),
        Family("mean rank by gender", True, lambda table: mean_ranks(table, table.gender)),
        Family("mean rank by age", True, lambda table: mean_ranks(table, table.age_band)),
        Family("choices by place", True, choice_shares),
        Family("position coefficients", False, lambda table: place_coefficients(truth, table)),
        Family("planted effects", False, lambda table: effect_slopes(truth, table)),
        Family("agreement on choices", False, agreement_on_choices),
        Family("agreement on rankings", False, agreement_on_rankings),
    ]


def mean_ranks(table: Table, labels: Labels) -> Figures:
    """Of each pole, in each group of the label. Unit: places, 1 = best."""
    names, groups = np.unique(labels, return_inverse=True)
    found = preference.mean_ranks(
        places(table), table.pole, groups, table.person, class_count=len(POLES)
    )
    return Figures(
        tuple(f"{group} × {NAMES[pole]}" for group in names.tolist() for pole in POLES),
        Estimates(found.value.ravel(), found.error.ravel(), found.people.ravel()),
    )


def choice_shares(table: Table) -> Figures:
    found = position.choice_shares(table.chosen, shown(table), table.person)
    return Figures(tuple(f"place {place + 1}" for place in range(found.value.size)), found)


def place_coefficients(truth: Truth, table: Table) -> Figures:
    """Utility of each place beside the last one, with poles by country taken out (poles
    alone, where some country judged too little to tell each of its own)."""
    labels = table.country
    if np.unique(labels, return_counts=True)[1].min() < ENOUGH_TO_TELL_POLES:
        labels = _same(table)
    names, groups = np.unique(labels, return_inverse=True)
    by_place = choice_model.place_covariates(shown(table))
    by_class = choice_model.class_covariates(table.pole, groups, class_count=len(POLES))
    wide = by_place.shape[2]
    bonus = truth.bonus(wide + 1)
    likes = np.array(truth.poles) + likings(truth.countries, names)
    near = [(bonus - bonus[-1])[:-1], (likes[:, :-1] - likes[:, -1:]).ravel()]
    fit = choice_model.fit(
        table.rank,
        shown(table),
        np.concatenate([by_place, by_class], axis=2),
        table.person,
        start=0.8 * np.concatenate(near),  # people differ, which flattens what all share
    )
    return Figures(
        tuple(f"place {place + 1}" for place in range(wide)),
        Estimates(fit.coefficients[:wide], fit.errors[:wide], np.full(wide, fit.people)),
    )


def effect_slopes(truth: Truth, table: Table) -> Figures:
    """Places gained per unit of utility: by what countries like, and by what gender and age
    add, over all; and by what gender and age add within each country.

    The sharpest question whether labels are people's own: shuffled ones bring it to zero.
    """
    names, groups = np.unique(table.country, return_inverse=True)
    by_country = likings(truth.countries, table.country)
    by_group = group_liking(truth, table)
    together = np.zeros_like(groups)
    found = [
        _slopes(table, by_country, together),
        _slopes(table, by_group, together),
        _slopes(table, by_group, groups),
    ]
    return Figures(
        ("country", "gender and age", *(f"gender and age in {name}" for name in names.tolist())),
        _together(found),
    )


def _slopes(table: Table, liking: Floats, groups: Ints) -> Estimates:
    """Of places on each row's liking of the poles, beyond the mean liking of its group."""
    count = np.bincount(groups)[:, None]
    means = np.stack([np.bincount(groups, column) for column in liking.T], axis=1) / count
    covariate = np.take_along_axis(liking - means[groups], np.maximum(table.pole, 0), axis=1)
    covariate = np.where(shown(table), covariate, np.nan)
    return preference.slopes(places(table), covariate, groups, table.person)


def agreement_on_choices(table: Table) -> Figures:
    """Probability that two people choose alike, mean over the sets of each locale."""
    chosen = table.order[np.arange(len(table)), table.chosen]
    return _agreement(table, agreement.choices(chosen, _sets(table), table.person))


def agreement_on_rankings(table: Table) -> Figures:
    """Mean pairwise Spearman, mean over the sets of all locales and of each."""
    by_candidate = np.full(table.pole.shape, np.nan)
    rows, spots = np.nonzero(shown(table))
    by_candidate[rows, table.order[rows, spots]] = places(table)[rows, spots]
    return _agreement(table, agreement.rankings(by_candidate, _sets(table), table.person))


def _agreement(table: Table, pairs: agreement.Pairs) -> Figures:
    names, of_row = np.unique(table.locale, return_inverse=True)
    groups = np.full(int(_sets(table).max(initial=-1)) + 1, -1, dtype=np.int64)
    groups[_sets(table)] = of_row
    groups = groups[: int(pairs.sets.max(initial=-1)) + 1]
    found = [pairs.mean(np.minimum(groups, 0)), pairs.mean(groups)]
    return Figures(("everybody", *names.tolist()), _together(found))


def _together(found: Sequence[Estimates]) -> Estimates:
    return Estimates(
        np.concatenate([one.value for one in found]),
        np.concatenate([one.error for one in found]),
        np.concatenate([one.people for one in found]),
    )


def _same(table: Table) -> Labels:
    return np.full(len(table), "everybody")


def places(table: Table) -> Floats:
    return preference.midranks(table.rank, shown(table))


def shown(table: Table) -> Bools:
    return table.pole >= 0


def _sets(table: Table) -> Ints:
    return np.unique(table.judged_set, return_inverse=True)[1]
