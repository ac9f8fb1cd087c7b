"""Dispositions, stops and checklists in words: the tables of their pages."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from annotation.models import Study
from insights.fieldwork.checklist import NAMES, Checklist
from insights.fieldwork.dispositions import Stop, broke_off, dispositions, left_open
from insights.tables import Row, Table, number

STOP_WORDS = (0, 1, 3)
# Decimals of the figures that are not counts.
PLACES = {
    **dict.fromkeys(("median_minutes", "none_acceptable", "none_represents"), 1),
    **dict.fromkeys(("skipped", "other_language"), 1),
    "pay_an_hour": 2,
}


def disposition_tables(study: Study, phase: str) -> list[Table]:
    return [grants_table(study, phase), broke_off_table(study, phase), _left_open(study, phase)]


def grants_table(study: Study, phase: str) -> Table:
    found = dispositions(study, phase)
    rows = [Row([str(locale), *map(number, counts), number(n)]) for locale, counts, n in found.rows]
    return Table(
        title=_("How grants ended"),
        columns=[_("locale"), *(str(label) for _code, label in found.columns), _("all")],
        rows=[*rows, Row([_("all"), *map(number, found.totals), number(found.total)])],
        notes=[_("A grant is a set of responses given to a person. Each ends in one way.")],
    )


def broke_off_table(study: Study, phase: str) -> Table:
    return Table(
        title=_("Broke off, by step"),
        columns=[_("locale"), _("conversation"), _("turn"), _("step"), _("people")],
        rows=[_stop(stop) for stop in broke_off(study, phase)],
        notes=[_("Grants whose person did nothing for a day before the first judgement.")],
        empty=_("Nobody broke off."),
        words=STOP_WORDS,
    )


def _left_open(study: Study, phase: str) -> Table:
    return Table(
        title=_("Conversations left open for more than a day"),
        columns=[_("locale"), _("conversation"), _("turn"), _("step"), _("people")],
        rows=[_stop(stop) for stop in left_open(study, phase)],
        notes=[
            _(
                "People's own conversations and later turns have no grant, so they are counted "
                "here. Whoever comes back goes on where she was."
            )
        ],
        empty=_("No conversation is left open."),
        words=STOP_WORDS,
    )


def _stop(stop: Stop) -> Row:
    turn = number(stop.turn) if stop.turn else "–"
    return Row([stop.locale, stop.kind, turn, str(stop.step), number(stop.people)])


def checklist_tables(found: Sequence[Checklist]) -> list[Table]:
    """The figures of all locales side by side: a country that is unlike the others shows."""
    locales = [str(item.locale) for item in found]
    screens = [name for name, _n in found[0].screens] if found else []
    return [
        Table(
            title=_("Checklist"),
            columns=[_("figure"), *locales],
            rows=[
                Row([str(name), *(number(item.figures[key], PLACES.get(key, 0)) for item in found)])
                for key, name in NAMES.items()
            ],
        ),
        Table(
            title=_("Drop-off by screen"),
            columns=[_("came as far as"), *locales],
            rows=[
                Row([str(name), *(number(item.screens[place][1]) for item in found)])
                for place, name in enumerate(screens)
            ],
        ),
    ]
