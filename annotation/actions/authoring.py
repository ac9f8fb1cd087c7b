"""Every write about a study while it is written."""

import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from annotation.actions.audit import record
from annotation.actions.definition import apply_study
from annotation.actions.team import add_member
from annotation.authoring.study_file import tidy, to_yaml
from annotation.authoring.texts import marked
from annotation.definition.rendering import definition_of, hash_of
from annotation.models import AuditEntry, Role, Study, StudyDraft

Kind = AuditEntry.Kind
RESERVED = {"new"}  # an address of its own


@transaction.atomic
def start_draft(
    *, key: str, definition: Mapping[str, Any], by: User | None, clone_of: Study | None = None
) -> StudyDraft:
    """A new draft that begins with a definition: an empty one, a file's or another study's, but
    for its budget: the money is the other study's.

    Raises ValidationError where the key is taken, so a second call is refused.
    """
    StudyDraft._meta.get_field("key").clean(key, None)
    if (
        key in RESERVED
        or StudyDraft.objects.filter(key=key).exists()
        or Study.objects.filter(key=key).exists()
    ):
        raise ValidationError(_("There is a study “%(key)s” already.") % {"key": key})
    if clone_of:
        record(kind=Kind.STUDY_CLONED, what=f"as {key}", by=by, study=clone_of)
        definition = {**definition, "budget": None}
    return _begin(key, definition, by)


@transaction.atomic
def draft_of(*, study: Study, by: User | None) -> StudyDraft:
    """The draft of a stored study; where it has none, one that says what its rows say."""
    # Of two who look at once, the second waits and finds it.
    Study.objects.select_for_update(of=("self",), no_key=True).get(pk=study.pk)
    draft = StudyDraft.objects.filter(key=study.key).first()
    if draft:
        return draft
    draft = _begin(study.key, definition_of(study), by)
    _note_stored(draft, study)
    return draft


def _begin(key: str, definition: Mapping[str, Any], by: User | None) -> StudyDraft:
    own = _plain(definition)
    own["study"] = {**own.get("study", {}), "key": key}
    draft, created = StudyDraft.objects.get_or_create(
        key=key,
        defaults={
            "definition": own,
            "marks": marked(own, own, marks={}, source="en"),
            "version": 1,
            "made_by": by,
            "changed_by": by,
        },
    )
    if not created:  # somebody was quicker
        raise ValidationError(_("There is a study “%(key)s” already.") % {"key": key})
    return draft


@transaction.atomic
def save_step(
    *,
    draft: StudyDraft,
    values: Mapping[str, Any],
    by: User,
    version: int,
    stages: Mapping[str, Mapping[str, str]] | None = None,
    confirmed: Mapping[str, set[str]] | None = None,
) -> StudyDraft:
    """Changes parts of a draft: of `study` and `instruments` the names given, any other whole.

    A value None takes a name away. `stages` and `confirmed` are what is said of texts, by
    path and language. An unchanged repeat changes nothing. Raises ValidationError, changing
    nothing, where somebody saved it since `version`.
    """
    locked = StudyDraft.objects.select_for_update(of=("self",)).get(pk=draft.pk)
    after = _plain(_merged(locked.definition, values))
    after["study"] = {**after.get("study", {}), "key": locked.key}
    marks = marked(
        locked.definition,
        after,
        marks=locked.marks,
        source=locked.source_language,
        stages=stages,
        confirmed=confirmed,
    )
    if (after, marks) == (locked.definition, locked.marks):
        return locked
    _refuse_if_changed(locked, version)
    locked.definition, locked.marks = after, marks
    return _save(locked, by)


@transaction.atomic
def replace_definition(
    *, draft: StudyDraft, definition: Mapping[str, Any], by: User, version: int
) -> StudyDraft:
    """Puts a file's definition in place of the whole draft. A repeat changes nothing.

    Texts that stayed the same keep their marks. Raises ValidationError as `save_step` does.
    """
    gone = dict.fromkeys(set(draft.definition) - set(definition))
    about = dict.fromkeys(set(draft.definition.get("study", {})) - set(definition["study"]))
    whole = {**gone, **definition, "study": {**about, **definition["study"]}}
    return save_step(draft=draft, values=whole, by=by, version=version)


@transaction.atomic
def change_source_language(
    *, draft: StudyDraft, language: str, by: User, version: int
) -> StudyDraft:
    """From now on texts are translated from this language; every text counts as made of it as
    it stands. A repeat changes nothing."""
    locked = StudyDraft.objects.select_for_update(of=("self",)).get(pk=draft.pk)
    if locked.source_language == language:
        return locked
    _refuse_if_changed(locked, version)
    stages = {
        path: {code: mark["stage"] for code, mark in by_language.items()}
        for path, by_language in locked.marks.items()
    }
    definition = locked.definition
    locked.source_language = language
    locked.marks = marked(definition, definition, marks={}, source=language, stages=stages)
    return _save(locked, by)


