"""A study, its progress, and the formats it can be had in."""

from typing import Any

from rest_framework import serializers

from annotation.models import Phase, Study
from exports.api.serializers.strict import Choice, StrictSerializer
from exports.format import Type


class LocaleSerializer(serializers.Serializer[Any]):
    country = serializers.CharField(help_text="ISO 3166-1 code")
    language = serializers.CharField()
    target = serializers.IntegerField(help_text="distinct people per candidate set")


class StudySerializer(serializers.Serializer[Any]):
    """A study."""

    key = serializers.CharField()
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=Study.Status.values)
    closes_on = serializers.DateField(allow_null=True, help_text="the last day of collection")
    locales = LocaleSerializer(many=True)


class StudyListSerializer(serializers.Serializer[Any]):
    items = StudySerializer(many=True)


class PhaseQuery(StrictSerializer):
    phase = Choice(choices=Phase.values, required=False, default=Phase.MAIN.value)


class LocaleProgressSerializer(serializers.Serializer[Any]):
    """People and grants are your own; nobody else's are counted."""

    country = serializers.CharField(help_text="ISO 3166-1 code")
    language = serializers.CharField()
    takes_people = serializers.BooleanField(
        help_text="false: full, paused, waiting after a soft launch, or not open; send nobody now"
    )
    people = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="your people by how they ended; `in_progress`: not ended",
    )
    grants = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="sets given to your people by disposition; `in_hand`: not ended",
    )


class ProgressSerializer(serializers.Serializer[Any]):
    study = serializers.CharField()
    phase = serializers.ChoiceField(choices=Phase.values)
    locales = LocaleProgressSerializer(many=True)


class ColumnSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    type = serializers.ChoiceField(choices=[item.value for item in Type])
    meaning = serializers.CharField()
    labels = serializers.DictField(
        child=serializers.CharField(), help_text="what each value means, where few can occur"
    )
    special = serializers.BooleanField(help_text="about a special category of personal data")
    filled = serializers.BooleanField(help_text="your token carries values of it")


class FormatSerializer(serializers.Serializer[Any]):
    """A dataset format, its columns in order."""

    name = serializers.CharField()
    title = serializers.CharField()
    row = serializers.CharField(help_text="what one row is")
    not_carried = serializers.CharField(help_text="what it leaves out")
    refusal = serializers.CharField(help_text="why your study cannot be had in it; empty: it can")
    columns = ColumnSerializer(many=True)


class FormatListSerializer(serializers.Serializer[Any]):
    items = FormatSerializer(many=True)
