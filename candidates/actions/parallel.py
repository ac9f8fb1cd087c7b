"""Parallel sets: the same candidates in another language, each with its translation stage.

Sets generated per language are different stimuli; only sets that are translations of one
another compare countries at prompt level. A set is translated through its sampler's
endpoint or uploaded; it is served once every text has reached the study's stage.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from candidates import tasks
from candidates.models import (
    Candidate,
    CandidateSet,
    Generation,
    PromptText,
)
from candidates.validity import find_defects

STAGES = [stage.value for stage in PromptText.Stage]  # from the first to the last
COLUMNS = ("handle", "language", "text", "stage")


def request_parallel_set(*, original: CandidateSet, prompt_text: PromptText) -> CandidateSet:
    """The set that translates a ready native one; a second call finds the first."""
    candidate_set, created = CandidateSet.objects.get_or_create(
        prompt_text=prompt_text,
        parallel_to=original,
        refused_for=None,
        defaults=_values(original, prompt_text),
    )
    if created:
        transaction.on_commit(lambda: tasks.enqueue(candidate_set.pk, urgent=False))
    return candidate_set


def _values(original: CandidateSet, prompt_text: PromptText) -> dict[str, object]:
    if original.status != CandidateSet.Status.READY or original.parallel_to_id:
        raise ValidationError("Only a ready native set can be translated.")
    if original.prompt_text is None or original.prompt_text.prompt_id != prompt_text.prompt_id:
        raise ValidationError("A set is translated for the same prompt in another language.")
    return {
        "sampler": original.sampler,
        "replicate": original.replicate,
        "language": prompt_text.language,
        "context": [{"role": "user", "content": prompt_text.text}],
        "context_hash": original.context_hash,
        "seed": original.seed,
        "budget": original.budget,
    }


@dataclass(frozen=True)
class Translation:
    """One uploaded text: which candidate it translates, and how far it was reviewed."""

    handle: str
    language: str
    text: str
    stage: str


def read_translations(path: Path) -> list[Translation]:
    """Rows of a CSV with handle, language, text, stage. Raises ValidationError, one sentence."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = set(COLUMNS) - set(reader.fieldnames or ())
            if missing:
                raise ValidationError(f"{path} lacks the columns {', '.join(sorted(missing))}.")
            rows = [
                Translation(*(str(row[name] or "").strip() for name in COLUMNS)) for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValidationError(f"{path} cannot be read as a UTF-8 CSV file.") from error
    for number, row in enumerate(rows, start=2):
        if row.stage not in STAGES:
            raise ValidationError(
                f"Row {number} has the stage “{row.stage}”; stages are {', '.join(STAGES)}."
            )
    return rows


@transaction.atomic
def store_translations(rows: Iterable[Translation]) -> int:
    """Stores uploaded parallel sets; all or nothing. Returns how many sets it stored or advanced.

    Texts of a stored set are never changed: only their stage may advance.
    """
    by_set: dict[tuple[int, str], dict[str, Translation]] = {}
    originals = {}
    for row in rows:
        candidate = Candidate.objects.select_related("candidate_set").filter(handle=row.handle)
        found = candidate.first()
        if found is None:
            raise ValidationError(f"There is no candidate {row.handle}.")
        originals[found.candidate_set_id] = found.candidate_set
        by_set.setdefault((found.candidate_set_id, row.language), {})[row.handle] = row
    for (set_id, language), texts in by_set.items():
        _store_set(originals[set_id], language, texts)
    return len(by_set)


def _store_set(original: CandidateSet, language: str, texts: dict[str, Translation]) -> None:
    candidates = list(original.candidates.order_by("position"))
    lacking = [c.handle for c in candidates if c.handle not in texts]
    if lacking:
        raise ValidationError(f"A set is translated whole: {', '.join(lacking)} is missing.")
    prompt_text = (
        PromptText.objects.filter(prompt__texts=original.prompt_text, language=language)
        .order_by("-version")
        .first()
    )
    if prompt_text is None:
        raise ValidationError(f"The prompt of {candidates[0].handle} has no text in {language}.")
    wanted = [texts[candidate.handle].text for candidate in candidates]
    known = CandidateSet.objects.filter(
        parallel_to=original, prompt_text=prompt_text, status=CandidateSet.Status.READY
    ).first()
    if known:
        stored = list(known.candidates.order_by("position"))
        if [c.text for c in stored] != wanted:
            raise ValidationError(
                f"The {language} texts of {candidates[0].handle} are stored and differ: "
                "what people may have seen is never rewritten."
            )
        for candidate, row in zip(stored, (texts[c.handle] for c in candidates), strict=True):
            review_translation(candidate=candidate, stage=row.stage)
        return
    _create_set(original, prompt_text, candidates, wanted, texts)


def _create_set(
    original: CandidateSet,
    prompt_text: PromptText,
    candidates: Sequence[Candidate],
    wanted: list[str],
    texts: dict[str, Translation],
) -> None:
    sampler = original.sampler
    reasons = find_defects(
        wanted,
        n=len(candidates),
        language=prompt_text.language,
        words_min=sampler.words_min,
        words_max=sampler.words_max,
        finish_reasons=(),
        tolerated=sampler.tolerated_languages.get(prompt_text.language, []),
    )
    if reasons:
        raise ValidationError(f"{candidates[0].handle} in {prompt_text.language}: {reasons[0]}.")
    made = CandidateSet.objects.create(
        prompt_text=prompt_text,
        parallel_to=original,
        status=CandidateSet.Status.READY,
        ready_at=timezone.now(),
        **_values(original, prompt_text),
    )
    generation = Generation.objects.create(
        candidate_set=made,
        attempt=0,
        part=Generation.Part.TRANSLATION,
        endpoint=sampler.endpoint,
        request={"uploaded": True},
        raw=json.dumps({"responses": wanted}, ensure_ascii=False),
        model_returned="uploaded",
    )
    Candidate.objects.bulk_create(
        candidate.translated_as(made, generation, text, texts[candidate.handle].stage)
        for candidate, text in zip(candidates, wanted, strict=True)
    )


def review_translation(*, candidate: Candidate, stage: str) -> None:
    """Notes how far a translated text was reviewed. A stage is never taken back."""
    earlier = STAGES[: STAGES.index(stage)]
    Candidate.objects.filter(pk=candidate.pk, stage__in=earlier).update(stage=stage)


def is_servable(candidate_set: CandidateSet, stage: str) -> bool:
    """Whether every text of a parallel set has reached a stage; native sets have none."""
    if candidate_set.parallel_to_id is None:
        return True
    below = STAGES[: STAGES.index(stage)]
    return not candidate_set.candidates.filter(stage__in=below).exists()
