"""Preference pairs of the response that continued the conversation against each of the rest."""

from dataclasses import replace

from exports.formats import preference_pairs
from exports.formats.base import Query
from exports.scope import Scope


def query(scope: Scope) -> Query:
    return preference_pairs.query(scope, only=" AND better.candidate_id = paths.chosen_id")


FORMAT = replace(
    preference_pairs.FORMAT,
    name="preference-pairs-chosen",
    title="Preference pairs: the chosen one against the rest",
    row="The response that continued a conversation and one below it, for one turn and person.",
    query=query,
    not_carried="What is missing in `preference-pairs`, and the order among those not chosen.",
)
