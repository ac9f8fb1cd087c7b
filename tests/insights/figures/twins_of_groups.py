"""Figures that compare groups of people, and lists of prompts, once more by SQL over the rows."""

import pytest
from django.test import Client

from annotation.models import Study
from insights.models import ComputedFigure
from tests.insights.figures.sql_twins import PLACES, SIGNS, sql, table

DRAWS = 1000  # of people moved between countries by lot
MEASURES = ("choose alike", "mean pairwise Spearman", "tau-x")

# Judgements of candidates that were judged in two locales: the set itself or its translation.
SHARED = """, stimuli AS (
    SELECT judged.*, coalesce(s.parallel_to_id, s.id) AS stimulus
    FROM judged JOIN candidates_candidateset s ON s.id = judged.candidate_set_id
), shared AS (
    SELECT * FROM stimuli WHERE stimulus IN (
        SELECT stimulus FROM stimuli GROUP BY stimulus HAVING count(DISTINCT locale_id) > 1)
)"""
# Every two different people of one set of candidates, and by how much they agree.
PAIRS = {
    "choose alike": """, pairs AS (
        SELECT a.stimulus, a.locale_id = b.locale_id AS same,
            (x.position = y.position)::int::float AS upper, 1 AS lower
        FROM shared a JOIN shared b ON a.stimulus = b.stimulus
            AND a.participation_id <> b.participation_id
        JOIN candidates_candidate x ON x.id = a.chosen_id
        JOIN candidates_candidate y ON y.id = b.chosen_id
    )""",
    "mean pairwise Spearman": """, stood AS (
        SELECT shared.*, places.place, k.position FROM shared
        JOIN places USING (id) JOIN candidates_candidate k ON k.id = places.candidate_id
    ), pairs AS (
        SELECT a.stimulus, a.locale_id = b.locale_id AS same, corr(a.place, b.place) AS upper,
            CASE WHEN corr(a.place, b.place) IS NULL THEN 0 ELSE 1 END AS lower
        FROM stood a JOIN stood b ON a.stimulus = b.stimulus AND a.position = b.position
            AND a.participation_id <> b.participation_id
        GROUP BY 1, 2, a.id, b.id
    )""",
    "tau-x": """, pairs AS (
        SELECT a.stimulus, a.locale_id = b.locale_id AS same,
            (m.sign * n.sign)::float AS upper, 1 AS lower
        FROM shared a JOIN shared b ON a.stimulus = b.stimulus
            AND a.participation_id <> b.participation_id
        JOIN signs m ON m.id = a.id JOIN signs n ON n.id = b.id
        JOIN candidates_candidate m1 ON m1.id = m.one
        JOIN candidates_candidate m2 ON m2.id = m.other
        JOIN candidates_candidate n1 ON n1.id = n.one AND n1.position = m1.position
        JOIN candidates_candidate n2 ON n2.id = n.other AND n2.position = m2.position
    )""",
}


def check_between_locales(study: Study, client: Client) -> None:
    """Means over shared sets of candidates, of pairs of one locale and of pairs of two."""
    found = {row["measure"]: row for row in table(client, study, "between-locales")}
    assert set(found) == set(MEASURES)
    ((people, sets, every),) = sql(
        SHARED
        + """ SELECT count(DISTINCT participation_id), count(DISTINCT stimulus),
            (SELECT count(DISTINCT stimulus) FROM stimuli) FROM shared""",
        study,
    )
    assert 0 < sets < every  # some set is judged in one locale, and counts for nothing
    for measure, pairs in PAIRS.items():
        ((within, between, gap),) = sql(
            PLACES
            + SIGNS
            + SHARED
            + pairs
            + """, ratios AS (
            SELECT stimulus, sum(upper) FILTER (WHERE same) / sum(lower) FILTER (WHERE same)
                AS within, sum(upper) FILTER (WHERE NOT same) / sum(lower) FILTER (WHERE NOT same)
                AS between FROM pairs GROUP BY stimulus
            ) SELECT avg(within), avg(between), avg(within - between)
            FROM ratios WHERE between IS NOT NULL""",
            study,
        )
        row = found[measure]
        assert (int(row["people"]), int(row["sets"])) == (people, sets), measure
        for column, value in (("within", within), ("between", between), ("gap", gap)):
            assert float(row[column]) == pytest.approx(value), (measure, column)
            assert float(row[f"{column}_low"]) < value < float(row[f"{column}_high"])


