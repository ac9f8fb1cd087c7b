"""What a turn may ask: an order, the best, the best and the worst, ratings. Over HTTP."""

import re
import uuid
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override

from annotation.actions.definition import apply_study
from annotation.actions.judgement import Judgement
from annotation.actions.submission import submit_ranking
from annotation.forms.conversation import RankingForm
from annotation.models import RankedCandidate, Ranking, RecruitmentLink, Study, Turn
from annotation.transcript import transcript
from tests.definitions import small_definition
from tests.exporting import wide_rows
from tests.made_once import Once
from tests.walker import Response, Walker, entered

pytestmark = pytest.mark.django_db


@pytest.fixture
def walker(once: Once, link: RecruitmentLink) -> Walker:
    return once(entered, link)


def turn_in(walker: Walker, *modes: str, partial: bool = False) -> Turn:
    """A first turn, its answers shown, in a study with these modes."""
    Study.objects.filter(pk=walker.link.study_id).update(modes=modes, partial_allowed=partial)
    conversation = walker.open_kind("pool")
    walker.page(conversation)
    return walker.current_turn(conversation)


def handles(turn: Turn) -> list[str]:
    return [row.candidate.handle for row in turn.shown.select_related("candidate")]


def send(walker: Walker, turn: Turn, judged: dict[str, Any]) -> Response:
    data = {
        "submission_key": str(uuid.uuid4()),
        "acceptable": "yes",
        "represents": "no",
        "next_message": "Et ensuite ?",
    } | judged
    walker.post("interface-language", {"language": "en", "next": "/"})
    return walker.post("ranking-submit", data, turn.conversation.public_id, turn.position)


def ranks(turn: Turn) -> dict[str, int | None]:
    """Rank by letter, as stored."""
    stored = {row.candidate_id: row.rank for row in turn.ranking.rows.all()}
    return {row.letter: stored[row.candidate_id] for row in turn.shown.all()}


def chosen(turn: Turn) -> str:
    return next(
        row.letter for row in turn.shown.all() if row.candidate_id == turn.ranking.chosen_id
    )


def echo(response: Response) -> list[tuple[str, str]]:
    """The stored order on the page: letters with their words, from the top."""
    found = re.findall(
        r'class="letter">(\w)</span> <span class="rank" data-stored-words>([^<]+)<',
        response.content.decode(),
    )
    return [(letter, words) for letter, words in found]


def errors(response: Response) -> int:
    assert response.status_code == 422
    assert not Ranking.objects.exists()
    page: str = response.content.decode()
    return page.count('class="error"')


def test_best_stores_one_rank_and_leaves_the_others_without(walker: Walker) -> None:
    turn = turn_in(walker, "best")
    page = send(walker, turn, {"best": handles(turn)[2]})
    assert ranks(turn) == {"A": None, "B": None, "C": 1, "D": None}
    assert chosen(turn) == "C"
    assert echo(page) == [
        ("C", "The best"), ("A", "Not chosen"), ("B", "Not chosen"), ("D", "Not chosen"),
    ]  # fmt: skip


def test_best_needs_a_choice(walker: Walker) -> None:
    turn = turn_in(walker, "best")
    response = send(walker, turn, {})
    assert errors(response) == 1
    assert 'href="#field-best"' in response.content.decode()


def test_best_and_worst_store_both_ends(walker: Walker) -> None:
    turn = turn_in(walker, "best_worst")
    shown = handles(turn)
    page = send(walker, turn, {"best": shown[1], "worst": shown[0]})
    assert ranks(turn) == {"A": 4, "B": 1, "C": None, "D": None}
    assert chosen(turn) == "B"
    assert [words for _letter, words in echo(page)] == [
        "The best", "In between", "In between", "The worst",
    ]  # fmt: skip


@pytest.mark.parametrize("given", [{}, {"best": 0}, {"worst": 0}, {"best": 1, "worst": 1}])
def test_best_and_worst_need_two_different_answers(walker: Walker, given: dict[str, int]) -> None:
    turn = turn_in(walker, "best_worst")
    shown = handles(turn)
    data = {name: shown[position] for name, position in given.items()}
    assert errors(send(walker, turn, data)) == max(1, 2 - len(data))


def test_ratings_are_stored_and_ranks_follow_from_them(walker: Walker) -> None:
    turn = turn_in(walker, "rating")
    scores = dict(zip(handles(turn), (37, 100, 0, 37), strict=True))
    page = send(walker, turn, {f"score_{h}": s for h, s in scores.items()})
    assert ranks(turn) == {"A": 2, "B": 1, "C": 4, "D": 2}
    stored = {row.candidate.handle: row.score for row in turn.ranking.rows.all()}
    assert stored == scores
    assert echo(page) == [("B", "very good"), ("A", "poor"), ("D", "poor"), ("C", "very poor")]
    seen = re.sub(r'="[^"]*"', "", page.content.decode())
    own_link = walker.participation.return_token  # random, and may hold any digits
    assert "37" not in seen.replace(own_link, ""), "a number was shown"


