"""The filtered variant: only conversations without any fault."""

from collections.abc import Callable

import pytest
from django.db.models import F

from annotation.models import Conversation, RankedCandidate, Ranking, Turn
from candidates.models import Candidate
from exports.formats import community_alignment, comparisons
from exports.scope import Scope, Variant
from tests.exporting import csv_rows
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)


def last_turn() -> Turn:
    return Turn.objects.order_by("-position", "-pk")[0]


def in_another_language() -> None:
    Turn.objects.filter(pk=last_turn().pk).update(detected_language="en")


def with_an_empty_response() -> None:
    one = last_turn().shown.all()[1].candidate
    Candidate.objects.filter(pk=one.pk).update(text=" \n ")


def with_responses_that_differ_in_white_space_alone() -> None:
    first, second = (row.candidate for row in last_turn().shown.all()[:2])
    Candidate.objects.filter(pk=second.pk).update(text=first.text.replace(" ", "  ", 1) + "\n")


def with_a_response_lost() -> None:
    last_turn().shown.all()[3].delete()


def with_a_gap() -> None:
    Turn.objects.filter(pk=last_turn().pk).update(position=F("position") + 1)


def not_judged() -> None:
    ranking = Ranking.objects.get(turn=last_turn())
    RankedCandidate.objects.filter(ranking=ranking).delete()
    ranking.delete()


FAULTS = (in_another_language, with_an_empty_response, with_a_response_lost, with_a_gap,
          with_responses_that_differ_in_white_space_alone, not_judged)  # fmt: skip


@pytest.mark.parametrize("spoil", FAULTS)
def test_a_conversation_with_a_fault_is_in_the_full_variant_alone(
    finished: Walker, spoil: Callable[[], None]
) -> None:
    full = Scope(study=finished.link.study, recipient="test")
    filtered = Scope(study=finished.link.study, recipient="test", variant=Variant.FILTERED)
    for form in (community_alignment.FORMAT, comparisons.FORMAT):
        everything = csv_rows(form, full)
        assert csv_rows(form, filtered) == everything
    spoil()
    for form in (community_alignment.FORMAT, comparisons.FORMAT):
        ids = {row["conversation_id"] for row in csv_rows(form, full)}
        sound = {row["conversation_id"] for row in csv_rows(form, filtered)}
        assert len(ids) == Conversation.objects.count() == 3
        assert len(sound) == 2
        assert sound < ids
