"""The pool of a study's file, as rows: while a study is written it may still change."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from candidates.actions.prompts import retire, store_prompts
from candidates.models import CandidateSet, Prompt, PromptPool, PromptText
from candidates.pools.definition import rows_of_definition
from candidates.pools.rows import PromptRow


def store_pool(definition: Mapping[str, Any], *, rewrite: bool = False) -> PromptPool:
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


def changes_pool(pool: PromptPool, definition: Mapping[str, Any], *, notes: bool) -> bool:
    """Whether storing this definition would take out a prompt, add one or change a text; with
    `notes`, whether it would change topics, a stage or of which text one is a translation."""
    if pool.prompts.in_use().filter(key__in=definition.get("retired", [])).exists():
        return True
    texts = PromptText.objects.filter(prompt__pool=pool).order_by("version")
    stored, newest = {}, {}
    for text in texts.select_related("prompt", "translated_from"):
        stored[text.prompt.key, text.language, text.version] = text
        newest[text.prompt.key, text.language] = text
    for row in rows_of_definition(definition):
        found = stored.get(row.identity)
        if found and found.text != row.text:  # it may have become a later version
            found = newest[row.key, row.language]
        if found is None or found.text != row.text or (notes and _is_noted_otherwise(row, found)):
            return True
    return False


def _is_noted_otherwise(row: PromptRow, text: PromptText) -> bool:
    origin = text.translated_from
    return (
        bool(row.stage and row.stage != text.stage)
        or bool(row.topics and list(row.topics) != text.prompt.topics)
        or (
            bool(row.translated_from)
            and (
                origin is None
                or origin.language != row.translated_from
                or row.source_version not in (None, origin.version)
            )
        )
    )


def copy_pool(pool: PromptPool, *, key: str) -> PromptPool:
    """A new pool with every prompt and text of another, retired ones as they are; no sets.

    A second call is an IntegrityError: the key is taken.
    """
    copy = PromptPool.objects.create(key=key)
    prompts = {prompt.pk: prompt for prompt in pool.prompts.order_by("pk")}
    texts = {text.pk: text for text in PromptText.objects.filter(prompt__pool=pool).order_by("pk")}
    for one in (*prompts.values(), *texts.values()):
        one.pk, one._state.adding = None, True
    after = [(one, one.replaced_by_id) for one in prompts.values()]
    for prompt, _id in after:
        prompt.pool, prompt.replaced_by = copy, None
    Prompt.objects.bulk_create(prompts.values())
    origins = [(one, one.translated_from_id) for one in texts.values()]
    for text, _id in origins:
        text.prompt, text.translated_from = prompts[text.prompt_id], None
    PromptText.objects.bulk_create(texts.values())
    for prompt, replacement in after:
        prompt.replaced_by = prompts[replacement] if replacement else None
    for text, origin in origins:
        text.translated_from = texts[origin] if origin else None
    Prompt.objects.bulk_update(prompts.values(), ["replaced_by"], batch_size=1000)
    PromptText.objects.bulk_update(texts.values(), ["translated_from"], batch_size=1000)
    return copy


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
