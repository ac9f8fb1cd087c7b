"""Texts side by side: one row a text, one cell a language."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from annotation.authoring.labels import label_of
from annotation.authoring.study_file import ordered
from annotation.authoring.texts import Marks, State, state_of, texts_of
from annotation.models import TextStage

SHORT = ("title", "label", "question", "explanation_question")


@dataclass(frozen=True)
class Cell:
    """One text in one language, and what is said of it."""

    path: str
    language: str
    name: str  # of the language, in itself
    value: str
    state: State
    stage: str

    @property
    def id(self) -> str:
        return f"text:{self.path}:{self.language}"

    @property
    def stage_id(self) -> str:
        return f"stage:{self.path}:{self.language}"

    @property
    def right_id(self) -> str:
        return f"right:{self.path}:{self.language}"

    @property
    def stages(self) -> list[tuple[str, str, bool]]:
        return [(value, str(label), value == self.stage) for value, label in TextStage.choices]


@dataclass(frozen=True)
class Row:
    path: str
    label: str
    cells: list[Cell] = field(default_factory=list)

    @property
    def is_long(self) -> bool:
        return not self.path.endswith(SHORT)


class Grid:
    """The texts whose paths begin so, with what was posted for them."""

    def __init__(
        self, paths: tuple[str, ...], *, marks: Marks, source: str, data: Mapping[str, str] | None
    ) -> None:
        self.paths, self.marks, self.source, self.data = paths, marks, source, data

    def rows(self, definition: Mapping[str, Any]) -> list[Row]:
        """Source language first, then the others in the order of the pages."""
        return [self._row(path, texts) for path, texts in self._texts(ordered(definition))]

    def _row(self, path: str, texts: Mapping[str, str]) -> Row:
        languages = sorted(settings.LANGUAGES, key=lambda one: one[0] != self.source)
        return Row(path, label_of(path), [self._cell(path, texts, *one) for one in languages])

    def _cell(self, path: str, texts: Mapping[str, str], language: str, name: str) -> Cell:
        marks = self.marks.get(path, {})
        state = state_of(texts, marks, language=language, source=self.source)
        value, stage = texts.get(language) or "", state.stage
        if self.data is not None:
            value = self.data.get(f"text:{path}:{language}", value)
            stage = self.data.get(f"stage:{path}:{language}", stage)
        return Cell(path, language, name, value, state, stage)

    def write(self, definition: dict[str, Any]) -> None:
        """Puts what was posted into the definition's texts, in place."""
        for path, texts in self._texts(definition):
            for language, _name in settings.LANGUAGES:
                posted = (self.data or {}).get(f"text:{path}:{language}")
                if posted is not None and isinstance(texts, dict):
                    texts[language] = posted.replace("\r\n", "\n").strip()

    def stages(self, definition: Mapping[str, Any]) -> dict[str, dict[str, str]]:
        """The stages posted, by path and language."""
        found: dict[str, dict[str, str]] = {}
        for path, language, value in self._posted(definition, "stage"):
            if value in TextStage.values:
                found.setdefault(path, {})[language] = value
        return found

    def confirmed(self, definition: Mapping[str, Any]) -> dict[str, set[str]]:
        """Stale texts that somebody read again and found right."""
        found: dict[str, set[str]] = {}
        for path, language, _value in self._posted(definition, "right"):
            found.setdefault(path, set()).add(language)
        return found

    def _posted(self, definition: Mapping[str, Any], kind: str) -> Iterator[tuple[str, str, str]]:
        for path, _texts in self._texts(definition):
            for language, _name in settings.LANGUAGES:
                value = (self.data or {}).get(f"{kind}:{path}:{language}")
                if value:
                    yield path, language, value

    def _texts(self, definition: Mapping[str, Any]) -> list[tuple[str, Mapping[str, str]]]:
        return [one for one in texts_of(definition) if one[0].startswith(self.paths or ("\0",))]


def languages_shown(source: str) -> list[tuple[str, str]]:
    """Which languages can be shown beside the source on a narrow page."""
    return [one for one in settings.LANGUAGES if one[0] != source] or [(source, _("source"))]
