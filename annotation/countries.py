"""Countries of studies, by ISO 3166-1 code, in the language of the page."""

from django.utils.translation import gettext_lazy as _

NAMES = {
    "BR": _("Brazil"),
    "FR": _("France"),
    "IN": _("India"),
    "IT": _("Italy"),
    "US": _("United States"),
}


def country_name(code: str) -> str:
    return str(NAMES.get(code, code))
