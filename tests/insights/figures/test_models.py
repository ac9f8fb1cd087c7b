"""Figures of preference, diversity and learning on a played rehearsal, whose truth is known."""

from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.urls import reverse

from annotation.models import Phase, RankedCandidate, Ranking, Study
from candidates.models import Candidate, CandidateSet, PromptText, Sampler
from insights.figures import diversity, learning, preferences
from insights.figures.catalogue import FIGURES, GROUPS
from insights.figures.computing import compute_figures
from insights.figures.figure import Options, Result
from insights.figures.judgements import Judgements
from insights.figures.reading import read_judgements
from insights.models import ComputedFigure
from rehearsal import stage
from rehearsal.truth import POLES, Truth
from rehearsal.voices import pole_of
from tests.insights.figures import sql_twins, twins_of_groups, twins_of_learning, twins_of_models
from tests.insights.figures.sql_twins import sql
from tests.provider import Provider
from tests.rehearsal.rehearsing import prepared


@pytest.fixture
def played(dealt_alike: None, provider: Provider) -> Any:
    rehearsal = prepared(60, target=20)
    stage.play_directly(rehearsal, processes=1)
    stage.settle(rehearsal)
    # As if every response had been steered to the value that its text speaks for.
    for candidate in Candidate.objects.filter(candidate_set__turns__isnull=False).distinct():
        Candidate.objects.filter(pk=candidate.pk).update(pole=pole_of(candidate.text))
    return rehearsal


def read(study: Study) -> Judgements:
    return read_judgements(study, Phase.REHEARSAL, Options())


def rows_of(result: Result) -> list[dict[str, Any]]:
    """Rows by the names of their columns."""
    names = [one.name for one in result.columns]
    return [dict(zip(names, row, strict=True)) for row in result.rows]


def by(result: Result, column: str) -> dict[Any, Any]:
    """A column by the response."""
    return {row["response"]: row[column] for row in rows_of(result)}


@pytest.mark.django_db(transaction=True)
def test_figures_of_the_models_are_those_of_the_rows(
    played: Any, researcher: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Five prompts are few for an interval over prompts, and what it is of is looked at here.
    monkeypatch.setattr(diversity, "LEAST_PROMPTS", 2)
    data = read(played.study)
    check_strengths(data, played.truth)
    check_rates(data)
    check_likings(data, played.truth)
    for figure in (*preferences.FIGURES, *diversity.FIGURES, *learning.FIGURES):
        found = figure.compute(data, Options())
        assert found.as_data()
        assert found.rows or found.remarks, figure.key
    judged_in_two_arms_and_languages(played.study)
    compute_all(played.study, researcher)
    for check in (
        sql_twins.check_similarity,
        *twins_of_groups.CHECKS,
        *twins_of_models.CHECKS,
        *twins_of_learning.CHECKS,
    ):
        check(played.study, researcher)


def judged_in_two_arms_and_languages(study: Study) -> None:
    """As if the responses to two of the prompts had been independent draws, all but one of the
    prompts were the core, and the Italian sets of these translated the French ones; as if some
    had left places open, and had said no more often to independent draws."""
    samplers = {arm.key: arm for arm in study.arms()}
    (first,) = samplers.values()
    Sampler.objects.filter(pk=first.pk).update(anchor=True)
    further = list(first.further_endpoints.all())
    first.pk, first.key, first.strategy, first.anchor = None, "draws", "temperature", True
    first.save()
    first.further_endpoints.set(further)
    study.further_arms.add(first)
    keys = list(study.pool.prompts.order_by("pk").values_list("key", flat=True))
    sets = CandidateSet.objects.filter(prompt_text__prompt__pool=study.pool, refused_for=None)
    sets.filter(prompt_text__prompt__key__in=keys[:2]).update(sampler=first)
    for one in sets.filter(language="it", prompt_text__prompt__key__in=keys[:-1]):
        prompt = PromptText.objects.get(candidateset=one).prompt
        native = sets.get(language="fr", prompt_text__prompt=prompt)
        sets.filter(pk=one.pk).update(parallel_to=native)
    Study.objects.filter(pk=study.pk).update(core=keys[:-1])
    fifth = Ranking.objects.filter(turn__candidate_set__in=sets).annotate(rest=F("pk") % 5)
    RankedCandidate.objects.filter(ranking__in=fifth.filter(rest=0), rank__gt=2).update(rank=None)
    for rest, some in ((1, fifth), (2, fifth.filter(turn__candidate_set__sampler=first))):
        said_no = some.filter(rest=rest).exclude(acceptable="")
        said_no.update(acceptable="no", represents="no")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def compute_all(study: Study, client: Client) -> None:
    for group in GROUPS:
        query = {"phase": Phase.REHEARSAL, "group": group}
        assert client.get(reverse("study-figures", args=[study.key]), query).status_code == 200
    for options in {figure.chosen(Options()) for figure in FIGURES}:
        compute_figures(study.pk, Phase.REHEARSAL, options)
    failed = ComputedFigure.objects.exclude(state=ComputedFigure.State.READY)
    assert list(failed.values_list("figure", "sentence")) == []


def check_strengths(data: Judgements, truth: Truth) -> None:
    """Poles stand in the order in which everybody likes them, on average over countries."""
    found = preferences.strengths_of_kinds(data, Options())
    strengths = by(found, "log_strength")
    assert set(strengths) == {pole or "default" for pole in POLES}
    assert sum(value for value, _low, _high in strengths.values()) == pytest.approx(0, abs=1e-9)
    assert sum(by(found, "first").values()) == pytest.approx(1)
    effects = rows_of(preferences.logit(data, Options()))
    first = {row["which"]: row["log_odds"] for row in effects if row["of"] == "place"}
    value, low, high = first["1"]
    assert value > 0  # the planted bonus of the first place; 60 people are few for a bound
    assert low < value < high


def check_likings(data: Judgements, truth: Truth) -> None:
    """In each country the pole that the truth lets it like best has the largest effect."""
    found = rows_of(preferences.by_group(data, Options()))
    for country in ("FR", "IT"):
        own = [row for row in found if (row["question"], row["group"]) == ("country", country)]
        # Everything is beside the default response, whose effect is 0.
        effects = {row["response"]: row["pooled"][0] for row in own} | {"default": 0.0}
        planted = np.array(truth.poles) + np.array(truth.countries[country])
        liked = POLES[int(planted.argmax())] or "default"
        assert max(effects, key=lambda pole: float(effects[pole])) == liked


def check_rates(data: Judgements) -> None:
    expected = sql(
        "SELECT avg((acceptable = 'yes')::int) FROM judged WHERE acceptable IN ('yes', 'no')",
        data.study,
    )[0][0]
    found = diversity.FIGURES[1].compute(data, Options())
    (row,) = [row for row in rows_of(found) if row["language"] == diversity.ALL_LANGUAGES]
    assert row["acceptable"][0] == pytest.approx(float(expected))
    similarity = sql(
        "SELECT avg((s.measures -> 'lexical' ->> 'mean')::float) FROM candidates_candidateset s "
        "WHERE s.id IN (SELECT candidate_set_id FROM judged)",
        data.study,
    )[0][0]
    assert np.nanmean(data.sets.lexical) == pytest.approx(float(similarity))
