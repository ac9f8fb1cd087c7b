"""Means and their intervals against values worked by hand."""

import math
import random

import pytest

from candidates.comparison.resampling import Resampling, quantile
from candidates.comparison.wording import written


def test_a_mean_and_its_interval_are_of_prompts_not_of_sets() -> None:
    # Two prompts of which each always gives the same: sets add nothing.
    resampling = Resampling(["p1", "p2"])
    few = resampling.mean({"p1": [0.0], "p2": [1.0]})
    many = resampling.mean({"p1": [0.0] * 50, "p2": [1.0] * 50})
    assert (many["value"], many["low"], many["high"]) == (0.5, 0.0, 1.0)
    assert (few["low"], few["high"]) == (0.0, 1.0)
    assert (many["n"], many["prompts"]) == (100, 2)


def test_an_interval_of_many_prompts_is_the_usual_one() -> None:
    chance = random.Random(3)
    values = {f"p{i}": [chance.gauss(0.4, 0.1)] for i in range(200)}
    found = Resampling(values).mean(values)
    half = 1.96 * 0.1 / math.sqrt(200)
    assert found["value"] - found["low"] == pytest.approx(half, rel=0.15)
    assert found["high"] - found["value"] == pytest.approx(half, rel=0.15)


def test_the_same_seed_gives_the_same_interval() -> None:
    values = {"p1": [0.1], "p2": [0.5], "p3": [0.2]}
    assert Resampling(values).mean(values) == Resampling(values).mean(values)


def test_of_one_prompt_there_is_a_mean_and_no_interval() -> None:
    found = Resampling(["p1"]).mean({"p1": [1.0, 2.0]})
    assert (found["value"], found["low"], found["n"]) == (1.5, None, 2)
    assert written(found, "lexical") == "1.500 (no interval; n = 2)"


def test_quantiles_by_hand() -> None:
    assert quantile([4, 1, 3, 2], 0.5) == 2.5
    assert quantile([1, 2, 3, 4, 5], 1.0) == 5
    assert quantile([7], 0.025) == 7
