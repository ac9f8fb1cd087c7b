"""Parallel sets: the same candidates in another language, served once they were reviewed."""

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from annotation.actions.plan import plan_slots
from annotation.actions.pool import request_parallel_pool
from annotation.models import Slot, Study
from candidates.actions.parallel import (
    COLUMNS,
    is_servable,
    read_translations,
    request_parallel_set,
    review_translation,
    store_translations,
)
from candidates.generation import complete_candidate_set
from candidates.models import Candidate, CandidateSet

pytestmark = pytest.mark.django_db


@pytest.fixture
def original(study: Study) -> CandidateSet:
    return CandidateSet.objects.get(
        prompt_text__prompt__key="bereavement", language="en", status="ready", replicate=0
    )


def french(original: CandidateSet) -> CandidateSet:
    assert original.prompt_text is not None
    text = original.prompt_text.prompt.texts.get(language="fr")
    return request_parallel_set(original=original, prompt_text=text)


def translated(original: CandidateSet) -> CandidateSet:
    made = french(original)
    assert complete_candidate_set(made.pk).status == "ready"
    made.refresh_from_db()
    return made


def test_a_set_is_translated_through_its_endpoint(original: CandidateSet) -> None:
    made = translated(original)
    pairs = list(
        zip(
            original.candidates.order_by("position"),
            made.candidates.order_by("position"),
            strict=True,
        )
    )
    for native, copy in pairs:
        assert copy.translated_from == native
        assert copy.stage == "unreviewed"
        assert copy.source == native.source
        assert copy.language == "fr"
        assert copy.text != native.text
        assert copy.handle != native.handle
    assert made.generations.get().part == "translation"
    assert made.parallel_to == original


def test_a_translation_is_asked_for_once(original: CandidateSet) -> None:
    assert french(original) == french(original)


def test_native_and_parallel_sets_stand_side_by_side(original: CandidateSet) -> None:
    made = translated(original)
    same_text = CandidateSet.objects.ready().filter(prompt_text=made.prompt_text, replicate=0)
    assert same_text.count() == 2


def test_a_set_of_another_prompt_is_no_translation(original: CandidateSet) -> None:
    other = CandidateSet.objects.get(
        prompt_text__prompt__key="raising-children", language="fr", replicate=0
    )
    assert other.prompt_text is not None
    with pytest.raises(ValidationError, match="same prompt"):
        request_parallel_set(original=original, prompt_text=other.prompt_text)


def test_a_translation_of_a_translation_is_refused(original: CandidateSet) -> None:
    made = translated(original)
    assert original.prompt_text is not None
    text = original.prompt_text.prompt.texts.get(language="it")
    with pytest.raises(ValidationError, match="native"):
        request_parallel_set(original=made, prompt_text=text)


def test_below_the_stage_that_the_study_demands_it_gets_no_slots(
    original: CandidateSet, study: Study
) -> None:
    made = translated(original)
    assert not is_servable(made, study.translation_stage)
    plan_slots(study=study, phase="main")
    assert not Slot.objects.filter(candidate_set=made).exists()
    for candidate in made.candidates.all():
        review_translation(candidate=candidate, stage="adjudicated")
    plan_slots(study=study, phase="main")
    assert Slot.objects.filter(candidate_set=made).count() == 2


def test_a_stage_is_never_taken_back(original: CandidateSet) -> None:
    candidate = translated(original).candidates.all()[0]
    review_translation(candidate=candidate, stage="adjudicated")
    review_translation(candidate=candidate, stage="reviewed")
    candidate.refresh_from_db()
    assert candidate.stage == "adjudicated"


def test_a_whole_pool_is_translated_into_every_other_language(study: Study) -> None:
    sets = request_parallel_pool(study=study, source="en")
    assert len(sets) == 3 * 4
    assert {s.language for s in sets} == {"fr", "it", "pt-br", "hi"}


def write(path: Path, rows: Sequence[Sequence[str]], columns: Sequence[str] = COLUMNS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def rows_for(original: CandidateSet, stage: str = "reviewed") -> list[list[str]]:
    native = CandidateSet.objects.get(
        prompt_text__prompt__key="bereavement", language="fr", parallel_to=None, replicate=0
    )
    texts = native.candidates.order_by("position")
    return [
        [candidate.handle, "fr", text.text, stage]
        for candidate, text in zip(original.candidates.order_by("position"), texts, strict=True)
    ]


def test_uploaded_translations_make_a_set_and_advance_it(
    original: CandidateSet, tmp_path: Path
) -> None:
    path = write(tmp_path / "fr.csv", rows_for(original))
    call_command("import_translations", path, verbosity=0)
    made = CandidateSet.objects.get(parallel_to=original)
    assert [c.stage for c in made.candidates.all()] == ["reviewed"] * 4
    store_translations(read_translations(write(path, rows_for(original, "adjudicated"))))
    assert Candidate.objects.filter(candidate_set=made, stage="adjudicated").count() == 4
    assert CandidateSet.objects.filter(parallel_to=original).count() == 1


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda rows: rows[:3], "translated whole"),
        (lambda rows: [["0123456789abcdef", *rows[0][1:]], *rows[1:]], "There is no candidate"),
        (lambda rows: [[*rows[0][:3], "perfect"], *rows[1:]], "Row 2 has the stage"),
        (lambda rows: [[*rows[0][:2], "", "reviewed"], *rows[1:]], "empty"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence_and_changes_nothing(
    original: CandidateSet, tmp_path: Path, spoil: object, said: str
) -> None:
    rows = spoil(rows_for(original))  # type: ignore[operator]
    with pytest.raises(CommandError, match=said):
        call_command("import_translations", write(tmp_path / "fr.csv", rows))
    assert not CandidateSet.objects.filter(parallel_to=original).exists()


def test_stored_texts_are_never_rewritten(original: CandidateSet, tmp_path: Path) -> None:
    rows = rows_for(original)
    store_translations(read_translations(write(tmp_path / "a.csv", rows)))
    rows[0][2] = rows[0][2] + " Encore un mot."
    with pytest.raises(ValidationError, match="never rewritten"):
        store_translations(read_translations(write(tmp_path / "b.csv", rows)))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"handle,text\n"])
def test_an_unreadable_file_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "fr.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=r"fr\.csv"):
        call_command("import_translations", path)
