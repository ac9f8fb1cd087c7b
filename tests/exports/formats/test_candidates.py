"""Where candidates came from: everything that was asked for, refused or kept."""

from typing import Any

import pytest

from accounts.models import Purpose
from annotation.models import Turn
from candidates.models import Candidate, CandidateSet, Generation
from exports.pseudonyms import Kind
from exports.validators.candidates import find_problems
from tests.exports.formats.conftest import Exported, structure


def of_set(exported: Exported, set_id: int, **changes: Any) -> list[dict[str, Any]]:
    """Rows of a set and of the attempts that were refused for it."""
    wanted = exported.scope(**changes).pseudonyms.text(Kind.CANDIDATE_SET, set_id)
    rows = exported.rows("candidates", **changes)
    return [row for row in rows if wanted in (row["candidate_set_id"], row["refused_for"])]


def test_each_candidate_is_a_row_with_the_call_that_made_it(exported: Exported) -> None:
    candidate_set = exported.scene.turns["tied"].candidate_set
    rows = of_set(exported, candidate_set.pk)
    stored = candidate_set.candidates.order_by("position").select_related("generation__endpoint")
    for row, candidate in zip(rows, stored, strict=True):
        call = candidate.generation
        assert row["result"] == "candidate"
        assert (row["text"], row["source"]) == (candidate.text, candidate.source)
        assert row["candidate_id"] == exported.scope().pseudonyms.text(
            Kind.CANDIDATE, candidate.handle
        )
        assert structure(row, "request") == call.request
        assert (row["model_returned"], row["part"]) == (call.model_returned, call.part)
        assert (row["prompt_tokens"], row["finish_reason"]) == (call.prompt_tokens, "stop")
        assert (row["endpoint"], row["cost"]) == (call.endpoint.key, float(call.cost))
        assert structure(row, "measures") == candidate_set.measures
        assert row["context"] == candidate_set.context
        assert (row["canned"], row["answer"]) == (True, None)
    assert {row["judgements"] for row in rows} > {0} or rows[0]["judgements"] >= 1


def test_a_refused_attempt_is_a_row_with_its_reasons_and_no_candidate(exported: Exported) -> None:
    live = exported.scene.turns["refused"].candidate_set_id
    rows = of_set(exported, live)
    refused = [row for row in rows if row["set_status"] == "refused"]
    stored = Generation.objects.filter(candidate_set__refused_for=live)
    assert len(refused) == stored.count() >= 1
    for row in refused:
        assert row["result"] == "refused" and row["reasons"]
        assert row["text"] is row["candidate_id"] is None
        assert row["live"] is True
    assert {row["answer"] for row in refused} == {call.raw for call in stored}
    assert [row["set_status"] for row in rows[-4:]] == ["ready"] * 4


def test_calls_that_failed_and_sets_without_a_call_are_rows(exported: Exported) -> None:
    """What a provider's fault leaves behind, and what was never asked for."""
    like = exported.scene.turns["tied"].candidate_set
    pool = {"prompt_text": like.prompt_text, "sampler": like.sampler, "language": "fr",
            "context": like.context, "seed": 1}  # fmt: skip
    waiting = CandidateSet.objects.create(replicate=7, **pool)
    failed = CandidateSet.objects.create(replicate=8, status="failed", reasons=["gone"], **pool)
    Generation.objects.create(
        candidate_set=failed, attempt=0, part="diverse", endpoint=like.sampler.endpoint,
        request={}, error="The server failed.",
    )  # fmt: skip
    Generation.objects.create(
        candidate_set=like, attempt=0, part="draw", draw=9, endpoint=like.sampler.endpoint,
        request={}, raw="drawn and not kept",
    )  # fmt: skip
    assert [row["result"] for row in of_set(exported, waiting.pk)] == ["none"]
    (row,) = of_set(exported, failed.pk)
    assert (row["result"], row["error"]) == ("error", "The server failed.")
    rows = of_set(exported, like.pk)
    assert [row["result"] for row in rows] == ["candidate"] * 4 + ["not_kept"]
    assert rows[-1]["answer"] == "drawn and not kept"
    assert list(find_problems(exported.rows("candidates"))) == []


def test_sets_that_nobody_was_shown_are_there(exported: Exported) -> None:
    rows = exported.rows("candidates")
    unseen = CandidateSet.objects.filter(
        prompt_text__prompt__pool=exported.scene.study.pool, language="fr", turns=None,
        status="ready",
    )  # fmt: skip
    made = CandidateSet.objects.filter(prompt_text__isnull=False, language="fr", status="ready")
    ids = {row["candidate_set_id"] for row in rows if not row["live"]}
    assert ids == {
        exported.scope().pseudonyms.text(Kind.CANDIDATE_SET, one.pk) for one in made | unseen
    }
    assert {row["language"] for row in rows} == {"fr"}


def test_live_sets_leave_with_the_turn_they_were_made_for(exported: Exported) -> None:
    def live(**changes: Any) -> set[str]:
        rows = exported.rows("candidates", **changes)
        return {row["candidate_set_id"] for row in rows if row["live"]}

    def of(name: str) -> set[str]:
        turns = Turn.objects.filter(
            live=True, conversation__participation=exported.participation(name)
        )
        return {
            exported.scope().pseudonyms.text(Kind.CANDIDATE_SET, turn.candidate_set_id)
            for turn in turns
        }

    assert of("whole") and of("gone")
    assert of("whole") <= live()
    assert not of("gone") & live()
    exported.participation("whole").annotator.consents.filter(
        purpose=Purpose.RELEASE_FREE_TEXT
    ).update(given=False)
    assert not of("whole") & live(free_text_purpose=Purpose.RELEASE_FREE_TEXT)


def test_what_she_wrote_leaves_with_no_call_once_she_withdrew(exported: Exported) -> None:
    turns = Turn.objects.filter(
        live=True, conversation__participation=exported.participation("gone")
    )
    texts = Candidate.objects.filter(candidate_set__turns__in=turns).values_list("text", flat=True)
    kept = {row["text"] for row in exported.rows("candidates")}
    others = Candidate.objects.exclude(candidate_set__turns__in=turns).values_list(
        "text", flat=True
    )
    assert not (set(texts) - set(others)) & kept


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("required", {"arm": None}),
        ("required", {"text": None}),
        ("result", {"result": "not_kept"}),
        ("refused", {"set_status": "refused"}),
        ("error", {"error": "no"}),
        ("answer", {"answer": "raw"}),
        ("prompt", {"live": True}),
    ],
)
def test_a_row_that_contradicts_itself_is_found(
    exported: Exported, rule: str, change: dict[str, Any]
) -> None:
    row = of_set(exported, exported.scene.turns["tied"].candidate_set_id)[0]
    assert list(find_problems([row])) == []
    assert rule in {problem.rule for problem in find_problems([row | change])}
