"""One row per judged turn, one row per ranked candidate: everything known, and they join."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Answer, Consent
from annotation.models import Conversation, Participation, Ranking, RecruitmentLink, Study
from candidates.models import CandidateSet, PromptText
from exports.formats import comparisons, rankings
from exports.formats.community_alignment import FORMAT, FORMAT_WITHOUT_WAVE
from exports.pseudonyms import Kind
from exports.scope import Scope
from tests.exporting import csv_rows, json_rows
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)


def everybody(study: Study) -> Scope:
    return Scope(study=study, recipient="test")


def by_turn(rows: list[dict[str, Any]]) -> dict[tuple[str, int], dict[str, Any]]:
    return {(row["conversation_id"], row["turn"]): row for row in rows}


def test_a_row_holds_the_whole_judgement_in_the_order_shown(finished: Walker) -> None:
    scope = everybody(finished.link.study)
    rows = by_turn(json_rows(comparisons.FORMAT, scope))
    assert len(rows) == Ranking.objects.count()
    for ranking in Ranking.objects.select_related("turn__conversation"):
        turn, conversation = ranking.turn, ranking.turn.conversation
        name = scope.pseudonyms.text(Kind.CONVERSATION, conversation.public_id)
        row = rows[name, turn.position]
        shown = list(turn.shown.select_related("candidate"))
        ranks = dict(ranking.rows.values_list("candidate", "rank"))
        assert row["responses"] == [one.candidate.text for one in shown]
        assert row["letters"] == [one.letter for one in shown]
        assert row["ranks"] == [ranks[one.candidate_id] for one in shown]
        assert row["candidate_ids"] == [
            scope.pseudonyms.text(Kind.CANDIDATE, one.candidate_id) for one in shown
        ]
        chosen = row["letters"].index(row["chosen"])
        assert shown[chosen].candidate_id == ranking.chosen_id
        assert row["chosen_id"] == row["candidate_ids"][chosen]
        assert row["message"] == turn.message
        assert row["kind"] == conversation.kind
        assert (row["prompt_key"] is not None) == (not turn.live)
        assert row["set_origin"] == ("live" if turn.live else "native")
        assert row["explanation"] == "Plus humain."
        assert (row["acceptable"], row["represents"]) == ("yes", "no")
        assert row["seconds_to_judge"] >= 0
        assert row["seconds_waited"] == pytest.approx(turn.waited(), abs=0.001)
        assert (row["age"], row["gender"], row["politics"]) == (41, "female", "5")
        assert row["refused"] == ["ethnicity"]


def test_a_refusal_to_a_special_question_is_told_only_where_its_answer_may_leave(
    finished: Walker,
) -> None:
    """She refused her ethnicity; a token without that column does not learn it either."""
    Answer.objects.filter(question__code="education").update(status="refused", option=None)
    plain = {"conversation_id", "refused", "gender"}
    for granted, expected in (
        (set(), ["education"]),
        ({"politics"}, ["education"]),
        ({"ethnicity"}, ["education", "ethnicity"]),
        ({"special_answers"}, ["education", "ethnicity"]),
    ):
        fields = frozenset(plain | granted)
        scope = Scope(study=finished.link.study, recipient="test", fields=fields)
        rows = json_rows(comparisons.FORMAT, scope)
        assert rows and all(row["refused"] == expected for row in rows), granted


def test_rankings_say_the_same_row_by_row(finished: Walker) -> None:
    scope = everybody(finished.link.study)
    turns = by_turn(json_rows(comparisons.FORMAT, scope))
    rows = json_rows(rankings.FORMAT, scope)
    assert len(rows) == 4 * len(turns)
    for row in rows:
        turn = turns[row["conversation_id"], row["turn"]]
        place = row["place_shown"] - 1
        assert turn["letters"][place] == row["letter"]
        assert turn["candidate_ids"][place] == row["candidate_id"]
        assert turn["ranks"][place] == row["rank"]
        assert row["is_chosen"] == (turn["chosen"] == row["letter"])
        text = turn["responses"][place]
        assert (row["characters"], row["words"]) == (len(text), len(text.split()))
        assert row["is_canned"] is True
        for name in comparisons.PLACE:
            assert row[name.name] == turn[name.name]


def test_ties_are_marked(link: RecruitmentLink) -> None:
    walker = Walker(link)
    walker.enter()
    conversation = walker.open_kind("pool")
    turn = walker.current_turn(conversation)
    pick = turn.shown.all()[2].candidate.handle
    walker.rank(turn, [1, 3, 1, 3], continue_with=pick)
    Conversation.objects.filter(pk=conversation.pk).update(status="finished")
    scope = everybody(walker.link.study)
    row = json_rows(comparisons.FORMAT, scope)[0]
    assert row["ranks"] == [1, 3, 1, 3]
    assert (row["has_ties"], row["is_first_tied"], row["chosen"]) == (True, True, "C")
    assert {one["is_tied"] for one in json_rows(rankings.FORMAT, scope)} == {True}


@pytest.mark.parametrize("number", [2, 5])
def test_any_number_of_candidates_fits(finished: Walker, number: int) -> None:
    """As where a set had another number: the rows shown and ranked are what counts."""
    shown = Ranking.objects.order_by("pk")[0].turn.shown
    if number == 2:
        chosen = Ranking.objects.order_by("pk")[0].chosen_id
        other = shown.exclude(candidate=chosen)[0]
        shown.exclude(pk=other.pk).exclude(candidate=chosen).delete()
    else:
        one = shown.all()[3].candidate
        one.pk, one.handle, one.position = None, "another", 4
        one.save()
        shown.create(candidate=one, position=4)
    rows = json_rows(comparisons.FORMAT, everybody(finished.link.study))
    assert sorted(len(row["responses"]) for row in rows).count(number) == 1
    for row in rows:
        assert len(row["ranks"]) == len(row["letters"]) == len(row["candidate_ids"])


def test_a_translated_set_is_marked_parallel(finished: Walker) -> None:
    CandidateSet.objects.exclude(prompt_text=None).update(
        parallel_to=CandidateSet.objects.filter(prompt_text=None)[0]
    )
    rows = json_rows(comparisons.FORMAT, everybody(finished.link.study))
    assert {row["set_origin"] for row in rows} == {"parallel", "live"}
    assert {row["prompt_version"] for row in rows if row["prompt_key"]} == {1}
    assert PromptText.objects.exists()


def test_retests_are_in_these_rows_and_marked_and_not_in_the_wide_table(finished: Walker) -> None:
    again = Conversation.objects.exclude(grant=None).order_by("pk")[0]
    assert again.grant is not None
    again.grant.occasion = 1
    again.grant.save()
    scope = everybody(finished.link.study)
    marked = {row["conversation_id"] for row in json_rows(comparisons.FORMAT, scope)
              if row["is_retest"]}  # fmt: skip
    assert marked == {scope.pseudonyms.text(Kind.CONVERSATION, again.public_id)}
    assert {r["conversation_id"] for r in json_rows(rankings.FORMAT, scope) if r["is_retest"]} == (
        marked
    )
    assert len(csv_rows(FORMAT, scope)) == 2


def test_without_the_wave_the_table_has_44_columns(finished: Walker) -> None:
    scope = everybody(finished.link.study)
    with_wave = csv_rows(FORMAT, scope)
    without = csv_rows(FORMAT_WITHOUT_WAVE, scope)
    assert len(FORMAT_WITHOUT_WAVE.names) == 44
    assert without == [{k: v for k, v in row.items() if k != "wave"} for row in with_wave]


def withdrawn(walker: Walker) -> None:
    Participation.objects.update(withdrawn_at=timezone.now())


def left_out(walker: Walker) -> None:
    Participation.objects.update(excluded_at=timezone.now())


def consent_taken_back(walker: Walker) -> None:
    Consent.objects.filter(purpose="take_part").update(withdrawn_at=timezone.now())


def another_consent_taken_back(walker: Walker) -> None:
    Consent.objects.filter(purpose="recontact").update(withdrawn_at=timezone.now())


def nothing(walker: Walker) -> None:
    pass


@pytest.mark.parametrize(
    "happens", [nothing, withdrawn, left_out, consent_taken_back, another_consent_taken_back]
)
def test_exports_and_figures_agree_on_who_may_leave(finished: Walker, happens: Any) -> None:
    happens(finished)
    scope = everybody(finished.link.study)
    found = Conversation.objects.released().without_retests().filter(status="finished")
    names = {scope.pseudonyms.text(Kind.CONVERSATION, one.public_id) for one in found}
    assert {row["conversation_id"] for row in json_rows(comparisons.FORMAT, scope)} == names
    assert len(csv_rows(FORMAT, scope)) == len(names)
