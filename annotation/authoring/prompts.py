"""Prompts of a definition: read from a file, joined with those that are there, and looked at."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from annotation.authoring.study_file import FileFault, read_yaml
from annotation.authoring.texts import LANGUAGES
from candidates.pools.definition import definition_of_rows, rows_of_definition
from candidates.pools.reading import read_text
from candidates.pools.rows import PromptRow


@dataclass(frozen=True)
class PromptLine:
    """A prompt as the preview shows it: its newest text in each language, and what it lacks."""

    key: str
    texts: list[tuple[str, str, bool]]  # language, text, whether it is needed and missing
    topics: list[str]

    @property
    def is_complete(self) -> bool:
        return not any(missing for _language, _text, missing in self.texts)


def read_prompts(name: str, raw: bytes, *, languages: Collection[str]) -> list[PromptRow]:
    """The rows of an uploaded file. Raises ValidationError with its line."""
    if not name.lower().endswith((".yaml", ".yml")):
        return read_text(name, raw, languages=languages)
    try:
        found = read_yaml(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValidationError(f"{name} is not UTF-8 text.") from error
    except FileFault as fault:
        raise ValidationError(f"{name}: {fault}") from fault
    try:
        found = found.get("pool", found) if isinstance(found, dict) else {"prompts": found}
        rows = rows_of_definition(found)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValidationError(
            f"{name} holds no prompts: a list, each with key and texts."
        ) from error
    strange = sorted({row.language for row in rows} - set(languages))
    if strange:
        raise ValidationError(f"{name}: {strange[0]} is not one of {', '.join(languages)}.")
    return rows


def joined(prompts: Sequence[dict[str, Any]], rows: Sequence[PromptRow]) -> list[dict[str, Any]]:
    """The prompts with these rows: a row replaces the one of its key, language and version."""
    known = {row.identity: row for row in rows_of_definition({"prompts": prompts})}
    if not rows:
        return list(prompts)
    topics = {row.key: row.topics for row in [*known.values(), *rows] if row.topics}
    for row in rows:
        before = known.get(row.identity)
        stage = row.stage or (before.stage if before and before.text == row.text else "")
        known[row.identity] = PromptRow(
            **{**vars(row), "stage": stage, "topics": topics.get(row.key, ())}
        )
    return definition_of_rows(known.values())


def preview(prompts: Sequence[dict[str, Any]], *, needed: Collection[str]) -> list[PromptLine]:
    """One line a prompt, in the order of the keys."""
    newest: dict[str, dict[str, PromptRow]] = {}
    topics: dict[str, list[str]] = {}
    for item in prompts:
        newest.setdefault(str(item["key"]), {})
        topics.setdefault(str(item["key"]), list(item.get("topics") or []))
    rows = rows_of_definition({"prompts": prompts})
    for row in sorted(rows, key=lambda row: row.version):
        newest[row.key][row.language] = row
    return [
        PromptLine(key, _texts(texts, needed), topics[key]) for key, texts in sorted(newest.items())
    ]


def _texts(texts: dict[str, PromptRow], needed: Collection[str]) -> list[tuple[str, str, bool]]:
    return [
        (code, texts[code].text if code in texts else "", code in needed and code not in texts)
        for code in LANGUAGES
    ]
