"""Stores dialogues that were collected elsewhere as a closed study of this database."""

from collections.abc import Iterable
from itertools import islice

from django.core.exceptions import ValidationError
from django.db import transaction

from annotation.actions.audit import record
from annotation.models import AuditEntry, Mode, Study
from exports.importers.batch import Batch
from exports.importers.records import Dialogue
from exports.importers.stage import make_stage

BATCH = 500  # conversations stored together


@transaction.atomic
def import_dialogues(
    *, key: str, title: str, dialogues: Iterable[Dialogue], n: int = 4, mode: Mode = Mode.BEST
) -> Study:
    """A closed study with these conversations; all of them or, after any fault, none.

    Raises ValidationError where a study of this key exists: nothing is merged into it.
    """
    if Study.objects.filter(key=key).exists():
        raise ValidationError(f"A study {key!r} exists already: import under another key.")
    stage = make_stage(key=key, title=title, n=n, mode=mode)
    waiting = iter(dialogues)
    while some := list(islice(waiting, BATCH)):
        batch = Batch(stage, mode)
        for dialogue in some:
            batch.add(dialogue)
        batch.save()
    kind = AuditEntry.Kind.DATASET_IMPORTED
    record(kind=kind, what=f"study {key}", by=None, study=stage.study)
    return stage.study
