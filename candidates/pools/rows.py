"""One text of a prompt in one language as a row, as files and study definitions hold it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from candidates.models import PromptPool, PromptText

REQUIRED = ("key", "language", "text")
COLUMNS = ("key", "language", "version", "text", "topics", "translated_from", "stage")


@dataclass(frozen=True)
class PromptRow:
    """One text of a prompt. What a file leaves empty says nothing about what is stored."""

    key: str
    language: str
    text: str
    version: int = 1
    topics: tuple[str, ...] = ()
    translated_from: str = ""  # language of the text it was made from
    source_version: int | None = None  # None: the newest one
    stage: str = ""
    place: str = field(default="", compare=False)  # "line 7", for sentences about it

    @property
    def identity(self) -> tuple[str, str, int]:
        return self.key, self.language, self.version


def rows_of(pool: PromptPool) -> list[PromptRow]:
    """Every version of every text of the prompts in use, as rows for a file."""
    texts = list(texts_in_use(pool).order_by("prompt__key", "language", "version"))
    newest = newest_of(texts)
    rows = []
    for text in texts:
        origin = text.translated_from
        current = origin is not None and newest[text.prompt_id, origin.language] == origin
        rows.append(
            PromptRow(
                key=text.prompt.key,
                language=text.language,
                text=text.text,
                version=text.version,
                topics=tuple(text.prompt.topics),
                translated_from=origin.language if origin else "",
                source_version=origin.version if origin and not current else None,
                stage=text.stage,
            )
        )
    return rows


def texts_in_use(pool: PromptPool) -> Any:
    """Every version of every text of the prompts that are not retired, in no order."""
    return PromptText.objects.filter(prompt__pool=pool, prompt__retired_at=None).select_related(
        "prompt", "translated_from"
    )


def newest_of(texts: Iterable[PromptText]) -> dict[tuple[int, str], PromptText]:
    """The newest version by prompt and language."""
    newest: dict[tuple[int, str], PromptText] = {}
    for text in texts:
        place = text.prompt_id, text.language
        if place not in newest or newest[place].version < text.version:
            newest[place] = text
    return newest
