"""What else lies beside the data: licence, citation, codebook, manifest, checksums."""

import platform
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

import yaml
from django.conf import settings
from django.db import connection

from exports.files.writing import Written
from exports.release import codebook
from exports.release.archive import Archive, shaping_versions
from exports.release.contents import Contents, summary_of, title_of
from exports.release.tiers import licence_words

SCHEMA_VERSION = 1
PACKAGES = ("pyarrow", "pyyaml", "psycopg")  # by which the bytes are shaped


def licence(contents: Contents) -> str:
    return f"{contents.name}\n\n{licence_words(contents.release.licence)}"


def citation(contents: Contents) -> str:
    """Citation File Format 1.2.0, https://citation-file-format.github.io."""
    release = contents.release
    known = {"license": release.licence} if not release.licence.startswith("LicenseRef") else {}
    told = {"date-released": contents.data_until[:10]} if contents.moment else {}
    return yaml.safe_dump(
        {
            "cff-version": "1.2.0",
            "message": "Cite these data with their version.",
            "type": "dataset",
            "title": title_of(release.study),
            "abstract": summary_of(release.study),
            "version": str(release.version),
            "authors": [{"name": f"The study {release.study.key}"}],
            **known,
            **told,
        },
        sort_keys=False,
        allow_unicode=True,
    )


def add_codebook(archive: Archive, contents: Contents) -> None:
    formats = [file.form for file in contents.files]
    archive.add_text("codebook.md", codebook.as_markdown(contents.study, formats))
    archive.add_json("codebook.json", codebook.as_json(contents.study, formats))


def manifest(
    contents: Contents, members: Mapping[str, Written], chosen: Mapping[str, Any]
) -> dict[str, Any]:
    release = contents.release
    return {
        "schema": SCHEMA_VERSION,
        "study": release.study.key,
        "version": release.version,
        "tier": release.tier,
        "licence": release.licence,
        "data_until": contents.data_until,
        "plan_hash": contents.plan_hash,
        "rows": {file.path: file.rows for file in contents.files},
        "settings": dict(chosen),
        "generalised": dict(contents.report),
        "application": {"name": "plurivox", "version": application_version()},
        "shaped_by": {
            "python": platform.python_version(),
            "postgresql": _server_version(),
            **{name: version(name) for name in PACKAGES},
            **shaping_versions(),
        },
        "files": {
            name: {"bytes": written.size, "sha256": written.sha256}
            for name, written in sorted(members.items())
        },
    }


def checksums(members: Mapping[str, Written]) -> str:
    """In the form that `sha256sum --check` reads."""
    return "\n".join(f"{written.sha256}  {name}" for name, written in sorted(members.items()))


@cache
def application_version() -> str:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text("utf-8"))
    return str(project["project"]["version"])


def _server_version() -> str:
    number = int(connection.pg_version)  # type: ignore[attr-defined]
    return f"{number // 10000}.{number % 10000}"
