"""The address that a vendor hands out."""

from collections.abc import Mapping

from django.db import transaction

from accounts.models import User, Vendor
from annotation.actions.audit import record
from annotation.models import (
    AuditEntry,
    Convention,
    RecruitmentLink,
    Study,
    Wave,
)
from annotation.recruitment.conventions import PROLIFIC_EXIT, check_link


@transaction.atomic
def create_recruitment_link(
    *,
    study: Study,
    vendor: Vendor,
    phase: str,
    wave: Wave | None = None,
    convention: str = Convention.PLAIN,
    codes: Mapping[str, str] | None = None,
    exits: Mapping[str, str] | None = None,
    signing_key_variable: str = "",
    signed_entry: bool = False,
    callbacks: Mapping[str, str] | None = None,
    by: User | None = None,
) -> RecruitmentLink:
    """The vendor's link into a wave, by default the latest. The same call finds it again.

    Other options make another link: an address that was handed out never changes. Raises
    ValidationError, in one sentence, for a link that could not work.
    """
    agreed, ways = dict(codes or {}), dict(exits or {})
    check_link(
        convention=convention,
        codes=agreed,
        exits=ways,
        signing_key_variable=signing_key_variable,
        signed_entry=signed_entry,
        callbacks=callbacks,
    )
    if convention == Convention.PROLIFIC:  # it knows people's outcome by the agreed code
        ways = dict.fromkeys(agreed, PROLIFIC_EXIT) | ways
    link, created = RecruitmentLink.objects.get_or_create(
        study=study,
        vendor=vendor,
        wave=wave or study.waves.order_by("-number")[0],
        phase=phase,
        convention=convention,
        codes=agreed,
        exits=ways,
        signing_key_variable=signing_key_variable,
        signed_entry=signed_entry,
        callbacks=dict(callbacks or {}),
    )
    if created:
        what = f"link of {vendor.key}, phase {phase}"
        record(kind=AuditEntry.Kind.LINK_MADE, what=what, by=by, study=study)
    return link
