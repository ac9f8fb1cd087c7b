"""A result in the reader's language: as a table, as a picture, as a CSV."""

import csv
import io
from dataclasses import replace

from django.utils.translation import gettext as _

from annotation.spreadsheets import neutral
from insights.charts import Chart
from insights.figures.figure import Column, Figure, Remark, Result, Shape, Value
from insights.tables import Row, Table, number


def table_of(figure: Figure, result: Result) -> Table:
    return Table(
        title=_(figure.title),
        columns=[_(column.title) for column in result.columns],
        rows=[
            Row([shown(column, value) for column, value in zip(result.columns, row, strict=True)])
            for row in result.rows
        ],
        notes=[sentence(remark) for remark in result.remarks],
        empty=_("There is nothing to show yet."),
        words=[place for place, column in enumerate(result.columns) if column.shape == Shape.WORDS],
    )


def shown(column: Column, value: Value) -> str:
    """A cell as the reader's language writes it: an interval as `0.42 (0.40 to 0.44)`."""
    if isinstance(value, str):
        return _(value) if value else ""
    if isinstance(value, list | tuple):
        middle, low, high = (_number(column, one) for one in value)
        if value[1] is None or value[2] is None:
            return middle
        return _("%(value)s (%(low)s to %(high)s)") % {"value": middle, "low": low, "high": high}
    return _number(column, value)


def _number(column: Column, value: float | None) -> str:
    if column.shape == Shape.COUNT:
        return number(value)
    if column.percent:
        percent = None if value is None else 100 * value
        return f"{number(percent, max(column.places - 2, 0))} %" if value is not None else "–"
    return number(value, column.places)


def sentence(remark: Remark) -> str:
    return _(remark.words) % remark.values if remark.values else _(remark.words)


def chart_of(result: Result) -> Chart | None:
    """The picture with its words translated."""
    chart = result.chart
    if chart is None:
        return None
    return replace(
        chart,
        title=_(chart.title),
        unit=_(chart.unit) if chart.unit else "",
        labels=[_(label) if label else "" for label in chart.labels],
        series=[replace(one, name=_(one.name) if one.name else "") for one in chart.series],
        lines=[(_(name), value) for name, value in chart.lines],
    )


def csv_of(result: Result) -> str:
    """Comma-separated, with explicit columns: an interval is three, `_low` and `_high` beside
    the value. Words are kept from being formulas; figures are never rounded."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        [name for column in result.columns for name in _names(column)],
    )
    for row in result.rows:
        cells: list[Value] = []
        for value in row:
            cells += list(value) if isinstance(value, list | tuple) else [value]
        writer.writerow([neutral(cell) if isinstance(cell, str) else cell for cell in cells])
    return out.getvalue()


def _names(column: Column) -> list[str]:
    if column.shape == Shape.INTERVAL:
        return [column.name, f"{column.name}_low", f"{column.name}_high"]
    return [column.name]
