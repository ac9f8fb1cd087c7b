"""How long something took or has been, in words and numbers a person takes in at a glance."""

from django.utils.translation import ngettext

MINUTE, HOUR, DAY = 60, 3600, 86_400


def spell(seconds: float) -> str:
    """One unit, rounded down: "50 seconds", "2 minutes", "3 hours", "4 days"."""
    whole = max(0, int(seconds))
    if whole < 2 * MINUTE - 30:
        return ngettext("%(n)s second", "%(n)s seconds", whole) % {"n": whole}
    if whole < 2 * HOUR:
        minutes = round(whole / MINUTE)
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    if whole < 2 * DAY:
        hours = whole // HOUR
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    return ngettext("%(n)s day", "%(n)s days", whole // DAY) % {"n": whole // DAY}
