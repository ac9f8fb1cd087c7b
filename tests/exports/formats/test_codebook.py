"""The codebook says of every column what the formats say, and what the study asked."""

import json
from typing import Any

import pytest

from accounts.models import Option, Question
from annotation.models import StudyLocale
from candidates.models import Sampler
from exports.format import Type
from exports.formats import FORMATS
from exports.release.codebook import LANGUAGES, TYPES, as_json, as_markdown
from exports.validators import VALIDATORS
from tests.exports.formats.conftest import Exported
from tests.exports.formats.scene import Scene

OURS = [FORMATS[name] for name in VALIDATORS]


@pytest.fixture
def book(scene: Scene, db: None) -> dict[str, Any]:
    return as_json(scene.study, OURS)


def test_every_column_of_every_format_is_explained(book: dict[str, Any]) -> None:
    assert set(book["types"]) == set(Type) <= set(TYPES)
    assert list(book["formats"]) == list(VALIDATORS)
    for form in OURS:
        told = book["formats"][form.name]
        assert [column["name"] for column in told["columns"]] == list(form.names)
        for column, said in zip(form.columns, told["columns"], strict=True):
            assert said["meaning"] == column.meaning
            assert said["codes"] == dict(column.labels)
            assert said["special_category"] == column.special


def test_questions_stand_in_five_languages_with_every_option(
    book: dict[str, Any], scene: Scene
) -> None:
    assert len(LANGUAGES) == 5
    instruments = [scene.study.quota_instrument, scene.study.closing_instrument]
    told = [question for instrument in book["instruments"] for question in instrument["questions"]]
    assert len(told) == Question.objects.filter(instrument__in=instruments).count()
    for question in told:
        assert set(question["text"]) == set(LANGUAGES)
        for option in question["options"]:
            assert set(option["label"]) == set(LANGUAGES)
    options = Option.objects.filter(question__instrument__in=instruments)
    assert sum(len(question["options"]) for question in told) == options.count()


def test_samplers_waves_locales_and_purposes_are_named(book: dict[str, Any], scene: Scene) -> None:
    study = scene.study
    arms = {study.live_sampler, *study.arms()}
    assert {(one["key"], one["version"]) for one in book["samplers"]} == {
        (arm.key, arm.version) for arm in arms
    }
    assert [wave["number"] for wave in book["waves"]] == [1]
    assert len(book["locales"]) == StudyLocale.objects.filter(study=study).count()
    purposes = study.consent_document.statements.values_list("purpose", flat=True)
    assert list(book["consent"]["purposes"]) == list(purposes.order_by("position"))


def test_a_sampler_of_earlier_sets_stays_in_the_book(scene: Scene, db: None) -> None:
    old = scene.study.pool_sampler
    new = Sampler.objects.get(pk=old.pk)
    new.pk, new.version = None, old.version + 1
    new.save()
    scene.study.pool_sampler = new
    try:
        found = {(one["key"], one["version"]) for one in as_json(scene.study, [])["samplers"]}
    finally:
        scene.study.pool_sampler = old
    assert {(old.key, old.version), (old.key, new.version)} <= found


def test_it_is_plain_json_and_the_same_each_time(book: dict[str, Any], scene: Scene) -> None:
    again = json.dumps(as_json(scene.study, OURS), ensure_ascii=False)
    assert json.dumps(book, ensure_ascii=False) == again
    assert json.loads(again) == book


def test_the_page_holds_every_column_question_and_option(
    book: dict[str, Any], scene: Scene
) -> None:
    page = as_markdown(scene.study, OURS)
    for form in OURS:
        assert f"## Format `{form.name}`" in page
        assert all(f"| `{name}` |" in page for name in form.names)
    for instrument in book["instruments"]:
        for question in instrument["questions"]:
            assert f"### `{question['code']}`" in page
            assert all(f"| `{option['code']}` |" in page for option in question["options"])
    tables = [line for line in page.splitlines() if line.startswith("| `")]
    assert all(line.endswith("|") for line in tables)
    assert page == as_markdown(scene.study, OURS)


def test_the_codebook_names_nobody(exported: Exported, book: dict[str, Any]) -> None:
    text = json.dumps(book)
    for name in exported.scene.people:
        assert exported.participation(name).annotator.public_id not in text
    assert "vendor-a" not in text
