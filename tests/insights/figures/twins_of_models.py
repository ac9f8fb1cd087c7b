"""Figures of models once more: what SQL counts of their rows, and the equations they solve.

Coefficients cannot be found by SQL. But at the largest likelihood its slope is 0 in every
direction, and that is reckoned here from rows read by SQL, at the figures of the page.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from django.test import Client
from scipy import integrate, stats

from annotation.models import Study
from insights.figures.figure import Result
from insights.models import ComputedFigure
from tests.insights.figures.sql_twins import sql, table
from tests.insights.figures.stages import Judged, clustered, scores, settle, sizes_of
from tests.insights.figures.twins_of_groups import GROUPED

# A response shown and judged: its kind, arm, place, form, and its rank.
RESPONSES = """ SELECT judged.id, judged.participation_id, judged.locale, k.position, m.rank,
    h.position, coalesce(nullif(k.pole, ''), k.source), a.key || ' v' || a.version,
    a.anchor AND k.source = 'default',
    (SELECT count(*) FROM regexp_matches(k.text, '[^[:space:]]+', 'g')),
    k.text ~ '(^|\n)[[:space:]]*([-*•]|[0-9]+[.)])[[:space:]]',
    EXISTS (SELECT FROM regexp_split_to_table(k.text, '\n') line
        WHERE line ~ '^#+[[:space:]]' OR line ~ '^\\*\\*[^*]+\\*\\*:?[[:space:]]*$')
FROM judged JOIN annotation_showncandidate h ON h.turn_id = judged.id
JOIN candidates_candidate k ON k.id = h.candidate_id
JOIN candidates_candidateset s ON s.id = k.candidate_set_id
JOIN candidates_sampler a ON a.id = s.sampler_id
LEFT JOIN annotation_rankedcandidate m
    ON m.ranking_id = judged.ranking AND m.candidate_id = k.id
ORDER BY judged.id, k.position"""
Response = tuple[Any, ...]


def rows_of(study: Study) -> dict[int, list[Response]]:
    """The responses of each judgement, by position in the set."""
    found: dict[int, list[Response]] = defaultdict(list)
    for row in sql(RESPONSES, study):
        found[row[0]].append(row)
    assert sql("SELECT DISTINCT t.mode FROM judged JOIN annotation_turn t USING (id)", study) == [
        ("ranking",)
    ]
    return found


def judged(
    study: Study, names: Callable[[Response], Mapping[str, float]], only: set[int] | None = None
) -> list[Judged]:
    return [
        Judged(own[0][1], [names(row) for row in own], [row[4] for row in own])
        for own in rows_of(study).values()
        if only is None or own[0][0] in only
    ]


def form_of(row: Response) -> dict[str, float]:
    """Place on the page from 1, the last one left out; length and form."""
    place = {f"place: {row[5] + 1}": 1.0} if row[5] < 3 else {}
    length = {"length: doubled": float(np.log2(max(row[9], 1)))}
    return place | length | {"form: list": row[10], "form: heading or bold line": row[11]}


def stored(study: Study, figure: str) -> Result:
    found = ComputedFigure.objects.get(study=study, figure=figure).found
    assert found is not None
    return found


def check_counts(study: Study, figure: str) -> None:
    """A model of everybody rests on all judgements, people and sets that SQL counts."""
    found, ((judgements, people, sets),) = (
        stored(study, figure),
        sql(
            "SELECT count(*), count(DISTINCT participation_id), "
            "count(DISTINCT candidate_set_id) FROM judged",
            study,
        ),
    )
    assert (found.judgements, found.people, found.sets) == (judgements, people, sets), figure


def check_level(
    rankings: Sequence[Judged], effects: Mapping[str, float], free: Sequence[str] = ()
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The likelihood is level at these effects: within a ten-thousandth of what chance alone
    makes its slope. Gives all effects with their covariance."""
    names = [*effects, *free]
    at = settle(rankings, effects, free)
    people, whole = scores(rankings, names, at)
    slope = sum(people.values(), np.zeros(at.size))
    assert np.abs(slope / np.sqrt(np.diag(whole))).max() < 1e-4, dict(
        zip(names, slope, strict=False)
    )
    return at, whole


def check_bounds(row: Mapping[str, str], column: str, error: float, people: int) -> None:
    half = stats.t.ppf(0.975, people - 1) * error
    middle = float(row[column])
    assert float(row[f"{column}_low"]) == pytest.approx(middle - half, abs=1e-4)
    assert float(row[f"{column}_high"]) == pytest.approx(middle + half, abs=1e-4)


def check_strengths(study: Study, client: Client) -> None:
    """Of kinds; and of arms beside the anchor that they share."""
    for figure, name in (
        ("strengths", lambda row: row[6]),
        ("strengths-by-arm", lambda row: "anchor" if row[8] else row[7]),
    ):
        check_counts(study, figure)
        found = {row["response"]: row for row in table(client, study, figure)}
        effects = {name: float(row["log_strength"]) for name, row in found.items()}
        rankings = judged(study, lambda row, of=name: {of(row): 1.0})  # type: ignore[misc]
        assert set(effects) == {name for one in rankings for x in one.responses for name in x}
        assert sum(effects.values()) == pytest.approx(0, abs=1e-9)
        at, _whole = check_level(rankings, effects)
        shares = np.exp(list(effects.values()))
        shares = shares / shares.sum()
        assert [float(row["first"]) for row in found.values()] == pytest.approx(shares.tolist())
        assert sizes_of(rankings) == [2]
        tie = np.exp(at[-1])
        told = [one.values["percent"] for one in stored(study, figure).remarks
                if "percent" in one.values]  # fmt: skip
        assert told == [f"{100 * tie / (2 + tie):.0f}"]
        first, *others = effects  # strengths are known beside one another: one is left out
        fewer = [
            Judged(one.person, [{k: v for k, v in x.items() if k != first} for x in one.responses],
                   one.ranks) for one in rankings
        ]  # fmt: skip
        beside = {other: effects[other] - effects[first] for other in others}
        at, whole = check_level(fewer, beside)
        covariance = clustered(scores(fewer, others, at)[0], whole)[: len(others), : len(others)]
        centre = np.eye(len(effects))[:, 1:] - 1 / len(effects)
        errors = np.sqrt(np.diag(centre @ covariance @ centre.T))
        for row, error in zip(found.values(), errors, strict=True):
            check_bounds(row, "log_strength", error, len({one.person for one in rankings}))


