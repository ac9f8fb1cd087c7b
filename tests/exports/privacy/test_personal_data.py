"""What is found in a text, where, and what is not taken for personal data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.privacy.personal_data import IDENTITIES, find


def found(text: str, country: str = "FR", language: str = "fr") -> list[tuple[str, str]]:
    return [(kind, text[start : start + n]) for kind, start, n in find(text, country, language)]


@pytest.mark.parametrize(
    ("text", "country", "language", "kind", "what"),
    [
        ("Écris à jean.dupont@exemple.fr.", "FR", "fr", "e-mail", "jean.dupont@exemple.fr"),
        ("scrivi: mario chiocciola posta punto it", "IT", "it", "e-mail",
         "mario chiocciola posta punto it"),
        ("jo (at) site [dot] org, please", "US", "en", "e-mail", "jo (at) site [dot] org"),
        ("ana arroba correio ponto com", "BR", "pt-br", "e-mail", "ana arroba correio ponto com"),
        ("voir https://exemple.org/a?b=c, merci", "FR", "fr", "link", "https://exemple.org/a?b=c"),
        ("(www.esempio.it/io)", "IT", "it", "link", "www.esempio.it/io"),
        ("call (212) 736-5000 today", "US", "en", "telephone", "(212) 736-5000"),
        ("au 06 12 34 56 78.", "FR", "fr", "telephone", "06 12 34 56 78"),
        ("cell. 347 123 4567", "IT", "it", "telephone", "347 123 4567"),
        ("ligue (11) 96123-4567", "BR", "pt-br", "telephone", "(11) 96123-4567"),
        ("मेरा नंबर ९८७६५४३२१० है", "IN", "hi", "telephone", "९८७६५४३२१०"),
        ("from France: +1 212 736 5000", "FR", "en", "telephone", "+1 212 736 5000"),
        ("card 4111 1111 1111 1111 ok", "US", "en", "card", "4111 1111 1111 1111"),
        ("FR76 3000 6000 0112 3456 7890 189 merci", "FR", "fr", "iban",
         "FR76 3000 6000 0112 3456 7890 189"),
        ("my SSN is 536-90-4399", "US", "en", "national id", "536-90-4399"),
        ("NIR 2 55 08 14 168 025 38", "FR", "fr", "national id", "2 55 08 14 168 025 38"),
        ("cf rssmra85t10a562s", "IT", "it", "national id", "rssmra85t10a562s"),
        ("CPF 390.533.447-05", "BR", "pt-br", "national id", "390.533.447-05"),
        ("CNPJ 16.727.230/0001-97", "BR", "pt-br", "national id", "16.727.230/0001-97"),
        ("आधार 2341 2341 2346", "IN", "hi", "national id", "2341 2341 2346"),
        ("PAN ACUPA7085R", "IN", "en", "national id", "ACUPA7085R"),
        ("I am @anna_b there", "US", "en", "handle", "@anna_b"),
    ],
)  # fmt: skip
def test_what_has_a_form_is_found_at_its_place(
    text: str, country: str, language: str, kind: str, what: str
) -> None:
    assert found(text, country, language) == [(kind, what)]


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("In 1984, 2001 and 3,14159 of 120000 people (12-15) at 10:30 on 2026-11-21.", "US"),
        ("Le 14/07/1789, 1 000 000 de personnes, de 2026 à 2028.", "FR"),
        ("card 4111 1111 1111 1112", "US"),  # its check digit is wrong
        ("CPF 390.533.447-06", "BR"),
        ("FR76 3000 6000 0112 3456 7890 188", "FR"),
        ("my SSN is 000-12-3456", "US"),
        ("0000 0000 0000 0000", "US"),
        ("a @ b, mail me at home, point final", "FR"),
        ("", "FR"),
    ],
)
def test_what_only_looks_like_it_is_left(text: str, country: str) -> None:
    assert found(text, country, "fr") == []


def test_places_come_in_order_and_apart() -> None:
    text = "moi@x.fr puis @moi, puis https://x.fr/@moi et 06 12 34 56 78"
    assert [kind for kind, _what in found(text)] == ["e-mail", "handle", "link", "telephone"]


def test_where_two_meet_no_rest_of_either_stays_readable() -> None:
    text = "https://site.org/call+33612345678x@y.fr"
    ((_kind, what),) = found(text)
    assert what == text


def test_places_are_counted_in_characters_not_bytes() -> None:
    assert found("🙂🙂 मेरा a@b.fr")[0][1] == "a@b.fr"


def test_every_country_of_the_study_has_its_identity_numbers() -> None:
    assert set(IDENTITIES) == {"US", "FR", "IT", "BR", "IN"}


@given(st.text(alphabet="ab1239@.+- :/wHh\n२€🙂", max_size=120), st.sampled_from(["FR", "US", ""]))
def test_any_text_gives_places_inside_it_in_order_and_apart(text: str, country: str) -> None:
    last = 0
    for _kind, start, length in find(text, country, "fr"):
        assert last <= start and length > 0 and start + length <= len(text)
        last = start + length
