"""An export: how it is asked for, and how far it is."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from rest_framework import serializers

from exports.api.serializers.strict import Choice, StrictSerializer
from exports.containers import Container
from exports.files.downloads import download_query
from exports.formats import FORMATS
from exports.models import Export, State
from exports.scope import FOR_VENDORS, Times, Variant

CONTAINERS = [item.value for item in Container]
VARIANTS = [item.value for item in Variant]
TIMES = [item.value for item in FOR_VENDORS]


class ExportRequestSerializer(StrictSerializer):
    format = serializers.CharField(max_length=30, help_text="a `name` of `/formats/`")
    container = Choice(choices=CONTAINERS)
    variant = Choice(
        choices=VARIANTS,
        required=False,
        default=Variant.FULL.value,
        help_text="every finished conversation, or only those without any fault",
    )
    times = Choice(
        choices=TIMES,
        required=False,
        default=Times.DAY.value,
        help_text="how exactly times are told; never finer than the day",
    )

    def validate_format(self, value: str) -> str:
        if value not in FORMATS:
            raise serializers.ValidationError(
                f"There is no such format: use one of {', '.join(sorted(FORMATS))}."
            )
        return value


class ExportSerializer(serializers.Serializer[Export]):
    """An export. It can be fetched once its `state` is `ready`."""

    id = serializers.CharField(source="public_id")
    url = serializers.SerializerMethodField(help_text="of this description")
    state = serializers.ChoiceField(choices=State.values)
    format = serializers.CharField()
    container = serializers.ChoiceField(choices=CONTAINERS)
    variant = serializers.SerializerMethodField()
    times = serializers.SerializerMethodField()
    requested_at = serializers.DateTimeField()
    data_until = serializers.DateTimeField(
        allow_null=True, help_text="the moment whose data it holds"
    )
    finished_at = serializers.DateTimeField(allow_null=True)
    rows = serializers.SerializerMethodField()
    size = serializers.IntegerField(allow_null=True, help_text="bytes")
    sha256 = serializers.CharField(help_text="of the file; its ETag is the same; empty: not ready")
    plan_hash = serializers.CharField(
        help_text="of the study's frozen plan as it stood then; empty: not ready, or none is frozen"
    )
    error = serializers.CharField(help_text="why it failed; empty: it did not")
    download = serializers.SerializerMethodField(
        help_text="address of the file, good for an hour; ask again for a new one"
    )

    readme = serializers.SerializerMethodField(
        help_text="address of what it holds, column by column; null: not ready"
    )

    def get_url(self, export: Export) -> str:
        return address_of(export)

    def get_variant(self, export: Export) -> str:
        return str(export.options.get("variant", Variant.FULL))

    def get_times(self, export: Export) -> str:
        return str(export.options.get("times", Times.DAY))

    def get_rows(self, export: Export) -> int | None:
        rows = export.rows.get(export.format)
        return None if rows is None else int(rows)

    def get_download(self, export: Export) -> str | None:
        if export.state != State.READY:
            return None
        path = reverse("api-download", args=[export.public_id])
        return f"{settings.SITE_URL}{path}?{urlencode(download_query(export))}"

    def get_readme(self, export: Export) -> str | None:
        if export.state != State.READY:
            return None
        return str(settings.SITE_URL) + reverse("api-readme", args=[export.public_id])


class ExportPageSerializer(serializers.Serializer[Any]):
    items = ExportSerializer(many=True)
    next = serializers.URLField(allow_null=True, help_text="the next page; null: this is the last")


class DownloadQuery(serializers.Serializer[Any]):
    """As they stand in `download`."""

    expires = serializers.CharField(required=False, default="", max_length=20)
    signature = serializers.CharField(required=False, default="", max_length=64)


def address_of(export: Export) -> str:
    """Where an export's state stands."""
    return str(settings.SITE_URL) + reverse("api-export", args=[export.public_id])
