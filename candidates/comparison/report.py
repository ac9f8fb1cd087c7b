"""A comparison of samplers as files: report.json for programs, report.html for people."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from candidates.comparison.axes import AXIS_OF
from candidates.comparison.comparing import ALL
from candidates.comparison.figures import FIGURES
from candidates.comparison.pictures import pictures
from candidates.comparison.wording import words, written

TABLES = (
    ("Validity", ("ready", "valid", "refused")),
    ("Similarity and form", ("lexical", "semantic", "length_spread", "list_spread")),
    ("Helpfulness, price and time", ("helpfulness", "price", "seconds")),
)


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
        "pictures": [picture for picture in pictures(report) if picture["rows"]],
    }


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
        "pole": words(pole),
        "cells": [written(found[name], name) for name in ("coverage", "corrected")],
        "not_judged": found["not_judged"],
    }
