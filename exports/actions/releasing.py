"""A release is asked for."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from annotation.actions.audit import record
from annotation.models import AuditEntry, Study
from exports.containers import Container
from exports.formats import FORMATS
from exports.models import Release, State, Tier
from exports.naming import (
    find_container,
    find_format,
    find_phase,
    find_tier,
    find_times,
    refuse_rehearsal,
)
from exports.release import recoding
from exports.release.tiers import RULES, find_licence
from exports.tasks import files as tasks

UNDER_WAY = (State.QUEUED, State.RUNNING)


@transaction.atomic
def request_release(
    *,
    study: Study,
    tier: str = Tier.PUBLIC,
    formats: Sequence[str] = (),
    licence: str = "",
    times: str = "",
    phase: str = "",
    by: User | None = None,
    enqueue: bool = True,
) -> Release:
    """Queues the next version of a tier; without formats all that the study fits, as Parquet.

    `formats` are names, or a name with a container such as `comparisons.csv`, the same for all.
    The same request finds the one that waits or is being written, and tries a failed last one
    again under its version. Raises ValidationError for what is not known or makes no sense in
    the tier, and for a rehearsal.
    """
    refuse_rehearsal(study)
    kept = find_tier(tier)
    settings: dict[str, Any] = {"times": str(find_times(times) if times else RULES[kept].times)}
    if phase:
        settings["phase"] = str(find_phase(phase))
    recoding.check(study=study, tier=kept, settings=settings)
    asked = {
        "formats": _chosen(study, formats),
        "licence": find_licence(licence or RULES[kept].licence),
    }
    # The study's row is the lock: two people who ask at once get two versions, or one.
    Study.objects.select_for_update(no_key=True, of=("self",)).get(pk=study.pk)
    last = Release.objects.filter(study=study, tier=kept).order_by("-version").first()
    if last and _is_the_same(last, asked, settings) and last.state in (*UNDER_WAY, State.FAILED):
        release = last
        if release.state == State.FAILED:
            release.state, release.attempts, release.error = State.QUEUED, 0, ""
            release.save(update_fields=["state", "attempts", "error"])
            _record(release, by)
    else:
        version = last.version + 1 if last else 1
        release = Release.objects.create(
            study=study, tier=kept, version=version, settings=settings, requested_by=by, **asked
        )
        _record(release, by)
    if enqueue:
        transaction.on_commit(lambda: tasks.enqueue(release))
    return release


def _record(release: Release, by: User | None) -> None:
    what = f"release {release.public_id}: {release.tier} v{release.version}"
    record(kind=AuditEntry.Kind.RELEASE_ASKED, what=what, by=by, study=release.study)


def _is_the_same(last: Release, asked: dict[str, Any], settings: dict[str, Any]) -> bool:
    chosen = {name: last.settings[name] for name in ("times", "phase") if name in last.settings}
    return chosen == settings and {name: getattr(last, name) for name in asked} == asked


def _chosen(study: Study, formats: Sequence[str]) -> dict[str, str]:
    """Containers by format name, in the order in which they are written."""
    if not formats:
        found = {name: Container.PARQUET.value for name in FORMATS if _fits(study, name)}
    else:
        found = {}
        for asked in formats:
            name, _point, container = asked.partition(".")
            find_format(name).check(study)
            if name in found:
                raise ValidationError(f"The format {name} is named twice.")
            found[name] = str(find_container(container) if container else Container.PARQUET)
    if not found:
        raise ValidationError(f"The study {study} fits no format.")
    if len(kinds := sorted(set(found.values()))) > 1:
        raise ValidationError(
            "Name one container for all formats, since one folder has one loader; these are "
            f"{len(kinds)}: {', '.join(kinds)}."
        )
    return found


def _fits(study: Study, name: str) -> bool:
    """Whether a release holds it unasked. Spreadsheets for people are exports of their own."""
    form = FORMATS[name]
    try:
        form.check(study)
    except ValidationError:
        return False
    return not form.for_people
