"""What each tier of release demands, and which part every question has in it.

Settings (of Release.settings; all may be missing): `k`, `l`, `t` (0: not demanded), `special`
(codes of special categories that leave), `quasi` (codes by which a person could be known;
missing: every question but the ones named below), `most_lost` (share of people whose answers
may be cut out before all answers are made coarser), `times`, `purposes`, `phase`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.core.exceptions import ValidationError

from accounts.models import Purpose, Question
from annotation.models import Phase, Study
from exports.models import Tier
from exports.privacy.recoding import Recoding
from exports.scope import Scope, Times

SMALLEST_GROUP = {Tier.PUBLIC: 10, Tier.AGREEMENT: 5}
FEWEST_ANSWERS = 2  # l
MOST_LOST = 0.05
TIMES = {Tier.PUBLIC: Times.DAY, Tier.AGREEMENT: Times.HOUR}
COARSE_TIMES = {Times.DAY, Times.WEEK, Times.MONTH, Times.NONE}

# A special category that others see in a person, so that it counts towards k where it leaves.
VISIBLE = frozenset({"ethnicity"})
# How somebody worked, which nobody outside knows.
NOT_KNOWN_OUTSIDE = frozenset({"ai_help"})


@dataclass(frozen=True)
class Demands:
    """The settings of one tier, checked and complete."""

    tier: Tier
    k: int
    l: int  # noqa: E741 - its name in the literature
    t: float
    special: tuple[str, ...]
    quasi: tuple[str, ...] | None
    most_lost: float
    times: Times
    purposes: tuple[Purpose, ...]
    phase: Phase

    @classmethod
    def of(cls, tier: Tier | str, settings: Mapping[str, Any] | None = None) -> Self:
        """Raises ValidationError, one sentence, for a setting that makes no sense."""
        given, tier = dict(settings or {}), Tier(tier)
        quasi = given.get("quasi")
        try:
            found = cls(
                tier=tier,
                k=int(given.get("k", SMALLEST_GROUP[tier])),
                l=int(given.get("l", FEWEST_ANSWERS)),
                t=float(given.get("t", 0)),
                special=tuple(sorted(given.get("special", ()))),
                quasi=None if quasi is None else tuple(sorted(quasi)),
                most_lost=float(given.get("most_lost", MOST_LOST)),
                times=Times(given.get("times", TIMES[tier])),
                purposes=tuple(map(Purpose, given.get("purposes", [Purpose.RELEASE_CHOICES]))),
                phase=Phase(given.get("phase", Phase.MAIN)),
            )
        except (TypeError, ValueError) as error:
            raise ValidationError(f"A release's settings cannot be read: {error}.") from error
        found._check()
        return found

    def _check(self) -> None:
        if self.k < 2:
            raise ValidationError("The smallest group k is a whole number from 2.")
        if self.l < 1 or not 0 <= self.t <= 1 or not 0 <= self.most_lost <= 1:
            raise ValidationError("l is a whole number from 1; t and most_lost lie from 0 to 1.")
        if self.tier == Tier.PUBLIC and self.times not in COARSE_TIMES:
            raise ValidationError("A public release gives times by day, week or month, or none.")

    def scope(self, study: Study, recoding: Recoding | None = None) -> Scope:
        """Whose answers leave, and how."""
        return Scope(
            study=study,
            recipient=f"plan:{self.tier}",
            phase=self.phase,
            purposes=self.purposes,
            free_text_purpose=Purpose.RELEASE_FREE_TEXT,
            times=self.times,
            recoding=recoding or Recoding(),
        )


@dataclass(frozen=True)
class Roles:
    """Codes of questions by their part: `quasi` could tell who somebody is, `sensitive` must
    not be learnt about her, `kept_in` leave for nobody. Others leave as they are."""

    quasi: tuple[str, ...]
    sensitive: tuple[str, ...]
    kept_in: frozenset[str]

    @classmethod
    def of(cls, study: Study, demands: Demands) -> Self:
        """Raises ValidationError for a code that no question of the study has."""
        questions = list(
            Question.objects.filter(instrument__in=study.instrument_ids()).order_by(
                "code", "country"
            )
        )
        codes = {question.code for question in questions}
        special = {question.code for question in questions if question.special_category}
        unknown = sorted({*demands.special, *(demands.quasi or ())} - codes)
        if unknown:
            raise ValidationError(f"No question of {study} has the code {unknown[0]!r}.")
        leaving = special & set(demands.special)
        checks = {question.code for question in questions if question.expected}
        plain = codes - special - checks - NOT_KNOWN_OUTSIDE
        quasi = plain if demands.quasi is None else set(demands.quasi) - (special - leaving)
        return cls(
            quasi=tuple(sorted(quasi | (leaving & VISIBLE))),
            sensitive=tuple(sorted(leaving)),
            kept_in=frozenset(special - leaving),
        )
