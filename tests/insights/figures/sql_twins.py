"""Each figure once more, by SQL over the rows of a rehearsal: nothing of the product's code.

A check takes a study whose figures were computed and a researcher's browser, and compares the
CSV of a figure with what PostgreSQL makes of the rows.
"""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from annotation.models import Phase, Study
from insights.watch.places import estimates, place_shares

# Counted judgements of turn 1 of pool conversations of a study; $ marks its key.
COUNTED = """
WITH judged AS (
    SELECT t.id, t.candidate_set_id, c.locale_id, c.participation_id, r.chosen_id, r.id AS ranking,
        l.country || '-' || l.language AS locale, r.acceptable, r.represents,
        extract(epoch FROM r.submitted_at - t.shown_at) AS seconds
    FROM annotation_ranking r
    JOIN annotation_turn t ON t.id = r.turn_id
    JOIN annotation_conversation c ON c.id = t.conversation_id
    JOIN annotation_participation p ON p.id = c.participation_id
    JOIN annotation_grant g ON g.id = c.grant_id
    JOIN annotation_studylocale l ON l.id = c.locale_id
    WHERE p.study_id = %(study)s AND p.phase = 'rehearsal' AND p.withdrawn_at IS NULL
        AND p.excluded_at IS NULL AND t.position = 1 AND c.kind = 'pool'
        AND g.disposition = 'completed' AND g.occasion = 0
)
"""


# Places of the ranked candidates: ties share their places, unranked ones stand tied behind.
PLACES = """, places AS (
    SELECT j.*, m.candidate_id,
        rank() OVER w
            + (count(*) OVER (PARTITION BY j.id, coalesce(m.rank, 999)) - 1) / 2.0 AS place
    FROM judged j JOIN annotation_rankedcandidate m ON m.ranking_id = j.ranking
    WINDOW w AS (PARTITION BY j.id ORDER BY coalesce(m.rank, 999))
)"""
# Ordered pairs of candidates that a person ranked both: 1 before or tied, -1 behind.
SIGNS = """, signs AS (
    SELECT j.*, x.candidate_id AS one, y.candidate_id AS other,
        CASE WHEN x.rank <= y.rank THEN 1 ELSE -1 END AS sign
    FROM judged j JOIN annotation_rankedcandidate x ON x.ranking_id = j.ranking
    JOIN annotation_rankedcandidate y ON y.ranking_id = j.ranking
        AND y.candidate_id <> x.candidate_id
    WHERE x.rank IS NOT NULL AND y.rank IS NOT NULL
)"""