# What those who judged said of themselves, where twenty of them said it.
GROUPED = """, said AS (
    SELECT p.id AS participation_id, q.code AS question, coalesce(o.code, CASE
        WHEN a.number < 18 THEN '-17' WHEN a.number < 35 THEN '18-34'
        WHEN a.number < 55 THEN '35-54' ELSE '55+' END) AS answer
    FROM accounts_answer a JOIN accounts_question q ON q.id = a.question_id
    LEFT JOIN accounts_option o ON o.id = a.option_id
    JOIN annotation_participation p ON p.annotator_id = a.annotator_id
    WHERE p.study_id = %(study)s AND a.status = 'answered' AND q.expected = ''
        AND (q.kind = 'choice' OR q.code = 'age') AND q.code <> 'ai_help'
), large AS (
    SELECT question, answer FROM said JOIN judged USING (participation_id) GROUP BY 1, 2
    HAVING count(DISTINCT participation_id) >= 20
), grouped AS (
    SELECT judged.*, question, answer FROM judged
    JOIN said USING (participation_id) JOIN large USING (question, answer)
)"""


def check_between_groups(study: Study, client: Client) -> None:
    """Pairs of people of a locale who gave one answer, and of people who gave two."""
    pairs = """, pairs AS (
        SELECT a.question, a.answer, a.answer = b.answer AS same, a.candidate_set_id, a.locale,
            avg((a.chosen_id = b.chosen_id)::int) AS alike
        FROM grouped a JOIN grouped b ON a.question = b.question AND a.locale = b.locale
            AND a.candidate_set_id = b.candidate_set_id
            AND a.participation_id <> b.participation_id
        GROUP BY 1, 2, 3, 4, 5
    )"""
    alike = """ SELECT question, answer, avg(alike), NULL, NULL
        FROM pairs WHERE same GROUP BY 1, 2"""
    rho = """, stood AS (
        SELECT grouped.*, place, candidate_id FROM grouped JOIN (
            SELECT id, candidate_id, place FROM places) p USING (id)
    ), each AS (
        SELECT a.question, a.answer, a.answer = b.answer AS same, a.candidate_set_id, a.locale,
            corr(a.place, b.place) AS alike
        FROM stood a JOIN stood b ON a.question = b.question AND a.locale = b.locale
            AND a.candidate_id = b.candidate_id AND a.participation_id <> b.participation_id
        GROUP BY 1, 2, 3, 4, 5, a.id, b.id
    ), pairs AS (
        SELECT question, answer, same, candidate_set_id, locale, avg(alike) AS alike
        FROM each GROUP BY 1, 2, 3, 4, 5
    )"""
    whole = {
        "choose alike": """ SELECT question, 'all answers', avg(within), avg(between),
            avg(within - between) FROM (
            SELECT a.question, avg((a.chosen_id = b.chosen_id)::int) FILTER (
                    WHERE a.answer = b.answer) AS within,
                avg((a.chosen_id = b.chosen_id)::int) FILTER (
                    WHERE a.answer <> b.answer) AS between
            FROM grouped a JOIN grouped b ON a.question = b.question AND a.locale = b.locale
                AND a.candidate_set_id = b.candidate_set_id
                AND a.participation_id <> b.participation_id
            GROUP BY a.question, a.candidate_set_id, a.locale) sets
        WHERE between IS NOT NULL GROUP BY question""",
        "mean pairwise Spearman": """ SELECT question, 'all answers', avg(within), avg(between),
            avg(within - between) FROM (
            SELECT question, avg(alike) FILTER (WHERE same) AS within,
                avg(alike) FILTER (WHERE NOT same) AS between
            FROM each GROUP BY question, candidate_set_id, locale) sets
        WHERE between IS NOT NULL GROUP BY question""",
    }
    found = {
        (row["question"], row["answer"], row["measure"]): row
        for row in table(client, study, "between-groups")
    }
    met = set()
    for measure, before in (("choose alike", pairs), ("mean pairwise Spearman", rho)):
        start = PLACES + GROUPED + before
        for question, answer, *values in sql(start + alike, study) + sql(
            start + whole[measure], study
        ):
            row = found[question, answer, measure]
            for column, value in zip(("within", "between", "gap"), values, strict=True):
                if row[column]:  # twenty people have a pair
                    assert float(row[column]) == pytest.approx(float(value)), (question, answer)
                    met.add((measure, answer == "all answers", column))
    assert met == {
        (measure, *rest)
        for measure in MEASURES[:2]
        for rest in ((False, "within"), (True, "within"), (True, "between"), (True, "gap"))
    }


