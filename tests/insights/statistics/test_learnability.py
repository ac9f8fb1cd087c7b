"""Which arm teaches a group's preferences: known people, arms alike and diverse."""

from dataclasses import replace

import numpy as np
import pytest

from insights.statistics import learnability
from insights.statistics.learnability import Choices

POLES = 4


def planted(
    rng: np.random.Generator, likings: np.ndarray, *, people: int = 240, each: int = 12
) -> Choices:
    """Two arms over the same prompts: sets of arm 0 hold all poles, those of arm 1 one pole
    four times over. People of group g like pole p by likings[g, p]."""
    prompts, k = 40, 4
    whose = np.repeat(np.arange(people), each)
    prompt = rng.permuted(np.tile(np.arange(prompts), (people, 1)), axis=1)[:, :each].ravel()
    arm = rng.integers(2, size=whose.size)
    same = (prompt % POLES)[:, None] * np.ones((1, k), dtype=np.int64)
    candidate = rng.permuted(np.tile(np.arange(k), (whose.size, 1)), axis=1)
    pole = np.where((arm == 0)[:, None], candidate, same)
    group = whose % len(likings)
    utility = likings[group[:, None], pole] + rng.gumbel(size=pole.shape)
    return Choices(
        x=np.eye(POLES)[pole],
        shown=np.ones(pole.shape, dtype=bool),
        chosen=utility.argmax(axis=1),
        groups=group,
        people=whose,
        prompts=prompt,
        sets=prompt * 2 + arm,
        arms=arm,
        candidates=candidate,
    )


def test_diverse_sets_teach_a_groups_preferences_and_alike_sets_do_not() -> None:
    likings = np.array([[1.2, 0, 0, 0], [0, 1.2, 0, 0], [0, 0, 1.2, 0]], dtype=float)
    choices = planted(np.random.default_rng(13), likings)
    found = learnability.learn(choices, arms=2, groups=3, seed=1)
    low, high = found.gain.bounds()
    assert low[0].min() > 0.02
    assert np.abs(found.gain.value[1]).max() < 0.005
    assert (low[0] > high[1]).all()
    assert found.own.value[0].mean() > found.common.value[0].mean() + 0.05
    assert found.own.value[1] == pytest.approx(0.25, abs=0.03)


def test_a_group_without_preferences_of_its_own_gains_nothing() -> None:
    likings = np.array([[0.8, 0, 0, 0], [0.8, 0, 0, 0], [0.8, 0, 0, 0]], dtype=float)
    gains = []
    for seed in range(20):
        choices = planted(np.random.default_rng(seed), likings, people=24)
        gains.append(learnability.learn(choices, arms=2, groups=3, seed=seed).gain.value[0])
    # What everybody prefers is learnt by the common model; its own part costs a little.
    assert np.mean(gains) < 0.0
    assert np.mean(gains) > -0.03


def test_nobody_is_predicted_from_what_she_or_her_prompt_taught() -> None:
    """Every person always takes one response of her own of each prompt, which says nothing
    about others: a model that had seen her or her prompts would predict her."""
    rng = np.random.default_rng(14)
    n = 1600
    people, prompts = np.repeat(np.arange(80), 20), np.tile(np.arange(20), 80)
    liked = rng.integers(4, size=80)[people]
    choices = Choices(
        x=np.eye(4)[None].repeat(n, axis=0),
        shown=np.ones((n, 4), dtype=bool),
        chosen=liked,
        groups=people,
        people=people,
        prompts=prompts,
        sets=prompts,
        arms=np.zeros(n, dtype=np.int64),
        candidates=np.tile(np.arange(4), (n, 1)),
    )
    found = learnability.learn(choices, arms=1, groups=80, seed=1)
    assert np.abs(found.gain.value).max() < 1e-9


def test_arms_learn_from_equally_many_judgements() -> None:
    choices = planted(np.random.default_rng(15), np.eye(4)[:3], people=60)
    fewer = choices.where((choices.arms == 0) | (choices.people < 20))
    found = learnability.learn(fewer, arms=2, groups=3, seed=1)
    assert found.trained == np.bincount(fewer.arms).min()
    assert (found.judgements.sum(axis=1) == len(fewer)).all()


def test_the_truth_lies_between_both_bounds_of_what_can_be_predicted() -> None:
    likings = np.array([[1.5, 0.5, 0, 0]])
    share = np.exp(likings[0]) / np.exp(likings[0]).sum()
    lows, highs = [], []
    for seed in range(20):
        choices = planted(np.random.default_rng(seed), likings, people=60, each=20)
        diverse = choices.where(choices.arms == 0)
        found = learnability.ceiling(diverse, groups=1)
        lows.append(found.low.value[0])
        highs.append(found.high.value[0])
    assert np.mean(lows) < share.max() + 0.005
    assert np.mean(highs) > share.max()
    assert np.mean(lows) > share.max() - 0.05


def test_people_of_no_group_are_predicted_for_no_group() -> None:
    choices = planted(np.random.default_rng(16), np.eye(4)[:2], people=60)
    some = replace(choices, groups=np.where(choices.people < 30, choices.groups, -1))
    found = learnability.learn(some, arms=2, groups=2, seed=1)
    assert found.judgements.sum(axis=1).tolist() == [int((choices.people < 30).sum())] * 2
