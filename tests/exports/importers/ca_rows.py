"""Small tables in the layout of Community Alignment, written for these tests."""

import csv
from collections.abc import Iterable
from pathlib import Path

from exports.formats.community_alignment import SLOTS
from exports.importers.community_alignment import NAMES

PERSON = {
    "annotator_id": "61570000000001",
    "annotator_age": "35-45",
    "annotator_gender": "female",
    "annotator_education_level": "Post-secondary graduate",
    "annotator_political": "I don't think of myself in this way",
    "annotator_ethnicity": "Immigrant",
    "annotator_country": "france",
    "assigned_lang": "fr",
    "wave": "1",
}


def turn(name: str, message: str, chosen: str = "a", **changes: str) -> dict[str, str]:
    texts = {slot: f"{message} : réponse {slot}" for slot in SLOTS}
    raw = "\n\n".join(f"# Response {slot.upper()}:\n{text}" for slot, text in texts.items())
    values = {
        "prompt": message,
        "responses": raw,
        **{f"response_{slot}": text for slot, text in texts.items()},
        "preferred_response": f"response_{chosen}",
        "feedback": "",
    }
    return {f"{name}_turn_{column}": value for column, value in (values | changes).items()}


def row(number: int, *turns: dict[str, str], **changes: str) -> dict[str, str]:
    """One conversation; without turns it has one."""
    given = turns or (turn("first", "Que faire ce soir ?"),)
    merged = dict.fromkeys(NAMES, "") | PERSON
    merged |= {
        "conversation_id": str(number),
        "is_pregenerated_first_prompt": "True",
        "in_balanced_subset": "False",
        "in_balanced_subset_10": "False",
    }
    for values in given:
        merged |= values
    return merged | changes


def dialogue_rows() -> list[dict[str, str]]:
    """Three people, four turns at most, a pool prompt that two of them judged, explanations."""
    other = {
        "annotator_id": "61570000000002",
        "annotator_age": "55+",
        "annotator_gender": "male",
        "annotator_education_level": "(At most) Complete Secondary",
        "annotator_political": "Prefer not to say",
        "annotator_ethnicity": "Non immigrant",
    }
    indian = {
        "annotator_id": "61570000000003",
        "annotator_age": "",
        "annotator_gender": "",
        "annotator_education_level": "",
        "annotator_political": "Very right-leaning",
        "annotator_ethnicity": "Dravidian",
        "annotator_country": "india",
        "assigned_lang": "hi",
        "wave": "2",
    }
    first = turn("first", "Que faire ce soir ?", "b", feedback="B est plus calme.\nEt court.")
    return [
        row(1, first, turn("second", "Et demain ?", "d")),
        row(2, turn("first", "Que faire ce soir ?", "c"), **other),
        row(
            3,
            turn("first", "मैं क्या पकाऊँ?", "a"),
            turn("second", "और?", "b"),
            turn("third", "फिर?", "c", feedback='"हाँ", बस'),
            turn("fourth", "अच्छा", "d"),
            is_pregenerated_first_prompt="False",
            **indian,
        ),
        row(4, turn("first", "Write me a poem", "c"), **(indian | {"assigned_lang": "en"})),
    ]


def write(path: Path, rows: Iterable[dict[str, str]], names: Iterable[str] = NAMES) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(names), quoting=csv.QUOTE_ALL, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path
