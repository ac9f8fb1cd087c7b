"""For tests of rehearsals: a small study in two countries, and what a rehearsal of it says."""

from collections.abc import Sequence
from typing import Any

from annotation.actions.definition import apply_study
from annotation.models import Study
from rehearsal import stage
from rehearsal.findings import Check
from tests.annotation.test_placements import questionnaire
from tests.definitions import small_definition

# Beyond a dozen people nothing can be said of some figures; that is no defect.
TOO_LITTLE = ("nothing can be said", "Too little")
# Each person: four pool conversations and an own one, of one turn.
CHANGES: dict[str, Any] = {"pool_conversations": 4, "turn_lengths": {"1": 1}}


def two_countries(target: int) -> Study:
    definition = small_definition(prompts=5, target=target)
    about = definition["study"]
    about["locales"] = [item for item in about["locales"] if item["country"] in {"FR", "IT"}]
    about["key"] = definition["pool"]["key"] = "two-countries"
    definition["instruments"]["further"] = [
        questionnaire("mood", placement="drawn"),
        questionnaire("rest", placement="between", after=1),
    ]
    return apply_study(definition)


def prepared(people: int, *, target: int, seed: int = 3) -> stage.Rehearsal:
    return stage.prepare(
        two_countries(target), seed=seed, people=people, provider="", changes=CHANGES
    )


def broken(checks: Sequence[Check]) -> set[str]:
    """Names of the checks that fail, but for those that too few people say nothing of."""
    return {
        check.name
        for check in checks
        if not check.holds and not any(words in check.words for words in TOO_LITTLE)
    }
