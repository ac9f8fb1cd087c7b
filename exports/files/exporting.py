"""One format of one study as one file."""

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from django.db.backends.utils import CursorWrapper

from accounts.models import Vendor
from annotation.models import FrozenPlan, Phase, Study
from exports import containers
from exports.containers import Container
from exports.files import jobs
from exports.files.jobs import Made
from exports.format import Format
from exports.models import Export
from exports.naming import find_container, find_format
from exports.scope import FOR_VENDORS, Scope, Times, Variant
from exports.snapshot import snapshot

RESEARCHERS = "researchers"


def scope_for(
    *,
    study: Study,
    vendor: Vendor | None = None,
    fields: Sequence[str] | None = None,
    variant: str = Variant.FULL,
    phase: str = Phase.MAIN,
    times: str = Times.EXACT,
) -> Scope:
    """What a vendor, or the study's own researchers, may have. A vendor's times are days or
    coarser, whatever was asked."""
    told = Times(times)
    if vendor and told not in FOR_VENDORS:
        told = Times.DAY
    return Scope(
        study=study,
        recipient=f"vendor:{vendor.key}" if vendor else RESEARCHERS,
        vendor=vendor,
        fields=None if fields is None else frozenset(fields),
        variant=Variant(variant),
        phase=Phase(phase),
        times=told,
    )


def scope_of(export: Export) -> Scope:
    """What the one who asked may have: of a token, only its fields."""
    fields = export.token.fields if export.token else None
    return scope_for(study=export.study, vendor=export.vendor, fields=fields, **export.options)


def write_rows(
    *, scope: Scope, form: Format, container: Container, file: BinaryIO
) -> tuple[int, datetime]:
    """Writes a whole file; returns its number of rows and the moment whose data it holds.

    Raises ValidationError where the study does not fit the format.
    """
    form.check(scope.study)
    with snapshot() as cursor:
        moment = moment_of(cursor)
        return containers.write(cursor, form, scope, container, file), moment


def moment_of(cursor: CursorWrapper) -> datetime:
    """When the snapshot was taken: whatever was stored before is in it."""
    cursor.execute("SELECT now()")
    (moment,) = cursor.fetchone()
    assert isinstance(moment, datetime)
    return moment


def write_export(export_id: int) -> None:
    """Makes the file of an export. A second call, or a second worker, does nothing."""
    jobs.run(Export, export_id, _make)


def _make(export: Export, file: BinaryIO) -> Made:
    form, container = find_format(export.format), find_container(export.container)
    rows, moment = write_rows(scope=scope_of(export), form=form, container=container, file=file)
    return Made(
        name=f"{export.study.key}-{form.name}-{export.public_id}.{container}",
        data_until=moment,
        rows={form.name: rows},
        values={"plan_hash": plan_hash_of(export.study, until=moment)},
    )


def plan_hash_of(study: Study, until: datetime) -> str:
    """The hash of the frozen plan that held at a moment; empty for a study that has none."""
    plans = FrozenPlan.objects.filter(study=study, at__lte=until).order_by("number")
    return plans.values_list("hash", flat=True).last() or ""
