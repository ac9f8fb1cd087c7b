"""Every format of ours: its containers, its validator, and what its codes mean."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import Answer, Purpose, Vendor
from annotation.models import Conversation, Grant, Mode, Outcome, Phase
from annotation.models.conversation import Opinion
from candidates.models import Candidate, CandidateSet, Generation, PromptText
from exports.containers import Container
from exports.format import Format
from exports.formats import FORMATS, meanings
from exports.release.codebook import as_json, as_markdown
from exports.validators import VALIDATORS
from tests.exports.formats.conftest import Exported


@pytest.mark.parametrize("name", VALIDATORS)
def test_every_container_holds_the_same_valid_rows(name: str, exported: Exported) -> None:
    first = exported.rows(name)
    assert len(first) > 5
    assert list(VALIDATORS[name](first)) == []
    for container in (Container.CSV, Container.JSONL_GZ, Container.JSONL_ZST, Container.PARQUET):
        assert exported.rows(name, container) == first, container


@pytest.mark.parametrize("name", VALIDATORS)
def test_a_vendor_gets_valid_rows_of_its_own_people_alone(name: str, exported: Exported) -> None:
    vendor = Vendor.objects.get(key="vendor-b")
    rows = exported.rows(name, vendor=vendor, recipient="vendor:vendor-b")
    assert rows and list(VALIDATORS[name](rows)) == []
    people = {row["annotator_id"] for row in rows if row.get("annotator_id")}
    theirs = exported.annotator_id("theirs", recipient="vendor:vendor-b")
    assert people <= {theirs}


@pytest.mark.parametrize(
    "name", ["comparisons", "rankings", "preference-pairs", "preference-pairs-chosen"]
)
def test_whoever_pools_judgements_sees_of_which_turn_and_kind_each_is(
    name: str, exported: Exported
) -> None:
    rows = exported.rows(name)
    assert all(row["turn"] >= 1 and row["kind"] in {"pool", "own"} for row in rows)
    assert {row["turn"] for row in rows} > {1}
    assert len({row["kind"] for row in rows}) == 2


@pytest.mark.parametrize("name", VALIDATORS)
def test_rows_come_in_the_order_of_what_they_hold(name: str, exported: Exported) -> None:
    """Never in the order in which they were stored, which would tell when they came about."""
    keys = {
        "preference-pairs": ("conversation_id", "turn", "chosen_letter", "rejected_letter"),
        "preference-pairs-chosen": ("conversation_id", "turn", "rejected_letter"),
        "conversations": ("conversation_id",),
        "candidates": ("prompt_key", "language"),
        "annotators": ("annotator_id",),
        "dispositions": ("prompt_key", "country", "language", "candidate_set_id", "left_out"),
    }[name]
    found = [
        [(row[key] is None, row[key]) for key in keys]  # what is missing comes last
        for row in exported.rows(name)
    ]
    assert found == sorted(found)


@pytest.mark.parametrize("name", VALIDATORS)
@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("columns", lambda row, form: row | {"surplus": 1}),
        ("columns", lambda row, form: dict(list(row.items())[1:])),
        ("columns", lambda row, form: dict(reversed(row.items()))),
        ("type", lambda row, form: row | {_first(form, "text"): 7}),
        ("code", lambda row, form: row | {_coded(form): "never heard of"}),
    ],
)
def test_a_validator_finds_a_wrong_row(
    name: str, rule: str, change: Any, exported: Exported
) -> None:
    rows = exported.rows(name)
    rows[3] = change(rows[3], FORMATS[name])
    problems = list(VALIDATORS[name](rows))
    assert (rule, 4) in {(problem.rule, problem.row) for problem in problems}
    assert all(problem.sentence.endswith(".") for problem in problems)


@pytest.mark.parametrize("name", VALIDATORS)
def test_a_validator_finds_a_row_that_came_twice(name: str, exported: Exported) -> None:
    rows = exported.rows(name)
    known = [row for row in rows if row.get("grant_id") or name != "dispositions"]
    assert "unique" in {problem.rule for problem in VALIDATORS[name]([*rows, known[0]])}


def _first(form: Format, kind: str) -> str:
    return next(column.name for column in form.columns if column.type == kind)


def _coded(form: Format) -> str:
    return next(column.name for column in form.columns if column.labels)


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        (meanings.KIND, Conversation.Kind.values),
        (meanings.MODE, Mode.values),
        (meanings.OPINION, Opinion.values),
        (meanings.DISPOSITION, Grant.Disposition.values),
        (meanings.PHASE, Phase.values),
        (meanings.OUTCOME, Outcome.values),
        (meanings.ANSWER, Answer.Status.values),
        (meanings.SET_STATUS, CandidateSet.Status.values),
        (meanings.SOURCE, Candidate.Source.values),
        (meanings.PART, Generation.Part.values),
        (meanings.STAGE, PromptText.Stage.values),
        (meanings.PURPOSE, Purpose.values),
    ],
)
def test_every_code_that_can_be_stored_has_its_meaning(
    table: dict[str, str], codes: list[str]
) -> None:
    assert sorted(table) == sorted(codes)


def test_every_status_of_a_conversation_but_two_leaves_as_it_is() -> None:
    """Withdrawn people are absent, and who was shown a help line is nobody's business."""
    inside = set(Conversation.Status.values) - {"withdrawn", "helped"}
    assert set(meanings.CONVERSATION_STATUS) == inside | {"broke_off"}


def test_every_column_has_a_meaning_of_one_sentence_without_a_full_stop() -> None:
    for name in VALIDATORS:
        form = FORMATS[name]
        assert len(set(form.names)) == len(form.names)
        for column in form.columns:
            assert column.meaning and not column.meaning.endswith("."), column.name


def test_an_unknown_format_is_no_format() -> None:
    assert "rankings" in FORMATS and "spreadsheet" not in FORMATS
    with pytest.raises(KeyError):
        FORMATS["spreadsheet"]


def test_one_format_is_meant_for_people_and_all_others_for_machines() -> None:
    assert [name for name, form in FORMATS.items() if form.for_people] == ["comparisons-sheet"]
    assert FORMATS["comparisons-sheet"].names == FORMATS["comparisons"].names
    assert {name for name, form in FORMATS.items() if form.name != name} == set()


def test_the_codebook_of_a_study_holds_every_format_that_fits_it(exported: Exported) -> None:
    book = as_json(exported.scene.study)
    assert list(book["formats"]) == [name for name in FORMATS if name != "prism"]
    assert all(name in as_markdown(exported.scene.study) for name in book["formats"])


@pytest.mark.parametrize(
    ("modes", "sentence"), [(["ranking"], "no ratings"), (["ranking", "rating"], "its survey")]
)
def test_prism_refuses_with_a_reason(exported: Exported, modes: list[str], sentence: str) -> None:
    study = exported.scene.study
    before, study.modes = study.modes, modes
    try:
        with pytest.raises(ValidationError, match=sentence):
            FORMATS["prism"].check(study)
        with pytest.raises(ValidationError, match=sentence):
            exported.rows("prism")
    finally:
        study.modes = before
