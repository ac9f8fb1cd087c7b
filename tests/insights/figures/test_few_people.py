"""What fewer than 20 people said is a dash, in every row."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from insights.figures import diversity, dividing, working
from insights.figures.figure import Options
from insights.figures.judgements import Judgements, People, Rows, Sets
from insights.figures.sample import Sample
from insights.statistics.arrays import Bools, Ints

FEW, MANY = 12, 30
OPTIONS = Options()


class Arm(str):
    strategy = "nc"


class Control(Arm):
    strategy = "temperature"


@pytest.fixture
def data() -> Judgements:
    """FEW people of France and MANY of Italy judge twelve core prompts; the last of the prompts
    is judged by the FEW and by two others alone. Sets are of two arms in turn."""
    locale, of_set = np.repeat([0, 1], [FEW, MANY]), np.arange(12)
    person, judged = (one.ravel() for one in np.meshgrid(np.arange(FEW + MANY), of_set))
    kept = (judged < 11) | (person < FEW + 2)
    person, judged = person[kept], judged[kept]
    return Judgements(
        study=SimpleNamespace(arms=lambda: [Control("a v1"), Arm("b v1")]),  # type: ignore[arg-type]
        phase="main",
        locales=("FR-fr", "IT-it"),
        prompts=tuple(f"p{one}" for one in of_set),
        prompt_key=of_set,
        core=np.ones(12, dtype=bool),
        rows=_rows(person, judged, locale[person]),
        sets=_sets(of_set, np.array(["fr", "it"])[of_set // 6]),
        people=People(
            np.arange(FEW + MANY), locale, np.array(["FR", "IT"])[locale],
            np.zeros(FEW + MANY, dtype=bool), {}, ()
        ),
        retests=_rows(person[:0], judged[:0], locale[:0]),
        sample=Sample((), (), ()),
    )  # fmt: skip


def _rows(person: Ints, judged: Ints, locale: Ints) -> Rows:
    n, none = person.size, np.zeros(person.size, dtype=np.int64)
    chosen = (person + judged) % 2
    ranks = np.where(np.arange(2) == chosen[:, None], 1, 2)
    order = np.tile(np.arange(2), (n, 1))
    return Rows(
        turn_key=np.arange(n), person=person, judged_set=judged, locale=locale, prompt=judged,
        turn=none + 1, mode=np.full(n, "ranking"), occasion=none, ranks=ranks, order=order,
        chosen=chosen, acceptable=chosen, represents=chosen, seconds=np.full(n, 30.0),
        explanation_words=none + 4,
    )  # fmt: skip


def _sets(keys: Ints, language: Any) -> Sets:
    shape = (keys.size, 2)
    no: Bools = np.zeros(shape, dtype=bool)
    return Sets(
        key=keys, stimulus=keys, language=language, arm=np.array(["a v1", "b v1"])[keys % 2],
        parallel=~no[:, 0], control=no[:, 0], anchored=no[:, 0], lexical=np.full(12, 0.5),
        semantic=np.full(12, 0.5), source=np.full(shape, "nc"), pole=np.full(shape, ""),
        words=np.full(shape, 9), lists=no, headings=no,
    )  # fmt: skip


def test_times_of_few_people_are_a_dash(data: Judgements) -> None:
    everybody, france, italy = working.durations(data, OPTIONS).rows
    assert france[2:] == (FEW, FEW * 12, None, None, None)
    assert everybody[5] == italy[5] == 30.0


def test_lengths_of_few_peoples_explanations_are_a_dash(data: Judgements) -> None:
    everybody, france, italy = working.explanations(data, OPTIONS).rows
    assert france[4:] == ((None, None, None), None)
    assert everybody[5] == italy[5] == 4.0


def test_a_price_that_rests_on_few_people_is_a_dash(data: Judgements) -> None:
    """Of France alone, with prompts enough of two arms."""
    alone = data.where(data.rows.person < FEW)
    compute = diversity.answers(lambda rows: rows.acceptable, "", name="acceptable")
    assert {row[6] for row in compute(alone, OPTIONS).rows} == {(None, None, None)}
    prices = [row[6] for row in compute(data, OPTIONS).rows if row[0] == "b v1"]
    assert any(price != (None, None, None) for price in prices)


def test_core_prompts_that_few_people_judged_are_not_tested(
    data: Judgements, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dividing, "PERMUTATIONS", 20)
    found = dividing.united_and_divided(data, OPTIONS)
    assert {row[0] for row in found.rows} == {f"p{one}" for one in range(11)}
    assert found.remarks[0].values["tested"] == 11
