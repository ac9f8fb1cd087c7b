"""Plans the candidate sets that a study lacks, hands them to the workers, and watches.

Running it twice does nothing twice: a set is unique by prompt text, sampler version and
replicate. Stopping it stops nothing: the sets are rows, and beat finds what is due.
"""

import time
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Count, Sum

from annotation.actions.pool import request_parallel_pool, request_pool
from annotation.models import Study
from candidates.models import CandidateSet, Generation


class Command(BaseCommand):
    help = "Makes the candidate sets that a study lacks, with progress, rate, ETA and cost."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("study")
        parser.add_argument(
            "--parallel-from", metavar="LANGUAGE", help="translate this language's ready sets"
        )
        parser.add_argument("--no-wait", action="store_true", help="plan, enqueue and return")
        parser.add_argument("--every", type=float, default=5.0, help="seconds between lines")

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(key=options["study"]).first()
        if study is None:
            known = ", ".join(Study.objects.values_list("key", flat=True)) or "none"
            raise CommandError(f"There is no study {options['study']}. Studies: {known}.")
        before = CandidateSet.objects.count()
        with transaction.atomic():  # all or nothing; the messages leave after the commit
            source = options["parallel_from"]
            sets = (
                request_parallel_pool(study=study, source=source)
                if source
                else request_pool(study=study)
            )
            wanted = [item.pk for item in sets]
        self.stdout.write(
            f"{len(wanted)} sets wanted, {CandidateSet.objects.count() - before} of them new."
        )
        if not options["no_wait"]:
            self._watch(wanted, options["every"])

    def _watch(self, wanted: list[int], every: float) -> None:
        started, first = time.monotonic(), None
        while True:
            counts = _counts(wanted)
            done = sum(counts.values()) - counts[CandidateSet.Status.PENDING]
            first = done if first is None else first
            rate = (done - first) / max(time.monotonic() - started, 0.001)
            left = counts[CandidateSet.Status.PENDING]
            self.stdout.write(_line(counts, rate, left, _cost(wanted)))
            self.stdout.flush()
            if not left:
                break
            self._say_why(wanted)
            time.sleep(every)
        if counts[CandidateSet.Status.FAILED] or counts[CandidateSet.Status.QUARANTINED]:
            raise CommandError(
                "Some sets failed or were quarantined: the dashboard's candidate sets say why, "
                "and try failed ones again."
            )

    def _say_why(self, wanted: list[int]) -> None:
        """What keeps sets waiting, where something does: a budget, for instance."""
        waiting = CandidateSet.objects.filter(
            pk__in=wanted, status=CandidateSet.Status.PENDING
        ).exclude(reasons=[])
        for item in waiting[:1]:
            self.stdout.write(f"  waiting: {'; '.join(item.reasons)}")


def _counts(wanted: list[int]) -> Counter[str]:
    rows = (
        CandidateSet.objects.filter(pk__in=wanted)
        .order_by()
        .values_list("status")
        .annotate(number=Count("pk"))
    )
    return Counter(dict(rows))


def _cost(wanted: list[int]) -> Any:
    sums = Generation.objects.filter(candidate_set__in=wanted) | Generation.objects.filter(
        candidate_set__refused_for__in=wanted
    )
    return sums.aggregate(cost=Sum("cost"))["cost"] or 0


def _line(counts: Counter[str], rate: float, left: int, cost: Any) -> str:
    eta = f"{left / rate / 60:.1f} min left" if rate > 0 and left else "no estimate yet"
    return (
        f"{counts['ready']} ready, {left} to make, {counts['failed']} failed, "
        f"{counts['quarantined']} quarantined; {rate:.2f} sets/s, "
        f"{eta if left else 'done'}; cost so far {cost:.4f}"
    )
