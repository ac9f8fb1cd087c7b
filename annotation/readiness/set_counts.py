"""How many candidate sets a study has of those it wants: reads, by language and arm."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from django.db.models import Count

from annotation.actions.pool import newest_texts
from annotation.models import Study
from candidates.models import CandidateSet

IN_VAIN = (CandidateSet.Status.FAILED, CandidateSet.Status.QUARANTINED)


@dataclass(frozen=True)
class SetCount:
    """The sets of one arm in one language: how many are wanted, and how they stand."""

    language: str
    arm: str
    wanted: int
    ready: int
    failed: int  # made in vain, or held back because they were too alike
    not_asked: int

    @property
    def in_the_making(self) -> int:
        return self.wanted - self.ready - self.failed - self.not_asked


def count_sets(study: Study) -> list[SetCount]:
    """By language and arm. Nothing is asked for: looking makes no set."""
    texts = newest_texts(study)
    arms = study.arms()
    wanted = Counter(text.language for text in texts)
    rows = CandidateSet.objects.filter(
        prompt_text__in=[text.pk for text in texts],
        sampler__in=arms,
        replicate=0,
        refused_for=None,
        parallel_to=None,
    ).order_by()
    found: defaultdict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    counted = rows.values_list("language", "sampler", "status").annotate(n=Count("pk"))
    for language, arm, status, number in counted:
        found[language, arm][status] += number
    return [
        SetCount(
            language=language,
            arm=str(arm),
            wanted=wanted[language],
            ready=found[language, arm.pk][CandidateSet.Status.READY],
            failed=sum(found[language, arm.pk][status] for status in IN_VAIN),
            not_asked=wanted[language] - sum(found[language, arm.pk].values()),
        )
        for language in sorted(wanted)
        for arm in arms
    ]
