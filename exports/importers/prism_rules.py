"""What must hold in PRISM's files: the validator, rule by rule, with row or id.

Rules: the invariants of the release, from its codebook and files (https://arxiv.org/abs/2404.16019).
Counts of the published release are asked only with `published`; the others hold for any file of
this layout.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from exports.importers.prism import Row, read_lines
from exports.importers.records import Problem

PUBLISHED_ROWS = {
    "survey.jsonl": 1_500,
    "conversations.jsonl": 8_011,
    "utterances.jsonl": 68_371,
    "metadata.jsonl": 106_554,
}
KEYS = {
    "survey.jsonl": """user_id survey_only num_completed_conversations consent consent_age
        lm_familiarity lm_indirect_use lm_direct_use lm_frequency_use self_description
        system_string age gender employment_status education marital_status english_proficiency
        study_id study_locale religion ethnicity location lm_usecases stated_prefs
        order_lm_usecases order_stated_prefs generated_datetime timing_duration_s
        timing_duration_mins included_in_US_REP included_in_UK_REP included_in_balanced_subset""",
    "conversations.jsonl": """conversation_id user_id conversation_type opening_prompt
        conversation_turns conversation_history performance_attributes choice_attributes
        open_feedback generated_datetime timing_duration_s timing_duration_mins
        included_in_balanced_subset""",
    "utterances.jsonl": """utterance_id interaction_id conversation_id user_id turn within_turn_id
        conversation_type user_prompt model_response model_name model_provider score if_chosen
        included_in_balanced_subset""",
    "metadata.jsonl": """column_id user_id conversation_id interaction_id utterance_id pii_flag
        pii_manual_flag language_flag en_flag moderation_flag""",
}
TYPES = {"unguided", "values guided", "controversy guided"}
IDS = {
    "user_id": re.compile(r"user\d+"),
    "conversation_id": re.compile(r"c\d+"),
    "interaction_id": re.compile(r"int\d+"),
    "utterance_id": re.compile(r"ut\d+"),
}


def find_problems(folder: Path, *, published: bool = False) -> Iterator[Problem]:
    """Every violation in a folder of PRISM's files; a sound folder yields none."""
    totals: Counter[str] = Counter()
    talks: Counter[str] = Counter()
    people: dict[str, Row] = {}
    balanced: dict[str, Counter[str]] = {}
    for place, row in _rows(folder, "survey.jsonl", totals):
        if problems := list(_keys(row, "survey.jsonl", place)):
            yield from problems
            continue
        yield from _survey(row, place)
        people[row["user_id"]] = row
    for place, row in _rows(folder, "conversations.jsonl", totals):
        if problems := list(_keys(row, "conversations.jsonl", place)):
            yield from problems
            continue
        yield from _conversation(row, place, totals)
        user = row["user_id"]
        talks[user] += 1
        if user not in people:
            yield Problem("known_person", place, f"{user} is not in survey.jsonl.")
        if row["included_in_balanced_subset"]:
            balanced.setdefault(user, Counter())[row["conversation_type"]] += 1
    yield from _people(people, talks, balanced)
    interactions: set[str] = set()
    for place, row in _rows(folder, "utterances.jsonl", totals):
        if problems := list(_keys(row, "utterances.jsonl", place)):
            yield from problems
            continue
        yield from _utterance(row, place)
        interactions.add(row["interaction_id"])
    for place, row in _rows(folder, "metadata.jsonl", totals):
        yield from _keys(row, "metadata.jsonl", place)
    yield from _totals(totals, len(interactions), published)


def _rows(folder: Path, name: str, totals: Counter[str]) -> Iterator[tuple[str, Row]]:
    for number, row in enumerate(read_lines(folder / name), start=1):
        totals[name] += 1
        yield f"{name}, row {number}", row


def _keys(row: Row, name: str, place: str) -> Iterator[Problem]:
    expected = set(KEYS[name].split())
    if set(row) != expected:
        wrong = ", ".join(sorted(set(row) ^ expected))
        yield Problem("keys", place, f"these keys are missing or unknown: {wrong}.")
    for key, pattern in IDS.items():
        value = row.get(key)
        if value is not None and not pattern.fullmatch(str(value)):
            yield Problem("ids", place, f"{key} is {value!r}.")


def _survey(row: Row, place: str) -> Iterator[Problem]:
    if row["survey_only"] != (row["num_completed_conversations"] == 0):
        yield Problem("survey_only", place, "survey_only disagrees with the conversations.")
    yield from _minutes(row, place)
    rep = row["included_in_US_REP"] or row["included_in_UK_REP"]
    if rep and not row["included_in_balanced_subset"]:
        yield Problem("rep", place, "in a representative sample but not in the balanced subset.")
    if rep and (row["gender"] not in {"Male", "Female"} or row["study_locale"] not in {"us", "uk"}):
        yield Problem("rep", place, "a representative sample holds men and women of us and uk.")
    stated = {name: value for name, value in row["stated_prefs"].items() if name != "other_text"}
    if any(not _between(value, 0, 100) for value in stated.values()):
        yield Problem("stated_prefs", place, "a stated preference is not within 0 and 100.")
    shown = "Yes" in {row["lm_direct_use"], row["lm_indirect_use"]}
    for name in ("lm_usecases", "order_lm_usecases"):
        if (row["lm_frequency_use"] is None) != all(value is None for value in row[name].values()):
            yield Problem("shown_together", place, f"{name} and lm_frequency_use disagree.")
    if shown == (row["lm_frequency_use"] is None):
        yield Problem("shown_together", place, "lm_frequency_use is not as the display rule says.")
    for name in ("order_lm_usecases", "order_stated_prefs"):
        order = [value for value in row[name].values() if value is not None]
        places = list(range(1, len(order) + 1))
        if order and (sorted(order) != places or row[name]["other"] != len(order)):
            yield Problem("orders", place, f"{name} is no order with 'other' last.")


