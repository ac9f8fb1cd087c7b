"""A tiny release in PRISM's layout, written for these tests: two people, one conversation."""

import copy
import json
from pathlib import Path
from typing import Any

Files = dict[str, list[dict[str, Any]]]
USES = [
    "homework_assistance",
    "research",
    "source_suggestions",
    "professional_work",
    "creative_writing",
    "casual_conversation",
    "personal_recommendations",
    "daily_productivity",
    "technical_or_programming_help",
    "travel_guidance",
    "lifestyle_and_hobbies",
    "well-being_guidance",
    "medical_guidance",
    "financial_guidance",
    "games",
    "historical_or_news_insight",
    "relationship_advice",
    "language_learning",
    "other",
]
STATED = "values creativity fluency factuality diversity safety personalisation helpfulness other"
ATTRIBUTES = ["values", "fluency", "factuality", "safety", "diversity", "creativity", "helpfulness"]


def _order(names: list[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names, start=1)}


def person(number: int, *, conversations: int) -> dict[str, Any]:
    stated = STATED.split()
    return {
        "user_id": f"user{number}",
        "survey_only": conversations == 0,
        "num_completed_conversations": conversations,
        "consent": "Yes, I consent to take part",
        "consent_age": "I certify that I am 18 years of age or over",
        "lm_familiarity": "Somewhat familiar",
        "lm_indirect_use": "Yes",
        "lm_direct_use": "Yes",
        "lm_frequency_use": "Every week",
        "self_description": "I teach.",
        "system_string": "You are patient.",
        "age": "25-34 years old",
        "gender": "Female",
        "employment_status": "Working full-time",
        "education": "Vocational",
        "marital_status": "Prefer not to say",
        "english_proficiency": "Fluent",
        "study_id": "0123456789abcdef01234567",
        "study_locale": "uk",
        "religion": dict.fromkeys(("self_described", "categorised", "simplified"), "Other"),
        "ethnicity": dict.fromkeys(("self_described", "categorised", "simplified"), "White"),
        "location": {
            "birth_country": "France",
            "birth_countryISO": "FRA",
            "birth_region": "Europe",
            "birth_subregion": "Western Europe",
            "reside_country": "United Kingdom",
            "reside_region": "Europe",
            "reside_subregion": "Northern Europe",
            "reside_countryISO": "GBR",
            "same_birth_reside_country": "No",
            "special_region": "Europe",
        },
        "lm_usecases": dict.fromkeys(USES, 0) | {"other_text": None},
        "stated_prefs": dict.fromkeys(stated, 50) | {"other_text": None},
        "order_lm_usecases": _order(USES),
        "order_stated_prefs": _order(stated),
        "generated_datetime": "2023-11-22 15:48:46",
        "timing_duration_s": 266,
        "timing_duration_mins": 4.43,
        "included_in_US_REP": False,
        "included_in_UK_REP": False,
        "included_in_balanced_subset": False,
    }


def answer(turn: int, place: int, model: str, score: int, *, chosen: bool) -> dict[str, Any]:
    return {
        "turn": turn,
        "role": "model",
        "content": f"Answer {place} of turn {turn}",
        "model_provider": "cohere",
        "model_name": model,
        "score": score,
        "if_chosen": chosen,
        "within_turn_id": place,
    }


def conversation() -> dict[str, Any]:
    history = [
        {"turn": 0, "role": "user", "content": "hello"},
        answer(0, 0, "one", 17, chosen=False),
        answer(0, 1, "two", 92, chosen=True),
        answer(0, 2, "three", 17, chosen=False),
        {"turn": 1, "role": "user", "content": "and now?"},
        answer(1, 0, "two", 40, chosen=False),
        answer(1, 1, "two", 60, chosen=True),
    ]
    return {
        "conversation_id": "c0",
        "user_id": "user0",
        "conversation_type": "unguided",
        "opening_prompt": "hello",
        "conversation_turns": 2,
        "conversation_history": history,
        "performance_attributes": dict.fromkeys(ATTRIBUTES, 50) | {"values": None},
        "choice_attributes": dict.fromkeys(ATTRIBUTES, 100),
        "open_feedback": "none",
        "generated_datetime": "2023-11-22 15:55:46",
        "timing_duration_s": 401.07,
        "timing_duration_mins": 6.68,
        "included_in_balanced_subset": False,
    }


def _utterances(talk: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    prompt = ""
    for entry in talk["conversation_history"]:
        if entry["role"] == "user":
            prompt = entry["content"]
            continue
        rows.append(
            {
                "utterance_id": f"ut{len(rows)}",
                "interaction_id": f"int{entry['turn']}",
                "conversation_id": talk["conversation_id"],
                "user_id": talk["user_id"],
                "turn": entry["turn"],
                "within_turn_id": entry["within_turn_id"],
                "conversation_type": talk["conversation_type"],
                "user_prompt": prompt,
                "model_response": entry["content"],
                "model_name": entry["model_name"],
                "model_provider": entry["model_provider"],
                "score": entry["score"],
                "if_chosen": entry["if_chosen"],
                "included_in_balanced_subset": False,
            }
        )
    return rows


def release() -> Files:
    """Files by name; change what a test is about, then `store` them."""
    talk = conversation()
    texts = 5 + 2 + 1 + 2 * 2
    metadata = {
        "column_id": "user_prompt",
        "user_id": "user0",
        "conversation_id": "c0",
        "interaction_id": "int0",
        "utterance_id": None,
        "pii_flag": False,
        "pii_manual_flag": float("nan"),
        "language_flag": "en",
        "en_flag": True,
        "moderation_flag": {"flagged": False},
    }
    return copy.deepcopy(
        {
            "survey.jsonl": [person(0, conversations=1), person(1, conversations=0)],
            "conversations.jsonl": [talk],
            "utterances.jsonl": _utterances(talk),
            "metadata.jsonl": [metadata] * texts,
        }
    )


def store(folder: Path, files: Files) -> Path:
    folder.mkdir(exist_ok=True)
    for name, rows in files.items():
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder
