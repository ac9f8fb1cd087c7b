"""A file of one format is asked for."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User, Vendor
from annotation.actions.audit import record
from annotation.models import AuditEntry, Study
from exports.models import ApiToken, Export, State
from exports.naming import (
    find_container,
    find_format,
    find_phase,
    find_times,
    find_variant,
    refuse_rehearsal,
)
from exports.tasks import files as tasks

FINDERS = {"variant": find_variant, "phase": find_phase, "times": find_times}


@transaction.atomic
def request_export(
    *,
    study: Study,
    format: str,
    container: str,
    vendor: Vendor | None = None,
    token: ApiToken | None = None,
    options: Mapping[str, str] | None = None,
    by: User | None = None,
) -> Export:
    """Queues a file; the same request finds the one that waits or is being written.

    `options` may name variant, phase and times. A token asks for its own vendor and study
    alone. Raises ValidationError for what is not known, where the study does not fit, and for a
    rehearsal.
    """
    refuse_rehearsal(study)
    form = find_format(format)
    form.check(study)
    chosen = dict(options or {})
    unknown = sorted(set(chosen) - set(FINDERS))
    if unknown:
        raise ValidationError(
            f"There is no option {unknown[0]!r}: use one of {', '.join(FINDERS)}."
        )
    if token and (token.study_id != study.pk or (vendor and token.vendor_id != vendor.pk)):
        raise ValidationError("This token opens another study or another vendor's people.")
    asked = {
        "study": study,
        "vendor": token.vendor if token else vendor,
        "token": token,
        "format": form.name,
        "container": find_container(container),
        "options": {name: str(FINDERS[name](value)) for name, value in chosen.items()},
    }
    # The study's row is the lock: of two equal requests at once the second finds the first.
    Study.objects.select_for_update(no_key=True, of=("self",)).get(pk=study.pk)
    under_way = Export.objects.filter(**asked, state__in=[State.QUEUED, State.RUNNING])
    known = under_way.order_by("pk").first()
    if known:
        return known
    export = Export.objects.create(**asked, requested_by=by)
    whose = f", token {token.start}…" if token else ""
    what = f"export {export.public_id}: {form.name}.{export.container}{whose}"
    record(kind=AuditEntry.Kind.EXPORT_ASKED, what=what, by=by, study=study)
    transaction.on_commit(lambda: tasks.enqueue(export))
    return export


def note_export_by_command(*, study: Study, format: str, container: str) -> None:
    """Notes that a command writes a file at once, without a row of its own. A second call notes
    a second file. Raises ValidationError for a rehearsal."""
    refuse_rehearsal(study)
    what = f"by a command: {format}.{container}"
    record(kind=AuditEntry.Kind.EXPORT_ASKED, what=what, by=None, study=study)
