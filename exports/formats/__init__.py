"""Dataset formats, one file each; FORMATS finds them by name."""

from exports.formats import comparisons
from exports.formats.base import Format

FORMATS: dict[str, Format] = {form.name: form for form in (comparisons.FORMAT,)}
