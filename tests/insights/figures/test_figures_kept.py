"""Figures are computed once, by one worker at a time, and say how old they are."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Consent, User
from annotation.actions.unlocking import unlock_outcomes
from annotation.models import (
    AuditEntry,
    Participation,
    Phase,
    PlanChange,
    Quota,
    RecruitmentLink,
    Study,
)
from insights.figures.actions import request_figures
from insights.figures.catalogue import BY_KEY, FIGURES
from insights.figures.computing import NotComputableError, compute_figures
from insights.figures.figure import Options, Result
from insights.figures.judgements import Judgements
from insights.figures.locks import is_locked
from insights.figures.sample import read_sample
from insights.models import ComputedFigure
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)
HERE = Options()
ALIKE, LOCKED = BY_KEY["choose-alike"], BY_KEY["between-groups"]


@pytest.fixture
def judged(empty_database: None, link: RecruitmentLink) -> Study:
    judge(link)
    return link.study


@pytest.fixture
def researcher(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("researcher", password="a-long-test-password"))
    return client


def judge(link: RecruitmentLink) -> Walker:
    walker = Walker(link)
    walker.enter()
    walker.rank(walker.current_turn(walker.open_kind("pool")))
    return walker


def ask(study: Study, *figures: str) -> list[ComputedFigure]:
    return request_figures(
        study=study,
        phase=Phase.MAIN,
        options=HERE,
        figures=[BY_KEY[key] for key in figures or ["choose-alike"]],
        enqueue=False,
    )


def compute(study: Study) -> int:
    return compute_figures(study.pk, Phase.MAIN, HERE)


def stored(key: str = "choose-alike") -> ComputedFigure:
    return ComputedFigure.objects.get(figure=key)


def section(client: Client, study: Study, key: str = "choose-alike") -> str:
    page = client.get(reverse("study-figure", args=[study.key, key]))
    assert page.status_code == 200
    return " ".join(page.content.decode().split())


def forget(**changes: object) -> None:
    """As if what was computed or asked for were long ago."""
    ComputedFigure.objects.update(**changes)


def test_a_figure_that_was_never_computed_says_that_it_is_being_computed(
    judged: Study, researcher: Client
) -> None:
    words = section(researcher, judged)
    assert "is being computed" in words
    assert "hx-get=" in words
    assert compute(judged) == 1
    words = section(researcher, judged)
    assert "Fewer than 20 people: not shown." in words
    assert "hx-get=" not in words
    assert "data version" in words


def test_it_says_how_many_judgements_came_since_and_is_computed_anew(
    judged: Study, link: RecruitmentLink, researcher: Client
) -> None:
    ask(judged)
    compute(judged)
    assert "more judgement" not in section(researcher, judged)
    judge(link)
    judge(link)
    forget(seconds=0)
    words = section(researcher, judged)
    assert "2 more judgements since." in words
    assert "It is being computed anew." in words
    assert compute(judged) == 1
    assert stored().found.judgements == 3  # type: ignore[union-attr]
    assert "more judgement" not in section(researcher, judged)


def due(study: Study, *figures: str) -> set[str]:
    """Which of these a worker is told to compute."""
    forget(seconds=0, asked_at=None)
    return {row.figure for row in ask(study, *figures) if row.asked_at}


def test_what_rests_on_places_and_targets_is_computed_anew_when_these_change(
    judged: Study, link: RecruitmentLink
) -> None:
    """Nothing was judged: the log of changes says nothing of it."""
    some = ("choose-alike", "sample", "dispositions", "exclusions")
    counts = set(some) - {"choose-alike"}
    assert due(judged, *some) == set(some)
    compute(judged)
    assert due(judged, *some) == set()
    # An own conversation that comes first would be skipped, and the log says so.
    Study.objects.filter(pk=judged.pk).update(own_conversations=0)
    walker = Walker(link)
    walker.enter()
    walker.open_kind("pool")
    assert due(judged, *some) == counts
    compute(judged)
    ended = stored("dispositions").found
    assert ended is not None
    assert [row[1:3] for row in ended.rows] == [["not ended yet", 1], ["completed", 1]]
    Quota.objects.create(study=judged, key="young", conditions={"age": {"to": 40}}, target=7)
    assert due(judged, *some) == counts
    compute(judged)
    Quota.objects.update(target=8)
    assert due(judged, *some) == counts
    compute(judged)
    assert stored("sample").found.rows[0][2] == 8  # type: ignore[union-attr]
    assert due(judged, *some) == set()


def test_figures_of_people_stay_as_they_were_once_data_about_these_were_erased(
    judged: Study, researcher: Client
) -> None:
    some = ("sample", "help-by-programs")
    ask(judged, "choose-alike", *some)
    compute(judged)
    before = {key: (stored(key).basis, stored(key).result) for key in some}
    Study.objects.update(retained_until=date(2026, 1, 31))
    Participation.objects.update(stratum="nothing")
    Quota.objects.create(study=judged, key="young", conditions={"age": {"to": 40}}, target=7)
    judged.refresh_from_db()
    forget(code_version=None)  # the code would find something else as well
    assert due(judged, "choose-alike", "dispositions", *some) == {"choose-alike"}
    forget(asked_at=timezone.now())  # asked for before the day was over
    assert compute(judged) == 1
    assert before == {key: (stored(key).basis, stored(key).result) for key in some}
    said = "kept until Jan. 31, 2026: this figure, which rests on them, is not computed again."
    for key in (*some, "dispositions"):
        words = section(researcher, judged, key)
        assert said in words
        assert "being computed" not in words
        assert ("As of" in words) == (key in some)
    assert said not in section(researcher, judged)


def test_who_takes_back_her_consent_was_not_left_out_by_anybody(judged: Study) -> None:
    Participation.objects.update(excluded_at=timezone.now())
    found = read_sample(judged, Phase.MAIN)
    assert [(one.people, one.excluded) for one in found.left_out] == [(1, 1)]
    assert [one.excluded for one in found.ended] == [True]
    Consent.objects.update(withdrawn_at=timezone.now())
    found = read_sample(judged, Phase.MAIN)
    assert found.left_out == ()
    assert [one.excluded for one in found.ended] == [False]


def test_rows_by_locale_are_locked_with_outcomes_by_group(
    judged: Study, link: RecruitmentLink, researcher: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BY_KEY, ALIKE.key, replace(ALIKE, minimum=0))
    for _person in range(5):  # with her who was there: every set of the locale twice
        judge(link)

    def parts() -> set[object]:
        assert due(judged, ALIKE.key) == {ALIKE.key}
        compute(judged)
        return {row[0] for row in stored().found.rows}  # type: ignore[union-attr]

    assert parts() == {"everybody"}
    assert "Rows by locale are locked until the study is closed." in section(researcher, judged)
    Study.objects.update(status=Study.Status.CLOSED)
    judged.refresh_from_db()
    assert parts() == {"everybody", "locale"}
    assert "FR-fr" in section(researcher, judged)
    Study.objects.update(status=Study.Status.OPEN)
    judged.refresh_from_db()
    assert "FR-fr" not in section(researcher, judged), "opened again, nothing of before is shown"
    assert parts() == {"everybody"}


def test_nothing_is_computed_twice(judged: Study) -> None:
    ask(judged)
    assert compute(judged) == 1
    assert compute(judged) == 0
    ask(judged)
    assert compute(judged) == 0


def test_while_one_worker_computes_another_finds_nothing(judged: Study) -> None:
    ask(judged)
    now = timezone.now()
    forget(leased_until=now + timedelta(minutes=5))
    assert compute(judged) == 0
    forget(leased_until=now - timedelta(minutes=5))
    assert compute(judged) == 1


def test_a_worker_that_was_given_up_writes_nothing(
    judged: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease lapsed while it computed, and another worker has taken the figure."""
    ask(judged)

    def slowly(data: Judgements, options: Options) -> Result:
        forget(leased_until=timezone.now() + timedelta(minutes=9))
        return ALIKE.compute(data, options)

    monkeypatch.setitem(BY_KEY, ALIKE.key, replace(ALIKE, compute=slowly))
    compute(judged)
    assert stored().state == ComputedFigure.State.WAITING
    assert stored().result is None


