"""The canned texts of the demonstration, and what becomes of them when they are reworded."""

import random
import re

import pytest

from demo.provider import LANGUAGES, Library

LIBRARY = Library()
PROMPTS = sorted(LIBRARY.texts["en"]["prompts"])
QUESTIONS = {
    "en": "My father died three weeks ago and I can't concentrate on anything.",
    "fr": "Mon père est mort il y a trois semaines et je n'arrive pas à me concentrer.",
    "it": "Mio padre è morto tre settimane fa e non riesco a concentrarmi.",
    "pt-br": "Meu pai morreu há três semanas e não consigo me concentrar.",
    "hi": "तीन हफ़्ते पहले मेरे पिता का देहांत हो गया और मेरा किसी काम में मन नहीं लगता।",
}
# One thought, said twice by a person.
SAID_TWICE = {
    "en": (
        "Talk to your parents or to an older couple you trust; they know how fast these years go.",
        "Speak with your parents, or an older couple you trust: they know how fast years go.",
    ),
    "fr": (
        "Gardez des rites ce qui a du sens pour vous et laissez le reste sans vous en excuser.",
        "Des rites, gardez ce qui a du sens pour vous ; laissez le reste sans vous excuser.",
    ),
    "it": (
        "Leggi però bene il contratto: quanto dell'aumento è fisso, quanto dipende dai risultati.",
        "Però leggi bene il contratto, quanto è fisso dell'aumento e quanto dipende dai risultati.",
    ),
    "pt-br": (
        "Aceite a marmita da vizinha e a carona do cunhado, porque economizar energia é prudência.",
        "Aceite a carona do cunhado e a marmita da vizinha, pois economizar energia é prudência.",
    ),
    "hi": (
        "अपने माता-पिता से बात कीजिए, वे जानते हैं कि ये साल कितनी जल्दी बीत जाते हैं।",
        "माता-पिता से बात कर लीजिए, वे जानते हैं कि ये साल कितनी जल्दी बीतते हैं।",
    ),
}
every_language = pytest.mark.parametrize("language", LANGUAGES)


def answers(language: str, prompt: str = "bereavement") -> dict[str, str]:
    return dict(LIBRARY.texts[language]["prompts"][prompt])


def reworded(text: str, seed: int = 1) -> str:
    """The same sentences in another order, each fifth word or so missing."""
    chance = random.Random(seed)
    sentences = re.split(r"(?<=[.?!।])\s+", text)
    chance.shuffle(sentences)
    return " ".join(word for word in " ".join(sentences).split() if chance.random() > 0.2)
