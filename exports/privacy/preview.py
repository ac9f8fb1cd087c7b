"""A report as the preview page shows it: rows of words and figures."""

from typing import Any

from exports.privacy.report import Report
from exports.privacy.tables import comparison, percent, question_words, step_words


def describe(report: Report) -> dict[str, Any]:
    """What the template names, beside the report itself."""
    people = report.before.people
    return {
        "reached": not report.shortfall,
        "comparison": comparison(report),
        "steps": [step_words(name) for name in report.steps],
        "quasi": [question_words(code) for code in report.quasi],
        "sensitive": [question_words(code) for code in report.sensitive],
        "kept_in": [question_words(code) for code in report.kept_in],
        "cut": percent(report.suppressed / people) if people else "–",
        "losses": [
            (question_words(loss.code), loss, percent(loss.share_kept), percent(loss.share_left))
            for loss in report.losses
        ],
        "short": [place.place for place in report.places if 0 < place.k_after < report.k],
        "omitted": [place.place for place in report.places if place.left_out],
        "cells": [
            (cell.place, " · ".join(f"{question_words(code)} {value}"
                                    for code, value in cell.answers))
            for cell in report.cells
        ],
    }  # fmt: skip
