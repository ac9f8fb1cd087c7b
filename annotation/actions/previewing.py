"""A member of the team walks her own study as an annotator would, and nothing of it counts.

A preview is a participation of phase preview with places of its own: it takes nobody's place,
fills no cell, and no figure or export reads it.
"""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actions import find_or_create_annotator
from accounts.models import Annotator, User, Vendor
from annotation.actions.audit import record
from annotation.actions.plan import plannable_sets
from annotation.actions.removing import Found, remove_rows
from annotation.actions.screening import set_locale
from annotation.actions.strata import make_slot
from annotation.dealing.seeds import derive_seed
from annotation.models import (
    AuditEntry,
    Participation,
    Phase,
    ScreeningCount,
    Slot,
    Study,
    StudyLocale,
    Turn,
)
from annotation.steps.sittings import is_past
from candidates.models import CandidateSet, Prompt

VENDOR = "preview"


@transaction.atomic
def start_preview(*, locale: StudyLocale) -> Participation:
    """A new preview of a locale's study, draft or open, from its first question on.

    Each call begins another, with sets drawn anew. Prompts whose sets are not ready are left
    out. Raises ValidationError, one sentence, for a study whose people could not begin either.
    """
    study = locale.study
    if is_past(study, locale.country):
        raise ValidationError(_("This study is over, so that there is nothing to preview."))
    wave = study.waves.order_by("-number").first()
    if wave is None:
        raise ValidationError(_("This study has no wave yet: add one, then preview it."))
    Vendor.objects.get_or_create(key=VENDOR, defaults={"name": "Preview"})
    # One preview after the other: their places have running numbers.
    vendor = Vendor.objects.select_for_update(no_key=True).get(key=VENDOR)
    annotator = find_or_create_annotator(vendor=vendor)
    participation = Participation.objects.create(
        annotator=annotator,
        study=study,
        wave=wave,
        phase=Phase.PREVIEW,
        country=locale.country,
        interface_language=locale.language,
        started_at=timezone.now(),
        seed=derive_seed(study.seed, annotator.public_id) % 2**31,
    )
    _add_places(participation, locale)
    set_locale(participation=participation, locale=locale)
    participation.refresh_from_db()
    return participation


def unprepared(locale: StudyLocale) -> int:
    """How many prompts in use have no set that could be shown in this locale."""
    prompts = set(locale.study.pool.prompts.in_use().values_list("pk", flat=True))
    return len(prompts - {prompt.pk for _set, prompt in _sets(locale)})


def _sets(locale: StudyLocale) -> list[tuple[CandidateSet, Prompt]]:
    return [item for item in plannable_sets(locale.study) if item[0].language == locale.language]


def _add_places(participation: Participation, locale: StudyLocale) -> None:
    """A place for each of her pool conversations, each of another prompt, drawn by her seed."""
    sets = _sets(locale)
    free = Slot.objects.open().filter(locale=locale, phase=Phase.PREVIEW, holder=None)
    # Texts may have been written anew since: nobody is shown what no longer stands.
    free.exclude(candidate_set__in=[one.pk for one, _prompt in sets]).update(
        status=Slot.Status.VOID
    )
    order = sorted(sets, key=lambda item: derive_seed(participation.seed, "preview", item[0].pk))
    drawn: dict[int, CandidateSet] = {}
    for one, prompt in order:
        drawn.setdefault(prompt.pk, one)
    taken = list(drawn.items())[: locale.study.pool_conversations]
    slots = Slot.objects.filter(locale=locale, phase=Phase.PREVIEW)
    last = dict(
        slots.filter(candidate_set__in=[one.pk for _key, one in taken])
        .order_by()
        .values_list("candidate_set")
        .annotate(last=Max("ordinal"))
    )
    Slot.objects.bulk_create(
        make_slot(
            candidate_set=one.pk,
            prompt=prompt,
            locale=locale,
            phase=Phase.PREVIEW,
            ordinal=last.get(one.pk, -1) + 1,
            batch=0,
            due=0,
            stratum="",
        )
        for prompt, one in taken
    )


@transaction.atomic
def remove_previews(*, study: Study, by: User) -> int:
    """Removes every preview of a study with all that was done in it; returns how many there
    were. A second call finds none."""
    people = Participation.objects.filter(study=study, phase=Phase.PREVIEW)
    keys = set(people.select_for_update(of=("self",)).values_list("pk", flat=True))
    own = Annotator.objects.filter(participations__in=keys)
    elsewhere = Participation.objects.exclude(pk__in=keys)
    live = Turn.objects.filter(conversation__participation__in=keys, live=True)
    slots = Slot.objects.filter(locale__study=study, phase=Phase.PREVIEW)
    counts = ScreeningCount.objects.filter(study=study, phase=Phase.PREVIEW)
    roots: Found = {
        Participation: keys,
        Annotator: set(own.exclude(participations__in=elsewhere).values_list("pk", flat=True)),
        Slot: set(slots.values_list("pk", flat=True)),
        ScreeningCount: set(counts.values_list("pk", flat=True)),
        CandidateSet: set(live.values_list("candidate_set", flat=True)),
    }
    remove_rows(roots)
    if keys:
        kind = AuditEntry.Kind.PREVIEWS_REMOVED
        record(kind=kind, what=f"{len(keys)} previews", by=by, study=study)
    return len(keys)
