"""Letters in an explanation are found where they are meant, and nowhere else.

Each line is a text in which the letters that are meant stand between two bars.
"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.judgement.mentions import find_mentions

MEANT = re.compile(r"\|(\w)\|")
LANGUAGES = ["en", "fr", "it", "pt-br", "hi"]

CASES = {
    "en": """
        |B| is kinder.
        |A| is kinder than |C|.
        I prefer |A| because it listens.
        I prefer |B|. It is kinder.
        |A|, |C| and |D| are cold.
        |B| > |C| > |A| = |D|
        |B|>|C|>|A|
        answer |b| is the best one
        option |a|.
        answers |a| and |c| say the same
        the |b| one is too long
        |A|'s tone is warm, |B|’s is not
        I liked “|A|” and "|b|" and (|C|)
        [|A|] was honest
        |A|: too cold
        Answer |A|. A good start.
        My choice is |C|! A close second is |D|.
        between |A| and |B|, |A|
        THE BEST IS |B| BECAUSE A GOOD FRIEND LISTENS
        THE BEST IS |A|
        |A| and |D|
        |A|/|B| were alike
        I like option |B|'s tone
        response |C|, then response |A|
        A good answer needs a good heart.
        I would answer a question like this one.
        Vitamin C and plan B are no answers.
        He scored grade A in section D.
        As John B. Smith and J. D. Salinger wrote.
        She is from the U.S. and likes C++ and C#.
        At 9 a.m. it was 30 °C, or 20 C inside.
        I'd say it's fine, they're kind, a b c.
        It covers everything from A to Z.
        A-levels, a C-section and an e-mail.
        An A/B test would tell.
        It is a B&B near the Q&A.
        Once Upon A Time it was true.
        b/c it is honest
        A most unusual view.
        E and F were not there.
        """,
    "fr": """
        |B| est plus humaine.
        |A| est la plus douce.
        La réponse |B| m'a parlé :
        la réponse |b| est juste
        Je préfère |A| car elle écoute.
        |A|, « sans hésiter » !
        |A| et |C| se ressemblent.
        les réponses |b| et |d|
        |C| > |A| > |B|
        J'ai choisi «|A|» plutôt que (|D|).
        je trouve que |A| et |B| jugent
        Réponse |A| : elle ne juge pas.
        entre |B| et |C|, plutôt |C|
        C'est plus humain, d'accord ?
        A mon avis, elle est trop longue.
        A vrai dire, D'abord je doutais.
        La réponse a été utile.
        la réponse a une faiblesse
        Il faut un plan B et de la vitamine C.
        L'hépatite B n'a rien à voir.
        Il y a de tout, de A à Z.
        Qu'est-ce que c'est ? Y a-t-il un doute ?
        A la fin, elle rassure.
        Il faisait 30 °C.
        c d b a
        """,
    "it": """
        |B| è più umana.
        |A| è la più gentile.
        Preferisco |A| perché ascolta.
        La risposta |B| perché è più chiara
        la risposta |c| mi piace
        tra |A| ed |E| scelgo |A|
        |C| > |A| > |E|
        le risposte |B|, |C| e |D|
        Ho scelto “|E|”, poi (|A|).
        |A| e |C| dicono lo stesso
        l'opzione |d| è fredda
        Meglio |B|. E poi la |C|.
        E poi mi piace il tono.
        E, in fondo, è vero.
        O forse no.
        A me piace così.
        A volte la risposta è lunga.
        la risposta e il tono sono buoni
        la risposta a una domanda
        Ci vuole un piano B e la vitamina C.
        E' meglio così.
        È tutto scritto dalla A alla Z.
        Nel gruppo A c'era di tutto.
        c'è un po' di tutto, d'accordo
        """,
    "pt-br": """
        |B| é mais humana.
        |A| é a mais gentil.
        Prefiro a |A| porque escuta.
        Gostei mais da |B|.
        A resposta |B| é melhor.
        a resposta |c| me ajudou
        |C| > |A| > |E|
        as respostas |B|, |C| e |D|
        opção |b|
        entre |A| e |B|, a |B|
        Escolhi “|A|” e (|E|)
        |A| e |C| dizem a mesma coisa
        a alternativa |D| é fria
        A resposta é longa.
        O tom é bom. E também a ideia.
        E, além disso, é verdade.
        A mais humana de todas.
        a resposta a uma pergunta
        O plano B não serve, nem a vitamina C.
        Minha mãe tem hepatite B.
        De A a Z.
        Peguei um copo d'água.
        O que importa é ouvir. A gente sabe disso.
        Do tipo A ou do grupo B.
        """,
    "hi": """
        जवाब |C| सबसे अपना लगा।
        मुझे |B| पसंद है।
        |A| सबसे अच्छा है।
        |A| और |C| एक जैसे हैं।
        मैंने |b| वाला चुना
        जवाब |b| बेहतर है
        |B| > |A| > |D|
        “|A|” ठीक लगा, (|D|) नहीं
        विकल्प |A|, |B| और |C|
        |A| जवाब में सलाह है
        mujhe |B| pasand hai
        |A| sabse accha hai
        jawab |c| mein salah hai
        |A| is better because it is honest.
        |D|: बहुत लंबा
        B2B और C++ की बात नहीं है।
        विटामिन C और प्लान B काम नहीं आते।
        A good answer is short.
        हेपेटाइटिस B एक बीमारी है।
        मैं a b c सीख रहा हूँ।
        तापमान 30 °C था।
        U.S. में ऐसा नहीं होता।
        I think it is fine.
        """,
}


def lines() -> list[tuple[str, str]]:
    return [
        (language, line.strip())
        for language, block in CASES.items()
        for line in block.strip().splitlines()
    ]


@pytest.mark.parametrize(("language", "line"), lines())
def test_a_letter_is_found_exactly_where_it_is_meant(language: str, line: str) -> None:
    text = MEANT.sub(r"\1", line)
    meant = []
    for number, found in enumerate(MEANT.finditer(line)):
        meant.append((found.start() - 2 * number, found[1].upper()))
    letters = "ABCDE" if language in {"it", "pt-br"} else "ABCD"
    assert find_mentions(text, letters, language) == meant


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_place_is_that_of_the_letter_in_the_text(language: str) -> None:
    text = "जवाब B, 👍🏽 “A”\n\nC > D"
    found = find_mentions(text, "ABCD", language)
    assert [text[start] for start, _letter in found] == ["B", "A", "C", "D"]


def test_only_letters_that_were_shown_are_found() -> None:
    assert find_mentions("B, C and D", "AB", "en") == [(0, "B")]
    assert find_mentions("B > A", "", "en") == []


@given(
    text=st.text(alphabet="ABCDE abcde.,>'’\"/-&वाब\n", max_size=60),
    language=st.sampled_from([*LANGUAGES, "de", ""]),
)
def test_any_text_is_read_and_every_find_is_that_letter(text: str, language: str) -> None:
    found = find_mentions(text, "ABCD", language)
    starts = [start for start, _letter in found]
    assert starts == sorted(set(starts))
    for start, letter in found:
        assert text[start].upper() == letter
