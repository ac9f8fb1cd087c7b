"""A study while it is written: drafts, marks on its texts, two people at once, storing, cloning."""

from copy import deepcopy
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from annotation.actions.authoring import (
    change_source_language,
    draft_of,
    replace_definition,
    save_step,
    start_draft,
    store_draft,
    take_over_stored,
)
from annotation.actions.definition import apply_study
from annotation.authoring.blank import blank_definition
from annotation.authoring.steps import progress_of
from annotation.authoring.study_file import from_yaml, tidy, to_yaml
from annotation.authoring.texts import state_of
from annotation.definition.rendering import canonical, definition_of, plan_of
from annotation.models import AuditEntry, Study, StudyDraft
from tests.annotation.authoring.test_study_file import everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def ines(db: None) -> User:
    return User.objects.create(username="ines", is_staff=True)


@pytest.fixture
def draft(ines: User) -> StudyDraft:
    return start_draft(key="everything", definition=everything(), by=ines)


def texts(draft: StudyDraft, name: str, **changed: str) -> dict[str, Any]:
    old = draft.definition["study"][name]
    return {"study": {name: old | {code.replace("_", "-"): text for code, text in changed.items()}}}


def state(draft: StudyDraft, name: str, language: str) -> Any:
    draft.refresh_from_db()
    return state_of(
        draft.definition["study"][name],
        draft.marks[f"study.{name}"],
        language=language,
        source=draft.source_language,
    )


def save(draft: StudyDraft, by: User, values: dict[str, Any], **more: Any) -> StudyDraft:
    draft.refresh_from_db()
    return save_step(draft=draft, values=values, by=by, version=draft.version, **more)


def test_a_new_study_begins_empty_and_says_what_each_step_lacks(ines: User) -> None:
    draft = start_draft(key="small", definition=blank_definition("small"), by=ines)
    progress = {
        one.step.slug: one for one in progress_of(draft.definition, marks=draft.marks, source="en")
    }
    assert progress["texts"].missing == 25
    assert progress["basics"].faults == ["Name at least one country and its language."]
    assert "Say the ethics approval." in progress["consent"].faults
    assert progress["samplers"].faults
    assert progress["explanations"].done
    with pytest.raises(ValidationError, match="missing in a language"):
        store_draft(draft=draft, by=ines, version=draft.version)
    assert not Study.objects.filter(key="small").exists()


@pytest.mark.parametrize("key", ["new", "everything", "no blanks", ""])
def test_a_key_that_is_taken_or_none_is_refused(draft: StudyDraft, ines: User, key: str) -> None:
    with pytest.raises(ValidationError):
        start_draft(key=key, definition={}, by=ines)
    assert StudyDraft.objects.count() == 1


def test_a_changed_source_makes_its_translations_stale_until_they_are_looked_at(
    draft: StudyDraft, ines: User
) -> None:
    assert not state(draft, "title", "fr").stale
    save(draft, ines, texts(draft, "title", en="Other questions"))
    assert [state(draft, "title", code).stale for code in ("en", "fr", "hi")] == [False, True, True]
    save(draft, ines, texts(draft, "title", fr="Autres questions"))
    assert not state(draft, "title", "fr").stale
    assert state(draft, "title", "hi").stale
    save(draft, ines, {}, confirmed={"study.title": {"hi"}})
    assert not state(draft, "title", "hi").stale
    save(draft, ines, texts(draft, "title", it=""))
    assert state(draft, "title", "it").missing
    assert not state(draft, "summary", "fr").stale


def test_a_stage_is_kept_until_the_text_changes(draft: StudyDraft, ines: User) -> None:
    said = {"study.title": {"fr": "adjudication", "hi": "pretest"}}
    save(draft, ines, {}, stages=said)
    assert [state(draft, "title", code).stage for code in ("fr", "hi")] == [
        "adjudication", "pretest",
    ]  # fmt: skip
    save(draft, ines, texts(draft, "title", fr="Autre"), stages=said)
    assert [state(draft, "title", code).stage for code in ("fr", "hi")] == [
        "translation", "pretest",
    ]  # fmt: skip
    save(draft, ines, texts(draft, "title", hi="और"), stages={"study.title": {"hi": "review"}})
    assert state(draft, "title", "hi").stage == "review"


def test_texts_keep_their_marks_when_their_neighbours_go(draft: StudyDraft, ines: User) -> None:
    path = "consent.statements[recontact].text"
    save(draft, ines, {}, stages={path: {"fr": "documentation"}})
    consent = deepcopy(draft.definition["consent"])
    consent["statements"] = [
        one for one in consent["statements"] if one["purpose"] in {"take_part", "recontact"}
    ]
    save(draft, ines, {"consent": consent})
    draft.refresh_from_db()
    assert draft.marks[path]["fr"]["stage"] == "documentation"
    assert "consent.statements[train_models].text" not in draft.marks


def test_of_two_people_who_save_at_once_the_second_is_told_and_nothing_is_lost(
    draft: StudyDraft, ines: User
) -> None:
    omar, seen = User.objects.create(username="omar"), draft.version
    save_step(draft=draft, values={"study": {"retests": 3}}, by=ines, version=seen)
    with pytest.raises(ValidationError, match="ines saved this study while you were writing"):
        save_step(draft=draft, values={"study": {"retests": 5}}, by=omar, version=seen)
    draft.refresh_from_db()
    assert (draft.definition["study"]["retests"], draft.changed_by) == (3, ines)
    with pytest.raises(ValidationError, match="while you were writing"):
        store_draft(draft=draft, by=omar, version=seen)
    save_step(draft=draft, values={"study": {"retests": 3}}, by=omar, version=seen)
    save_step(draft=draft, values={"study": {"retests": 5}}, by=omar, version=draft.version)