def sql(query: str, study: Study, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(COUNTED + query, {"study": study.pk} | values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def table(client: Client, study: Study, figure: str) -> list[dict[str, str]]:
    address = reverse("study-figure-csv", args=[study.key, figure])
    answer = client.get(address, {"phase": Phase.REHEARSAL})
    assert answer.status_code == 200, figure
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def by_name(client: Client, study: Study, figure: str) -> dict[str, dict[str, str]]:
    """Rows for everybody and for each locale, by the name of the locale."""
    rows = table(client, study, figure)
    return {row["name"]: row for row in rows if row["part"] in ("everybody", "locale")}


def compare(
    client: Client, study: Study, figure: str, column: str, query: str, within: float | None = None
) -> None:
    """query: a locale, or nothing for everybody, with the figure."""
    found, expected = by_name(client, study, figure), sql(query, study)
    assert {name or "" for name, _value in expected} == set(found) == {"", "FR-fr", "IT-it"}
    for name, value in expected:
        row = found[name or ""]
        assert float(row[column]) == pytest.approx(float(value), abs=within), (figure, name)
        assert float(row[f"{column}_low"]) < float(value) < float(row[f"{column}_high"])


def check_tau_x(study: Study, client: Client) -> None:
    query = (
        SIGNS
        + """ SELECT locale, avg(tau) FROM (
        SELECT a.locale, sum(a.sign * b.sign)::float / count(*) AS tau
        FROM signs a JOIN signs b ON b.one = a.one AND b.other = a.other
            AND b.locale_id = a.locale_id AND b.participation_id <> a.participation_id
        GROUP BY a.locale, a.candidate_set_id) sets GROUP BY ROLLUP (locale)"""
    )
    compare(client, study, "tau-x", "tau_x", query)


def check_alpha(study: Study, client: Client) -> None:
    """1 less the squared distances of pairs over those that lot would give."""
    query = (
        PLACES
        + """, sizes AS (
        SELECT locale, candidate_set_id, count(*) AS people,
            (SELECT count(*) FROM candidates_candidate k
             WHERE k.candidate_set_id = judged.candidate_set_id) AS n
        FROM judged GROUP BY locale, candidate_set_id
    ), observed AS (
        SELECT a.locale, a.candidate_set_id, sum((a.place - b.place) ^ 2) AS distance
        FROM places a JOIN places b ON b.candidate_id = a.candidate_id
            AND b.locale_id = a.locale_id AND b.participation_id <> a.participation_id
        GROUP BY a.locale, a.candidate_set_id
    ) SELECT locale, 1 - sum(distance / (people - 1)) / sum(people * n * (n * n - 1) / 6.0)
    FROM observed JOIN sizes USING (locale, candidate_set_id) GROUP BY ROLLUP (locale)"""
    )
    compare(client, study, "ranking-alpha", "alpha", query)


def check_entropy(study: Study, client: Client) -> None:
    """Every way to draw the common number of people, with its probability: what the figure
    draws twenty times by lot."""
    query = """, counts AS (
        SELECT locale, judged.candidate_set_id, count(*)::int AS n,
            (count(*) FILTER (WHERE k.position = 0))::int AS a,
            (count(*) FILTER (WHERE k.position = 1))::int AS b,
            (count(*) FILTER (WHERE k.position = 2))::int AS c,
            (count(*) FILTER (WHERE k.position = 3))::int AS d
        FROM judged JOIN candidates_candidate k ON k.id = chosen_id GROUP BY 1, 2
    ), common AS (
        SELECT (array_agg(n ORDER BY n DESC))[ceil(0.9 * count(*))::int] AS m FROM counts
    ), ways AS (
        SELECT x AS n, y AS k, factorial(x) / factorial(y) / factorial(x - y) AS times
        FROM generate_series(0, 60) x, generate_series(0, x) y
    ), drawn AS (
        SELECT locale, candidate_set_id, m::float AS m, ARRAY[a.k, b.k, c.k, d.k] AS of,
            a.times * b.times * c.times * d.times / every.times AS chance
        FROM counts CROSS JOIN common JOIN ways a ON a.n = counts.a JOIN ways b ON b.n = counts.b
        JOIN ways c ON c.n = counts.c
        JOIN ways d ON d.n = counts.d AND d.k = m - a.k - b.k - c.k
        JOIN ways every ON every.n = counts.n AND every.k = m
    ), covered AS (
        SELECT drawn.*, 1 - CASE WHEN once = m THEN m - 1 ELSE once END / m AS coverage
        FROM drawn, LATERAL (SELECT count(*) AS once FROM unnest(of) v WHERE v = 1) s
    ), bits AS (
        SELECT locale, candidate_set_id, sum(chance * (
            SELECT sum(-p * log(2, p::numeric) / (1 - (1 - p) ^ m))
            FROM (SELECT coverage * v / m AS p FROM unnest(of) v WHERE v > 0) shares)) AS entropy
        FROM covered GROUP BY locale, candidate_set_id
    ) SELECT locale, avg(entropy) FROM bits GROUP BY ROLLUP (locale)"""
    compare(client, study, "choice-entropy", "bits", query, within=0.02)


def check_answers(study: Study, client: Client) -> None:
    """Yes among yes and no, by arm and language."""
    for figure, column, name in (
        ("acceptable", "acceptable", "acceptable"),
        ("represents-you", "represents", "represents"),
    ):
        query = f"""SELECT m.key || ' v' || m.version, s.language, count(*),
            avg((judged.{name} = 'cant_say')::int),
            avg((judged.{name} = 'yes')::int) FILTER (WHERE judged.{name} IN ('yes', 'no'))
        FROM judged JOIN candidates_candidateset s ON s.id = judged.candidate_set_id
        JOIN candidates_sampler m ON m.id = s.sampler_id WHERE judged.{name} <> ''
        GROUP BY m.key, m.version, ROLLUP (s.language)"""
        found = {(row["arm"], row["language"]): row for row in table(client, study, figure)}
        expected = sql(query, study)
        assert len(expected) == len(found) == 3
        for arm, language, asked, unsure, yes in expected:
            row = found[arm, language or "all languages"]
            assert int(row["asked"]) == asked
            if int(row["people"]) < 20:
                assert (row["cant_say"], row[column]) == ("", "")
                continue
            assert float(row["cant_say"]) == pytest.approx(float(unsure))
            assert float(row[column]) == pytest.approx(float(yes))


def check_similarity(study: Study, client: Client) -> None:
    """A least-squares slope within locales and arms, and the means."""
    query = """, sets AS (
        SELECT a.locale, a.candidate_set_id, avg((a.chosen_id = b.chosen_id)::int) AS alike
        FROM judged a JOIN judged b ON a.candidate_set_id = b.candidate_set_id
            AND a.locale_id = b.locale_id AND a.participation_id <> b.participation_id
        GROUP BY 1, 2
    ), by_locale AS (
        SELECT regr_sxy(alike, x) AS upper, regr_sxx(alike, x) AS lower, count(*) AS n,
            sum(x) AS letters, sum(alike) AS alike
        FROM (SELECT sets.*, s.sampler_id, (s.measures -> 'lexical' ->> 'mean')::float AS x
            FROM sets JOIN candidates_candidateset s ON s.id = candidate_set_id) known
        WHERE x IS NOT NULL GROUP BY locale, sampler_id
    ) SELECT sum(n), sum(letters) / sum(n), sum(alike) / sum(n), sum(upper) / sum(lower) / 10
    FROM by_locale"""
    ((sets, similar, alike, slope),) = sql(query, study)
    row = next(
        row
        for row in table(client, study, "similarity-and-disagreement")
        if (row["arm"], row["measure"]) == ("all arms", "letters")
    )
    assert int(row["sets"]) == sets
    assert float(row["similarity"]) == pytest.approx(similar)
    assert float(row["alike"]) == pytest.approx(float(alike))
    if row["slope"]:  # ten prompts and more
        assert float(row["slope"]) == pytest.approx(slope)


def check_retests(study: Study, client: Client) -> None:
    """The mean over pairs of a person's two rankings: Spearman's coefficient and tau-x."""
    twice = """, again AS (
        SELECT judged.*, r.id AS later
        FROM judged JOIN annotation_turn t ON t.candidate_set_id = judged.candidate_set_id
        JOIN annotation_conversation c ON c.id = t.conversation_id
            AND c.participation_id = judged.participation_id
        JOIN annotation_grant g ON g.id = c.grant_id AND g.occasion = 1
            AND g.disposition = 'completed'
        JOIN annotation_ranking r ON r.turn_id = t.id
    ), both_times AS (
        SELECT id, ranking FROM again UNION ALL SELECT id, later FROM again
    ), placed AS (
        SELECT b.*, m.candidate_id, m.rank, rank() OVER w + (count(*) OVER (
            PARTITION BY b.ranking, coalesce(m.rank, 999)) - 1) / 2.0 AS place
        FROM both_times b JOIN annotation_rankedcandidate m ON m.ranking_id = b.ranking
        WINDOW w AS (PARTITION BY b.ranking ORDER BY coalesce(m.rank, 999))
    )"""
    query = (
        twice
        + """ SELECT
        (SELECT avg(rho) FROM (SELECT corr(one.place, two.place) AS rho FROM placed one
            JOIN placed two ON two.id = one.id AND two.candidate_id = one.candidate_id
                AND two.ranking > one.ranking GROUP BY one.id) pairs),
        (SELECT avg(tau) FROM (SELECT sum(
                CASE WHEN (x1.rank <= y1.rank) = (x2.rank <= y2.rank) THEN 1 ELSE -1 END
            )::float / count(*) AS tau
            FROM placed x1 JOIN placed y1 ON y1.ranking = x1.ranking
                AND y1.candidate_id <> x1.candidate_id
            JOIN placed x2 ON x2.id = x1.id AND x2.candidate_id = x1.candidate_id
                AND x2.ranking > x1.ranking
            JOIN placed y2 ON y2.ranking = x2.ranking AND y2.candidate_id = y1.candidate_id
            WHERE x1.rank IS NOT NULL AND x2.rank IS NOT NULL
                AND y1.rank IS NOT NULL AND y2.rank IS NOT NULL GROUP BY x1.id) pairs)"""
    )
    ((spearman, tau),) = sql(query, study)
    (row,) = [row for row in table(client, study, "test-retest") if not row["locale"]]
    assert float(row["spearman"]) == pytest.approx(spearman)
    assert float(row["tau_x"]) == pytest.approx(tau)


def check_sample(study: Study, client: Client) -> None:
    """People of each cell by what they answered; here by country, and by one answer."""
    placed = """SELECT count(*), count(*) FILTER (WHERE p.outcome = 'complete')
        FROM annotation_participation p WHERE p.study_id = %(study)s AND p.screened_at IS NOT NULL
            AND p.declined_at IS NULL AND p.withdrawn_at IS NULL AND p.excluded_at IS NULL
            AND p.outcome IN ('', 'complete')"""
    of_cell = {
        "fr": " AND p.country = 'FR'",
        "women": """ AND EXISTS (SELECT FROM accounts_answer a
            JOIN accounts_option o ON o.id = a.option_id AND o.code = 'female'
            JOIN accounts_question q ON q.id = a.question_id AND q.code = 'gender'
            WHERE a.annotator_id = p.annotator_id)""",
    }
    found = {row["cell"]: row for row in table(client, study, "sample")}
    assert set(found) == set(of_cell)
    for cell, condition in of_cell.items():
        ((people, finished),) = sql(placed + condition, study)
        assert people > 0
        row = found[cell]
        assert [int(row[name]) for name in ("target", "placed", "finished")] == [
            20, people, finished
        ]  # fmt: skip
        assert float(row["filled"]) == pytest.approx(people / 20)


def check_places_given(study: Study, client: Client) -> None:
    """Every way in which grants ended, and people left out of all with a place."""
    query = """SELECT l.country || '-' || l.language, g.disposition, count(*),
            count(*) FILTER (WHERE p.excluded_at IS NOT NULL AND p.withdrawn_at IS NULL)
        FROM annotation_grant g JOIN annotation_slot s ON s.id = g.slot_id
        JOIN annotation_studylocale l ON l.id = s.locale_id
        JOIN annotation_participation p ON p.id = g.participation_id
        WHERE p.study_id = %(study)s AND g.occasion = 0 GROUP BY 1, 2 ORDER BY 1, 2"""
    expected = sql(query, study)
    found = table(client, study, "dispositions")
    assert [[row["locale"], int(row["grants"]), int(row["of_left_out"])] for row in found] == [
        [locale, grants, left_out] for locale, _disposition, grants, left_out in expected
    ]
    for row in found:
        whole = sum(grants for locale, _disposition, grants, _out in expected
                    if locale == row["locale"])  # fmt: skip
        assert float(row["share"]) == pytest.approx(int(row["grants"]) / whole)
    query = """SELECT l.country || '-' || l.language, count(*),
            count(*) FILTER (WHERE p.excluded_at IS NOT NULL)
        FROM annotation_participation p JOIN annotation_studylocale l ON l.id = p.locale_id
        WHERE p.study_id = %(study)s AND p.withdrawn_at IS NULL AND p.screened_at IS NOT NULL
        GROUP BY 1"""
    rates = {row["locale"]: row for row in table(client, study, "exclusions")
             if row["cells"] == "everybody"}  # fmt: skip
    for locale, people, left_out in sql(query, study):
        row = rates[locale]
        assert (int(row["people"]), int(row["left_out"])) == (people, left_out)
        assert float(row["rate"]) == pytest.approx(left_out / people)


def check_places_on_the_page(study: Study, _client: Client) -> None:
    """Of the watch page: the mean of finished people's own shares of choices by place."""
    query = """, first AS (
        SELECT c.participation_id AS person, s.position
        FROM annotation_ranking r JOIN annotation_turn t ON t.id = r.turn_id AND t.position = 1
        JOIN annotation_conversation c ON c.id = t.conversation_id AND c.kind = 'pool'
        JOIN annotation_participation p ON p.id = c.participation_id
        JOIN annotation_grant g ON g.id = c.grant_id AND g.occasion = 0
        JOIN annotation_showncandidate s ON s.turn_id = t.id AND s.candidate_id = r.chosen_id
        WHERE p.study_id = %(study)s AND p.outcome = 'complete' AND p.withdrawn_at IS NULL
            AND p.excluded_at IS NULL
    ), own AS (SELECT person, count(*) AS n FROM first GROUP BY person)
    SELECT position, sum(1.0 / n) / (SELECT count(*) FROM own)
    FROM first JOIN own USING (person) GROUP BY position ORDER BY position"""
    found = estimates(place_shares(study, Phase.REHEARSAL))
    expected = sql(query, study)
    assert [one.place for one in found] == [place for place, _share in expected]
    for one, (_place, share) in zip(found, expected, strict=True):
        assert one.share == pytest.approx(float(share))


CHECKS: tuple[Callable[[Study, Client], None], ...] = (
    check_tau_x,
    check_alpha,
    check_entropy,
    check_answers,
    check_similarity,
    check_retests,
    check_sample,
    check_places_given,
    check_places_on_the_page,
)
