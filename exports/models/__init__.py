"""OUT: who may fetch what, which files exist, what was found in texts, who is told."""

from exports.models.deliveries import Delivery, Event, Webhook
from exports.models.files import Export, File, Release, State, Tier
from exports.models.findings import Finding, Screening
from exports.models.tokens import Access, ApiToken, hash_token

__all__ = [
    "Access",
    "ApiToken",
    "Delivery",
    "Event",
    "Export",
    "File",
    "Finding",
    "Release",
    "Screening",
    "State",
    "Tier",
    "Webhook",
    "hash_token",
]
