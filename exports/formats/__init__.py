"""Dataset formats, one file each; FORMATS finds them by name."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exports.formats.base import Format

PLACES = {  # module, and the name in it
    "community-alignment": ("community_alignment", "FORMAT"),
    "community-alignment-44": ("community_alignment", "FORMAT_WITHOUT_WAVE"),
    "comparisons": ("comparisons", "FORMAT"),
    "comparisons-sheet": ("sheets", "FORMAT"),
    "rankings": ("rankings", "FORMAT"),
    "preference-pairs": ("preference_pairs", "FORMAT"),
    "preference-pairs-chosen": ("preference_pairs", "FORMAT_CHOSEN"),
    "conversations": ("conversations", "FORMAT"),
    "candidates": ("candidates", "FORMAT"),
    "annotators": ("annotators", "FORMAT"),
    "dispositions": ("dispositions", "FORMAT"),
    "prism": ("prism", "FORMAT"),
}


class Formats(Mapping[str, "Format"]):
    """Formats by name, in the order of the documentation.

    Each is loaded when it is first looked up: formats read `exports.source`, which itself
    reads `exports.formats.base`. An unknown name is a KeyError.
    """

    def __getitem__(self, name: str) -> "Format":
        return _load(*PLACES[name])

    def __iter__(self) -> Iterator[str]:
        return iter(PLACES)

    def __len__(self) -> int:
        return len(PLACES)

    def __contains__(self, name: object) -> bool:
        return name in PLACES


@cache
def _load(module: str, name: str) -> "Format":
    form: Format = getattr(import_module(f"exports.formats.{module}"), name)
    return form


FORMATS = Formats()
