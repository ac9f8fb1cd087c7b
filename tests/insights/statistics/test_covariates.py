"""Columns of the exploded logit: what each says, and planted effects that come back."""

import numpy as np

from insights.statistics import choice_model, covariates, plackett_luce, pooling


def test_columns_that_never_differ_within_a_judgement_are_left_out_by_name() -> None:
    shown = np.array([[True, True, False], [True, True, True]])
    found = covariates.stack(
        {
            "varies": np.array([[0.0, 1.0, 9.0], [0.0, 0.0, 0.0]]),
            "only where nothing stands": np.array([[1.0, 1.0, 5.0], [2.0, 2.0, 2.0]]),
        },
        shown,
    )
    assert found.names == ("varies",)
    assert found.dropped == ("only where nothing stands",)
    assert found.x[0, 2, 0] == 0


def test_an_arm_counts_beside_its_anchor_and_not_without_one() -> None:
    arm = np.array([0, 1])
    shown = np.ones((2, 3), dtype=bool)
    anchored = np.array([[False, False, True], [False, False, False]])
    found = covariates.stack(covariates.arms(arm, anchored, ["nc", "temperature"]), shown)
    assert found.names == ("arm: nc",)
    assert found.dropped == ("arm: temperature",)
    assert found.x[0, :, 0].tolist() == [1, 1, 0]


def test_source_arm_place_length_and_form_are_told_apart() -> None:
    rng = np.random.default_rng(8)
    n, k = 6000, 4
    people = np.repeat(np.arange(600), 10)
    arm = rng.integers(2, size=n)
    source = rng.permuted(np.tile([0, 1, 1, 1], (n, 1)), axis=1)  # one default, the anchor
    words = rng.integers(40, 161, size=(n, k)).astype(float)
    lists = (rng.random((n, k)) < 0.3).astype(float)
    shown = np.ones((n, k), dtype=bool)
    columns = (
        covariates.arms(arm, source == 0, ["nc", "temperature"])
        | covariates.positions(shown)
        | covariates.lengths(words)
        | {"list": lists}
    )
    design = covariates.stack(columns, shown)
    truth = np.array([0.4, -0.2, 0.5, 0.25, 0.125, 0.3, -0.6])
    noisy = design.x @ truth + rng.gumbel(size=(n, k))
    ranks = 1 + (-noisy).argsort(axis=1).argsort(axis=1)
    found = choice_model.fit(ranks, shown, design.x, people)
    assert np.abs((found.coefficients - truth) / found.errors).max() < 4
    assert found.errors.max() < 0.07


def test_likings_of_groups_come_back_pooled_and_nearer_than_each_alone() -> None:
    rng = np.random.default_rng(9)
    groups, each = 6, 25
    better = []
    for _replication in range(60):
        planted = 0.4 + 0.3 * rng.standard_normal(groups)
        whose = np.repeat(np.arange(groups * each), 3)
        of = whose // each
        item = rng.permuted(np.tile([0, 1, 2], (whose.size, 1)), axis=1)
        noisy = planted[of][:, None] * (item == 1) + rng.gumbel(size=item.shape)
        ranks = 1 + (-noisy).argsort(axis=1).argsort(axis=1)
        names = [str(group) for group in range(groups)]
        liked, shown = {"liked": (item == 1).astype(float)}, item >= 0
        design = covariates.stack_groups(liked, {}, shown, of, names)
        assert design.names == tuple(f"liked · {name}" for name in names)
        found = plackett_luce.fit_groups(
            ranks, shown, design.x, whose, groups=of, columns=design.columns
        )
        pooled = pooling.pool(found.effects, found.covariance)
        alone, drawn = (
            ((values - planted) ** 2).mean() for values in (found.effects, pooled.value)
        )
        better.append((alone, drawn))
    alone, drawn = np.mean(better, axis=0)
    assert drawn < 0.95 * alone
