"""Reading what is sent: a field that nobody knows is a mistake, not something to pass over."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

LONGEST_PAGE = 1000


class StrictSerializer(serializers.Serializer[Any]):
    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(self.initial_data) - set(self.fields))
        if unknown:
            raise serializers.ValidationError(
                dict.fromkeys(unknown, "There is no such field here: leave it out.")
            )
        return attrs


class Choice(serializers.ChoiceField):
    """One of few words; for another the answer names them all."""

    def __init__(self, choices: Sequence[str], **more: Any) -> None:
        sentence = f"There is no {{input!r}} here: use one of {', '.join(choices)}."
        super().__init__(choices, error_messages={"invalid_choice": sentence}, **more)


class PageQuery(StrictSerializer):
    """Which part of a long list."""

    after = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=200,
        trim_whitespace=False,
        help_text="the last one you have; `next` of a page holds it",
    )
    limit = serializers.IntegerField(
        required=False, default=100, min_value=1, max_value=LONGEST_PAGE
    )