def test_an_untouched_rating_is_refused(walker: Walker) -> None:
    turn = turn_in(walker, "rating")
    shown = handles(turn)
    assert errors(send(walker, turn, {f"score_{h}": 50 for h in shown[:3]})) == 1
    assert errors(send(walker, turn, {})) == 4


@pytest.mark.parametrize("score", ["101", "-1", "x", "5.5"])
def test_a_score_off_the_scale_is_refused(walker: Walker, score: str) -> None:
    turn = turn_in(walker, "rating")
    data = {f"score_{h}": "50" for h in handles(turn)[1:]} | {f"score_{handles(turn)[0]}": score}
    assert errors(send(walker, turn, data)) == 1


def test_equal_highest_ratings_ask_which_one_continues(walker: Walker) -> None:
    turn = turn_in(walker, "rating")
    shown = handles(turn)
    data = {f"score_{h}": s for h, s in zip(shown, (80, 10, 80, 20), strict=True)}
    assert errors(send(walker, turn, data)) == 1
    page = send(walker, turn, data | {"continue_with": shown[2]})
    assert chosen(turn) == "C"
    assert ranks(turn) == {"A": 1, "B": 4, "C": 1, "D": 3}
    assert "You picked this one to continue." in page.content.decode()


def test_ratings_may_stay_away_where_the_study_allows_it(walker: Walker) -> None:
    turn = turn_in(walker, "rating", partial=True)
    shown = handles(turn)
    assert errors(send(walker, turn, {})) == 1
    page = send(walker, turn, {f"score_{shown[3]}": 0})
    assert ranks(turn) == {"A": None, "B": None, "C": None, "D": 1}
    assert echo(page)[0] == ("D", "very poor")
    assert echo(page)[1] == ("A", "Not rated")


def test_places_may_stay_empty_where_the_study_allows_it(walker: Walker) -> None:
    turn = turn_in(walker, "ranking", partial=True)
    shown = handles(turn)
    page = send(walker, turn, {f"place_{shown[1]}": "4", f"place_{shown[2]}": "2"})
    assert ranks(turn) == {"A": None, "B": 2, "C": 1, "D": None}
    assert chosen(turn) == "C"
    assert echo(page) == [("C", "Place 1"), ("B", "Place 2"), ("A", "No place"), ("D", "No place")]


def test_one_answer_at_least_gets_a_place(walker: Walker) -> None:
    turn = turn_in(walker, "ranking", partial=True)
    empty = {f"place_{h}": "" for h in handles(turn)}
    response = send(walker, turn, empty)
    assert errors(response) == 1
    assert "Give at least one answer a place." in response.content.decode()


def test_a_partial_order_is_refused_where_the_study_wants_all(walker: Walker) -> None:
    turn = turn_in(walker, "ranking")
    assert errors(send(walker, turn, {f"place_{handles(turn)[0]}": "1"})) == 3


def test_the_summary_links_to_each_thing_that_is_missing(walker: Walker) -> None:
    turn = turn_in(walker, "ranking")
    data = {"acceptable": "", "represents": "", "next_message": ""}
    page = send(walker, turn, data).content.decode()
    names = [f"place_{h}" for h in handles(turn)]
    for name in [*names, "acceptable", "represents", "next_message"]:
        assert f'href="#field-{name}"' in page
        assert f'id="field-{name}"' in page


def test_ties_are_named_in_the_echo(walker: Walker) -> None:
    turn = turn_in(walker, "ranking")
    places = zip(handles(turn), (2, 1, 2, 2), strict=True)
    page = send(walker, turn, {f"place_{h}": p for h, p in places})
    assert echo(page) == [
        ("B", "Place 1"),
        ("A", "Place 2, shared with C, D"),
        ("C", "Place 2, shared with A, D"),
        ("D", "Place 2, shared with A, C"),
    ]


@pytest.mark.parametrize("mode", ["best", "best_worst", "rating", "ranking"])
def test_a_candidate_that_was_not_shown_changes_nothing(walker: Walker, mode: str) -> None:
    turn = turn_in(walker, mode)
    data = walker.ranking_data(turn)
    first = handles(turn)[0]
    forged = {
        name.replace(first, "0" * 16): str(value).replace(first, "0" * 16)
        for name, value in data.items()
    }
    assert errors(send(walker, turn, forged)) >= 1
    everything = {"best": "0" * 16, "places": {"0" * 16: 1}, "scores": {"0" * 16: 1}}
    judgement = Judgement(acceptable="yes", represents="yes", next_message="x", **everything)  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        submit_ranking(turn=turn, submission_key=uuid.uuid4(), judgement=judgement)


@pytest.mark.parametrize("mode", ["best", "best_worst", "rating", "ranking"])
def test_a_double_click_stores_once_in_every_mode(walker: Walker, mode: str) -> None:
    turn = turn_in(walker, mode)
    data = walker.ranking_data(turn)
    for _click in range(2):
        assert send(walker, turn, data).status_code == 200
    assert Ranking.objects.count() == 1
    assert RankedCandidate.objects.count() == 4


