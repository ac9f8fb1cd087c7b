"""The texts of a definition, each in five languages, and how far each of them is.

A mark says of a text in a language which stage it has reached and of which source text it was
made. When that has changed since, the text is stale.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from annotation.definition.faults import is_text
from annotation.models import TextStage

LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)
# What names an item of a list, wherever it stands in it.
NAMES = ("key", "code", "purpose", "number")
# Texts of prompts have stages and originals of their own (candidates.pools).
LEFT_OUT = ("pool",)

Marks = Mapping[str, Mapping[str, Mapping[str, str]]]


@dataclass(frozen=True)
class State:
    """Of one text in one language."""

    missing: bool = False
    stale: bool = False
    source: bool = False
    stage: str = ""

    @property
    def label(self) -> str:
        return str(TextStage(self.stage).label) if self.stage else ""


def texts_of(part: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, str]]]:
    """Every text under its path, such as `consent.statements[take_part].text`."""
    if is_text(part):
        yield path, part
    elif isinstance(part, Mapping):
        for name, value in part.items():
            if path or name not in LEFT_OUT:
                yield from texts_of(value, f"{path}.{name}".lstrip("."))
    elif isinstance(part, list):
        for place, item in enumerate(part):
            yield from texts_of(item, f"{path}[{name_of(item, place)}]")


def name_of(item: Any, place: int) -> str:
    """What an item of a list is called in a path: its key, else its place."""
    if isinstance(item, Mapping):
        for name in NAMES:
            if item.get(name):
                return f"{item[name]} {item.get('country') or ''}".strip()
    return str(place)


def hash_text(text: str) -> str:
    return hashlib.sha256(text.strip().encode()).hexdigest()[:16]


def state_of(
    texts: Mapping[str, str], marks: Mapping[str, Mapping[str, str]], *, language: str, source: str
) -> State:
    """How far a text is in a language."""
    text = (texts.get(language) or "").strip()
    mark = marks.get(language, {})
    original = texts.get(source) or ""
    return State(
        missing=not text,
        source=language == source,
        stale=bool(text)
        and language != source
        and mark.get("source", hash_text(original)) != hash_text(original),
        stage=mark.get("stage", "") if text else "",
    )


def marked(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    marks: Marks,
    source: str,
    stages: Mapping[str, Mapping[str, str]] | None = None,
    confirmed: Mapping[str, set[str]] | None = None,
) -> dict[str, dict[str, dict[str, str]]]:
    """The marks after a change; those of texts that are gone go with them.

    A text that changed, or is `confirmed` to be right as it is, is of the source as it stands
    now; a changed one is at the stage said in `stages`, else at the first. Whatever did not
    change keeps what it was made of, so that a changed source makes it stale.
    """
    old, found = dict(texts_of(before)), {}
    for path, texts in texts_of(after):
        found[path] = {
            language: _mark(
                texts,
                old.get(path, {}),
                mark=marks.get(path, {}).get(language, {}),
                language=language,
                source=source,
                stage=(stages or {}).get(path, {}).get(language, ""),
                confirmed=language in (confirmed or {}).get(path, set()),
            )
            for language in LANGUAGES
            if (texts.get(language) or "").strip()
        }
    return found


def _mark(
    texts: Mapping[str, str],
    old: Mapping[str, str],
    *,
    mark: Mapping[str, str],
    language: str,
    source: str,
    stage: str,
    confirmed: bool,
) -> dict[str, str]:
    changed = (texts.get(language) or "").strip() != (old.get(language) or "").strip()
    made_of = hash_text((texts if changed or confirmed else old).get(source) or "")
    if not changed and not confirmed:
        made_of = mark.get("source", made_of)
    said = stage if stage and (not changed or stage != mark.get("stage")) else ""
    reached = TextStage.TRANSLATION.value if changed else mark.get("stage", "")
    return {"source": made_of, "stage": said or reached or TextStage.TRANSLATION.value}
