"""Rows become a file that is read again as the same rows."""

import csv
import io
import json
from collections.abc import Iterable, Iterator

from candidates.pools.rows import COLUMNS, PromptRow


def _records(rows: Iterable[PromptRow]) -> Iterator[dict[str, str | int]]:
    """Values by column, as read_pool takes them; "en:1" where the newest is not meant."""
    for row in rows:
        origin = row.translated_from
        yield {
            "key": row.key,
            "language": row.language,
            "version": row.version,
            "text": row.text,
            "topics": ";".join(row.topics),
            "translated_from": f"{origin}:{row.source_version}" if row.source_version else origin,
            "stage": row.stage,
        }


def to_csv(rows: Iterable[PromptRow]) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(_records(rows))
    return out.getvalue()


def to_jsonl(rows: Iterable[PromptRow]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _records(rows))
