"""The address that a vendor hands out."""

from collections.abc import Mapping

from accounts.models import Vendor
from annotation.models import (
    Convention,
    RecruitmentLink,
    Study,
    Wave,
)
from annotation.recruitment import PROLIFIC_EXIT, check_link


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
    link, _created = RecruitmentLink.objects.get_or_create(
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
    return link
