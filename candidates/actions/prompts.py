"""The rows of a file are stored in a pool, and prompts are taken out of use."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from candidates.models import Prompt, PromptPool, PromptText
from candidates.pools.rows import PromptRow


@dataclass(frozen=True)
class StoredPrompts:
    """What an import did with the rows: a text was new, a note on it changed, or neither."""

    new: int
    changed: int
    unchanged: int


@transaction.atomic
def store_prompts(*, pool_key: str, rows: Sequence[PromptRow]) -> StoredPrompts:
    """Stores the rows of a file in a pool; storing them again changes nothing.

    A stored text is never rewritten: another text needs another version. Topics and
    stage follow the rows, where they say any; an original is noted once. Raises
    ValidationError with the row's place, and then nothing is stored.
    """
    PromptPool.objects.get_or_create(key=pool_key)
    pool = PromptPool.objects.select_for_update().get(key=pool_key)
    prompts = {prompt.key: prompt for prompt in pool.prompts.all()}
    missing = {row.key: Prompt(pool=pool, key=row.key) for row in rows if row.key not in prompts}
    prompts |= {prompt.key: prompt for prompt in Prompt.objects.bulk_create(missing.values())}
    texts = {
        (text.prompt.key, text.language, text.version): text
        for text in PromptText.objects.filter(prompt__pool=pool).select_related("prompt")
    }
    new = _store_texts(rows, prompts, texts)
    changed = _note_stages(rows, texts) | _note_originals(rows, texts) | _note_topics(rows, prompts)
    return StoredPrompts(
        new=len(new), changed=len(changed - new), unchanged=len(rows) - len(new | changed)
    )


_Texts = dict[tuple[str, str, int], PromptText]  # by key, language and version


def _store_texts(
    rows: Sequence[PromptRow], prompts: dict[str, Prompt], texts: _Texts
) -> set[PromptRow]:
    """Writes the texts that are not there yet, adds them to `texts`, returns their rows."""
    new = []
    for row in rows:
        stored = texts.get(row.identity)
        if stored is None:
            if prompts[row.key].retired_at:
                raise ValidationError(
                    f"{row.place}: {row.key} is retired. Give a new prompt a key of its own."
                )
            new.append(row)
        elif stored.text != row.text:
            raise ValidationError(
                f"{row.place}: {row.key} in {row.language} differs from the stored version "
                f"{row.version}. Give the changed text a new version."
            )
    created = PromptText.objects.bulk_create(
        PromptText(
            prompt=prompts[row.key],
            language=row.language,
            version=row.version,
            text=row.text,
            stage=row.stage or PromptText.Stage.UNREVIEWED,
        )
        for row in new
    )
    texts |= {row.identity: text for row, text in zip(new, created, strict=True)}
    return set(new)


def _note_stages(rows: Sequence[PromptRow], texts: _Texts) -> set[PromptRow]:
    changed = {row for row in rows if row.stage and texts[row.identity].stage != row.stage}
    for row in changed:
        texts[row.identity].stage = row.stage
    PromptText.objects.bulk_update([texts[row.identity] for row in changed], ["stage"])
    return changed


def _note_originals(rows: Sequence[PromptRow], texts: _Texts) -> set[PromptRow]:
    """Notes what a text was translated from: the version that its row says, else the newest.

    A text that has an original of that language already keeps it, or importing the same
    file after a new version of the original would hide that the translation is stale.
    """
    newest: dict[tuple[str, str], int] = {}
    for key, language, version in texts:
        newest[key, language] = max(version, newest.get((key, language), 0))
    by_id = {text.pk: text for text in texts.values()}
    changed = set()
    for row in rows:
        if not row.translated_from:
            continue
        text = texts[row.identity]
        noted = by_id[text.translated_from_id] if text.translated_from_id else None
        if noted and noted.language == row.translated_from and not row.source_version:
            continue
        version = row.source_version or newest.get((row.key, row.translated_from), 1)
        original = texts.get((row.key, row.translated_from, version))
        if original is None:
            raise ValidationError(
                f"{row.place}: {row.key} in {row.language} is translated from "
                f"{row.translated_from} version {version}, which is neither in the file "
                "nor stored."
            )
        if noted and noted != original:
            raise ValidationError(
                f"{row.place}: {row.key} in {row.language} is stored as translated from "
                f"{noted.language} version {noted.version}. Give a new translation a new version."
            )
        if noted is None:
            text.translated_from = original
            changed.add(row)
    PromptText.objects.bulk_update([texts[row.identity] for row in changed], ["translated_from"])
    return changed


def _note_topics(rows: Sequence[PromptRow], prompts: dict[str, Prompt]) -> set[PromptRow]:
    changed = {row for row in rows if row.topics and prompts[row.key].topics != list(row.topics)}
    for row in changed:
        prompts[row.key].topics = list(row.topics)
    Prompt.objects.bulk_update({prompts[row.key] for row in changed}, ["topics"])
    return changed


def retire(*, prompt: Prompt, why: str, replaced_by: Prompt | None = None) -> None:
    """Takes a prompt out of use; a second call keeps the first date and reason.

    The caller holds the prompt's lock, and frees what was planned with it. Raises
    ValidationError without a reason, or where another replacement is noted already.
    """
    if not 1 <= len(why.strip()) <= 300:
        raise ValidationError("Say why the prompt is retired, in 1 to 300 letters.")
    if replaced_by and prompt.replaced_by not in (None, replaced_by):
        raise ValidationError(f"{prompt} is replaced by {prompt.replaced_by} already.")
    if prompt.retired_at is None:
        prompt.retired_at, prompt.retired_why = timezone.now(), why.strip()
    prompt.replaced_by = replaced_by or prompt.replaced_by
    prompt.save(update_fields=["retired_at", "retired_why", "replaced_by"])
