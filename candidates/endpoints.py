"""The circuit breaker: an endpoint that fails again and again is left alone for a while."""

from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from candidates import limits
from candidates.models import ModelEndpoint

FAULTS_BEFORE_REST = 5
FIRST_REST_SECONDS = 15.0
LONGEST_REST_SECONDS = 600.0


def check_rest(endpoint: ModelEndpoint) -> None:
    """Raises limits.NothingLeft while the endpoint rests."""
    if endpoint.rests_until and endpoint.rests_until > timezone.now():
        raise limits.NothingLeft((endpoint.rests_until - timezone.now()).total_seconds())


def note_fault(endpoint: ModelEndpoint) -> None:
    """Counts a passing fault; from the fifth in a row the endpoint rests, longer each time."""
    row = ModelEndpoint.objects.filter(pk=endpoint.pk)
    row.update(faults_in_a_row=F("faults_in_a_row") + 1)
    faults = row.values_list("faults_in_a_row", flat=True)[0]
    if faults >= FAULTS_BEFORE_REST:
        doubled = FIRST_REST_SECONDS * 2 ** min(faults - FAULTS_BEFORE_REST, 10)
        row.update(
            rests_until=timezone.now() + timedelta(seconds=min(doubled, LONGEST_REST_SECONDS))
        )


def note_answer(endpoint: ModelEndpoint) -> None:
    """A good answer ends the row of faults; nearly always there is none, and no write."""
    if endpoint.faults_in_a_row:
        ModelEndpoint.objects.filter(pk=endpoint.pk).update(faults_in_a_row=0, rests_until=None)
