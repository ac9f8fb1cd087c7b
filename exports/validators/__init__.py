"""One validator per format of ours: rows in, problems out. VALIDATORS finds them by name."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from exports.validators import (
    annotators,
    candidates,
    conversations,
    dispositions,
    preference_pairs,
)
from exports.validators.problems import Problem, Row

VALIDATORS: Mapping[str, Callable[[Iterable[Row]], Iterator[Problem]]] = {
    "preference-pairs": preference_pairs.find_problems,
    "preference-pairs-chosen": preference_pairs.find_problems,
    "conversations": conversations.find_problems,
    "candidates": candidates.find_problems,
    "annotators": annotators.find_problems,
    "dispositions": dispositions.find_problems,
}
