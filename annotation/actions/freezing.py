"""A study's plan is frozen when it opens; later changes are dated amendments."""

from django.db import transaction

from accounts.models import User
from annotation.definition.rendering import hash_of, plan_of
from annotation.models import FrozenPlan, Study


@transaction.atomic
def freeze_plan(*, study: Study, why: str, by: User | None = None) -> FrozenPlan:
    """The plan as the rows say it now; a second call without a change finds the first.

    Called where the plan is written, in the same transaction and under the locks held there.
    """
    plan = plan_of(study)
    digest = hash_of(plan)
    newest = FrozenPlan.objects.filter(study=study).order_by("-number").first()
    if newest and newest.hash == digest:
        return newest
    number = newest.number + 1 if newest else 1
    return FrozenPlan.objects.create(
        study=study, number=number, hash=digest, definition=plan, why=why[:500], by=by
    )


def amend_plan(*, study: Study, why: str, by: User | None = None) -> FrozenPlan | None:
    """Freezes a changed plan of a study that has opened; None while it never has."""
    opened = Study.objects.filter(pk=study.pk).exclude(status=Study.Status.DRAFT)
    return freeze_plan(study=study, why=why, by=by) if opened.exists() else None
