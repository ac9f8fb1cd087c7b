"""Simulated people react to what a text speaks for, in any language and any variation."""

import pytest

from demo.library import LANGUAGES, Library
from rehearsal.truth import POLES
from rehearsal.voices import UnknownTextError, pole_of


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_canned_text_has_its_pole_in_every_variation(language: str) -> None:
    library = Library()
    texts = library.texts[language]
    for voices in (*texts["prompts"].values(), *texts["generic"].values()):
        for voice, text in voices.items():
            pole = voice if voice in POLES else ""
            assert pole_of(text) == pole
            assert pole_of(library.variation(language, text, 3)) == pole


def test_a_text_of_another_provider_is_refused() -> None:
    with pytest.raises(UnknownTextError):
        pole_of("Something nobody wrote for the demonstration.")