# Core prompts; the prompt by way of the text that a set was made for.
CORE = """, core AS (
    SELECT judged.*, q.key AS prompt, p.country,
        coalesce(s.parallel_to_id, s.id) AS stimulus, k.position
    FROM judged JOIN candidates_candidateset s ON s.id = judged.candidate_set_id
    JOIN candidates_prompttext t ON t.id = s.prompt_text_id
    JOIN candidates_prompt q ON q.id = t.prompt_id
    JOIN annotation_studylocale p ON p.id = judged.locale_id
    JOIN candidates_candidate k ON k.id = judged.chosen_id
    WHERE q.key IN (
        SELECT jsonb_array_elements_text(core) FROM annotation_study WHERE id = %(study)s)
)"""
# Values with their errors, drawn towards their mean (DerSimonian and Laird).
SHRUNK = """, weighed AS (
    SELECT sum(1 / error ^ 2) AS w, sum(1 / error ^ 4) AS ww, count(*) AS number,
        sum(value / error ^ 2) / sum(1 / error ^ 2) AS middle FROM noisy
), spreads AS (
    SELECT greatest(0, (sum((value - middle) ^ 2 / error ^ 2) - (max(number) - 1))
        / (max(w) - max(ww) / max(w))) AS spread
    FROM noisy CROSS JOIN weighed
), middles AS (
    SELECT max(spread) AS spread,
        sum(value / (error ^ 2 + spread)) / sum(1 / (error ^ 2 + spread)) AS middle
    FROM noisy CROSS JOIN spreads
)"""


