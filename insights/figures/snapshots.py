"""One moment of the database, and its number: which changes a figure may have seen."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet

from accounts.models import Vendor
from annotation.models import Change, ChangeEpoch, Study


@dataclass(frozen=True)
class Version:
    """Everything below this number was seen; what runs from here on may not have been.

    `transaction` is the oldest that still ran (or the next one): a change with a lower number
    was visible, one with that number or more counts as new, and is looked at once more.
    """

    epoch: int
    transaction: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.transaction}"


@contextmanager
def snapshot() -> Iterator[Version]:
    """A REPEATABLE READ, READ ONLY transaction: all reads inside it see one moment.

    Must not be entered inside another transaction: the first statement sets the level.
    """
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield version_now()


def version_now() -> Version:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        (oldest,) = cursor.fetchone()
    epoch = ChangeEpoch.objects.aggregate(newest=Max("number"))["newest"] or 0
    return Version(epoch, oldest)


def changes_since(study: Study, phase: str, version: Version) -> QuerySet[Change]:
    """What was stored since. All vendors are named, so that the index of the log serves."""
    later = Q(epoch=version.epoch, transaction__gte=version.transaction)
    return Change.objects.filter(
        Q(epoch__gt=version.epoch) | later,
        study=study,
        phase=phase,
        vendor__in=list(Vendor.objects.values_list("pk", flat=True)),
    )
