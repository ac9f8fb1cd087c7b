"""Dispositions, stops and checklists in words: the tables of their pages."""

from django.utils.translation import gettext as _

from annotation.models import Study
from insights.checklist import Checklist
from insights.dispositions import Stop, broke_off, dispositions, left_open
from insights.tables import Row, Table, number

# Decimals of the figures that are not counts.
PLACES = {
    **dict.fromkeys(("median_minutes", "none_acceptable", "none_represents"), 1),
    **dict.fromkeys(("skipped", "other_language"), 1),
    "pay_an_hour": 2,
}


def disposition_tables(study: Study, phase: str) -> list[Table]:
    return [_grants(study, phase), _broke_off(study, phase), _left_open(study, phase)]


def _grants(study: Study, phase: str) -> Table:
    found = dispositions(study, phase)
    rows = [Row([str(locale), *map(number, counts), number(n)]) for locale, counts, n in found.rows]
    return Table(
        title=_("How grants ended"),
        columns=[_("locale"), *(str(label) for _code, label in found.columns), _("all")],
        rows=[*rows, Row([_("all"), *map(number, found.totals), number(found.total)])],
        notes=[_("A grant is a set of responses given to a person. Each ends in one way.")],
    )


def _broke_off(study: Study, phase: str) -> Table:
    return Table(
        title=_("Broke off, by step"),
        columns=[_("locale"), _("conversation"), _("turn"), _("step"), _("people")],
        rows=[_stop(stop) for stop in broke_off(study, phase)],
        notes=[_("Grants whose person did nothing for a day before the first judgement.")],
        empty=_("Nobody broke off."),
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
    )


def _stop(stop: Stop) -> Row:
    turn = number(stop.turn) if stop.turn else "–"
    return Row([stop.locale, stop.kind, turn, str(stop.step), number(stop.people)])


def checklist_table(checklist: Checklist) -> Table:
    return Table(
        title=str(checklist.locale),
        columns=[_("figure"), _("value")],
        rows=[
            Row([str(name), number(value, PLACES.get(key, 0))])
            for key, name, value in checklist.rows
        ],
    )


def screens_table(checklist: Checklist) -> Table:
    return Table(
        title=_("Drop-off by screen"),
        columns=[_("came as far as"), _("people")],
        rows=[Row([str(name), number(n)]) for name, n in checklist.screens],
    )
