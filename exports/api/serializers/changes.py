"""The change feed: what is asked, and what an item holds."""

from typing import Any

from rest_framework import serializers

from annotation.models import Change
from exports.api.serializers.strict import StrictSerializer

MOST_LINES = 999_999_999  # beyond any study, and below every number of the database

KINDS = [kind for kind in Change.Kind.values if kind != Change.Kind.FINISHED]  # which is not told


class ChangesQuery(StrictSerializer):
    """Where to go on."""

    cursor = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=100,
        trim_whitespace=False,
        help_text="of the last item you stored; none: from the beginning",
    )
    limit = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_LINES,
        help_text="items; of a page of JSON at most 10000, and 1000 where it is not said",
    )


class ChangeSerializer(serializers.Serializer[Any]):
    """Something that was stored, and its row as it stands now."""

    id = serializers.CharField(help_text="the same whenever this item is delivered")
    cursor = serializers.CharField(help_text="asks for what follows this item")
    kind = serializers.ChoiceField(choices=KINDS)
    at = serializers.DateField(help_text="the day, UTC")
    annotator_id = serializers.CharField(help_text="pseudonym, as in your exports")
    conversation_id = serializers.CharField(allow_null=True)
    turn = serializers.IntegerField(allow_null=True, help_text="place in its conversation, from 1")
    state = serializers.CharField(allow_null=True, help_text="how the conversation ended")
    row = serializers.DictField(
        allow_null=True, help_text="of the format comparisons, your columns filled"
    )
    reason = serializers.CharField(
        allow_null=True, help_text="why a turn has no row: delete what you have of it"
    )


class ChangePageSerializer(serializers.Serializer[Any]):
    items = ChangeSerializer(many=True)
    cursor = serializers.CharField(allow_null=True, help_text="where this page ends")
    more = serializers.BooleanField(help_text="further items are there already")
    plan_hash = serializers.CharField(
        help_text="SHA-256 of the study's frozen plan; empty: none is frozen"
    )
