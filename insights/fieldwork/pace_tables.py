"""Pace and pay in words: the tables of the page and of `manage.py pace`."""

from collections.abc import Sequence
from datetime import timedelta
from math import ceil

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from annotation.countries import country_name, local_time
from annotation.models import Study
from insights.fieldwork.fillings import Filling, cell_fillings, locale_fillings
from insights.fieldwork.pace import Pay, locale_paces, pays
from insights.tables import Row, Table, number

FEW = 5  # people; below, a median says little
FARTHEST = 3650  # days; no date is named beyond


def pace_tables(study: Study, phase: str) -> list[Table]:
    return [
        _minutes(study, phase),
        pay_table(pays(study, phase)),
        _closing(study, phase),
        *([cells] if (cells := _cells(study, phase)).rows else []),
    ]


def _minutes(study: Study, phase: str) -> Table:
    return Table(
        title=_("Minutes for a conversation"),
        columns=[_("locale"), _("median minutes"), _("finished conversations")],
        rows=[
            Row([str(pace.locale), number(pace.minutes, 1), number(pace.conversations)])
            for pace in locale_paces(study, phase)
        ],
        notes=[
            _(
                "Between stored acts; pauses longer than 15 minutes are cut out. "
                "Over the latest 500 of each locale."
            )
        ],
    )


def pay_table(found: Sequence[Pay]) -> Table:
    return Table(
        title=_("Pay for an hour, by country and vendor"),
        columns=[
            *(_("country"), _("vendor"), _("pay an hour"), _("floor an hour"), _("alarm")),
            *(_("people"), _("median minutes"), _("pay")),
        ],
        rows=[
            Row(
                [
                    country_name(pay.country),
                    pay.vendor,
                    number(pay.an_hour, 2),
                    number(None if pay.floor is None else float(pay.floor), 2),
                    _alarm(pay),
                    number(pay.people),
                    number(pay.minutes, 1),
                    f"{number(float(pay.pay), 2)} {pay.currency}".strip(),
                ],
                alarm=pay.too_low,
            )
            for pay in found
        ],
        notes=[
            _(
                "The pay for the whole study, divided by the median hours of those who finished: "
                "from joining to the last page, pauses longer than 15 minutes cut out."
            )
        ],
        empty=_("Nobody has finished in this phase, or no pay is stated."),
        words=(0, 1, 4),
    )


def _alarm(pay: Pay) -> str:
    if pay.floor is None:
        return _("no floor is set")
    if not pay.too_low:
        return _("no")
    if pay.people < FEW:
        return _("below the floor, by few people")
    return _("below the floor")


def _closing(study: Study, phase: str) -> Table:
    rows = []
    for locale in locale_fillings(study, phase):
        people, judged, closing = locale.people, locale.judgements, locale.closing
        rows.append(
            Row(
                [
                    people.name,
                    say_closing(closing, study) if closing else _unplanned(judged),
                    of(people.filled, people.wanted),
                    number(people.a_day, 1),
                    of(judged.filled, judged.wanted) if judged else "–",
                    number(judged.a_day, 1) if judged else "–",
                ]
            )
        )
    return Table(
        title=_("When each locale closes"),
        columns=[
            *(_("locale"), _("closes"), _("people"), _("people a day")),
            *(_("judgements"), _("judgements a day")),
        ],
        rows=rows,
        notes=_how(),
        words=(0, 1),
    )


def _unplanned(judged: Filling | None) -> str:
    return _("no plan of people") if judged is None else "–"


def _cells(study: Study, phase: str) -> Table:
    return Table(
        title=_("When each cell closes"),
        columns=[_("cell"), _("closes"), _("people"), _("people a day")],
        rows=[
            Row(
                [
                    cell.name,
                    say_closing(cell, study),
                    of(cell.filled, cell.wanted),
                    number(cell.a_day, 1),
                ]
            )
            for cell in cell_fillings(study, phase)
        ],
        notes=_how(),
        words=(0, 1),
    )


def of(filled: int, wanted: int) -> str:
    if not wanted:
        return number(filled)
    return _("%(filled)s of %(wanted)s") % {"filled": number(filled), "wanted": number(wanted)}


def _how() -> list[str]:
    return [
        _(
            "From the rate of the last 7 days (or since the first person, a day at least). If "
            "people go on coming at random at this rate, the day lies between the two dates "
            "in brackets 9 times of 10."
        )
    ]


def say_closing(filling: Filling, study: Study) -> str:
    """When it closes, in one line; the days are those of its country."""
    if filling.filled >= filling.wanted:
        return _("full")
    if filling.waiting:
        return _("waits for a signature")
    closes = filling.closes
    if closes is None and filling.came:
        return "–"  # one person says nothing of a rate
    if closes is None:
        return _("no forecast: nobody came in 7 days")
    if closes.days > FARTHEST:
        return _("in more than ten years, at this rate")
    today = local_time(filling.country).date()
    day = today + timedelta(days=ceil(closes.days))
    values = {
        "day": date_format(day, "DATE_FORMAT"),
        "early": date_format(today + timedelta(days=ceil(closes.earliest)), "DATE_FORMAT"),
        "late": date_format(
            today + timedelta(days=min(FARTHEST, ceil(closes.latest))), "DATE_FORMAT"
        ),
    }
    if study.last_day and day > study.last_day:
        return _("%(day)s (%(early)s to %(late)s), after the last day of collection") % values
    return _("%(day)s (%(early)s to %(late)s)") % values
