"""A release is built: data, figures and texts of one snapshot, in one archive."""

from typing import BinaryIO

from django.db.backends.utils import CursorWrapper

from annotation.definition.rendering import canonical
from annotation.models import FrozenPlan, Phase, PlanChange
from exports import containers
from exports.files import jobs
from exports.files.exporting import moment_of
from exports.files.jobs import Made
from exports.formats import FORMATS
from exports.models import Release, Tier
from exports.naming import find_container, find_format
from exports.privacy.recoding import Recoding
from exports.privacy.screening import screen_waiting
from exports.release import papers, recoding
from exports.release.archive import FIRST, Archive
from exports.release.card import card
from exports.release.contents import PACKED, Contents, DataFile, data_path
from exports.release.croissant import croissant
from exports.release.datasheet import datasheet
from exports.release.figures import count_figures, last_act
from exports.release.tiers import RULES
from exports.scope import Scope, Times
from exports.snapshot import snapshot


def build_release(release_id: int) -> None:
    """Makes the archive of a release. A second call, or a second worker, does nothing."""
    jobs.run(Release, release_id, _make)


def scope_of(release: Release, recoded: Recoding) -> Scope:
    """What the tier allows, under ids of this version alone."""
    rule = RULES[Tier(release.tier)]
    return Scope(
        study=release.study,
        recipient=f"release:{release.version}:{release.tier}",
        phase=Phase(release.settings.get("phase", Phase.MAIN)),
        purposes=rule.purposes,
        free_text_purpose=rule.free_text_purpose,
        times=Times(release.settings.get("times", rule.times)),
        recoding=recoded,
    )


def _make(release: Release, file: BinaryIO) -> Made:
    screen_waiting()  # what was written since the last check; then nothing is left unread
    with snapshot() as cursor:
        recoded, report, stored = recoding.plan(
            cursor, study=release.study, tier=release.tier, settings=release.settings
        )
        scope = scope_of(release, recoded)
        exactly, told = last_act(cursor, scope)
        plan = FrozenPlan.objects.filter(study=release.study).order_by("-number").first()
        with Archive(file, told or FIRST) as archive:
            contents = Contents(
                release=release,
                scope=scope,
                moment=told,
                plan_hash=plan.hash if plan else "",
                files=_write_data(cursor, archive, release, scope),
                figures=count_figures(cursor, scope),
                report=report,
            )
            _write_papers(archive, contents, plan)
        return Made(
            name=f"{release.study.key}-v{release.version}-{release.tier}.zip",
            data_until=exactly or moment_of(cursor),
            rows={one.form.name: one.rows for one in contents.files},
            values={
                "plan_hash": contents.plan_hash,
                "settings": release.settings | {"recoding": stored, "report": report},
            },
        )


def _write_data(
    cursor: CursorWrapper, archive: Archive, release: Release, scope: Scope
) -> tuple[DataFile, ...]:
    found = []
    for name in sorted(release.formats, key=list(FORMATS).index):  # JSON in rows has no order
        form, container = find_format(name), find_container(release.formats[name])
        form.check(release.study)
        path = data_path(form, container)
        with archive.member(path, packed=container in PACKED) as member:
            rows = containers.write(cursor, form, scope, container, member)
        found.append(DataFile(form, container, rows, archive.members[path]))
    return tuple(found)


def _write_papers(archive: Archive, contents: Contents, plan: FrozenPlan | None) -> None:
    archive.add_text("README.md", card(contents))
    archive.add_text("DATASHEET.md", datasheet(contents))
    papers.add_codebook(archive, contents)
    archive.add_json("croissant.json", croissant(contents))
    archive.add_text("LICENSE", papers.licence(contents))
    archive.add_text("CITATION.cff", papers.citation(contents))
    if plan:
        # Byte for byte what was hashed, so that anybody can check the hash.
        archive.add_bytes("plan.json", canonical(plan.definition).encode())
    chosen = {
        "phase": str(contents.scope.phase),
        "times": str(contents.scope.times),
        "purposes": [str(purpose) for purpose in contents.scope.purposes],
        "own_words": str(contents.scope.free_text_purpose),
        "formats": contents.release.formats,
        "outcomes_unlocked": unlockings(contents.scope),
    }
    archive.add_json("manifest.json", papers.manifest(contents, archive.members, chosen))
    archive.add_text("SHA256SUMS", papers.checksums(archive.members))


def unlockings(scope: Scope) -> list[dict[str, str]]:
    """When and why outcomes by group were opened before the study was closed; no names."""
    found = scope.study.plan_changes.filter(
        kind=PlanChange.Kind.UNLOCKED, details__phase=str(scope.phase)
    )
    return [{"on": one.at.date().isoformat(), "why": one.why} for one in found.order_by("at", "pk")]
