"""The figures that must come back, each by an estimator of insights/ over one table."""

from dataclasses import dataclass

import numpy as np

from insights import agreement, choice_model, position, preference
from insights.arrays import Bools, Floats, Ints
from insights.intervals import Estimates
from rehearsal.replay import group_liking
from rehearsal.table import Labels, Table
from rehearsal.truth import POLES, Truth

NAMES = {pole: pole or "default" for pole in POLES}


@dataclass(frozen=True)
class Figures:
    """One family: names (f,), values, errors and people (f,)."""

    names: tuple[str, ...]
    found: Estimates


def by_order_shown(truth: Truth, table: Table) -> dict[str, Figures]:
    """What theory expects for the very orders that were shown."""
    return {
        "position coefficients": place_coefficients(table),
        "group effects within countries": group_slopes(truth, table),
        "agreement on choices": agreement_on_choices(table),
        "agreement on rankings": agreement_on_rankings(table),
    }


def by_balanced_order(table: Table) -> dict[str, Figures]:
    """What theory expects where every candidate stands in every place equally often."""
    return {
        "mean rank by country": mean_ranks(table, table.country),
        "mean rank by gender": mean_ranks(table, table.gender),
        "mean rank by age": mean_ranks(table, table.age_band),
        "choices by place": choice_shares(table),
    }


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


def place_coefficients(table: Table) -> Figures:
    """Utility of each place beside the last one, with poles by country taken out."""
    groups = np.unique(table.country, return_inverse=True)[1]
    by_place = choice_model.place_covariates(shown(table))
    by_class = choice_model.class_covariates(table.pole, groups, class_count=len(POLES))
    wide = by_place.shape[2]
    fit = choice_model.fit(
        table.rank, shown(table), np.concatenate([by_place, by_class], axis=2), table.person
    )
    return Figures(
        tuple(f"place {place + 1}" for place in range(wide)),
        Estimates(fit.coefficients[:wide], fit.errors[:wide], np.full(wide, fit.people)),
    )


def group_slopes(truth: Truth, table: Table) -> Figures:
    """Places gained per unit of utility that gender and age add, within each country.

    The sharpest single question whether the labels of a country's people are their own:
    shuffled labels bring it to zero.
    """
    names, groups = np.unique(table.country, return_inverse=True)
    liking = group_liking(truth, table.gender, table.age_band)
    shares = np.bincount(groups, minlength=names.size)[:, None]
    means = np.stack(
        [np.bincount(groups, column, minlength=names.size) for column in liking.T], axis=1
    )
    beyond = liking - (means / shares)[groups]
    covariate = np.take_along_axis(beyond, np.maximum(table.pole, 0), axis=1)
    covariate = np.where(shown(table), covariate, np.nan)
    found = preference.slopes(places(table), covariate, groups, table.person)
    return Figures(tuple(names.tolist()), found)


def agreement_on_choices(table: Table) -> Figures:
    """Probability that two people choose alike, mean over the sets of each locale."""
    chosen = table.order[np.arange(len(table)), table.chosen]
    return _agreement(table, agreement.choices(chosen, _sets(table), table.person))


def agreement_on_rankings(table: Table) -> Figures:
    """Mean pairwise Spearman, mean over the sets of each locale."""
    by_candidate = np.full(table.pole.shape, np.nan)
    rows, spots = np.nonzero(shown(table))
    by_candidate[rows, table.order[rows, spots]] = places(table)[rows, spots]
    return _agreement(table, agreement.rankings(by_candidate, _sets(table), table.person))


def _agreement(table: Table, pairs: agreement.Pairs) -> Figures:
    names, of_row = np.unique(table.locale, return_inverse=True)
    groups = np.full(int(_sets(table).max(initial=-1)) + 1, -1, dtype=np.int64)
    groups[_sets(table)] = of_row
    groups = groups[: int(pairs.sets.max(initial=-1)) + 1]
    return Figures(tuple(names.tolist()), pairs.mean(groups))


def places(table: Table) -> Floats:
    return preference.midranks(table.rank, shown(table))


def shown(table: Table) -> Bools:
    return table.pole >= 0


def _sets(table: Table) -> Ints:
    return np.unique(table.judged_set, return_inverse=True)[1]
