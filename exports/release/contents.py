"""What one release holds, as the texts beside its data tell it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from annotation.models import Study
from exports.containers import Container
from exports.files.writing import Written
from exports.format import Format
from exports.models import Release, Tier
from exports.release.figures import Figures
from exports.release.tiers import RULES, Rule
from exports.scope import Scope

# Their own compression is as good: they are stored in the archive as they are.
PACKED = {Container.PARQUET, Container.JSONL_GZ, Container.JSONL_ZST}


@dataclass(frozen=True)
class DataFile:
    """One format in the archive."""

    form: Format
    container: Container
    rows: int
    written: Written

    @property
    def path(self) -> str:
        return data_path(self.form, self.container)


def data_path(form: Format, container: Container) -> str:
    return f"data/{form.name}.{container}"


@dataclass(frozen=True)
class Contents:
    """`moment`: when the last act of the data was, as exactly as times leave; None: not told.
    `report`: what a plan of recoding says it did, in counts."""

    release: Release
    scope: Scope
    moment: datetime | None
    plan_hash: str
    files: tuple[DataFile, ...]
    figures: Figures
    report: Mapping[str, Any]

    @property
    def study(self) -> Study:
        return self.release.study

    @property
    def rule(self) -> Rule:
        return RULES[Tier(self.release.tier)]

    @property
    def name(self) -> str:
        """Title and version: "Everyday questions, version 1"."""
        return f"{title_of(self.study)}, version {self.release.version}"

    @property
    def data_until(self) -> str:
        """An ISO 8601 time in UTC, or "not told"."""
        return f"{self.moment:%Y-%m-%dT%H:%M:%SZ}" if self.moment else "not told"

    @property
    def languages(self) -> list[str]:
        """ISO 639-1 codes of the study's languages."""
        found = self.study.locales.values_list("language", flat=True)
        return sorted({language.partition("-")[0] for language in found})


def title_of(study: Study) -> str:
    """Texts of a release are in English, whatever language the worker's thread is in."""
    return str(study.title_en)  # type: ignore[attr-defined]


def summary_of(study: Study) -> str:
    return str(study.summary_en).strip()  # type: ignore[attr-defined]