@transaction.atomic
def store_draft(*, draft: StudyDraft, by: User, version: int) -> Study:
    """Makes the study's rows say what the draft says, as its file would. Who began it becomes
    its researcher when it is stored for the first time.

    Afterwards the draft says what the rows say: every default by name, and the versions that
    changed texts have got. A second call changes nothing. Raises ValidationError, storing
    nothing, as `apply_study` does, or where somebody saved the draft since `version`.
    """
    locked = StudyDraft.objects.select_for_update(of=("self",)).get(pk=draft.pk)
    _refuse_if_changed(locked, version)
    is_new = not Study.objects.filter(key=locked.key).exists()
    study, changed = _apply(locked.definition, by=by)
    if changed:
        record(kind=Kind.STUDY_WRITTEN, what=f"draft {locked.version}", by=by, study=study)
    if is_new:
        maker = locked.made_by
        user = maker if maker and maker.is_active and maker.is_staff else by
        add_member(
            study=study, user=user, role=Role.RESEARCHER, by=by, why=_("She made the study.")
        )
    before, locked.definition = locked.definition, _with_spares(locked.definition, study)
    locked.marks = marked(
        before, locked.definition, marks=locked.marks, source=locked.source_language
    )
    _note_stored(locked, study)
    return study


@transaction.atomic
def apply_file(*, definition: dict[str, Any]) -> Study:
    """Stores a study's file, as `apply_study` does, and writes down that it changed something."""
    study, changed = _apply(definition)
    if changed:
        record(kind=Kind.STUDY_STORED, what=f"{study}", by=None, study=study)
    return study


@transaction.atomic
def download_draft(*, draft: StudyDraft, study: Study | None, by: User) -> str:
    """The draft as a file. Every download is written down, once the study is stored."""
    if study:
        record(kind=Kind.STUDY_DOWNLOADED, what=f"draft {draft.version}", by=by, study=study)
    return to_yaml(draft.definition)


def _apply(definition: dict[str, Any], *, by: User | None = None) -> tuple[Study, bool]:
    """The study, and whether anything of it is other than before."""
    about = definition.get("study")
    key = about.get("key") if isinstance(about, Mapping) else None
    stored = Study.objects.filter(key=key).first() if isinstance(key, str) else None
    before = hash_of(definition_of(stored)) if stored else ""
    study = apply_study(definition, by=by)
    return study, hash_of(definition_of(study)) != before


@transaction.atomic
def take_over_stored(*, draft: StudyDraft, study: Study, by: User, version: int) -> StudyDraft:
    """Puts what the study's rows say in place of the draft. A repeat changes nothing."""
    saved = replace_definition(
        draft=draft, definition=_with_spares(draft.definition, study), by=by, version=version
    )
    _note_stored(saved, study)
    return saved


def _note_stored(draft: StudyDraft, study: Study) -> None:
    draft.stored_version, draft.stored_hash = draft.version, hash_of(definition_of(study))
    draft.save(update_fields=["definition", "marks", "stored_version", "stored_hash"])


def _with_spares(draft: Mapping[str, Any], study: Study) -> dict[str, Any]:
    """What the rows say, and the samplers and endpoints that the study does not use yet."""
    definition: dict[str, Any] = _plain(definition_of(study))
    for part in ("samplers", "endpoints"):
        used = {item["key"] for item in definition[part]}
        definition[part] += [item for item in draft.get(part, []) if item["key"] not in used]
    return definition


def _merged(definition: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    after = dict(definition)
    for name, part in values.items():
        if name in {"study", "instruments"} and isinstance(part, Mapping):
            inner = {**after.get(name, {}), **part}
            after[name] = {key: value for key, value in inner.items() if value is not None}
        elif part is None:
            after.pop(name, None)
        else:
            after[name] = part
    return after


def _refuse_if_changed(draft: StudyDraft, version: int) -> None:
    if draft.version != version:
        raise ValidationError(
            _(
                "%(name)s saved this study while you were writing. What you entered is still "
                "here: look at the other change, then save again."
            )
            % {"name": draft.changed_by or _("Somebody")}
        )


def _save(draft: StudyDraft, by: User) -> StudyDraft:
    draft.version += 1
    draft.changed_by, draft.changed_at = by, timezone.now()
    draft.save(update_fields=["definition", "marks", "source_language", "version",
                              "changed_by", "changed_at"])  # fmt: skip
    return draft


def _plain(value: Any) -> Any:
    """As the database keeps it: dates as text, and without what says nothing."""
    return tidy(json.loads(json.dumps(value, default=str)))
