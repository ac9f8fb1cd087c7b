"""Claim and show; store. Written as a plain Django application would be."""

import random
import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from annotation.models import (
    Conversation,
    Grant,
    Participation,
    RankedCandidate,
    Ranking,
    ShownCandidate,
    Slot,
    Turn,
)


@transaction.atomic
def next_item(request: HttpRequest, person: int) -> HttpResponse:
    """Claims a place of a prompt that this person has not met, and shows its responses."""
    participation = Participation.objects.select_related("study").get(pk=person)
    met = Grant.objects.filter(annotator=participation.annotator_id, prompt=OuterRef("prompt"))
    now = timezone.now()
    slot = (
        Slot.objects.filter(
            ~Exists(met),
            locale=participation.locale_id,
            phase=participation.phase,
            status=Slot.Status.OPEN,
            leased_until__lt=now,
        )
        .order_by("batch", "due", "draw")
        .select_related("candidate_set__prompt_text")
        .select_for_update(skip_locked=True, of=("self",))[0]
    )
    slot.holder = participation
    slot.leased_until = now + timedelta(minutes=20)
    slot.save(update_fields=["holder", "leased_until"])
    grant = Grant.objects.create(
        slot=slot,
        participation=participation,
        annotator_id=participation.annotator_id,
        prompt_id=slot.prompt_id,
    )
    conversation = Conversation.objects.create(
        participation=participation,
        ordinal=Conversation.objects.filter(participation=participation).count(),
        kind=Conversation.Kind.POOL,
        locale_id=participation.locale_id,
        planned_turns=1,
        grant=grant,
        sampler_id=participation.study.live_sampler_id,
    )
    turn = Turn.objects.create(
        conversation=conversation,
        position=1,
        message=slot.candidate_set.prompt_text.text,
        candidate_set=slot.candidate_set,
        live=False,
        shown_at=now,
    )
    candidates = list(slot.candidate_set.candidates.all())
    random.shuffle(candidates)
    shown = ShownCandidate.objects.bulk_create(
        ShownCandidate(turn=turn, candidate=candidate, position=position)
        for position, candidate in enumerate(candidates)
    )
    places = range(1, len(shown) + 1)
    return render(request, "next.html", {"turn": turn, "shown": shown, "places": places})


@transaction.atomic
def ranking(request: HttpRequest, turn: int) -> HttpResponse:
    """Stores the ranking of a turn, and settles its place."""
    found = Turn.objects.select_related("conversation__grant__slot").get(pk=turn)
    candidates = [row.candidate_id for row in found.shown.all()]
    places = {key: int(request.POST[f"place_{key}"]) for key in candidates}
    stored = Ranking.objects.create(
        turn=found,
        submission_key=uuid.uuid4(),
        chosen_id=min(places, key=places.__getitem__),
        acceptable=request.POST["acceptable"],
        represents=request.POST["represents"],
    )
    RankedCandidate.objects.bulk_create(
        RankedCandidate(ranking=stored, candidate_id=key, rank=place)
        for key, place in places.items()
    )
    now = timezone.now()
    conversation = found.conversation
    conversation.status, conversation.ended_at = Conversation.Status.FINISHED, now
    conversation.save(update_fields=["status", "ended_at"])
    grant = conversation.grant
    grant.disposition, grant.ended_at = Grant.Disposition.COMPLETED, now
    grant.save(update_fields=["disposition", "ended_at"])
    slot = grant.slot
    slot.status, slot.done_at = Slot.Status.DONE, now
    slot.save(update_fields=["status", "done_at"])
    return redirect(f"/next/{conversation.participation_id}/")
