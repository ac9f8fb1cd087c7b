"""Whole dialogues: the chosen path, everything shown on the way, and how each ended."""

from typing import Any

import pytest
from django.db import connection

from accounts.models import Consent, Purpose
from annotation.models import Conversation, Explanation, ShownCandidate
from exports.release.figures import count_figures
from exports.validators.conversations import find_problems
from tests.exports.formats.conftest import Exported, structure


def row_of(exported: Exported, conversation: Conversation, **changes: Any) -> dict[str, Any]:
    wanted = exported.conversation_id(conversation, **changes)
    found = [r for r in exported.rows("conversations", **changes) if r["conversation_id"] == wanted]
    assert len(found) == 1
    return found[0]


def test_the_messages_are_the_chosen_path_to_the_last_answer(exported: Exported) -> None:
    for conversation in exported.participation("whole").conversations.all():
        row = row_of(exported, conversation)
        told = []
        for turn in conversation.turns.order_by("position").select_related("ranking__chosen"):
            told.append({"role": "user", "content": turn.message})
            told.append({"role": "assistant", "content": turn.ranking.chosen.text})
        assert row["messages"] == told
        assert row["done_turns"] == row["planned_turns"] == conversation.planned_turns
        assert (row["status"], row["kind"]) == ("finished", conversation.kind)
        assert row["is_retest"] == bool(conversation.grant and conversation.grant.is_retest)
        prompt = conversation.grant.prompt.key if conversation.grant else None
        assert row["prompt_key"] == prompt


def test_every_turn_holds_all_that_was_shown_and_said_of_it(exported: Exported) -> None:
    conversation = exported.participation("whole").conversations.filter(planned_turns__gt=1)[0]
    told = structure(row_of(exported, conversation), "turns")
    for turn, said in zip(conversation.turns.order_by("position"), told, strict=True):
        shown = ShownCandidate.objects.filter(turn=turn).select_related("candidate")
        ranks = dict(turn.ranking.rows.values_list("candidate", "rank"))
        assert [
            (response["letter"], response["text"], response["rank"], response["is_chosen"])
            for response in said["responses"]
        ] == [
            (row.letter, row.candidate.text, ranks[row.candidate_id],
             row.candidate_id == turn.ranking.chosen_id)
            for row in shown
        ]  # fmt: skip
        assert (said["message"], said["explanation"]) == (turn.message, "Plus humain.")
        assert (said["acceptable"], said["represents"], said["is_live"]) == ("yes", "no", turn.live)
        assert said["sampler"] == turn.candidate_set.sampler.key


def test_an_explanation_left_empty_is_not_one_that_was_not_stored(exported: Exported) -> None:
    asked = row_of(exported, exported.scene.turns["tied"].conversation)
    assert structure(asked, "turns")[0]["explanation"] == ""
    unasked = row_of(exported, exported.scene.turns["partial"].conversation)
    assert structure(unasked, "turns")[0]["explanation"] is None


def test_scores_stand_beside_the_ranks_that_follow_from_them(exported: Exported) -> None:
    row = row_of(exported, exported.scene.turns["rating"].conversation)
    responses = structure(row, "turns")[0]["responses"]
    assert [(r["rank"], r["score"]) for r in responses] == [(1, 90), (1, 90), (3, 80), (4, 70)]


def test_skipped_and_open_conversations_are_there_with_their_status(exported: Exported) -> None:
    tied = exported.scene.turns["tied"].conversation
    skipped = row_of(exported, tied)
    assert (skipped["status"], skipped["done_turns"]) == ("skipped", 1)
    assert skipped["skip_reason"] == "=too personal"
    unfinished = row_of(exported, exported.scene.turns["partial"].conversation)
    assert unfinished["status"] == "open"
    assert unfinished["messages"][-1]["role"] == "user"
    assert exported.of_person("conversations", "gone") == []


def test_nobody_learns_who_was_shown_a_help_line(exported: Exported) -> None:
    conversation = exported.scene.turns["partial"].conversation
    Conversation.objects.filter(pk=conversation.pk).update(status="helped")
    assert row_of(exported, conversation)["status"] == "broke_off"
    pairs = exported.of_turn("preference-pairs", exported.scene.turns["partial"])
    assert {row["status"] for row in pairs} == {"broke_off"}
    with connection.cursor() as cursor:
        counted = count_figures(cursor, exported.scope()).released["conversations"]
    assert "broke_off" in {row["status"] for row in counted}
    assert "helped" not in {row["status"] for row in counted}


def test_without_her_words_nothing_is_told_about_them_either(exported: Exported) -> None:
    Explanation.objects.update(detected_language="it", script="Latn", pasted=7)
    about = ("explanation_language", "explanation_script", "explanation_pasted")
    allowed = exported.of_person("comparisons", "whole")
    assert {tuple(row[name] for name in about) for row in allowed} >= {("it", "Latn", 7)}
    Consent.objects.filter(purpose=Purpose.RELEASE_FREE_TEXT).update(given=False)
    kept = exported.of_person("comparisons", "whole", free_text_purpose=Purpose.RELEASE_FREE_TEXT)
    assert kept
    assert {tuple(row[name] for name in about) for row in kept} == {(None, None, None)}


def test_without_her_words_the_frame_stays_and_says_so(exported: Exported) -> None:
    Consent.objects.filter(purpose=Purpose.RELEASE_FREE_TEXT).update(given=False)
    options: dict[str, Any] = {"free_text_purpose": Purpose.RELEASE_FREE_TEXT}
    rows = exported.of_person("conversations", "whole", **options)
    assert list(find_problems(rows)) == []
    skipped = exported.of_person("conversations", "tied", **options)
    assert {row["skip_reason"] for row in skipped} == {None}
    assert len(rows) == 4 and all(row["words_withheld"] for row in rows)
    for row in rows:
        assert len(row["messages"]) == (2 if row["kind"] == "pool" else 0)
        assert row["done_turns"] == row["planned_turns"]
        assert all(turn["explanation"] is None for turn in structure(row, "turns"))


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("path", {"messages": []}),
        ("turns", {"done_turns": 1}),
        ("turns", {"planned_turns": 1}),
        ("status", {"planned_turns": 9}),
        ("prompt", {"prompt_key": None}),
        ("required", {"live_sampler": None}),
    ],
)
def test_a_row_that_contradicts_itself_is_found(
    exported: Exported, rule: str, change: dict[str, Any]
) -> None:
    conversation = exported.participation("whole").conversations.filter(
        planned_turns__gt=1, kind="pool"
    )[0]
    row = row_of(exported, conversation)
    assert rule in {problem.rule for problem in find_problems([row | change])}
