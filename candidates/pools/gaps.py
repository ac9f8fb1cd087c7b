"""What a pool lacks: texts that are missing or stale."""

from collections.abc import Iterable
from dataclasses import dataclass

from candidates.models import PromptPool
from candidates.pools.rows import newest_of, texts_in_use


@dataclass(frozen=True)
class Gap:
    """What a pool lacks: a text in a language, or one as new as its original."""

    key: str
    language: str
    why: str  # "is missing", or why the text is stale

    def __str__(self) -> str:
        return f"{self.key} in {self.language} {self.why}"


def find_gaps(pool: PromptPool, *, languages: Iterable[str], key: str = "") -> list[Gap]:
    """Missing and stale texts of the prompts in use (or of one), by prompt and language.

    Stale: the newest text was translated from one that has a newer version.
    """
    prompts = pool.prompts.in_use().order_by("key")
    if key:
        prompts = prompts.filter(key=key)
    newest = newest_of(texts_in_use(pool))
    gaps = []
    for prompt in prompts:
        for language in sorted(languages):
            text = newest.get((prompt.pk, language))
            if text is None:
                gaps.append(Gap(prompt.key, language, "is missing"))
            elif origin := text.translated_from:
                version = newest[prompt.pk, origin.language].version
                if version > origin.version:
                    gaps.append(
                        Gap(
                            prompt.key,
                            language,
                            f"is stale: translated from {origin.language} version "
                            f"{origin.version}, which has version {version} now",
                        )
                    )
    return gaps
