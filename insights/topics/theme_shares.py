"""How often each theme occurs in each language: an outcome by group, locked like all of them."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from annotation.spreadsheets import neutral
from insights.coding_models import ThemeSheet
from insights.figures.locks import is_locked
from insights.figures.parts import LEAST_PEOPLE, interval
from insights.topics.theming import Themes, readable_items, themes_found

HEAD = ("theme", "language", "people", "explanations", "share", "share_low", "share_high")


@dataclass(frozen=True)
class Share:
    """Of the explanations in one language that have the theme: value and bounds of 95 % over
    people, None where fewer than 20 people wrote them."""

    theme: str
    language: str
    people: int
    explanations: int
    value: float | None
    low: float | None
    high: float | None


def shares_by_language(sheet: ThemeSheet, found: Themes) -> list[Share]:
    """Each theme of the sheet in each language, the most frequent theme first; empty where
    outcomes by group are locked, and for a sheet of one language."""
    if hides_shares(sheet):
        return []
    column = "explanation__turn__conversation__locale__language"
    languages = sorted(set(readable_items(sheet).values_list(column, flat=True)))
    parts = [
        (language, part)
        for language in languages
        if (part := themes_found(sheet, language=language, names=found.names))
    ]
    order = sorted(range(len(found.names)), key=lambda at: -found.found.share.value[at])
    return [_share(at, language, part) for at in order for language, part in parts if parts[1:]]


def hides_shares(sheet: ThemeSheet) -> bool:
    """Whether nobody may see yet how often a language's explanations have a theme."""
    return is_locked(sheet.study, sheet.phase)


def _share(at: int, language: str, part: Themes) -> Share:
    value, low, high = interval(part.found.share, at, LEAST_PEOPLE)
    return Share(part.names[at], language, part.people, part.explanations, value, low, high)


def as_csv(shares: Sequence[Share]) -> str:
    """Not rounded; words are kept from being formulas."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    for one in shares:
        bounds = (one.value, one.low, one.high)
        writer.writerow([neutral(one.theme), one.language, one.people, one.explanations, *bounds])
    return out.getvalue()
