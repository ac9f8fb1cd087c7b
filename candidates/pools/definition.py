"""The pool of a study's file: its entries become rows, and rows its entries."""

from collections.abc import Iterable, Mapping
from typing import Any

from candidates.models import PromptText
from candidates.pools.rows import PromptRow


def rows_of_definition(definition: Mapping[str, Any]) -> list[PromptRow]:
    """The texts of a study file's `pool`; a `stage` may differ by language."""
    return [
        PromptRow(
            key=str(item["key"]),
            language=language,
            text=text.strip(),
            version=item.get("version", 1),
            topics=tuple(item.get("topics", ())),
            translated_from=item.get("translated_from", {}).get(language, "").partition(":")[0],
            source_version=_source_version(item.get("translated_from", {}).get(language, "")),
            stage=PromptText.Stage(stage).value if (stage := _stage(item, language)) else "",
            place=f"The prompt {item['key']}",
        )
        for item in definition["prompts"]
        for language, text in item["texts"].items()
        if text and text.strip()
    ]


def _stage(item: Mapping[str, Any], language: str) -> str:
    stage = item.get("stage", "")
    return str(stage.get(language, "") if isinstance(stage, Mapping) else stage)


def _source_version(origin: str) -> int | None:
    version = origin.partition(":")[2]
    return int(version) if version else None


def definition_of_rows(rows: Iterable[PromptRow]) -> list[dict[str, Any]]:
    """The inverse: one entry for each prompt and version, ordered by them."""
    entries: dict[tuple[str, int], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: (row.key, row.version)):
        entry = entries.setdefault(
            (row.key, row.version),
            {"key": row.key, "version": row.version, "topics": [], "stage": {}, "texts": {}},
        )
        entry["texts"][row.language] = row.text
        entry["topics"] = list(row.topics) or entry["topics"]
        if row.stage:
            entry["stage"][row.language] = row.stage
        if row.translated_from:
            version = f":{row.source_version}" if row.source_version else ""
            entry.setdefault("translated_from", {})[row.language] = row.translated_from + version
    for entry in entries.values():
        stages = set(entry["stage"].values())
        if len(entry["stage"]) == len(entry["texts"]) and len(stages) == 1:
            entry["stage"] = stages.pop()
    return list(entries.values())
