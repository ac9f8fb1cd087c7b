"""A comparison of samplers as files: report.json for programs, report.html for people."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from candidates.comparison import ALL, AXIS_OF, FIGURES

NOT_MEASURED = "not measured"
SHARES = {"ready", "valid", "refused", "lists", "coverage", "corrected"}
TABLES = (
    ("Validity", ("ready", "valid", "refused")),
    ("Similarity and form", ("lexical", "semantic", "length_spread", "list_spread")),
    ("Helpfulness, price and time", ("helpfulness", "price", "seconds")),
)
# Pixels: where the names end, where the axis ends, and a row.
LEFT, RIGHT, ROW = 300, 700, 24


def write(report: dict[str, Any], folder: Path) -> list[Path]:
    """Both files. The page is made first, so that a fault leaves no half report."""
    with translation.override(settings.LANGUAGE_CODE):  # the language the figures are named in
        page = render_to_string("candidates/comparison.html", page_context(report))
    text = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    files = [(folder / "report.json", text), (folder / "report.html", page)]
    for path, content in files:
        path.write_text(content, encoding="utf-8")
    return [path for path, _content in files]


def page_context(report: dict[str, Any]) -> dict[str, Any]:
    groups = report["groups"]
    return {
        "report": report,
        "level": f"{report['bootstrap']['level'] * 100:g} %",
        "definitions": [
            {"name": name, "unit": unit, "text": text} for name, unit, text in FIGURES.values()
        ],
        "tables": [_table(title, names, groups) for title, names in TABLES],
        "coverage": [_coverage_row(group, pole) for group in groups for pole in AXIS_OF],
        "sources": [
            {
                **_place(group),
                "source": source,
                "cells": [written(figures[name], name) for name in ("words", "lists")],
            }
            for group in groups
            for source, figures in group["sources"].items()
        ],
        "reasons": [
            {**_place(group), "reason": reason, "count": count}
            for group in groups
            for reason, count in group["reasons"].items()
            if group["language"] != ALL
        ],
        "differences": [
            {**item, "name": FIGURES[item["figure"]][0], "written": written(item, item["figure"])}
            for item in report["differences"]
        ],
        "pictures": [picture for picture in _pictures(report) if picture["rows"]],
    }


def written(figure: dict[str, Any], name: str) -> str:
    """A figure with its interval and n, or why there is none."""
    if figure["value"] is None:
        return f"{figure.get('note') or NOT_MEASURED} (n = {figure['n']})"
    value = number(figure["value"], name)
    if figure["low"] is None:
        return f"{value} (no interval; n = {figure['n']})"
    low, high = number(figure["low"], name), number(figure["high"], name)
    return f"{value} [{low}, {high}] (n = {figure['n']})"


def number(value: float, name: str) -> str:
    if name in SHARES:
        return f"{value * 100:.1f} %"
    if name == "price":
        return f"{value:.6f}"
    return f"{value:.1f}" if name == "words" else f"{value:.3f}"


def _place(group: dict[str, Any]) -> dict[str, str]:
    return {"sampler": group["sampler"], "language": group["language"]}


def _table(title: str, names: tuple[str, ...], groups: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "title": title,
        "heads": [f"{FIGURES[name][0]} (n: {FIGURES[name][1]})" for name in names],
        "rows": [
            {**_place(group), "cells": [written(group["figures"][n], n) for n in names]}
            for group in groups
        ],
    }


def _coverage_row(group: dict[str, Any], pole: str) -> dict[str, Any]:
    found = group["coverage"][pole]
    return {
        **_place(group),
        "pole": _words(pole),
        "cells": [written(found[name], name) for name in ("coverage", "corrected")],
        "not_judged": found["not_judged"],
    }


def _words(code: str) -> str:
    return code.replace("_", " ")


def _pictures(report: dict[str, Any]) -> list[dict[str, Any]]:
    groups = report["groups"]
    similar = [
        picture(
            f"{FIGURES[name][0]}, by sampler and language",
            [(f"{g['sampler']} · {g['language']}", g["figures"][name], name) for g in groups],
            low=0,
            high=1,
        )
        for name in ("lexical", "semantic")
    ]
    covered = [
        picture(
            f"{FIGURES[name][0]} of each value pole, all languages",
            [
                (f"{group['sampler']} · {_words(pole)}", group["coverage"][pole][name], name)
                for pole in AXIS_OF
                for group in groups
                if group["language"] == ALL
            ],
            low=0,
            high=1,
        )
        for name in ("coverage", "corrected")
    ]
    differences = picture(
        f"Difference in {FIGURES['lexical'][0].lower()}, all languages",
        [
            (f"{item['a']} less {item['b']}", item, "lexical")
            for item in report["differences"]
            if item["figure"] == "lexical" and item["language"] == ALL
        ],
        low=-1,
        high=1,
    )
    helpful = picture(
        f"{FIGURES['helpfulness'][0]}, by sampler and language",
        [
            (f"{g['sampler']} · {g['language']}", g["figures"]["helpfulness"], "helpfulness")
            for g in groups
        ],
        low=1,
        high=5,
    )
    return [*similar, differences, *covered, helpful]


def picture(
    title: str, rows: list[tuple[str, dict[str, Any], str]], *, low: float, high: float
) -> dict[str, Any]:
    """Dots with their intervals on one axis, as coordinates; what has no value has no row.

    Coordinates are text, because a template would write numbers as the language does.
    """

    def x(value: float) -> str:
        share = (min(high, max(low, value)) - low) / (high - low)
        return f"{LEFT + share * (RIGHT - LEFT):.1f}"

    drawn = [(label, figure, name) for label, figure, name in rows if figure["value"] is not None]
    height = ROW * (len(drawn) + 1)
    ticks = [low + (high - low) * step / 4 for step in range(5)]
    return {
        "title": title,
        "text": "; ".join(f"{label}: {written(figure, name)}" for label, figure, name in drawn),
        "width": str(RIGHT + 60),
        "height": str(height + 8),
        "bottom": str(height - ROW / 2),
        "ticks": [{"x": x(tick), "y": str(height), "label": f"{tick:g}"} for tick in ticks],
        "rows": [
            {
                "label": label,
                "y": str(ROW * place + 12),
                "text_y": str(ROW * place + 16),
                "x": x(figure["value"]),
                "low": None if figure["low"] is None else x(figure["low"]),
                "high": None if figure["high"] is None else x(figure["high"]),
            }
            for place, (label, figure, name) in enumerate(drawn)
        ],
        "name_x": str(LEFT - 12),
    }
