"""Reads the records of why grants were made: the facts of one, and whether all are explained."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from math import isclose

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import QuerySet
from django.utils import translation

from annotation.dealing.choosing import DEALING_RULES, RETEST_RULE, choose_again
from annotation.dealing.seeds import derive_seed
from annotation.dealing.why import Before, Facts, Record
from annotation.models import Deal, Grant, PlanChange, Slot, Study
from annotation.models.assignment import deal_parts, retest_parts

CHUNK = 500


@translation.override("en")  # the sentences around them are English
def facts_of(grant: Grant) -> Facts:
    """Everything stored about a grant that a reader of its reasons wants."""
    slot, participation = grant.slot, grant.participation
    deal = Deal.objects.filter(grant=grant).first()
    looked_at = [item["slot"] for item in deal.considered] if deal else []
    prompts = Slot.objects.filter(pk__in=looked_at).values_list("pk", "prompt__key")
    earlier = participation.grants.filter(occasion=0, pk__lt=grant.pk)
    met = list(earlier.values_list("prompt__topics", "slot__candidate_set__sampler__key"))
    first = slot.grants.filter(participation=participation, occasion=0).first()
    conversation = getattr(grant, "conversation", None)
    sampler = slot.candidate_set.sampler
    return Facts(
        grant=grant.pk,
        study=participation.study.key,
        phase=participation.phase,
        locale=str(slot.locale),
        person=participation.public_id,
        conversation=conversation.public_id if conversation else "",
        granted_at=grant.granted_at,
        prompt=grant.prompt.key,
        prompts=dict(prompts),
        slot=slot.pk,
        set_name=f"set {slot.candidate_set_id} of the arm {sampler.key}",
        stratum=slot.stratum,
        batch=slot.batch,
        ordinal=slot.ordinal,
        judged_at=first.ended_at if grant.is_retest and first else None,
        topics_met=Counter(topic for topics, _arm in met for topic in topics),
        arms_met=Counter(arm for _topics, arm in met),
        record=_record(deal) if deal else None,
        disposition=str(grant.get_disposition_display()) if grant.disposition else "",
        reason=grant.reason,
        ended_at=grant.ended_at,
        others=[_holder(other) for other in _others(grant)],
    )


def _record(deal: Deal) -> Record:
    return Record(deal.rule, deal.seed, deal.considered, deal.probability)


def _others(grant: Grant) -> QuerySet[Grant]:
    others = grant.slot.grants.filter(occasion=0).exclude(participation=grant.participation_id)
    return others.select_related("participation").order_by("granted_at", "pk")


def _holder(grant: Grant) -> Before:
    ended = str(grant.get_disposition_display()) if grant.disposition else "not ended yet"
    return Before(grant.participation.public_id, grant.granted_at, ended)


@dataclass(frozen=True)
class Unexplained:
    """A grant that its record does not explain, and why not."""

    grant: int
    prompt: str
    why: str


def find_unexplained(study: Study, phase: str) -> Iterator[Unexplained]:
    """Chooses again from every record of a phase and yields each grant that differs.

    Streamed person by person: memory grows with one person's grants, not with the study.
    A grant from before records were kept is passed over; `count_unrecorded` counts them.
    """
    begun = records_begun()
    merged = _strata_changed(study)
    grants = (
        Grant.objects.filter(participation__study=study, participation__phase=phase)
        .select_related("participation__study", "prompt", "slot__candidate_set", "deal")
        .order_by("participation", "pk")
        .iterator(chunk_size=CHUNK)
    )
    for _person, hers in groupby(grants, key=lambda grant: grant.participation_id):
        met: list[Grant] = []
        for grant in hers:
            if not (begun and grant.granted_at < begun and not hasattr(grant, "deal")):
                why = "; ".join(_faults(grant, met, merged))
                if why:
                    yield Unexplained(grant.pk, grant.prompt.key, why)
            met.append(grant)


def count_unrecorded(study: Study, phase: str) -> int:
    """Grants of a phase that were made before records were kept."""
    grants = Grant.objects.filter(participation__study=study, participation__phase=phase)
    begun = records_begun()
    return grants.filter(deal=None, granted_at__lt=begun).count() if begun else 0


def count_recorded(study: Study, phase: str) -> int:
    deals = Deal.objects.filter(grant__participation__study=study)
    return deals.filter(grant__participation__phase=phase).count()


def records_begun() -> datetime | None:
    """When the table of records came into this database; None: with its first grants."""
    applied = MigrationRecorder(connection).migration_qs.filter(
        app="annotation", name__endswith="_dealing"
    )
    found: datetime | None = applied.values_list("applied", flat=True).first()
    return found


def _strata_changed(study: Study) -> datetime | None:
    """When the plan was last changed: places given before may be wanted of others since."""
    changes = PlanChange.objects.filter(study=study).exclude(kind__in=PlanChange.Kind.of_running())
    return changes.order_by("-at").values_list("at", flat=True).first()


def _faults(grant: Grant, met: list[Grant], strata_changed: datetime | None) -> Iterator[str]:
    """What in a grant its record does not allow; `met` are her grants before it."""
    if not hasattr(grant, "deal"):
        yield "no record was kept"
        return
    deal: Deal = grant.deal
    item = next((item for item in deal.considered if item["slot"] == grant.slot_id), None)
    if item is None:
        yield "the place is not among those looked at"
    if deal.rule not in ((RETEST_RULE,) if grant.is_retest else DEALING_RULES):
        yield f"rule {deal.rule} does not deal such a grant"
        return
    yield from _redrawn(grant, deal)
    if grant.slot.phase != grant.participation.phase:
        yield f"the place belongs to the phase {grant.slot.phase}"
    before = [other for other in met if other.occasion == grant.occasion]
    if any(other.prompt_id == grant.prompt_id for other in before):
        yield "she had met the prompt before"
    parts = retest_parts if grant.is_retest else deal_parts
    if deal.seed != derive_seed(*parts(grant.participation, len(before))):
        yield "the seed is not hers"
    if grant.is_retest:
        yield from _retest_faults(grant, met)
    elif item is not None:
        yield from _state_faults(grant, item, before, strata_changed)


def _redrawn(grant: Grant, deal: Deal) -> Iterator[str]:
    try:
        again = choose_again(deal.rule, deal.considered, deal.seed)
    except (ValueError, KeyError, TypeError, IndexError):
        yield "the record cannot be read"
        return
    if again.slot != grant.slot_id:
        yield f"choosing again gives slot {again.slot} instead of {grant.slot_id}"
    if not isclose(again.probability, deal.probability):
        yield f"the probability is {again.probability:.4g}, recorded as {deal.probability:.4g}"


def _retest_faults(grant: Grant, met: list[Grant]) -> Iterator[str]:
    first = [other for other in met if other.occasion == 0 and other.slot_id == grant.slot_id]
    judged = {Grant.Disposition.COMPLETED, Grant.Disposition.SURPLUS}
    if not any(other.disposition in judged for other in first):
        yield "she had not judged the set before"


def _state_faults(
    grant: Grant, item: dict[str, object], met: list[Grant], strata_changed: datetime | None
) -> Iterator[str]:
    slot = grant.slot
    recorded: dict[str, object] = {"batch": slot.batch, "ordinal": slot.ordinal}
    if item.get("due") is not None:
        recorded["due"] = slot.due
    if strata_changed is None or grant.granted_at > strata_changed:
        recorded["stratum"] = slot.stratum
    arm = slot.candidate_set.sampler_id
    recorded["arm_met"] = sum(other.slot.candidate_set.sampler_id == arm for other in met)
    for name, value in recorded.items():
        if item.get(name) != value:
            yield f"{name} is {value!r}, recorded as {item.get(name)!r}"