def test_storing_a_draft_makes_the_rows_and_once_more_changes_nothing(
    draft: StudyDraft, ines: User
) -> None:
    study = store_draft(draft=draft, by=ines, version=draft.version)
    draft.refresh_from_db()
    assert draft.is_stored
    assert [(one.user, one.role) for one in study.members.all()] == [(ines, "researcher")]
    before, marks = definition_of(study), draft.marks
    store_draft(draft=draft, by=ines, version=draft.version)
    draft.refresh_from_db()
    assert canonical(definition_of(study)) == canonical(before)
    assert draft.marks == marks
    written = AuditEntry.objects.filter(study=study, kind="study:written")
    assert [entry.by for entry in written] == [ines]
    assert {one["key"] for one in draft.definition["samplers"]} == {
        "diverse", "diverse-and-default", "temperature", "temperature-selected",
    }  # fmt: skip
    assert apply_study(from_yaml(to_yaml(draft.definition))) == study
    assert canonical(definition_of(study)) == canonical(before)


def test_what_is_changed_in_a_stored_draft_becomes_the_study_when_it_is_stored_again(
    draft: StudyDraft, ines: User
) -> None:
    study = store_draft(draft=draft, by=ines, version=draft.version)
    consent = deepcopy(draft.definition["consent"])
    consent["intro"]["en"] = "Other words."
    save(draft, ines, {"consent": consent, "study": {"ethics_approval": "Board 9"}})
    draft.refresh_from_db()
    assert not draft.is_stored
    study.refresh_from_db()
    assert study.ethics_approval == "Board 7, 2026-11"
    store_draft(draft=draft, by=ines, version=draft.version)
    study.refresh_from_db()
    draft.refresh_from_db()
    assert (study.ethics_approval, study.consent_document.version) == (
        "Board 9", draft.definition["consent"]["version"],
    )  # fmt: skip
    assert definition_of(study)["consent"]["intro"]["en"] == "Other words."


def test_after_the_opening_a_changed_draft_is_kept_and_not_stored(
    draft: StudyDraft, ines: User
) -> None:
    study = store_draft(draft=draft, by=ines, version=draft.version)
    Study.objects.filter(pk=study.pk).update(status="open")
    save(draft, ines, {"study": {"retests": 2}})
    draft.refresh_from_db()
    with pytest.raises(ValidationError, match="clone it under a new key"):
        store_draft(draft=draft, by=ines, version=draft.version)
    draft.refresh_from_db()
    assert draft.definition["study"]["retests"] == 2
    study.refresh_from_db()
    assert study.retests == 1
    take_over_stored(draft=draft, study=study, by=ines, version=draft.version)
    draft.refresh_from_db()
    assert draft.definition["study"]["retests"] == 1
    assert draft.is_stored


def test_a_stored_study_without_a_draft_gets_one_that_says_the_same(study: Study) -> None:
    draft = draft_of(study=study, by=None)
    assert draft_of(study=study, by=None) == draft
    assert draft.is_stored
    assert canonical(draft.definition) == canonical(tidy(definition_of(study)))


def test_a_clone_is_the_same_study_without_its_people(study: Study, ines: User) -> None:
    draft = start_draft(key="second", definition=definition_of(study), by=ines, clone_of=study)
    other = store_draft(draft=draft, by=ines, version=draft.version)
    mine, theirs = plan_of(study), plan_of(other)
    theirs["study"]["key"] = mine["study"]["key"]
    assert canonical(mine) == canonical(theirs)
    assert other.pool == study.pool
    assert other.consent_document == study.consent_document
    assert other.status == "draft"
    assert not other.participations.exists()
    assert not other.locales.filter(slots__isnull=False).exists()


def test_a_file_in_place_of_a_draft_keeps_the_marks_of_texts_that_stayed(
    draft: StudyDraft, ines: User
) -> None:
    save(draft, ines, {}, stages={"study.title": {"fr": "review"}})
    draft.refresh_from_db()
    definition = everything("its-own-key")
    definition["study"]["summary"]["en"] = "Other words."
    del definition["budget"], definition["study"]["quotas"]
    saved = replace_definition(draft=draft, definition=definition, by=ines, version=draft.version)
    assert saved.definition["study"]["key"] == "everything"
    assert "budget" not in saved.definition
    assert "quotas" not in saved.definition["study"]
    assert state(draft, "title", "fr").stage == "review"
    assert state(draft, "summary", "fr").stale


def test_another_source_language_takes_every_text_as_made_of_it(
    draft: StudyDraft, ines: User
) -> None:
    save(draft, ines, texts(draft, "title", en="Other"), stages={"study.title": {"fr": "review"}})
    draft.refresh_from_db()
    change_source_language(draft=draft, language="fr", by=ines, version=draft.version)
    assert state(draft, "title", "fr").source
    assert not state(draft, "title", "en").stale
    assert state(draft, "title", "fr").stage == "review"
    save(draft, ines, texts(draft, "title", fr="Autre"))
    assert state(draft, "title", "en").stale