def check_logit(study: Study, client: Client) -> None:
    """Everything at once: kinds beside the default one, arms beside the anchor, place and form."""
    check_counts(study, "logit")
    found = {f"{row['of']}: {row['which']}": row for row in table(client, study, "logit")}

    def names(row: Response) -> dict[str, float]:
        arm = {} if row[8] else {f"arm: {row[7]}": 1.0}
        return {f"response: {row[6]}": 1.0} | arm | form_of(row)

    rankings = judged(study, names)
    effects = {name: float(row["log_odds"]) for name, row in found.items()}
    known = {name for one in rankings for x in one.responses for name in x}
    assert {"response: traditional", "place: 1", "length: doubled"} <= set(effects) <= known
    assert any(name.startswith("arm: ") for name in effects)
    at, whole = check_level(rankings, effects)
    covariance = clustered(scores(rankings, list(effects), at)[0], whole)
    for place, (name, row) in enumerate(found.items()):
        assert float(row["odds"]) == pytest.approx(np.exp(effects[name]))
        error = float(np.sqrt(covariance[place, place]))
        check_bounds(row, "log_odds", error, len({one.person for one in rankings}))


# Judgements by what those who made them said, and by country, where twenty people share it.
SAID = (
    GROUPED
    + """, parted AS (
    SELECT id, participation_id, question, answer FROM grouped WHERE question <> 'country'
    UNION ALL SELECT judged.id, participation_id, 'country', p.country
    FROM judged JOIN annotation_participation p ON p.id = judged.participation_id
), several AS (
    SELECT question FROM parted GROUP BY question HAVING count(DISTINCT answer) > 1
)"""
)


def groups_of(study: Study) -> dict[str, dict[int, str]]:
    """By question: each judgement's group."""
    found: dict[str, dict[int, str]] = defaultdict(dict)
    query = " SELECT question, id, answer FROM parted WHERE question IN (SELECT * FROM several)"
    for question, key, answer in sql(SAID + query, study):
        found[question][key] = answer
    return found


def check_likings(study: Study, client: Client) -> None:
    """By each question in turn: an effect of each kind in each group; place and form between."""
    rows = table(client, study, "likings-by-group")
    groups = groups_of(study)
    assert {row["question"] for row in rows} == set(groups) >= {"country", "gender"}
    counted = {
        (question, answer): people
        for question, answer, people in sql(
            SAID + " SELECT question, answer, count(DISTINCT participation_id)"
            " FROM parted GROUP BY 1, 2",
            study,
        )
    }
    for question, of in groups.items():
        own = [row for row in rows if row["question"] == question]
        effects = {f"{row['response']} · {row['group']}": float(row["alone"]) for row in own}

        def names(row: Response, of: Mapping[int, str] = of) -> dict[str, float]:
            return {f"{row[6]} · {of[row[0]]}": 1.0} | form_of(row)

        rankings = judged(study, names, set(of))
        free = varying(rankings, ["place: 1", "place: 2", "place: 3", "length: doubled",
                                  "form: list", "form: heading or bold line"])  # fmt: skip
        at, whole = check_level(rankings, effects, free)
        covariance = clustered(scores(rankings, [*effects, *free], at)[0], whole)
        for place, row in enumerate(own):
            assert int(row["people"]) == counted[question, row["group"]]
            check_bounds(row, "alone", float(np.sqrt(covariance[place, place])), int(row["people"]))
        for response in {row["response"] for row in own}:
            places = [n for n, row in enumerate(own) if row["response"] == response]
            drawn = pooled(at[places], covariance[np.ix_(places, places)])
            assert [float(own[n]["pooled"]) for n in places] == pytest.approx(drawn, abs=0.01)


def varying(rankings: Sequence[Judged], names: Sequence[str]) -> list[str]:
    """Which of these differ between the responses of some judgement."""
    return [
        name
        for name in names
        if any(len({x.get(name, 0.0) for x in one.responses}) > 1 for one in rankings)
    ]


def pooled(figures: np.ndarray[Any, Any], covariance: np.ndarray[Any, Any]) -> list[float]:
    """The mean of each group's own effect: over the spread t between groups, whose density is
    half-normal with scale 1, and over what they share, which may be anything."""
    ones = np.ones(figures.size)

    def at(t: float) -> tuple[float, np.ndarray[Any, Any]]:
        inverse = np.linalg.inv(covariance + t**2 * np.eye(figures.size))
        common = ones @ inverse @ figures / (ones @ inverse @ ones)
        apart = figures - common
        chance = np.exp(-apart @ inverse @ apart / 2 - t**2 / 2)
        chance *= np.sqrt(np.linalg.det(inverse) / (ones @ inverse @ ones))
        return float(chance), common + t**2 * inverse @ apart

    whole = integrate.quad(lambda t: at(t)[0], 0, 6, limit=200)[0]
    return [
        integrate.quad(lambda t, n=n: at(t)[0] * at(t)[1][n], 0, 6, limit=200)[0] / whole
        for n in range(figures.size)
    ]


CHECKS = (check_strengths, check_logit, check_likings)
