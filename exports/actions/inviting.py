"""A vendor names people for a study; each gets an address of her own."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.actions import find_or_create_annotators
from accounts.models import Vendor
from annotation.actions.audit import record
from annotation.models import AuditEntry, Phase, RecruitmentLink, Study
from annotation.recruitment.passage import personal_address
from exports.models import Invitation


@dataclass(frozen=True)
class Invited:
    """One person's own address, and whether this call invited her."""

    external_id: str
    address: str
    is_new: bool


@transaction.atomic
def invite_people(
    *, study: Study, vendor: Vendor, external_ids: Sequence[str], link_key: str = ""
) -> list[Invited]:
    """Invites people by the vendor's own ids, in the order given.

    A second call finds the same people with the same addresses, whatever link it names. Raises
    ValidationError, in one sentence, where the vendor has no such link, or its key is missing;
    then nobody is invited.
    """
    link = _find_link(study, vendor, link_key)
    people = find_or_create_annotators(vendor=vendor, external_ids=external_ids)
    known = set(
        Invitation.objects.filter(study=study, annotator__in=people.values()).values_list(
            "annotator", flat=True
        )
    )
    fresh = [person for person in people.values() if person.pk not in known]
    Invitation.objects.bulk_create(
        Invitation(study=study, annotator=person, link=link) for person in fresh
    )
    if new := sum(person.pk not in known for person in people.values()):
        what = f"{new} people of {vendor.key}"
        record(kind=AuditEntry.Kind.PEOPLE_INVITED, what=what, by=None, study=study)
    links = {
        invitation.annotator_id: invitation.link
        for invitation in Invitation.objects.filter(
            study=study, annotator__in=people.values()
        ).select_related("link")
    }
    return [
        Invited(
            external_id=external_id,
            address=personal_address(links[person.pk], external_id),
            is_new=person.pk not in known,
        )
        for external_id, person in people.items()
    ]


def _find_link(study: Study, vendor: Vendor, key: str) -> RecruitmentLink:
    links = RecruitmentLink.objects.filter(study=study, vendor=vendor)
    wanted = links.filter(key=key) if key else links.filter(phase=Phase.MAIN).order_by("-pk")
    link = wanted.first()
    if link is None:
        raise ValidationError(
            "You have no recruitment link of this key: leave it out to use your latest one."
            if key
            else "You have no recruitment link in this study yet: ask the research team for one."
        )
    return link
