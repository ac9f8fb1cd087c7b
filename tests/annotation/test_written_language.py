"""What people write is labelled with its language and script; a notice never stands in the way."""

from typing import Any

import pytest

from annotation.models import Conversation, Explanation, RecruitmentLink, Turn
from candidates.languages import Label, describe, is_clearly_other
from tests.made_once import Once
from tests.walker import Walker, entered

NOTICE = "seems to be in another language"

LABELS = [
    ("Elle est plus humaine et ne juge pas.", "fr", "Latn"),
    ("It is kinder and does not judge.", "en", "Latn"),
    ("La risposta C perché è più chiara.", "it", "Latn"),
    ("Gostei mais da B porque é mais humana.", "pt-br", "Latn"),
    ("जवाब C सबसे अपना लगा।", "hi", "Deva"),
    ("यह जवाब honest है और practical भी", "hi", "Deva"),
    ("mujhe yah jawab pasand hai", "hi", "Latn"),
    ("Main chahta hoon ki sab log khush rahen", "hi", "Latn"),
    ("bahut accha jawab tha, B sabse behtar hai", "hi", "Latn"),
    ("Me parece que la B es más humana que las otras.", "es", "Latn"),
    # Mixed, short, or in nobody's language here: not told.
    ("B better hai because it is honest", "", "Latn"),
    ("yaar this one is too long na", "", "Latn"),
    ("Je trouve que B is the best one, because it is honest", "", "Latn"),
    (
        "It listens first, then it gives practical advice that I could use. "
        "Et surtout elle ne juge pas.",
        "",
        "Latn",
    ),
    ("is answer mein honesty है and I like it very much इसलिए B", "", "Latn"),
    ("B", "", "Latn"),
    ("OK", "", "Latn"),
    ("C > A 👍", "", "Latn"),
    ("12345", "", ""),
    ("", "", ""),
    ("எனக்கு இந்த பதில் பிடித்தது", "", "Taml"),
    ("مجھے یہ جواب پسند ہے", "", "Arab"),
]


@pytest.mark.parametrize(("text", "language", "script"), LABELS)
def test_a_text_is_labelled_where_it_is_clear(text: str, language: str, script: str) -> None:
    assert describe(text) == Label(language, script)


NOTICES = [
    ("It is kinder and does not judge.", "fr", True),
    ("It is kinder and does not judge.", "en", False),
    ("Elle est plus humaine et ne juge pas.", "hi", True),
    ("mujhe yah jawab pasand hai", "hi", False),
    ("mujhe yah jawab pasand hai", "fr", True),
    ("B better hai because it is honest", "hi", False),
    ("B better hai because it is honest", "en", False),
    ("Je trouve que B is the best one, because it is honest", "fr", False),
    ("Very good answer", "fr", False),
    ("எனக்கு இந்த பதில் பிடித்தது", "hi", True),
    ("B", "hi", False),
]


@pytest.mark.parametrize(("text", "language", "due"), NOTICES)
def test_a_notice_is_due_only_for_a_whole_text_in_another_language(
    text: str, language: str, due: bool
) -> None:
    assert is_clearly_other(text, describe(text), language) is due


def test_a_detector_that_breaks_leaves_the_label_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("candidates.languages._detector", lambda *codes: 1 / 0)
    assert describe("It is kinder and does not judge.") == Label()


@pytest.fixture
def walker(once: Once, link: RecruitmentLink) -> Walker:
    return once(reading_english, link)


def reading_english(link: RecruitmentLink) -> Walker:
    walker = entered(link)
    walker.post("interface-language", {"language": "en", "next": "/"})
    return walker


def open_pool(walker: Walker, **data: Any) -> tuple[Conversation, Any]:
    conversation = walker.open_kind("pool")
    return conversation, walker.rank(walker.current_turn(conversation), **data)


@pytest.mark.django_db
def test_messages_and_explanations_carry_their_label(walker: Walker) -> None:
    conversation, _page = open_pool(walker, next_message="What if it is not enough for me?")
    first, second = conversation.turns.order_by("position")
    assert (first.detected_language, first.script) == ("", "")  # the pool's, not hers
    assert (second.detected_language, second.script) == ("en", "Latn")
    walker.explain(first, "Elle ne juge pas et elle écoute.")
    explanation = Explanation.objects.get()
    assert (explanation.detected_language, explanation.script) == ("fr", "Latn")


@pytest.mark.django_db
def test_an_opening_message_of_her_own_carries_its_label(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    walker.post("own-prompt-write", {"message": "mujhe yah samajh nahi aaya, kya karun"},
                conversation.public_id)  # fmt: skip
    turn = Turn.objects.get(conversation=conversation)
    assert (turn.detected_language, turn.script) == ("hi", "Latn")
    assert NOTICE in walker.page(conversation).content.decode()


@pytest.mark.django_db
def test_the_notice_follows_the_text_and_asks_nothing(walker: Walker) -> None:
    conversation, response = open_pool(walker, next_message="What if it is not enough for me?")
    page = response.content.decode()
    assert response.status_code == 200
    assert page.count(NOTICE) == 1
    assert "language of this conversation: French." in page
    assert 'role="status">What you wrote last' in page
    assert 'name="confirm"' not in page
    # Gone as soon as she writes in the study's language.
    walker.explain(conversation.turns.get(position=1), "Elle ne juge pas et elle écoute.")
    assert NOTICE not in walker.page(conversation).content.decode()


@pytest.mark.django_db
def test_the_notice_is_in_the_language_of_her_pages(walker: Walker) -> None:
    walker.post("interface-language", {"language": "hi", "next": "/"})
    _conversation, response = open_pool(walker, next_message="What if it is not enough for me?")
    page = response.content.decode()
    assert "other-language" in page
    assert "French." not in page


@pytest.mark.django_db
def test_mixing_gets_no_notice(walker: Walker) -> None:
    text = "Je trouve que B is the best one, because it is honest"
    _conversation, response = open_pool(walker, next_message=text)
    assert NOTICE not in response.content.decode()


@pytest.mark.django_db
def test_after_the_last_explanation_the_notice_is_on_the_next_page(walker: Walker) -> None:
    wave = walker.participation.wave
    conversation = walker.open_kind("pool")
    Conversation.objects.filter(pk=conversation.pk).update(planned_turns=1)
    turn = walker.current_turn(conversation)
    walker.rank(turn, next_message="")
    page = walker.explain(turn, "It is kinder and does not judge.").content.decode()
    assert wave.explanation_policy == "optional"
    assert page.count(NOTICE) == 1
    conversation.refresh_from_db()
    assert conversation.status == "finished"


@pytest.mark.django_db
def test_a_broken_detector_stops_no_work(walker: Walker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("candidates.languages._detector", lambda *codes: 1 / 0)
    conversation, response = open_pool(walker, next_message="Et si cela ne suffit pas ?")
    assert response.status_code == 200
    assert conversation.turns.get(position=2).detected_language == ""


@pytest.mark.django_db
def test_hinglish_and_romanised_hindi_are_fine_in_hindi(link: RecruitmentLink) -> None:
    walker = Walker(link, country="IN", language="hi")
    walker.enter()
    walker.post("interface-language", {"language": "en", "next": "/"})
    for text in ("mujhe yah jawab pasand nahi aaya", "B better hai because it is honest"):
        conversation, response = open_pool(walker, next_message=text)
        assert NOTICE not in response.content.decode()
        assert conversation.turns.get(position=2).script == "Latn"
        walker.post("conversation-skip", {}, conversation.public_id)
