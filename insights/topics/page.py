"""What the pages about topics and themes show."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _

from annotation.models import Study
from candidates.models import Prompt
from insights.coding_models import ThemeSheet, TopicSuggestion
from insights.figures.parts import LEAST_PEOPLE
from insights.tables import Row, Table, number
from insights.topics.suggesting import source_texts
from insights.topics.theme_shares import Share, hides_shares, shares_by_language
from insights.topics.theming import Themes, readable_items, themes_found

EACH = 50  # prompts on a page


@dataclass(frozen=True)
class PromptLine:
    pk: int
    key: str
    topics: list[str]
    text: str


@dataclass(frozen=True)
class Cluster:
    """One suggestion: telling words, its prompts, and how many of them have topics already."""

    number: int
    words: str
    code: str
    prompts: list[PromptLine]
    coded: int


@dataclass(frozen=True)
class Sheet:
    """A theme sheet with its two coders, what each has sent, and what both found."""

    row: ThemeSheet
    items: int
    coders: list[tuple[int, str, int]]
    table: Table | None
    alpha: str
    by_language: Table | None = None
    locked: bool = False


def prompt_lines(study: Study) -> dict[int, PromptLine]:
    """Prompts in use, by key in the database, with the text that was written first."""
    texts = source_texts(study)[1]
    rows = Prompt.objects.in_use().filter(pool=study.pool_id).order_by("key")
    return {
        pk: PromptLine(pk, key, list(topics), texts.get(pk, ""))
        for pk, key, topics in rows.values_list("pk", "key", "topics")
    }


def codes_in_use(lines: Sequence[PromptLine]) -> list[tuple[str, int]]:
    """Each topic and how many prompts have it."""
    return sorted(Counter(code for line in lines for code in line.topics).items())


def chosen_page(lines: Sequence[PromptLine], *, topic: str, page: str) -> Page[PromptLine]:
    """Prompts of one topic ("-": of none; empty: all), some at a time."""
    kept = [
        line
        for line in lines
        if not topic or topic in line.topics or (topic == "-" and not line.topics)
    ]
    return Paginator(kept, EACH).get_page(page)


def newest_suggestion(study: Study) -> TopicSuggestion | None:
    return TopicSuggestion.objects.filter(study=study).first()


def clusters_of(suggestion: TopicSuggestion, lines: dict[int, PromptLine]) -> list[Cluster]:
    """Suggestions that nobody has put aside. Prompts retired since are left out."""
    found = []
    for place, one in enumerate(suggestion.result.get("clusters", ())):
        if place in suggestion.put_aside:
            continue
        prompts = [lines[pk] for pk in one["prompts"] if pk in lines]
        coded = sum(1 for line in prompts if line.topics)
        code = next((word for word in one["words"] if word.isascii() and word.isalpha()), "")
        found.append(Cluster(place, ", ".join(one["words"]), code, prompts, coded))
    return found


def agreement_with(suggestion: TopicSuggestion, lines: dict[int, PromptLine]) -> float | None:
    """The adjusted Rand index of the suggestion and people's codes, where two prompts or more
    have exactly one."""
    from insights.statistics.topics import alike

    pairs = [
        (place, lines[pk].topics[0])
        for place, one in enumerate(suggestion.result.get("clusters", ()))
        for pk in one["prompts"]
        if pk in lines and len(lines[pk].topics) == 1
    ]
    if len(pairs) < 2:
        return None
    return alike(*zip(*pairs, strict=True))


def sheets_of(study: Study, phase: str) -> list[Sheet]:
    return [_sheet(row) for row in ThemeSheet.objects.filter(study=study, phase=phase)]


def _sheet(row: ThemeSheet) -> Sheet:
    items = readable_items(row)
    sent = Counter(items.values_list("codings__coder", flat=True))
    found = themes_found(row)
    coders = [(place, name, sent.get(place, 0)) for place, name in enumerate(row.coders)]
    alpha = "" if found is None else _interval(found.found.alpha, None)
    if found is None:
        return Sheet(row, items.count(), coders, None, alpha)
    shares, locked = shares_by_language(row, found), hides_shares(row)
    table = _table(found, share=not (locked and row.language))
    by_language = _languages(shares) if shares else None
    return Sheet(row, items.count(), coders, table, alpha, by_language, locked)


def _languages(shares: Sequence[Share]) -> Table:
    return Table(
        title=_("Themes by language"),
        columns=[
            *(_("Theme"), _("Language"), _("People"), _("Explanations")),
            _("Share of explanations"),
        ],
        rows=[
            Row(
                [
                    *(one.theme, _language(one.language), number(one.people)),
                    *(number(one.explanations), _share(one)),
                ]
            )
            for one in shares
        ],
        notes=[
            _("A dash: fewer than %(people)s people. Intervals of 95 %%: people.")
            % {"people": LEAST_PEOPLE}
        ],
        words=(0, 1),
    )


def _language(code: str) -> str:
    return str(dict(settings.LANGUAGES).get(code, code))


def _share(one: Share) -> str:
    if one.value is None or one.low is None or one.high is None:
        return "–"
    value, low, high = (f"{number(100 * part, 1)} %" for part in (one.value, one.low, one.high))
    return _("%(value)s (%(low)s to %(high)s)") % {"value": value, "low": low, "high": high}


def _table(found: Themes, *, share: bool) -> Table:
    order = sorted(range(len(found.names)), key=lambda at: -found.found.share.value[at])
    rows = [
        Row(
            [
                found.names[at],
                number(int(found.both[at])),
                number(int(found.either[at])),
                _interval(found.found.share, at, percent=True) if share else "–",
                _interval(found.found.kappa, at),
            ]
        )
        for at in order
    ]
    values = {"explanations": found.explanations, "people": found.people}
    return Table(
        title=_("Themes that both coders named"),
        columns=[
            _("Theme"),
            _("Both coders"),
            _("One of them"),
            _("Share of explanations"),
            _("Cohen's kappa"),
        ],
        rows=rows,
        notes=[
            _(
                "Of %(explanations)s explanations by %(people)s people. An explanation in which "
                "one coder alone sees the theme counts half. Intervals of 95 %%: people."
            )
            % values
        ],
    )


def _interval(found: Any, at: int | None, *, percent: bool = False) -> str:
    """A figure with its bounds, or a dash."""
    low, high = found.bounds()
    parts = [float(one if at is None else one[at]) for one in (found.value, low, high)]
    if math.isnan(parts[0]):
        return "–"
    factor, places = (100, 1) if percent else (1, 2)
    words = [number(None if math.isnan(part) else factor * part, places) for part in parts]
    if percent:
        words = [f"{word} %" for word in words]
    if math.isnan(parts[1]):  # one person alone: nothing says how people differ
        return words[0]
    return _("%(value)s (%(low)s to %(high)s)") % dict(
        zip(("value", "low", "high"), words, strict=True)
    )
