"""Answers the same prompts with several samplers, and writes what differs.

Its sets have a replicate of their own, so that no study's sets are touched; running it
again finds them, and pays for nothing twice. Nothing is written unless all went well.
"""

import csv
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from candidates.actions.sets import request_pool_set
from candidates.comparison import report
from candidates.comparison.axes import AXIS_OF, NEITHER
from candidates.comparison.comparing import compare
from candidates.comparison.figures import FIGURES
from candidates.comparison.judge import JudgeError
from candidates.comparison.judged import Judged, Labelled, load, record
from candidates.generation import complete_candidate_set
from candidates.models import CandidateSet, ModelEndpoint, PromptPool, PromptText, Sampler

# Studies count their replicates from 0; this one is the comparison's.
REPLICATE = 30_000
COLUMNS = {"language", "text", "pole"}
LONGEST_PAUSE_SECONDS = 5.0


class Command(BaseCommand):
    help = "Answers the same prompts with several samplers and writes a report of what differs."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--pool", required=True, help="key of the prompts")
        parser.add_argument("--samplers", required=True, nargs="+", help="their keys")
        parser.add_argument(
            "--languages", nargs="+", help="else all that prompts and samplers have"
        )
        parser.add_argument("--prompts", type=int, help="only the first so many")
        parser.add_argument("--judge", default="", help="key of the endpoint that judges values")
        parser.add_argument("--labels", type=Path, help="CSV: language,text,pole; to correct it")
        parser.add_argument("--helpfulness", default="", help="key of the endpoint that scores")
        parser.add_argument("--out", type=Path, default=Path("comparison"), help="a folder")
        parser.add_argument("--in-process", action="store_true", help="without workers")
        parser.add_argument("--every", type=float, default=5.0, help="seconds between lines")

    def handle(self, *args: Any, **options: Any) -> None:
        samplers = find_samplers(options["samplers"])
        texts = find_texts(options["pool"], samplers, options["languages"], options["prompts"])
        values_judge = find_endpoint(options["judge"])
        helpfulness_judge = find_endpoint(options["helpfulness"])
        labels = read_labels(options["labels"]) if options["labels"] else []
        if labels and values_judge is None:
            raise CommandError("Labels correct a judge: name its endpoint with --judge.")
        if options["out"].exists() and not options["out"].is_dir():
            raise CommandError(f"{options['out']} is not a folder.")

        wanted = self._request(texts, samplers, enqueue=not options["in_process"])
        if options["in_process"]:
            complete(wanted)
        else:
            self._watch(wanted, options["every"])
        sets = load(wanted)
        try:
            judged = Judged(sets, values_judge, helpfulness_judge, labels)
        except JudgeError as error:
            raise CommandError(str(error)) from error
        result = {"pool": options["pool"], **describe(samplers, texts, sets, judged)}
        try:
            paths = report.write(result, options["out"])
        except OSError as error:
            raise CommandError(f"The report cannot be written: {error}.") from error
        self.stdout.write("Written: " + ", ".join(map(str, paths)))

    def _request(
        self, texts: Sequence[PromptText], samplers: Sequence[Sampler], *, enqueue: bool
    ) -> list[int]:
        before = CandidateSet.objects.count()
        with transaction.atomic():  # all or nothing; the messages leave after the commit
            wanted = [
                request_pool_set(
                    prompt_text=text, sampler=sampler, replicate=REPLICATE, enqueue=enqueue
                ).pk
                for sampler in samplers
                for text in texts
            ]
        new = CandidateSet.objects.count() - before
        self.stdout.write(f"{len(wanted)} sets wanted, {new} of them new.")
        return wanted

    def _watch(self, wanted: list[int], every: float) -> None:
        while True:
            sets = CandidateSet.objects.filter(pk__in=wanted)
            counts = Counter(sets.order_by().values_list("status", flat=True))
            self.stdout.write(", ".join(f"{counts[s]} {s}" for s in sorted(counts)))
            waiting = sets.filter(status=CandidateSet.Status.PENDING).exclude(reasons=[]).first()
            if waiting:
                self.stdout.write(f"  waiting: {'; '.join(waiting.reasons)}")
            self.stdout.flush()
            if not counts[CandidateSet.Status.PENDING]:
                return
            time.sleep(every)


