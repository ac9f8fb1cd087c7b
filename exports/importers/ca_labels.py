"""Labels of the Community Alignment release as answer codes: what `labels` renders, read back.

The release holds groups where we hold single answers (an age band, one of five places
between left and right). A group keeps a code of its own, so that nothing is made up.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.text import slugify

from exports.formats import labels

LANGUAGES = {published: ours for ours, published in labels.LANGUAGE.items()}


@dataclass(frozen=True)
class Country:
    code: str
    languages: tuple[str, ...]


COUNTRIES = {
    "united states": Country("US", ("en",)),
    "france": Country("FR", ("fr",)),
    "italy": Country("IT", ("it",)),
    "brazil": Country("BR", ("pt",)),
    "india": Country("IN", ("en", "hi")),
}
QUESTIONS = {
    "age": "annotator_age",
    "gender": "annotator_gender",
    "education": "annotator_education_level",
    "politics": "annotator_political",
    "ethnicity": "annotator_ethnicity",
}


def code_of(question: str, label: str, country: str) -> str:
    """The answer code of a label; one that our lists lack keeps its own words as a code."""
    if question == "gender":
        return next((c for c, text in labels.GENDER.items() if text == label), slugify(label))
    if question == "ethnicity":
        lists = labels.PUBLISHED_ETHNICITY.get(country, {}) | labels.OWN_ETHNICITY.get(country, {})
        return next((code for code, text in lists.items() if text == label), slugify(label))
    return labels.GROUPS[question].get(label) or slugify(label)


def person_answers(row: Mapping[str, str], country: str) -> tuple[dict[str, str], set[str]]:
    """Codes by question, and the questions she preferred not to answer."""
    said = {question: row[column].replace("\u2019", "'") for question, column in QUESTIONS.items()}
    refused = {question for question, text in said.items() if text == labels.PREFER_NOT_TO_SAY}
    codes = {
        question: code_of(question, text, country)
        for question, text in said.items()
        if text and question not in refused
    }
    return codes, refused