def test_a_failure_is_a_sentence_and_the_others_are_computed(
    judged: Study, researcher: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> Result:
        raise ZeroDivisionError

    def refuse(*_args: object) -> Result:
        raise NotComputableError("Too little was judged.")

    ask(judged, "choose-alike", "tau-x", "durations")
    for key, how in (("choose-alike", fail), ("tau-x", refuse)):
        monkeypatch.setitem(BY_KEY, key, replace(BY_KEY[key], compute=how))
    compute(judged)
    assert "could not be computed. The log" in section(researcher, judged)
    assert "Too little was judged." in section(researcher, judged, "tau-x")
    assert stored("durations").state == ComputedFigure.State.READY


def test_after_somebody_withdrew_nothing_of_before_is_shown(
    judged: Study, researcher: Client
) -> None:
    ask(judged, "durations")
    compute(judged)
    person = Participation.objects.get()
    Participation.objects.update(withdrawn_at=timezone.now())
    words = section(researcher, judged, "durations")
    assert "Somebody withdrew" in words
    address = reverse("study-figure-csv", args=[judged.key, "durations"])
    assert researcher.get(address).status_code == 404
    compute(judged)
    found = stored("durations").found
    assert found is not None
    assert (found.people, found.judgements) == (0, 0), person


def test_outcomes_by_group_are_computed_for_nobody_until_they_are_unlocked(
    judged: Study, researcher: Client
) -> None:
    assert is_locked(judged, Phase.MAIN)
    words = section(researcher, judged, LOCKED.key)
    assert "Locked until the study is closed." in words
    assert not ComputedFigure.objects.exists()
    ComputedFigure.objects.create(
        study=judged,
        phase=Phase.MAIN,
        figure=LOCKED.key,
        options_hash=HERE.hash,
        options=vars(HERE),
        asked_at=timezone.now(),
    )
    assert compute(judged) == 0, "the task refuses too"
    address = reverse("study-figure-csv", args=[judged.key, LOCKED.key])
    assert researcher.get(address).status_code == 403
    unlock = reverse("unlock-outcomes", args=[judged.key])
    assert researcher.post(unlock, {"phase": "main", "why": " "}).status_code == 302
    assert is_locked(judged, Phase.MAIN)
    researcher.post(unlock, {"phase": "main", "why": "The funder asked."})
    page = researcher.get(reverse("study-figures", args=[judged.key])).content.decode()
    assert "The funder asked." in page
    compute(judged)
    assert stored(LOCKED.key).state == ComputedFigure.State.READY
    assert not is_locked(judged, Phase.MAIN)
    assert is_locked(judged, Phase.PILOT)


def test_unlocking_is_on_record_once_and_needs_a_reason(judged: Study) -> None:
    by = User.objects.create_user("author")
    with pytest.raises(ValidationError):
        unlock_outcomes(study=judged, phase=Phase.MAIN, why="  ", by=by)
    first = unlock_outcomes(study=judged, phase=Phase.MAIN, why="An interim report", by=by)
    again = unlock_outcomes(study=judged, phase=Phase.MAIN, why="Once more", by=by)
    assert first == again
    assert PlanChange.objects.get(kind=PlanChange.Kind.UNLOCKED).why == "An interim report"


def test_a_closed_study_is_unlocked(judged: Study) -> None:
    Study.objects.update(status=Study.Status.CLOSED)
    judged.refresh_from_db()
    assert not is_locked(judged, Phase.MAIN)


def test_every_figure_is_computed_of_a_study_without_a_judgement(
    empty_database: None, study: Study
) -> None:
    Study.objects.update(status=Study.Status.CLOSED)
    study.refresh_from_db()
    chosen = {figure.chosen(HERE) for figure in FIGURES}
    for options in chosen:
        some = [figure for figure in FIGURES if figure.chosen(HERE) == options]
        request_figures(study=study, phase=Phase.MAIN, options=options, figures=some, enqueue=False)
        compute_figures(study.pk, Phase.MAIN, options)
    found = ComputedFigure.objects.values_list("state", "sentence").distinct()
    assert list(found) == [("ready", "")]


def test_each_figure_taken_along_is_on_record(judged: Study, researcher: Client) -> None:
    address = reverse("study-figure-csv", args=[judged.key, "durations"])
    ask(judged, "durations")
    assert researcher.get(address).status_code == 404
    assert not AuditEntry.objects.filter(kind="figure:downloaded").exists()
    compute(judged)
    assert researcher.get(address).status_code == 200
    line = AuditEntry.objects.get(kind="figure:downloaded")
    assert (line.study, line.what) == (judged, "figure durations, phase main")
    assert line.by is not None


def test_the_pages_are_for_those_who_may_read_outcomes(judged: Study, client: Client) -> None:
    addresses = [
        reverse("study-figures", args=[judged.key]),
        reverse("study-figure", args=[judged.key, "choose-alike"]),
        reverse("study-figure-csv", args=[judged.key, "choose-alike"]),
    ]
    assert {client.get(address).status_code for address in addresses} == {302}
    client.force_login(User.objects.create_user("guest", is_staff=True))
    assert {client.get(address).status_code for address in addresses} == {403}
