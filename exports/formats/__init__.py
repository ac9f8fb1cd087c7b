"""Dataset formats, one file each; FORMATS finds them by name."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exports.formats.base import Format

MODULES = {
    "community-alignment": "community_alignment",
    "comparisons": "comparisons",
    "rankings": "rankings",
    "preference-pairs": "preference_pairs",
    "preference-pairs-chosen": "preference_pairs_chosen",
    "conversations": "conversations",
    "candidates": "candidates",
    "annotators": "annotators",
    "dispositions": "dispositions",
    "prism": "prism",
}


class Formats(Mapping[str, "Format"]):
    """Formats by name, in the order of the documentation.

    Each is loaded when it is first looked up: formats read `exports.source`, which itself
    reads `exports.formats.base`. An unknown name is a KeyError.
    """

    def __getitem__(self, name: str) -> "Format":
        return _load(MODULES[name])

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


@cache
def _load(module: str) -> "Format":
    form: Format = import_module(f"exports.formats.{module}").FORMAT
    return form


FORMATS = Formats()
