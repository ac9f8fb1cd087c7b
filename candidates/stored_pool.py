"""The pool of a study's file, as rows: while a study is written it may still change."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from candidates.actions import retire, store_prompts
from candidates.models import CandidateSet, PromptPool, PromptText
from candidates.pools import PromptRow, rows_of_definition


def store_pool(definition: dict[str, Any], *, rewrite: bool = False) -> PromptPool:
    """A prompt pool with every text, from a study's definition. A second call changes nothing.

    With `rewrite` a text that no set was asked for is replaced by another under its version,
    any other changed text gets the next version, and the prompts named under `retired` are
    taken out: deleted where nothing refers to them.
    """
    pool, _created = PromptPool.objects.get_or_create(key=definition["key"])
    rows = rows_of_definition(definition)
    if rewrite:
        _take_out(pool, definition.get("retired", []))
        rows = _made_new(pool, rows)
    if rows:
        store_prompts(pool_key=pool.key, rows=rows)
    return pool


def _take_out(pool: PromptPool, keys: Sequence[str]) -> None:
    for prompt in pool.prompts.in_use().filter(key__in=keys):
        if CandidateSet.objects.filter(prompt_text__prompt=prompt).exists():
            retire(prompt=prompt, why="taken out while the study was written")
        else:
            prompt.texts.update(translated_from=None)
            prompt.texts.all().delete()
            prompt.delete()


def _made_new(pool: PromptPool, rows: Sequence[PromptRow]) -> list[PromptRow]:
    """The rows as they can be stored: changed texts in place, or under their next version."""
    texts = PromptText.objects.filter(prompt__pool=pool).select_related("prompt")
    stored = {(text.prompt.key, text.language, text.version): text for text in texts}
    newest: dict[tuple[str, str], PromptText] = {}
    for one in sorted(stored.values(), key=lambda one: one.version):
        newest[one.prompt.key, one.language] = one
    asked = set(
        CandidateSet.objects.filter(prompt_text__in=texts).values_list("prompt_text", flat=True)
    )
    found = []
    for row in rows:
        text = stored.get(row.identity)
        if text is None or text.text == row.text:
            found.append(row)
        elif text.pk in asked:
            last = newest[row.key, row.language]
            version = last.version + (last.text != row.text)
            found.append(replace(row, version=version))
        else:
            text.text = row.text
            text.save(update_fields=["text"])
            found.append(row)
    return found
