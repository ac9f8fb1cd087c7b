"""A study's copy for a rehearsal: made, and removed without a trace.

Whatever the copy gathered is found by following every reference to it, so that a table
that is added later is cleared too. Nothing that the original study uses is touched.
"""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.models import Annotator, Vendor
from annotation.actions.link import create_recruitment_link
from annotation.actions.pool import request_pool
from annotation.actions.removing import Found, remove_rows
from annotation.actions.study import open_study
from annotation.dealing.seeds import derive_seed
from annotation.models import (
    Participation,
    Phase,
    Quota,
    RecruitmentLink,
    Study,
    StudyLocale,
    Turn,
    Wave,
)
from candidates.models import Candidate, CandidateSet, ModelEndpoint, Sampler

VENDOR = "rehearsal"
# Names the key of the demo provider, where the site itself has another provider.
KEY_VARIABLE = "REHEARSAL_PROVIDER_KEY"


def copy_key(study: Study, seed: int) -> str:
    return f"{study.key[:30]}-rehearsal-{seed}"


@transaction.atomic
def copy_study(
    *, study: Study, seed: int, provider: str = "", changes: dict[str, Any] | None = None
) -> Study:
    """A marked copy of a study, in draft; a second call with the same seed finds the first.

    `provider` is the address of the demo provider; empty where it is the site's own. Then the
    original's samplers are used if they call it alone and their sets hold nothing but its
    texts; else the copy gets samplers of its own. `changes` are settings that a rehearsal
    tries out (conversations, turn lengths, targets).
    """
    if study.rehearsal_of_id:
        raise ValidationError(f"{study} is a rehearsal itself.")
    key, wanted = copy_key(study, seed), dict(changes or {})
    known = Study.objects.filter(key=key).first()
    if known:
        return known
    target = wanted.pop("target", None)
    made: Study = _again(
        study, key=key, rehearsal_of=study, status=Study.Status.DRAFT, budget=None,
        seed=derive_seed(study.seed, "rehearsal", seed), closes_on=None, daily_cap=None,
        retained_until=None, soft_launch=None, check_duplicates=False, paused={}, **wanted,
    )  # fmt: skip
    arms = [study.pool_sampler, study.live_sampler, *study.further_arms.order_by("pk")]
    if provider or not _is_canned(study, arms):
        endpoint = _endpoint(key, provider)
        own = {arm.pk: _own_sampler(arm, key, endpoint) for arm in arms}
        made.pool_sampler = own[study.pool_sampler_id]
        made.live_sampler = own[study.live_sampler_id]
        made.save(update_fields=["pool_sampler", "live_sampler"])
        arms = [own[arm.pk] for arm in arms]
    made.further_arms.set(arms[2:])
    for locale in StudyLocale.objects.filter(study=study).order_by("pk"):
        _again(locale, study=made, **({} if target is None else {"target": target}))
    for part in (*Wave.objects.filter(study=study), *Quota.objects.filter(study=study)):
        _again(part, study=made)
    return made


def _again(row: Any, **changes: Any) -> Any:
    """A new row with the same values, but for these."""
    values = {
        name: getattr(row, name)
        for name in (field.attname for field in row._meta.concrete_fields)
        if name != row._meta.pk.attname
    }
    replaced = {row._meta.get_field(name).attname for name in changes}
    kept = {name: value for name, value in values.items() if name not in replaced}
    return type(row)._base_manager.create(**kept, **changes)


def _is_canned(study: Study, arms: Sequence[Sampler]) -> bool:
    """Whether these call the site's own provider alone, and no other ever filled their sets."""
    samplers = Sampler.objects.filter(pk__in=[arm.pk for arm in arms])
    others = ModelEndpoint.objects.exclude(base_url="")
    foreign = Candidate.objects.filter(
        candidate_set__in=CandidateSet.objects.ready().filter(sampler__in=samplers),
        candidate_set__prompt_text__prompt__pool=study.pool_id,
        generation__canned=False,
    )
    elsewhere = samplers.filter(Q(endpoint__in=others) | Q(further_endpoints__in=others))
    return not (elsewhere.exists() or foreign.exists())


def _endpoint(key: str, address: str) -> ModelEndpoint:
    """The copy's own way to the demo provider: at this address, or as the site's own."""
    variable = {"api_key_variable": KEY_VARIABLE} if address else {}
    endpoint, _created = ModelEndpoint.objects.update_or_create(
        key=key, defaults={"base_url": address, **variable}
    )
    return endpoint


def _own_sampler(sampler: Sampler, key: str, endpoint: ModelEndpoint) -> Sampler:
    # The arms' shared plain response belongs to the prompt, and so to the original as well.
    plain = sampler.anchor and sampler.strategy == Sampler.Strategy.NC
    made: Sampler = _again(
        sampler, key=f"{key[-38:]}-{sampler.pk}"[:50].lstrip("-"), endpoint=endpoint,
        thresholds={}, anchor=False,
        strategy=Sampler.Strategy.NC_DEFAULT if plain else sampler.strategy,
    )  # fmt: skip
    if sampler.further_endpoints.exists():
        made.further_endpoints.set([endpoint])
    return made


def waiting_sets(study: Study) -> list[CandidateSet]:
    """Pool sets of a copy that are still to be made; asks for those that nobody asked for."""
    return [
        item
        for item in request_pool(study=study, enqueue=False)
        if item.status != CandidateSet.Status.READY
    ]


@transaction.atomic
def open_copy(*, study: Study) -> RecruitmentLink:
    """Plans the copy's slots, all in phase rehearsal, and returns its link. A repeat adds none."""
    open_study(study=study, phase=Phase.REHEARSAL)
    vendor, _created = Vendor.objects.get_or_create(key=VENDOR, defaults={"name": "Rehearsal"})
    return create_recruitment_link(study=study, vendor=vendor, phase=Phase.REHEARSAL)


@transaction.atomic
def remove_copy(*, study: Study) -> int:
    """Removes a copy with all that its people did; returns how many rows went.

    Raises ValidationError, touching nothing, for a study that is no copy. A second call
    has no study to be called with.
    """
    locked = Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
    if locked.rehearsal_of_id is None:
        raise ValidationError(f"{locked} is no rehearsal: it is not removed.")
    return remove_rows(_roots(locked))


def _roots(study: Study) -> Found:
    """The copy, its people, and what was made for it alone."""
    people = Annotator.objects.filter(vendor__key=VENDOR, participations__study=study)
    others = people.filter(participations__in=_elsewhere(study))
    live = Turn.objects.filter(conversation__participation__study=study, live=True)
    own = ModelEndpoint.objects.filter(key=study.key)
    samplers = Sampler.objects.filter(endpoint__in=own)
    found: Found = {
        Study: {study.pk},
        Annotator: set(people.exclude(pk__in=others).values_list("pk", flat=True)),
        CandidateSet: set(live.values_list("candidate_set", flat=True))
        | set(CandidateSet.objects.filter(sampler__in=samplers).values_list("pk", flat=True)),
        Sampler: set(samplers.values_list("pk", flat=True)),
        ModelEndpoint: set(own.values_list("pk", flat=True)),
    }
    last = Study.objects.filter(rehearsal_of__isnull=False).count() == 1
    if last:
        vendors = Vendor.objects.filter(key=VENDOR)
        kept = Annotator.objects.exclude(pk__in=found[Annotator])
        unused = vendors.exclude(annotator__in=kept)
        found[Vendor] = set(unused.values_list("pk", flat=True))
    return found


def _elsewhere(study: Study) -> Any:
    return Participation._base_manager.exclude(study=study)