def describe(
    samplers: Sequence[Sampler],
    texts: Sequence[PromptText],
    sets: Sequence[CandidateSet],
    judged: Judged,
) -> dict[str, Any]:
    """What report.json says of the sets made: of what they are, and every figure."""
    return {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "canned": judged.canned or any(item.canned for item in sets),
        "samplers": [
            {"name": str(s), "strategy": s.strategy, "n": s.n, "oversample": s.oversample}
            for s in samplers
        ],
        "languages": list(dict.fromkeys(text.language for text in texts)),
        "prompts": len({text.prompt_id for text in texts}),
        "judge": judged.about_poles(),
        "helpfulness": judged.about_helpfulness(),
        "definitions": {
            key: {"name": name, "n": unit, "definition": text}
            for key, (name, unit, text) in FIGURES.items()
        },
        **compare([record(item, judged) for item in sets], judged.errors),
    }


def find_samplers(keys: Sequence[str]) -> list[Sampler]:
    """The latest version of each."""
    found = []
    for key in dict.fromkeys(keys):
        sampler = Sampler.objects.filter(key=key).order_by("-version").first()
        if sampler is None:
            known = ", ".join(sorted(set(Sampler.objects.values_list("key", flat=True)))) or "none"
            raise CommandError(f"There is no sampler {key}. Samplers: {known}.")
        found.append(sampler)
    return found


def find_texts(
    pool: str, samplers: Sequence[Sampler], languages: Sequence[str] | None, prompts: int | None
) -> list[PromptText]:
    """The latest version of each prompt in use, in each language, prompt by prompt."""
    found = PromptPool.objects.filter(key=pool).first()
    if found is None:
        known = ", ".join(PromptPool.objects.values_list("key", flat=True)) or "none"
        raise CommandError(f"There is no pool {pool}. Pools: {known}.")
    if prompts is not None and prompts < 1:
        raise CommandError(f"At least one prompt is needed, not {prompts}.")
    latest: dict[tuple[int, str], PromptText] = {}
    for text in PromptText.objects.filter(
        prompt__in=found.prompts.in_use().order_by("pk")[:prompts]
    ).order_by("prompt_id", "language", "version"):
        latest[text.prompt_id, text.language] = text
    spoken = {language for _prompt, language in latest}
    for sampler in samplers:
        unknown = set(languages or ()) - set(sampler.format_instructions)
        if unknown:
            raise CommandError(f"The sampler {sampler} does not know {', '.join(sorted(unknown))}.")
        spoken &= set(sampler.format_instructions)
    missing = set(languages or ()) - spoken
    if missing:
        raise CommandError(f"The pool {pool} has no prompt in {', '.join(sorted(missing))}.")
    texts = [t for t in latest.values() if t.language in (languages or spoken)]
    if not texts:
        raise CommandError(f"The pool {pool} has no prompt in a language of all these samplers.")
    return texts


def find_endpoint(key: str) -> ModelEndpoint | None:
    if not key:
        return None
    endpoint = ModelEndpoint.objects.filter(key=key).first()
    if endpoint is None:
        known = ", ".join(ModelEndpoint.objects.values_list("key", flat=True)) or "none"
        raise CommandError(f"There is no endpoint {key}. Endpoints: {known}.")
    return endpoint


def read_labels(path: Path) -> list[Labelled]:
    """Hand-labelled texts; `pole` is one pole, one of each axis joined by +, or neither."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            lacking = COLUMNS - set(reader.fieldnames or ())
            if lacking:
                raise CommandError(f"{path} lacks the columns {', '.join(sorted(lacking))}.")
            labels = [_label(path, reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"The labels in {path} cannot be read: {error}.") from error
    if not labels:
        raise CommandError(f"{path} holds no labelled text.")
    return labels


def _label(path: Path, line: int, row: dict[str, str | None]) -> Labelled:
    language, text, pole = ((row[name] or "").strip() for name in ("language", "text", "pole"))
    if not language or not text:
        raise CommandError(f"{path}, line {line}: language or text is missing.")
    poles = frozenset(part.strip() for part in pole.split("+"))
    axes = [AXIS_OF.get(name) for name in poles]
    if poles == {NEITHER}:
        poles = frozenset()
    elif None in axes or len(set(axes)) < len(axes):
        known = ", ".join([*AXIS_OF, NEITHER])
        raise CommandError(f"{path}, line {line}: “{pole}” is no pole. Poles: {known}.")
    return language, text, poles, (row.get("prompt") or "").strip()


def complete(wanted: Sequence[int]) -> None:
    """Makes the sets here, one after the other."""
    for pk in wanted:
        while True:
            outcome = complete_candidate_set(pk)
            item = CandidateSet.objects.only("status", "leased_until", "reasons").get(pk=pk)
            if item.status != CandidateSet.Status.PENDING:
                break
            if outcome.status == "waiting for money":
                raise CommandError("; ".join(item.reasons))
            pause = (item.leased_until - timezone.now()).total_seconds()
            time.sleep(min(max(pause, 0.0), LONGEST_PAUSE_SECONDS))
