"""Two people of a study who came from one address: flagged for a person, never blocked."""

from django.db import transaction

from annotation.models import ArrivalHash, Flag, Participation, Study


@transaction.atomic
def note_arrival(*, participation: Participation, digest: str) -> int:
    """Keeps the hash of where somebody came from; returns how many others came from there.

    A match raises a flag on each of them, with their number. A second call keeps the first
    hash. A flag that somebody has decided on stays as it was.
    """
    # The study's row is the lock: of two who arrive at once, the second sees the first.
    Study.objects.select_for_update(no_key=True).get(pk=participation.study_id)
    ArrivalHash.objects.get_or_create(participation=participation, defaults={"digest": digest})
    alike = list(
        Participation.objects.filter(
            study=participation.study_id, arrivalhash__digest=participation.arrivalhash.digest
        )
    )
    others = len(alike) - 1
    for person in alike if others else []:
        evidence = {"same_address": others}
        flag, created = Flag.objects.get_or_create(
            participation=person, kind=Flag.Kind.DUPLICATE, defaults={"evidence": evidence}
        )
        if not created and not flag.decision:
            Flag.objects.filter(pk=flag.pk, decision="").update(evidence=evidence)
    return others
