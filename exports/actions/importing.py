"""Stores dialogues that were collected elsewhere as a closed study of this database."""

from collections.abc import Iterable
from itertools import islice

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import DataError, IntegrityError, transaction

from annotation.actions.audit import record
from annotation.models import AuditEntry, Mode, Study
from exports.importers.batch import Batch
from exports.importers.own import Dataset
from exports.importers.records import Dialogue
from exports.importers.stage import Stage, make_stage
from exports.importers.texts import refuse_unstorable

BATCH = 500  # conversations, or sets, stored together


def import_dialogues(
    *, key: str, title: str, dialogues: Iterable[Dialogue], n: int = 4, mode: Mode = Mode.BEST
) -> Study:
    """A closed study with these conversations; all of them or, after any fault, none.

    Raises ValidationError where a study of this key exists: nothing is merged into it.
    """
    return import_dataset(key=key, title=title, dataset=Dataset(dialogues), n=n, mode=mode)


def import_dataset(
    *, key: str, title: str, dataset: Dataset, n: int = 4, mode: Mode = Mode.BEST
) -> Study:
    """The same with all sets, also those that nobody judged, and all people.

    Raises ValidationError also where a value does not fit where it belongs.
    """
    refuse_unstorable([key, title], "The key or the title")
    _check_key(key)
    if Study.objects.filter(key=key).exists():
        raise ValidationError(f"A study {key!r} exists already: import under another key.")
    try:
        with transaction.atomic():
            return _store(make_stage(key=key, title=title, n=n, mode=mode), mode, dataset)
    except (DataError, IntegrityError, TypeError, ValueError) as error:
        raise ValidationError(
            "Nothing was stored: a row names a thing twice, lacks a value, or holds one that is "
            "too long, too large or of another kind. See whether rows were added or changed by "
            "hand."
        ) from error


def _check_key(key: str) -> None:
    """A study's key is part of the addresses of its pages."""
    try:
        validate_slug(key)
    except ValidationError as error:
        raise ValidationError(
            f"The key {key!r} fits no study: use letters, digits, - and _ alone."
        ) from error
    if len(key) > (Study._meta.get_field("key").max_length or 0):
        raise ValidationError(f"The key {key!r} is too long: use 50 characters at most.")


def _store(stage: Stage, mode: Mode, dataset: Dataset) -> Study:
    sets = iter(dataset.sets)
    while made := list(islice(sets, BATCH)):
        batch = Batch(stage, mode)
        for one in made:
            batch.sets.add(one)
        batch.save()
    waiting = iter(dataset.dialogues)
    while some := list(islice(waiting, BATCH)):
        batch = Batch(stage, mode)
        for dialogue in some:
            batch.add(dialogue)
        batch.save()
    for person in dataset.people.values():
        stage.participation(person)
    record(kind=AuditEntry.Kind.DATASET_IMPORTED, what=f"study {stage.study.key}", by=None,
           study=stage.study)  # fmt: skip
    return stage.study
