"""What the API reads and writes."""

from exports.api.serializers.strict import PageQuery, StrictSerializer

__all__ = ["PageQuery", "StrictSerializer"]
