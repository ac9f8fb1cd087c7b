"""What can be learnt of people's choices, once more: from rows read by SQL, by another optimiser.

The cuts of people and prompts are the study's own draw, and are drawn here again by its seed.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from django.test import Client
from scipy import optimize

from annotation.dealing.seeds import derive_seed
from annotation.models import Phase, Study
from tests.insights.figures.sql_twins import sql, table
from tests.insights.figures.twins_of_models import SAID, check_counts, groups_of, rows_of, stored

Array = np.ndarray[Any, Any]
# In the order of the turns: where the person, the prompt and the arm stand among all, and the
# place of the choice in its set.
WHO = """ SELECT judged.id, (SELECT count(*) FROM annotation_participation o
        WHERE o.study_id = %(study)s AND o.phase = 'rehearsal' AND o.withdrawn_at IS NULL
            AND o.excluded_at IS NULL AND o.id < judged.participation_id
            AND EXISTS (SELECT FROM annotation_grant g WHERE g.participation_id = o.id)),
    (SELECT count(*) FROM candidates_prompt o WHERE o.pool_id = q.pool_id AND o.id < q.id),
    a.key || ' v' || a.version, k.position
FROM judged JOIN candidates_candidateset s ON s.id = judged.candidate_set_id
JOIN candidates_prompttext t ON t.id = s.prompt_text_id
JOIN candidates_prompt q ON q.id = t.prompt_id
JOIN candidates_sampler a ON a.id = s.sampler_id
JOIN candidates_candidate k ON k.id = judged.chosen_id ORDER BY judged.id"""
# What could be predicted at best: the others' most frequent choice, and everybody's own.
CEILING = """, asked AS (
    SELECT judged.*, {group} AS part FROM judged {join}
), counts AS (
    SELECT candidate_set_id, part, chosen_id, count(*) AS n FROM asked GROUP BY 1, 2, 3
), guesses AS (
    SELECT a.part, a.chosen_id = c.chosen_id AS own, c.n, c.n - (a.chosen_id = c.chosen_id)::int
            AS others, a.id, sum(c.n) OVER w AS people, max(c.n) OVER w AS most,
        max(c.n - (a.chosen_id = c.chosen_id)::int) OVER w AS best
    FROM asked a JOIN counts c USING (candidate_set_id, part)
    WINDOW w AS (PARTITION BY a.id)
), each AS (
    SELECT part, id, max(CASE WHEN own AND others = best THEN 1.0 ELSE 0 END)
            / count(*) FILTER (WHERE others = best) AS guessed,
        max(most)::float / max(people) AS covered
    FROM guesses WHERE people > 1 GROUP BY part, id
) SELECT part, avg(guessed)::float, avg(covered)::float FROM each GROUP BY part"""


@dataclass(frozen=True)
class World:
    """Choices as SQL reads them: features (n, k, p), and the rest (n,)."""

    key: Array
    x: Array
    chosen: Array
    people: Array
    prompts: Array
    arms: Array
    names: list[str]
    seed: int

    @classmethod
    def of(cls, study: Study) -> "World":
        shown = rows_of(study)
        rows = sql(WHO, study)
        kinds = sorted({row[6] for own in shown.values() for row in own} - {"default"})
        x = [
            [
                [*(float(row[6] == kind) for kind in kinds), np.log2(max(row[9], 1)), row[10],
                 row[11]]
                for row in shown[key]
            ]
            for key, *_rest in rows
        ]  # fmt: skip
        names = sorted({row[3] for row in rows})
        return cls(
            key=np.array([row[0] for row in rows]),
            x=np.array(x, dtype=float),
            chosen=np.array([row[4] for row in rows]),
            people=np.array([row[1] for row in rows]),
            prompts=np.array([row[2] for row in rows]),
            arms=np.array([names.index(row[3]) for row in rows]),
            names=names,
            seed=derive_seed(study.seed, "learnability", Phase.REHEARSAL),
        )

    def learnt(self, groups: Array, count: int) -> tuple[Array, Array, Array]:
        """By arm and judgement: bits without and with the group's own effects, and whether the
        likeliest was chosen without them and with them; groups: (n,), -1 none."""
        draw, n = np.random.default_rng(self.seed), self.chosen.size
        folds = [draw.integers(4, size=int(of.max()) + 1)[of] for of in (self.people, self.prompts)]
        least = np.bincount(self.arms).min()
        trained = np.zeros(n, dtype=bool)
        for arm in range(len(self.names)):
            trained[draw.permutation(np.flatnonzero(self.arms == arm))[:least]] = True
        bits, right = np.zeros((2, len(self.names), n)), np.zeros((2, len(self.names), n))
        for cut in range(16):
            test = (folds[0] == cut // 4) & (folds[1] == cut % 4)
            seen = (folds[0] != cut // 4) & (folds[1] != cut % 4) & trained
            for arm in range(len(self.names)):
                rows = seen & (self.arms == arm)
                common = self.fitted(rows, np.zeros(self.chosen.size), 2.0)
                for row in np.flatnonzero(test):
                    plain = self.x[row] @ common
                    bits[0, arm, row], right[0, arm, row] = told(plain, self.chosen[row])
                    bits[1, arm, row], right[1, arm, row] = bits[0, arm, row], right[0, arm, row]
                for group in range(count):
                    mine = rows & (groups == group)
                    if mine.any():
                        more = common + self.fitted(mine, self.x @ common, 0.5)
                        for row in np.flatnonzero(test & (groups == group)):
                            bits[1, arm, row], right[1, arm, row] = told(
                                self.x[row] @ more, self.chosen[row]
                            )
        return bits, right, trained

    def fitted(self, rows: Array, known: Array, sd: float) -> Array:
        """The most probable effects under a normal prior, beside utilities that are known."""
        x, chosen = self.x[rows], self.chosen[rows]
        base = np.broadcast_to(known.reshape(known.shape[0], -1), self.x.shape[:2])[rows]

        def loss(at: Array) -> tuple[float, Array]:
            utility = base + x @ at
            top = utility.max(axis=1)
            weight = np.exp(utility - top[:, None])
            whole = weight.sum(axis=1)
            mine = np.arange(chosen.size)
            value = (np.log(whole) + top - utility[mine, chosen]).sum() + at @ at / 2 / sd**2
            middle = np.einsum("nk,nkp->np", weight / whole[:, None], x)
            return float(value), (middle - x[mine, chosen]).sum(axis=0) + at / sd**2

        found = optimize.minimize(
            loss, np.zeros(x.shape[2]), jac=True, method="BFGS", options={"gtol": 1e-9}
        )
        return np.asarray(found.x)


def told(utility: Array, chosen: int) -> tuple[float, float]:
    """Bits that the choice was still worth, and whether the likeliest was chosen."""
    chance = np.exp(utility - utility.max())
    chance = chance / chance.sum()
    best = utility > utility.max() - 1e-7
    return float(-np.log2(chance[chosen])), float(best[chosen] / best.sum())


def check_learnt(study: Study, client: Client) -> None:
    """What each arm teaches of everybody, and what could be predicted at best."""
    check_counts(study, "learnability")
    world = World.of(study)
    bits, right, trained = world.learnt(np.zeros(world.chosen.size, dtype=int), 1)
    rows = {row["arm"]: row for row in table(client, study, "learnability")}
    assert set(rows) == set(world.names) and len(rows) == 2
    for arm, name in enumerate(world.names):
        assert int(rows[name]["judgements"]) == world.chosen.size
        assert float(rows[name]["bits"]) == pytest.approx(2 - bits[1, arm].mean(), abs=1e-5)
        assert float(rows[name]["predicted"]) == pytest.approx(right[0, arm].mean(), abs=1e-5)
    told_of = [one.values for one in stored(study, "learnability").remarks]
    assert told_of[0]["trained"] == trained.sum() // 2
    ((_part, low, high),) = sql(CEILING.format(group="0", join=""), study)
    for name, share in (("low", low), ("high", high)):
        assert int(told_of[-1][name]) == pytest.approx(100 * share, abs=0.501)


def check_learnt_of_groups(study: Study, client: Client) -> None:
    """By country with models fitted again; by every question what could be predicted at best."""
    rows = table(client, study, "learnability-by-group")
    world, groups = World.of(study), groups_of(study)
    assert {row["question"] for row in rows} == set(groups)
    names = sorted(set(groups["country"].values()))
    of = np.array([names.index(groups["country"][int(key)]) for key in world.key])
    bits, right, _trained = world.learnt(of, len(names))
    for row in (row for row in rows if row["question"] == "country"):
        arm, own = world.names.index(row["arm"]), of == names.index(row["group"])
        assert int(row["judgements"]) == own.sum()
        expected = {
            "gain": (bits[0] - bits[1])[arm, own].mean(),
            "bits": 2 - bits[1, arm, own].mean(),
            "predicted": right[1, arm, own].mean(),
        }
        for column, value in expected.items():
            assert float(row[column]) == pytest.approx(value, abs=1e-5), (row, column)
    for question in groups:
        query = CEILING.format(
            group="parted.answer",
            join="JOIN parted ON parted.id = judged.id AND parted.question = %(question)s",
        )
        for group, low, high in sql(SAID + query, study, question=question):
            for row in rows:
                if (row["question"], row["group"]) == (question, group):
                    assert float(row["ceiling_low"]) == pytest.approx(low)
                    assert float(row["ceiling_high"]) == pytest.approx(high)


CHECKS = (check_learnt, check_learnt_of_groups)
