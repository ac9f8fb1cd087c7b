"""Which pairs of responses are rows, and that trainers can load them."""

from typing import Any

import datasets
import pytest
from django.db.models import F

from accounts.models import Purpose
from annotation.models import Conversation, RankedCandidate, Turn
from candidates.models import Candidate
from exports.containers import Container
from exports.validators.preference_pairs import find_problems, find_trl_problems
from tests.exports.formats.conftest import Exported

Pair = tuple[str, str]


def pairs(rows: list[dict[str, Any]], basis: str = "") -> set[Pair]:
    """Letters, the preferred one first."""
    return {
        (row["chosen_letter"], row["rejected_letter"])
        for row in rows
        if row["basis"] == basis or not basis
    }


def first_turn(exported: Exported) -> Turn:
    conversations = exported.participation("whole").conversations
    return conversations.filter(planned_turns__gt=1)[0].turns.get(position=1)


def test_four_ranks_give_six_pairs_with_their_texts(exported: Exported) -> None:
    turn = first_turn(exported)
    rows = exported.of_turn("preference-pairs", turn)
    assert pairs(rows, "ranks") == {
        ("A", "B"), ("A", "C"), ("A", "D"), ("B", "C"), ("B", "D"), ("C", "D"),
    }  # fmt: skip
    texts = {row.letter: row.candidate.text for row in turn.shown.select_related("candidate")}
    for row in rows:
        assert row["prompt"] == [{"role": "user", "content": turn.message}]
        for name in ("chosen", "rejected"):
            assert row[name] == [{"role": "assistant", "content": texts[row[f"{name}_letter"]]}]
        places = "ABCD".index(row["rejected_letter"]) - "ABCD".index(row["chosen_letter"])
        assert row["rank_difference"] == places
        assert row["chosen_continued"] == (row["chosen_letter"] == "A")
        assert (row["pairs_in_turn"], row["responses"], row["score_margin"]) == (6, 4, None)
        assert (row["country"], row["language"], row["wave"]) == ("FR", "fr", 1)
        assert (row["acceptable"], row["represents"], row["is_canned"]) == ("yes", "no", True)
        assert f"{row['sampler']} v{row['sampler_version']}" == str(turn.candidate_set.sampler)


def test_the_prompt_of_a_later_turn_is_the_chosen_path(exported: Exported) -> None:
    conversation = first_turn(exported).conversation
    told: list[dict[str, str]] = []
    for turn in conversation.turns.order_by("position").select_related("ranking__chosen"):
        told.append({"role": "user", "content": turn.message})
        rows = exported.of_turn("preference-pairs", turn)
        assert rows and all(row["prompt"] == told for row in rows)
        told.append({"role": "assistant", "content": turn.ranking.chosen.text})


def test_a_tie_gives_no_pair_though_one_was_picked_to_continue(exported: Exported) -> None:
    rows = exported.of_turn("preference-pairs", exported.scene.turns["tied"])
    assert pairs(rows) == {("A", "C"), ("A", "D"), ("B", "C"), ("B", "D"), ("C", "D")}
    assert {row["chosen_letter"] for row in rows if row["chosen_continued"]} == {"B"}


def test_what_was_left_without_a_rank_stands_below_the_chosen_one_alone(
    exported: Exported,
) -> None:
    rows = exported.of_turn("preference-pairs", exported.scene.turns["partial"])
    assert pairs(rows, "ranks") == {("A", "B")}
    assert pairs(rows, "chosen") == {("A", "C"), ("A", "D")}
    assert len(rows) == 3


def test_ratings_give_margins_and_an_untouched_control_gives_nothing(exported: Exported) -> None:
    turn = exported.scene.turns["rating"]
    rows = exported.of_turn("preference-pairs", turn)
    margins = {(row["chosen_letter"], row["rejected_letter"]): row["score_margin"] for row in rows}
    assert margins == {
        ("A", "C"): 10, ("A", "D"): 20, ("B", "C"): 10, ("B", "D"): 20, ("C", "D"): 10,
    }  # fmt: skip
    last = RankedCandidate.objects.filter(ranking__turn=turn).order_by("-rank")[0]
    RankedCandidate.objects.filter(pk=last.pk).update(rank=None, score=None)
    rows = exported.of_turn("preference-pairs", turn)
    assert pairs(rows) == {("A", "C"), ("B", "C")}


def test_best_and_worst_give_the_pairs_that_were_said(exported: Exported) -> None:
    best = exported.of_turn("preference-pairs", exported.scene.turns["best"])
    assert pairs(best) == pairs(best, "chosen") == {("A", "B"), ("A", "C"), ("A", "D")}
    both = exported.of_turn("preference-pairs", exported.scene.turns["best_worst"])
    assert pairs(both, "ranks") == {("A", "D")}
    assert pairs(both, "chosen") == {("A", "B"), ("A", "C")}
    assert pairs(both, "worst") == {("B", "D"), ("C", "D")}


def test_a_turn_without_an_acceptable_response_is_kept_and_marked(exported: Exported) -> None:
    rows = exported.of_turn("preference-pairs", exported.scene.turns["rating"])
    assert rows and {row["acceptable"] for row in rows} == {"no"}


def test_two_identical_texts_are_no_pair(exported: Exported) -> None:
    turn = first_turn(exported)
    first, second = turn.shown.select_related("candidate")[:2]
    Candidate.objects.filter(pk=second.candidate_id).update(text=first.candidate.text + " ")
    rows = exported.of_turn("preference-pairs", turn)
    assert ("A", "B") not in pairs(rows)
    assert {row["pairs_in_turn"] for row in rows} == {len(rows)} == {5}


