"""The numbers on the pages are those that SQL finds in a rehearsal's rows, by its own way."""

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotation.models import Phase, Study
from insights.figures.catalogue import FIGURES, GROUPS, figures_of
from insights.figures.computing import compute_figures
from insights.figures.figure import Options
from insights.models import ComputedFigure
from rehearsal import stage
from tests.provider import Provider
from tests.rehearsal.rehearsing import prepared

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


@pytest.fixture
def played(empty_database: None, provider: Provider) -> Study:
    """Fifty people in two countries, without HTTP, committed."""
    rehearsal = prepared(50, target=20)
    stage.play_directly(rehearsal, processes=1)
    stage.settle(rehearsal)
    return rehearsal.study


@pytest.fixture
def researcher(client: Client) -> Client:
    user = User.objects.create_superuser("researcher", password="a-long-test-password")
    client.force_login(user)
    return client


def sql(query: str, study: Study) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(COUNTED + query, {"study": study.pk})
        return cursor.fetchall()


def table(client: Client, study: Study, figure: str) -> list[dict[str, str]]:
    address = reverse("study-figure-csv", args=[study.key, figure])
    answer = client.get(address, {"phase": Phase.REHEARSAL})
    assert answer.status_code == 200, figure
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


@pytest.mark.django_db(transaction=True)
def test_the_pages_say_what_the_rows_say(played: Study, researcher: Client) -> None:
    address = reverse("study-figures", args=[played.key])
    for group in GROUPS:
        waiting = researcher.get(address, {"phase": Phase.REHEARSAL, "group": group})
        assert "is being computed" in waiting.content.decode()
    for options in {figure.chosen(Options()) for figure in FIGURES}:
        compute_figures(played.pk, Phase.REHEARSAL, options)
    failed = ComputedFigure.objects.exclude(state=ComputedFigure.State.READY)
    assert list(failed.values_list("figure", "sentence")) == []
    pages = {
        group: researcher.get(address, {"phase": Phase.REHEARSAL, "group": group}).content.decode()
        for group in GROUPS
    }
    for group in GROUPS:
        for figure in figures_of(group):
            assert f'id="figure-{figure.key}"' in pages[group]
            table(researcher, played, figure.key)
    check_choices(played, researcher, pages["agreement"])
    check_rankings(played, researcher)


def check_choices(study: Study, client: Client, page: str) -> None:
    """The share of pairs of different people who chose the same candidate, set by set."""
    found = {row["name"] or "all": row for row in table(client, study, "choose-alike")}
    pairs = """SELECT a.locale, avg(alike), count(*) FROM (
        SELECT a.locale, avg((a.chosen_id = b.chosen_id)::int) AS alike
        FROM judged a JOIN judged b ON a.candidate_set_id = b.candidate_set_id
            AND a.locale_id = b.locale_id AND a.participation_id <> b.participation_id
        GROUP BY a.locale, a.candidate_set_id) a GROUP BY ROLLUP (a.locale)"""
    expected = sql(pairs, study)
    assert {name for name, _alike, _sets in expected} > {"FR-fr", "IT-it"}
    for name, alike, sets in expected:
        row = found[name or "all"]
        assert float(row["alike"]) == pytest.approx(float(alike))
        assert int(row["sets"]) == sets
        assert float(row["alike_low"]) < float(alike) < float(row["alike_high"])
        assert f"{100 * float(alike):.1f}" in page.replace(",", ".")
    ((judgements, people, sets),) = sql(
        "SELECT count(*), count(DISTINCT participation_id), "
        "count(DISTINCT candidate_set_id) FROM judged",
        study,
    )
    stored = ComputedFigure.objects.get(study=study, figure="choose-alike").found
    assert stored is not None
    assert (stored.judgements, stored.people, stored.sets) == (judgements, people, sets)


def check_rankings(study: Study, client: Client) -> None:
    """Spearman's coefficient as the correlation of midranks that SQL makes of the stored ranks."""
    query = """, places AS (
        SELECT j.*, m.candidate_id,
            rank() OVER w
                + (count(*) OVER (PARTITION BY j.id, coalesce(m.rank, 999)) - 1) / 2.0 AS place
        FROM judged j JOIN annotation_rankedcandidate m ON m.ranking_id = j.ranking
        WINDOW w AS (PARTITION BY j.id ORDER BY coalesce(m.rank, 999))
    ) SELECT avg(mean) FROM (
        SELECT locale, candidate_set_id, avg(rho) AS mean FROM (
            SELECT a.locale, a.candidate_set_id, corr(a.place, b.place) AS rho
            FROM places a JOIN places b ON a.candidate_id = b.candidate_id
                AND a.locale_id = b.locale_id AND a.participation_id <> b.participation_id
            GROUP BY a.locale, a.candidate_set_id, a.participation_id, b.participation_id) pairs
        GROUP BY locale, candidate_set_id) sets"""
    ((expected,),) = sql(query, study)
    (row,) = [row for row in table(client, study, "mean-spearman") if row["part"] == "everybody"]
    assert float(row["spearman"]) == pytest.approx(float(expected))