def _conversation(row: Row, place: str, totals: Counter[str]) -> Iterator[Problem]:
    if row["conversation_type"] not in TYPES:
        yield Problem("type", place, f"conversation_type is {row['conversation_type']!r}.")
    yield from _minutes(row, place)
    for name in ("performance_attributes", "choice_attributes"):
        if any(value is not None and not _between(value, 1, 100) for value in row[name].values()):
            yield Problem("attributes", place, f"{name} holds a value outside 1 and 100.")
    turns: dict[int, list[Row]] = {}
    for entry in row["conversation_history"]:
        turns.setdefault(entry["turn"], []).append(entry)
    totals["turns"] += len(turns)
    if sorted(turns) != list(range(row["conversation_turns"])) or len(turns) < 2:
        yield Problem("contiguous", place, "turns are not contiguous from 0, or fewer than two.")
    opener = next((entry for entry in turns.get(0, []) if entry["role"] == "user"), None)
    if opener is None or opener["content"] != row["opening_prompt"]:
        yield Problem("opening", place, "the first message is not the opening prompt.")
    first = [entry for entry in turns.get(0, []) if entry["role"] == "model"]
    chosen_model = next((entry["model_name"] for entry in first if entry["if_chosen"]), None)
    for number, entries in sorted(turns.items()):
        answers = [entry for entry in entries if entry["role"] == "model"]
        totals["answers"] += len(answers)
        yield from _turn(number, answers, chosen_model, place)


def _turn(number: int, answers: list[Row], chosen_model: Any, place: str) -> Iterator[Problem]:
    names = [entry["model_name"] for entry in answers]
    if [entry["within_turn_id"] for entry in answers] != list(range(len(answers))):
        yield Problem("within_turn", place, f"turn {number}: within_turn_id does not run from 0.")
    if any(not _between(entry["score"], 1, 100) for entry in answers):
        yield Problem("score", place, f"turn {number}: a score is not within 1 and 100.")
    if number == 0 and not (1 <= len(names) <= 4 and len(set(names)) == len(names)):
        yield Problem("opening_models", place, "the opening needs 1 to 4 different models.")
    if number > 0 and (len(names) != 2 or set(names) != {chosen_model}):
        yield Problem("one_model", place, f"turn {number}: two responses of the chosen model.")
    chosen = [entry for entry in answers if entry["if_chosen"]]
    if not chosen or (number == 0 and len(chosen) > 1):
        yield Problem("chosen", place, f"turn {number}: {len(chosen)} responses are chosen.")
    elif max(e["score"] for e in chosen) < max(e["score"] for e in answers):
        yield Problem("highest", place, f"turn {number}: the chosen response has a lower score.")


def _people(
    people: dict[str, Row], talks: Counter[str], balanced: dict[str, Counter[str]]
) -> Iterator[Problem]:
    for user, row in people.items():
        if row["survey_only"] != (talks[user] == 0):
            yield Problem("survey_only", user, "survey_only disagrees with conversations.jsonl.")
    for user, types in balanced.items():
        if len(types) != len(TYPES) or len(set(types.values())) != 1:
            yield Problem("balanced", user, "the balanced subset holds unequal numbers of types.")


def _utterance(row: Row, place: str) -> Iterator[Problem]:
    if not _between(row["score"], 1, 100):
        yield Problem("score", place, "the score is not within 1 and 100.")
    if row["conversation_type"] not in TYPES:
        yield Problem("type", place, f"conversation_type is {row['conversation_type']!r}.")


def _totals(totals: Counter[str], interactions: int, published: bool) -> Iterator[Problem]:
    """Files agree with each other, and with the release where they claim to be it."""
    answers, turns = totals["answers"], totals["turns"]
    if totals["utterances.jsonl"] != answers:
        yield Problem("same_answers", "all files", f"histories hold {answers} responses.")
    if interactions != turns:
        yield Problem("same_turns", "all files", f"histories hold {turns} turns.")
    texts = answers + turns + totals["conversations.jsonl"] + 2 * totals["survey.jsonl"]
    if totals["metadata.jsonl"] != texts:
        yield Problem("one_row_a_text", "metadata.jsonl", f"there are {texts} texts to describe.")
    if published:
        for name, rows in PUBLISHED_ROWS.items():
            if totals[name] != rows:
                yield Problem("published_rows", name, f"{totals[name]} rows, not {rows}.")


def _minutes(row: Row, place: str) -> Iterator[Problem]:
    if abs(row["timing_duration_mins"] - row["timing_duration_s"] / 60) > 0.006:
        yield Problem("minutes", place, "timing_duration_mins is not its seconds divided by 60.")


def _between(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
