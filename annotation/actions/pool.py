"""The candidate sets a study wants of its pool: native ones, and translations of them."""

from collections.abc import Sequence

from annotation.models import (
    Study,
)
from candidates.actions.parallel import request_parallel_set
from candidates.actions.sets import request_pool_set
from candidates.models import CandidateSet, PromptText
from candidates.pools.gaps import Gap, find_gaps


def request_pool(*, study: Study, enqueue: bool = True) -> list[CandidateSet]:
    """One frozen set for each prompt, language and arm of the study; finds those that exist."""
    texts = newest_texts(study)
    return [
        request_pool_set(prompt_text=text, sampler=arm, budget=study.budget, enqueue=enqueue)
        for arm in study.arms()
        for text in texts
    ]


def request_parallel_pool(*, study: Study, source: str) -> list[CandidateSet]:
    """The ready native sets of one language, translated into the study's other languages."""
    texts = newest_texts(study)
    originals = CandidateSet.objects.ready().filter(
        sampler__in=study.arms(),
        language=source,
        parallel_to=None,
        replicate=0,
        prompt_text__in=[text.pk for text in texts],
    )
    return [
        request_parallel_set(original=original, prompt_text=text)
        for original in originals.select_related("prompt_text", "sampler", "budget")
        for text in texts
        if original.prompt_text is not None
        and text.language != source
        and text.prompt_id == original.prompt_text.prompt_id
    ]


def newest_texts(study: Study) -> list[PromptText]:
    """The newest version of each prompt in use, in each language of the study."""
    return list(
        PromptText.objects.filter(
            prompt__pool=study.pool,
            prompt__retired_at=None,
            language__in=study.locales.values("language"),
        )
        .order_by("prompt", "language", "-version")
        .distinct("prompt", "language")
        .select_related("prompt")
    )


def find_pool_gaps(*, study: Study, key: str = "") -> str:
    """What the pool (or one prompt of it) lacks for this study's languages; empty: nothing."""
    languages = set(study.locales.values_list("language", flat=True))
    return _name_gaps(find_gaps(study.pool, languages=languages, key=key))


def _name_gaps(gaps: Sequence[Gap], most: int = 20) -> str:
    """Each gap with its prompt and language; beyond `most` the rest is counted."""
    named = "; ".join(str(gap) for gap in gaps[:most])
    return named if len(gaps) <= most else f"{named}; and {len(gaps) - most} more"
