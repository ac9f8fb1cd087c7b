"""People under the vendor's own ids."""

from typing import Any

from rest_framework import serializers

from exports.api.serializers.strict import StrictSerializer
from exports.vendors.people import Quality, Status

LONGEST_LIST = 1000


def check_id(value: str) -> None:
    if value.startswith("{{"):
        raise serializers.ValidationError("This is a placeholder that nothing was put in for.")
    if not value.isprintable():
        raise serializers.ValidationError("An id holds printable characters only.")


class InvitationRequestSerializer(StrictSerializer):
    ids = serializers.ListField(
        child=serializers.CharField(max_length=200, trim_whitespace=False, validators=[check_id]),
        min_length=1,
        max_length=LONGEST_LIST,
        help_text="your own ids",
    )
    link = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=16,
        help_text="key of the recruitment link; unsaid: your latest one of the main phase",
    )


class InvitedSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="external_id")
    address = serializers.URLField(help_text="hers alone: send her there")
    new = serializers.BooleanField(source="is_new", help_text="this request invited her")


class InvitedListSerializer(serializers.Serializer[Any]):
    items = InvitedSerializer(many=True)


class PersonSerializer(serializers.Serializer[Any]):
    """One of your people. Days are those of UTC. That she withdrew or was left out is told
    together with others, on a Monday, at most five weeks later."""

    id = serializers.CharField(help_text="yours")
    status = serializers.ChoiceField(choices=[item.value for item in Status])
    quality = serializers.ChoiceField(
        choices=[item.value for item in Quality],
        allow_null=True,
        help_text="what a person decided about her work; null: nothing",
    )
    pay = serializers.DecimalField(
        max_digits=8, decimal_places=2, allow_null=True, help_text="due; null: not stated"
    )
    currency = serializers.CharField(help_text="ISO 4217 code")
    completion_code = serializers.CharField()
    invited_on = serializers.DateField(allow_null=True)
    started_on = serializers.DateField(allow_null=True)
    ended_on = serializers.DateField(
        allow_null=True, help_text="null, too, where she withdrew or was ended for quality"
    )


class PersonPageSerializer(serializers.Serializer[Any]):
    items = PersonSerializer(many=True)
    next = serializers.URLField(allow_null=True, help_text="the next page; null: this is the last")
