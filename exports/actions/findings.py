"""A person decides about places in people's texts."""

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from annotation.actions.audit import record
from annotation.models import AuditEntry, Study
from exports.models import Finding
from exports.privacy.texts import findings_of


@transaction.atomic
def decide_findings(
    *, study: Study, findings: Collection[int], verdict: Finding.Verdict | str, by: User
) -> int:
    """Stores what a person decided about these findings; returns how many it changed.

    The same decision again changes nothing, another one replaces it, with its time and name;
    releases that exist stay as they are. Ids of other studies are passed over. Raises
    ValidationError for a verdict that there is not.
    """
    if verdict not in Finding.Verdict.values:
        raise ValidationError(_("Decide to keep or to mask."))
    mine = findings_of(study).filter(pk__in=findings).exclude(verdict=verdict).order_by("pk")
    held = list(mine.select_for_update(of=("self",)).values_list("pk", flat=True))
    if held:
        what = f"{len(held)} findings: {verdict}"
        record(kind=AuditEntry.Kind.FINDINGS_DECIDED, what=what, by=by, study=study)
    return Finding.objects.filter(pk__in=held).update(
        verdict=verdict, decided_by=by, decided_at=timezone.now()
    )
