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


@pytest.mark.parametrize(
    ("text", "country", "language", "what"),
    [
        ("I live at 350 Fifth Avenue, Apt 4, New York, NY 10118 now", "US", "en",
         "350 Fifth Avenue, Apt 4, New York, NY 10118"),
        ("1600 Pennsylvania Avenue NW, Washington, DC 20500", "US", "en",
         "1600 Pennsylvania Avenue NW, Washington, DC 20500"),
        ("Come to 12 W Oak St.", "US", "en", "12 W Oak St."),
        ("J'habite 12 bis rue de la Paix, 75002 Paris.", "FR", "fr",
         "12 bis rue de la Paix, 75002 Paris"),
        ("12 rue Oberkampf 75011", "FR", "fr", "12 rue Oberkampf 75011"),
        ("au 5, avenue Jean-Jaurès 69007 Lyon", "FR", "fr", "5, avenue Jean-Jaurès 69007 Lyon"),
        ("Abito in via Giuseppe Verdi 12/A, 20121 Milano.", "IT", "it",
         "via Giuseppe Verdi 12/A, 20121 Milano"),
        ("piazza del Duomo, 20122 Milano", "IT", "it", "piazza del Duomo, 20122 Milano"),
        ("via XX Settembre 20", "IT", "it", "via XX Settembre 20"),
        ("Moro na Rua das Flores, 123, Centro, São Paulo, 01310-100.", "BR", "pt-br",
         "Rua das Flores, 123, Centro, São Paulo, 01310-100"),
        ("Av. Paulista 1578", "BR", "pt-br", "Av. Paulista 1578"),
        ("CEP 01310-100", "BR", "pt-br", "CEP 01310-100"),
        ("House No. 12, MG Road, Bengaluru 560001", "IN", "en",
         "House No. 12, MG Road, Bengaluru 560001"),
        ("मकान नंबर 12, गांधी नगर, जयपुर 302015", "IN", "hi",
         "मकान नंबर 12, गांधी नगर, जयपुर 302015"),
        ("मकान १२, गांधी नगर, पिन कोड ३०२०१५", "IN", "hi", "मकान १२, गांधी नगर, पिन कोड ३०२०१५"),
    ],
)  # fmt: skip
def test_postal_addresses_are_found_in_the_form_of_each_country(
    text: str, country: str, language: str, what: str
) -> None:
    assert found(text, country, language) == [("address", what)]


@pytest.mark.parametrize(
    ("text", "language", "what"),
    [
        ("My name is Anna Smith. I like it", "en", "Anna Smith"),
        ("MY NAME IS JOHN", "en", "JOHN"),
        ("Je m’appelle Zoë Ménard, et toi ?", "fr", "Zoë Ménard"),
        ("Je m'appelle Zoe\u0308.", "fr", "Zoe\u0308"),
        ("Mi chiamo Luca e vivo a Roma", "it", "Luca"),
        ("Il mio nome e\u0300 Giulia", "it", "Giulia"),
        ("Meu nome é José da Silva", "pt-br", "José da Silva"),
        ("me chamo Ana.", "pt-br", "Ana"),
        ("मेरा नाम राम कुमार है", "hi", "राम कुमार"),
        ("मेरा नाम Ravi है।", "hi", "Ravi"),
        ("mera naam Ravi hai", "hi", "Ravi"),
        ("my name is Meera", "hi", "Meera"),
    ],
)
def test_names_are_found_after_the_words_that_introduce_them(
    text: str, language: str, what: str
) -> None:
    assert found(text, "FR", language) == [("name", what)]


@pytest.mark.parametrize(
    ("text", "country", "language"),
    [
        ("In 1984 Wall Street crashed, and we walked 20 miles down the road", "US", "en"),
        ("I have 3 Court dates; my name is not important", "US", "en"),
        ("il y a 2 places de cinéma et 3 cours de maths, 1 rue calme", "FR", "fr"),
        ("je m’appelle comment déjà ? Paris me plaît", "FR", "fr"),
        ("una via di mezzo, il corso di 12 lezioni; mi chiamo fuori", "IT", "it"),
        ("na rua 2 pessoas, uma estrada de 100 km; meu nome é importante", "BR", "pt-br"),
        ("the road cost 500000 rupees", "IN", "en"),
        ("सड़क पर 500000 लोग थे", "IN", "hi"),
        ("मेरा नाम सूची में नहीं है, मेरा नाम बहुत अच्छा है", "IN", "hi"),
    ],
)
def test_what_only_sounds_like_an_address_or_a_name_is_left(
    text: str, country: str, language: str
) -> None:
    assert found(text, country, language) == []


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