def check_most_divided(study: Study, client: Client) -> None:
    """Pairs who choose differently; errors by leaving every person out, one after another."""
    query = (
        CORE
        + """, pairs AS (
        SELECT a.prompt, a.locale, a.candidate_set_id AS s, a.participation_id AS one,
            b.participation_id AS other, (a.chosen_id <> b.chosen_id)::int AS differ
        FROM core a JOIN core b ON a.candidate_set_id = b.candidate_set_id
            AND a.locale = b.locale AND a.participation_id <> b.participation_id
    ), cells AS (
        SELECT prompt, locale, s, avg(differ)::float AS value, count(DISTINCT one) AS n
        FROM pairs GROUP BY 1, 2, 3 HAVING count(DISTINCT one) >= 20
    ), fewer AS (
        SELECT p.locale, p.s, avg(p.differ)::float AS value FROM pairs p
        JOIN core left_out ON left_out.candidate_set_id = p.s AND left_out.locale = p.locale
            AND left_out.participation_id NOT IN (p.one, p.other)
        GROUP BY 1, 2, left_out.participation_id
    ), alike AS (
        SELECT locale, s, sum(share ^ 2) AS alike FROM (
            SELECT locale, candidate_set_id AS s,
                count(*)::float / sum(count(*)) OVER (PARTITION BY locale, candidate_set_id)
                AS share FROM core GROUP BY locale, candidate_set_id, chosen_id) shares
        GROUP BY 1, 2
    ), noisy AS (
        SELECT cells.*, sqrt(greatest((n - 1) * known.spread,
            2 * (alike - alike ^ 2) / (n * (n - 1)))) AS error
        FROM cells JOIN alike USING (locale, s) JOIN (
            SELECT locale, s, var_pop(value) AS spread FROM fewer GROUP BY 1, 2) known
            USING (locale, s)
    )"""
        + SHRUNK
        + """ SELECT prompt, locale, n, value, error,
            middle + spread / (spread + error ^ 2) * (value - middle) AS shrunk
        FROM noisy CROSS JOIN middles ORDER BY shrunk DESC"""
    )
    expected, found = sql(query, study), table(client, study, "most-divided")
    assert len(expected) == len(found) > 2
    rows = {(row["prompt"], row["name"]): row for row in found}
    assert set(rows) == {(one[0], one[1]) for one in expected}
    shrunk = [float(row["differ_shrunk"]) for row in found]
    assert shrunk == sorted(shrunk, reverse=True)
    for prompt, locale, people, value, error, drawn in expected:
        row = rows[prompt, locale]
        assert int(row["people"]) == people
        assert float(row["differ"]) == pytest.approx(value)
        assert float(row["differ_high"]) == pytest.approx(value + 1.96 * error)
        assert float(row["differ_shrunk"]) == pytest.approx(drawn)


# Of core candidates that two locales judged, and twenty people: pairs of one country and of two,
# as they are (draw 0) and with people moved between countries by lot, set by set.
DRAWN = (
    CORE
    + """, shared AS (
    SELECT *, array_agg(country) OVER (
        PARTITION BY stimulus ORDER BY id RANGE BETWEEN UNBOUNDED PRECEDING AND
        UNBOUNDED FOLLOWING) AS countries FROM core
    WHERE stimulus IN (SELECT stimulus FROM core GROUP BY stimulus
        HAVING count(DISTINCT locale_id) > 1 AND count(*) >= 20)
), moved AS (
    SELECT draw, stimulus, position, countries[row_number() OVER (PARTITION BY draw, stimulus
        ORDER BY CASE WHEN draw = 0 THEN id ELSE random() END)] AS country
    FROM shared CROSS JOIN generate_series(0, %(draws)s) AS draw
), cells AS (
    SELECT draw, stimulus, country, position, count(*) AS n FROM moved GROUP BY 1, 2, 3, 4
), totals AS (
    SELECT draw, stimulus, sum(n * (n - 1)) AS same FROM cells GROUP BY 1, 2
), alike AS (
    SELECT draw, stimulus, sum(n * (n - 1)) AS every, sum(n) AS people FROM (
        SELECT draw, stimulus, position, sum(n) AS n FROM cells GROUP BY 1, 2, 3) c
    GROUP BY 1, 2
), sizes AS (
    SELECT draw, stimulus, sum(n * (n - 1)) AS within FROM (
        SELECT draw, stimulus, country, sum(n) AS n FROM cells GROUP BY 1, 2, 3) c
    GROUP BY 1, 2
), gaps AS (
    SELECT draw, stimulus, same / within AS within,
        (every - same) / (people * (people - 1) - within) AS between
    FROM totals JOIN alike USING (draw, stimulus) JOIN sizes USING (draw, stimulus)
), tested AS (
    SELECT t.stimulus, t.within, t.between, (1.0 + count(*) FILTER (
            WHERE d.within - d.between >= t.within - t.between - 1e-12)) / (1 + %(draws)s) AS p,
        stddev_pop(d.within - d.between)::float AS error
    FROM gaps t JOIN gaps d ON d.stimulus = t.stimulus AND d.draw > 0
    WHERE t.draw = 0 GROUP BY 1, 2, 3
), noisy AS (SELECT stimulus, (within - between)::float AS value, error, p FROM tested)"""
)


