"""Coarser answers for a release: which codes become which, and who is left without any."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Recoding:
    """Nothing is recoded unless said.

    `codes`: question code -> answer code -> coarser code (missing: as it is; empty text: none).
    `age_bands`: lowest ages of the groups, ascending; empty: age in years.
    `suppressed`: participation ids whose answers leave empty.
    """

    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    age_bands: tuple[int, ...] = ()
    suppressed: frozenset[int] = frozenset()
