"""Countries of studies, by ISO 3166-1 code: their names, and what day it is there."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

NAMES = {
    "BR": _("Brazil"),
    "FR": _("France"),
    "IN": _("India"),
    "IT": _("Italy"),
    "US": _("United States"),
}

# Of countries with several, the one where most people live.
TIME_ZONES = {
    "BR": "America/Sao_Paulo",
    "FR": "Europe/Paris",
    "IN": "Asia/Kolkata",
    "IT": "Europe/Rome",
    "US": "America/New_York",
}


def country_name(code: str) -> str:
    return str(NAMES.get(code, code))


def local_time(country: str) -> datetime:
    """Now, by the clocks of a country; of one we do not know, by UTC."""
    return timezone.now().astimezone(ZoneInfo(TIME_ZONES.get(country, "UTC")))