def test_the_chosen_one_against_the_rest_is_a_part_of_all_pairs(exported: Exported) -> None:
    every = exported.rows("preference-pairs")
    chosen = exported.rows("preference-pairs-chosen")
    ids = ("conversation_id", "turn", "chosen_id", "rejected_id")
    wanted = [[row[name] for name in ids] for row in every if row["chosen_continued"]]
    assert [[row[name] for name in ids] for row in chosen] == wanted
    assert 0 < len(chosen) < len(every)


def test_retests_are_marked(exported: Exported) -> None:
    rows = exported.of_person("preference-pairs", "whole")
    again = {row["conversation_id"] for row in rows if row["is_retest"]}
    conversations = exported.participation("whole").conversations.filter(grant__occasion=1)
    assert again == {exported.conversation_id(one) for one in conversations} != set()


def test_people_who_withdrew_and_words_that_may_not_leave_are_absent(exported: Exported) -> None:
    assert exported.of_person("preference-pairs", "gone") == []
    consents = exported.participation("whole").annotator.consents
    consents.filter(purpose=Purpose.RELEASE_FREE_TEXT).update(given=False)
    options: dict[str, Any] = {"free_text_purpose": Purpose.RELEASE_FREE_TEXT}
    rows = exported.of_person("preference-pairs", "whole", **options)
    assert {(row["kind"], row["turn"]) for row in rows} == {("pool", 1)}
    others = exported.of_person("preference-pairs", "refused", **options)
    assert {row["kind"] for row in others} == {"own"}


@pytest.mark.parametrize("container", [Container.JSONL, Container.PARQUET])
def test_the_datasets_library_loads_what_trl_documents(
    exported: Exported, container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)  # else it counts each load there
    rows = exported.rows("preference-pairs", container)
    path = str(exported.folder / f"preference-pairs.{container}")
    kind = "parquet" if container == Container.PARQUET else "json"
    loaded = datasets.load_dataset(
        kind, data_files=path, split="train", cache_dir=str(exported.folder)
    )
    assert len(loaded) == len(rows)
    told = loaded.select_columns(["prompt", "chosen", "rejected"])
    assert list(find_trl_problems(told)) == []
    assert [row["prompt"] for row in told] == [row["prompt"] for row in rows]


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("messages", {"prompt": "a text"}),
        ("messages", {"chosen": []}),
        ("messages", {"chosen": [{"role": "assistant", "text": "a"}]}),
        ("prompt", {"prompt": [{"role": "assistant", "content": "a"}]}),
        ("prompt", {"prompt": [{"role": "user", "content": "a"}] * 2}),
        ("prompt", {"prompt": [{"role": "user", "content": "a"},
                               {"role": "assistant", "content": "b"}]}),
        ("completion", {"rejected": [{"role": "user", "content": "b"}]}),
        ("completion", {"chosen": [{"role": "assistant", "content": "b"}] * 2}),
        ("preference", {"chosen": [{"role": "assistant", "content": "b"}],
                        "rejected": [{"role": "assistant", "content": "b"}]}),
        ("empty", {"chosen": [{"role": "assistant", "content": " "}]}),
    ],
)  # fmt: skip
def test_what_trl_could_not_train_on_is_found(rule: str, change: dict[str, Any]) -> None:
    good = {
        "prompt": [{"role": "user", "content": "What colour is the sky?"}],
        "chosen": [{"role": "assistant", "content": "Blue."}],
        "rejected": [{"role": "assistant", "content": "Green."}],
    }
    assert list(find_trl_problems([good])) == []
    assert rule in {problem.rule for problem in find_trl_problems([good, good | change])}


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("history", {"turn": 2}),
        ("rank", {"rank_difference": 0}),
        ("rank", {"rank_difference": None}),
        ("rank", {"rank_difference": None, "basis": "chosen", "chosen_continued": False}),
        ("score", {"score_margin": 5}),
        ("score", {"mode": "rating", "score_margin": -5}),
        ("required", {"annotator_id": None}),
    ],
)
def test_a_pair_that_contradicts_itself_is_found(
    exported: Exported, rule: str, change: dict[str, Any]
) -> None:
    row = exported.of_turn("preference-pairs", first_turn(exported))[0]
    assert rule in {problem.rule for problem in find_problems([row | change])}


def test_every_pair_agrees_with_the_stored_ranks(exported: Exported) -> None:
    stored = RankedCandidate.objects.filter(
        ranking__turn__conversation__participation__study=exported.scene.study,
        ranking__turn__conversation__participation__withdrawn_at=None,
        ranking__turn__mode="ranking",
    ).values_list("ranking", "rank")
    by_ranking: dict[int, list[int]] = {}
    for ranking, rank in stored:
        by_ranking.setdefault(ranking, []).extend([rank] if rank else [])
    expected = sum(a < b for ranks in by_ranking.values() for a in ranks for b in ranks)
    rows = exported.rows("preference-pairs")
    ranked = [row for row in rows if row["basis"] == "ranks" and row["mode"] == "ranking"]
    assert len(ranked) == expected


def test_judged_turns_of_unfinished_conversations_count(exported: Exported) -> None:
    open_or_skipped = Conversation.objects.filter(
        turns__ranking__isnull=False, participation__withdrawn_at=None,
        participation__study=exported.scene.study,
    ).exclude(status="finished").annotate(place=F("turns__position"))  # fmt: skip
    told = {row["conversation_id"] for row in exported.rows("preference-pairs")}
    assert {exported.conversation_id(one) for one in open_or_skipped} <= told
    assert open_or_skipped.exists()
