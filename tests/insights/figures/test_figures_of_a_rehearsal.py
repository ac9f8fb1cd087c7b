"""The numbers on the pages are those that SQL finds in a rehearsal's rows, by its own way."""

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.models import Explanation, Participation, Phase, Quota, Study
from insights.figures.catalogue import FIGURES, GROUPS, figures_of
from insights.figures.computing import compute_figures
from insights.figures.figure import Options
from insights.models import ComputedFigure
from rehearsal import stage
from tests.insights.figures import sql_twins
from tests.insights.figures.sql_twins import sql, table
from tests.provider import Provider
from tests.rehearsal.rehearsing import CHANGES, two_countries


@pytest.fixture
def played(dealt_alike: None, provider: Provider) -> Study:
    """Fifty people in two countries, without HTTP, committed."""
    rehearsal = stage.prepare(
        two_countries(20), seed=3, people=50, provider="", changes=CHANGES | {"retests": 1}
    )
    stage.play_directly(rehearsal, processes=1)
    stage.settle(rehearsal)
    some = Explanation.objects.annotate(rest=F("pk") % 3)
    some.filter(rest=0).update(text="Parce que  oui,\nvraiment")
    some.filter(rest=1).update(text="Oui")
    left_out = Participation.objects.filter(grants__disposition="completed").order_by("pk")
    Participation.objects.filter(pk=left_out[0].pk).update(excluded_at=timezone.now())
    for key, conditions in (("fr", {"country": ["FR"]}), ("women", {"gender": ["female"]})):
        Quota.objects.create(study=rehearsal.study, key=key, conditions=conditions, target=20)
    return rehearsal.study


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
    check_work(played, researcher)
    check_people(played, researcher)
    for check in sql_twins.CHECKS:
        check(played, researcher)
    check_exclusions(played, researcher)


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


def check_work(study: Study, client: Client) -> None:
    """Seconds, explanations and re-tests."""
    expected = sql(
        """SELECT locale, count(*), percentile_cont(0.25) WITHIN GROUP (ORDER BY seconds),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)
        FROM judged GROUP BY ROLLUP (locale)""",
        study,
    )
    found = {row["locale"]: row for row in table(client, study, "durations")}
    for locale, judgements, quarter, median in expected:
        row = found[locale or ""]
        assert int(row["judgements"]) == judgements
        assert float(row["lower_quartile"]) == pytest.approx(quarter)
        assert float(row["median"]) == pytest.approx(median)
    words = "array_length(regexp_split_to_array(trim(e.text), '[[:space:]]+'), 1)"
    expected = sql(
        f"""SELECT locale, count(*), avg((trim(e.text) <> '')::int),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY {words}) FILTER (WHERE trim(e.text) <> '')
        FROM judged JOIN annotation_explanation e ON e.turn_id = judged.id
        GROUP BY ROLLUP (locale)""",
        study,
    )
    found = {row["locale"]: row for row in table(client, study, "explanations")}
    for locale, asked, rate, median in expected:
        row = found[locale or ""]
        assert int(row["asked"]) == asked
        assert float(row["rate"]) == pytest.approx(float(rate))
        assert float(row["median_words"]) == pytest.approx(median)
    ((pairs, same),) = sql(
        """SELECT count(*), avg((r.chosen_id = judged.chosen_id)::int)
        FROM judged JOIN annotation_turn t ON t.candidate_set_id = judged.candidate_set_id
        JOIN annotation_conversation c ON c.id = t.conversation_id
            AND c.participation_id = judged.participation_id
        JOIN annotation_grant g ON g.id = c.grant_id AND g.occasion = 1
            AND g.disposition = 'completed'
        JOIN annotation_ranking r ON r.turn_id = t.id""",
        study,
    )
    (row,) = [row for row in table(client, study, "test-retest") if not row["locale"]]
    assert int(row["pairs"]) == pairs > 20
    assert float(row["same_choice"]) == pytest.approx(float(same))


def check_people(study: Study, client: Client) -> None:
    """Cells, dispositions and answers."""
    expected = sql(
        """SELECT l.country || '-' || l.language, count(*) FROM annotation_grant g
        JOIN annotation_slot s ON s.id = g.slot_id
        JOIN annotation_studylocale l ON l.id = s.locale_id
        WHERE l.study_id = %(study)s AND g.occasion = 0 GROUP BY 1""",
        study,
    )
    found = table(client, study, "dispositions")
    for locale, grants in expected:
        assert sum(int(row["grants"]) for row in found if row["locale"] == locale) == grants
    completed = {
        row["locale"]: int(row["grants"]) for row in found if row["disposition"] == "completed"
    }
    for locale, judgements in sql("SELECT locale, count(*) FROM judged GROUP BY 1", study):
        assert completed[locale] >= judgements
    answers = sql(
        """SELECT o.code, count(DISTINCT p.id) FROM accounts_answer a
        JOIN accounts_question q ON q.id = a.question_id AND q.code = 'ai_help'
        JOIN accounts_option o ON o.id = a.option_id
        JOIN annotation_participation p ON p.annotator_id = a.annotator_id
        WHERE p.study_id = %(study)s AND p.excluded_at IS NULL GROUP BY 1""",
        study,
    )
    shown = table(client, study, "help-by-programs")
    assert answers
    for code, people in answers:
        assert sum(int(row["people"]) for row in shown if row["answer"] == code) == people


def check_exclusions(study: Study, client: Client) -> None:
    """With the person who was left out there are her judgements more; the rates name her."""
    assert sum(int(row["left_out"]) for row in table(client, study, "exclusions")
               if row["cells"] == "everybody") == 1  # fmt: skip
    address = reverse("study-figures", args=[study.key])
    client.get(address, {"phase": Phase.REHEARSAL, "excluded": "on"})
    compute_figures(study.pk, Phase.REHEARSAL, Options(excluded=True))
    rows = ComputedFigure.objects.filter(figure="choose-alike", state="ready")
    without, also = (rows.get(options__excluded=known).found for known in (False, True))
    assert without is not None and also is not None
    assert also.people == without.people + 1
    query = """SELECT count(*) FROM annotation_grant g
        JOIN annotation_participation p ON p.id = g.participation_id
        WHERE p.study_id = %(study)s AND p.excluded_at IS NOT NULL
            AND g.disposition = 'completed' AND g.occasion = 0"""
    assert sql(query, study) == [(also.judgements - without.judgements,)]