def check_united_divided(study: Study, client: Client) -> None:
    """Pairs of one country against pairs of two; people moved between them by another lot."""
    drawn = """ SELECT (SELECT max(prompt) FROM shared b WHERE b.stimulus = t.stimulus),
            (SELECT count(*) FROM shared b WHERE b.stimulus = t.stimulus),
            t.within, t.between, t.p,
            middle + spread / (spread + n.error ^ 2) * (n.value - middle)
        FROM tested t JOIN noisy n USING (stimulus) CROSS JOIN middles"""
    sql("SELECT setseed(0.25)", study)
    expected = sql(DRAWN + SHRUNK + drawn, study, draws=DRAWS)
    found = table(client, study, "united-divided")
    rows = {row["prompt"]: row for row in found}
    assert len(found) == len(rows) > 2
    assert set(rows) == {one[0] for one in expected}
    shrunk = [float(row["gap_shrunk"]) for row in found]
    assert shrunk == sorted(shrunk, reverse=True)
    for prompt, people, within, between, p_value, drawn_in in expected:
        row = rows[prompt]
        assert (int(row["people"]), int(row["countries"])) == (people, 2)
        assert float(row["within"]) == pytest.approx(float(within))
        assert float(row["between"]) == pytest.approx(float(between))
        assert float(row["gap"]) == pytest.approx(float(within - between))
        # Two lots of 1,000 and 2,000 draws: four standard errors of their difference.
        assert float(row["p_value"]) == pytest.approx(float(p_value), abs=0.08)
        assert float(row["gap_shrunk"]) == pytest.approx(float(drawn_in), abs=0.01)
    check_false_findings(study, found)


def check_false_findings(study: Study, found: list[dict[str, str]]) -> None:
    """Benjamini's and Hochberg's adjusted p by its definition, and how many hold at 5 %."""
    p_values = [float(row["p_value"]) for row in found]
    for row in found:
        adjusted = min(
            value * len(p_values) / sum(other <= value for other in p_values)
            for value in p_values
            if value >= float(row["p_value"])
        )
        assert float(row["p_adjusted"]) == pytest.approx(min(adjusted, 1.0))
    stored = ComputedFigure.objects.get(study=study, figure="united-divided").found
    assert stored is not None
    assert stored.remarks[0].values == {
        "found": sum(float(row["p_adjusted"]) <= 0.05 for row in found),
        "tested": len(found),
    }


def check_prices(study: Study, client: Client) -> None:
    """What an arm's rate of yes is above that of the arm of independent draws."""
    met = 0
    for figure, column in (("acceptable", "acceptable"), ("represents-you", "represents")):
        query = f""", rates AS (
            SELECT m.key || ' v' || m.version AS arm, m.strategy, s.language,
                avg((judged.{column} = 'yes')::int) AS yes, count(DISTINCT participation_id) AS n
            FROM judged JOIN candidates_candidateset s ON s.id = judged.candidate_set_id
            JOIN candidates_sampler m ON m.id = s.sampler_id
            WHERE judged.{column} IN ('yes', 'no')
            GROUP BY m.key, m.version, m.strategy, ROLLUP (s.language)
        ) SELECT a.arm, coalesce(a.language, 'all languages'), (a.yes - c.yes)::float
        FROM rates a JOIN rates c ON c.strategy = 'temperature' AND a.strategy <> 'temperature'
            AND a.language IS NOT DISTINCT FROM c.language
        WHERE a.n >= 20 AND c.n >= 20"""
        found = {(row["arm"], row["language"]): row for row in table(client, study, figure)}
        for arm, language, price in sql(query, study):
            row = found[arm, language]
            assert float(row["price"]) == pytest.approx(price), (figure, arm, language)
            assert float(row["price_low"]) - 1e-9 < price < float(row["price_high"]) + 1e-9
            met += 1
    assert met >= 2


CHECKS = (
    check_between_locales,
    check_between_groups,
    check_most_divided,
    check_united_divided,
    check_prices,
)
