"""What stored names mean, in words for the pages of staff."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotation.models import Phase
from exports.containers import Container
from exports.release.tiers import LICENCES
from exports.scope import Times, Variant

Words = Mapping[str, str | Promise]

FORMATS: Words = {
    "community-alignment": _("Community Alignment: a finished conversation in 45 columns"),
    "community-alignment-44": _("Community Alignment without the wave: its first layout"),
    "comparisons": _("Comparisons: a judged turn with its texts and the whole ranking"),
    "comparisons-sheet": _("Comparisons for reading in a spreadsheet"),
    "rankings": _("Rankings: a candidate of a judged turn"),
    "preference-pairs": _("Preference pairs: two responses, the preferred one first"),
    "preference-pairs-chosen": _("Preference pairs: the chosen response against each other one"),
    "conversations": _("Conversations: a whole dialogue with everything shown in it"),
    "candidates": _("Candidates: how each response came about, refusals included"),
    "annotators": _("Annotators: a person and her answers"),
    "dispositions": _("Dispositions: what became of each place that was given"),
    "prism": _("PRISM: cannot be written yet"),
}
CONTAINERS: Words = {
    Container.CSV: "CSV",
    Container.JSONL: "JSON Lines",
    Container.JSONL_GZ: _("JSON Lines, packed with gzip"),
    Container.JSONL_ZST: _("JSON Lines, packed with zstd"),
    Container.PARQUET: "Parquet",
}
TIMES: Words = {
    Times.EXACT: _("exact"),
    Times.HOUR: _("by the hour"),
    Times.DAY: _("by the day"),
    Times.WEEK: _("by the week"),
    Times.MONTH: _("by the month"),
    Times.NONE: _("not at all"),
}
VARIANTS: Words = {
    Variant.FULL: _("every finished conversation"),
    Variant.FILTERED: _("finished conversations without any fault"),
}
LICENCE_NAMES: Words = {name: f"{title} ({name})" for name, (title, _link) in LICENCES.items()}
OPTIONS: Mapping[str, tuple[str | Promise, Words]] = {
    "variant": (_("conversations"), VARIANTS),
    "phase": (_("phase"), {one.value: one.label for one in Phase}),
    "times": (_("times leave"), TIMES),
}


def word(words: Words, name: str) -> str:
    """What a name means; one that is not known stays as it is."""
    return str(words.get(name, name))


def options_in_words(options: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and value of each option that was chosen."""
    known = {name: OPTIONS.get(name, (name, {})) for name in options}
    return [(str(label), word(words, str(options[name]))) for name, (label, words) in known.items()]
