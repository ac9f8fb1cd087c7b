"""Coarser answers for a release: which codes become which, who is left without any, or out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# The answers of a person who preferred not to say: a value of its own, never a code.
REFUSED = "*refused*"


@dataclass(frozen=True)
class Recoding:
    """Nothing is recoded unless said.

    `codes`: question code -> answer code -> coarser code (missing: as it is; empty text: none).
    A question code may be followed by a country, `ethnicity:BR`: then of its people only, and
    before what is said of all.
    `age_bands`: lowest ages of the groups, ascending; empty: age in years.
    `dropped`: question codes (`age` among them) whose answers leave for nobody.
    `blanked`: question code -> participation ids whose answer to it leaves empty.
    `suppressed`: participation ids whose answers all leave empty.
    `left_out`: participation ids that are not in the release at all.
    """

    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    age_bands: tuple[int, ...] = ()
    dropped: frozenset[str] = frozenset()
    blanked: Mapping[str, frozenset[int]] = field(default_factory=dict)
    suppressed: frozenset[int] = frozenset()
    left_out: frozenset[int] = frozenset()

    def to_json(self) -> dict[str, Any]:
        """For Release.settings; equal recodings give equal text. It holds row numbers of people,
        so that it must not leave: `Report.to_json` says the same in counts."""
        return {
            "codes": {code: dict(sorted(self.codes[code].items())) for code in sorted(self.codes)},
            "age_bands": list(self.age_bands),
            "dropped": sorted(self.dropped),
            "blanked": {code: sorted(self.blanked[code]) for code in sorted(self.blanked)},
            "suppressed": sorted(self.suppressed),
            "left_out": sorted(self.left_out),
        }

    def parameters(self) -> dict[str, Any]:
        """What the SQL of `exports.source` reads: texts of JSON, and lists."""
        stored = self.to_json()
        return {
            "recoded": json.dumps(stored["codes"], sort_keys=True),
            "blanked": json.dumps(stored["blanked"], sort_keys=True),
            "dropped": stored["dropped"],
            "suppressed": stored["suppressed"],
            "left_out": stored["left_out"],
        }