@pytest.mark.parametrize("mode", ["best", "best_worst", "rating", "ranking"])
def test_every_mode_starts_untouched(walker: Walker, mode: str) -> None:
    turn = turn_in(walker, mode)
    page = walker.page(turn.conversation).content.decode()
    assert not re.search(r"<input[^>]*\schecked", page)
    assert not re.search(r'<input[^>]*type="range"', page)


def test_a_mode_belongs_to_its_turn_and_the_last_one_holds_on(walker: Walker) -> None:
    turn = turn_in(walker, "best", "rating")
    send(walker, turn, {"best": handles(turn)[0]})
    following = walker.current_turn(turn.conversation)
    assert (turn.mode, following.mode) == ("best", "rating")
    assert walker.participation.study.mode_of(4) == "rating"


def test_what_the_page_measured_is_stored(walker: Walker) -> None:
    turn = turn_in(walker, "ranking")
    shown = handles(turn)
    seen = ("12.5", "999999", "-3", "nan")
    data = walker.ranking_data(turn) | {"layout": "pairs", "viewport": "tablet"}
    send(walker, turn, data | {f"seen_{h}": s for h, s in zip(shown, seen, strict=True)})
    ranking = Ranking.objects.get()
    assert (ranking.layout, ranking.viewport) == ("pairs", "tablet")
    stored = {row.candidate.handle: row.visible_seconds for row in ranking.rows.all()}
    assert [stored[h] for h in shown] == [12.5, 86400.0, 0.0, None]


def test_what_makes_no_sense_was_not_measured(walker: Walker) -> None:
    turn = turn_in(walker, "ranking")
    data = walker.ranking_data(turn) | {"layout": "spiral", "viewport": "<b>" * 99}
    send(walker, turn, data | {f"seen_{h}": "soon" for h in handles(turn)})
    ranking = Ranking.objects.get()
    assert (ranking.layout, ranking.viewport) == ("", "")
    assert set(ranking.rows.values_list("visible_seconds", flat=True)) == {None}


def test_a_whole_study_is_finished_in_every_mode(walker: Walker) -> None:
    Study.objects.update(modes=["rating", "best_worst", "best"])
    assert b"data-completion-code" in walker.finish().content
    assert set(Turn.objects.values_list("mode", flat=True)) == {"rating", "best_worst", "best"}


def test_exports_and_the_transcript_hold_choices_without_ranks(walker: Walker) -> None:
    study = Study.objects.get(pk=walker.link.study_id)
    Study.objects.filter(pk=study.pk).update(modes=["best", "rating"], partial_allowed=True)
    walker.finish()
    rows = wide_rows(study, walker.link.vendor)
    assert len(rows) == 3
    assert {row["first_turn_preferred_response"] for row in rows} == {"response_a"}
    conversation = walker.participation.conversations.first()
    assert conversation is not None
    first, second = transcript(conversation)[:2]
    assert [answer.rank for answer in first.answers] == [1, None, None, None]
    assert [answer.score for answer in second.answers] == [90, 80, 70, 60]


@pytest.mark.parametrize(("mode", "name"), [("ranking", "place_"), ("rating", "score_")])
def test_a_draft_fills_the_form(walker: Walker, mode: str, name: str) -> None:
    turn = turn_in(walker, mode)
    shown = list(turn.shown.select_related("candidate"))
    initial = {f"{name}{shown[1].candidate.handle}": "3", "acceptable": "no", "reason": "Froid"}
    form = RankingForm(turn=turn, shown=shown, initial=initial)
    control = form.answers()[1]
    html = "".join(str(radio) for radio in control.field or []) if mode == "ranking" else ""
    checked = [step.value for step in control.steps if step.checked]
    assert 'value="3"' in html if mode == "ranking" else checked == [3]
    assert "checked" in html or checked
    assert "Froid" in str(form["reason"])
    assert form["submission_key"].value()


def test_a_refused_rating_keeps_its_exact_score(walker: Walker) -> None:
    turn = turn_in(walker, "rating")
    page = send(walker, turn, {f"score_{handles(turn)[0]}": 37}).content.decode()
    assert re.findall(r'value="(\d+)" checked', page) == ["37"]


def test_a_study_file_says_the_modes() -> None:
    definition = small_definition(modes=["best_worst", "ranking"], partial_allowed=True)
    definition["study"]["key"] = "modes"
    study = apply_study(definition)
    assert [study.mode_of(position) for position in (1, 2, 3)] == [
        "best_worst", "ranking", "ranking",
    ]  # fmt: skip
    assert study.partial_allowed


@pytest.mark.parametrize("modes", [[], ["sideways"]])
def test_a_mode_that_does_not_exist_is_refused(modes: list[str]) -> None:
    definition = small_definition(modes=modes)
    definition["study"]["key"] = "modes"
    with pytest.raises(ValidationError, match="cannot be used"), override("en"):
        apply_study(definition)
