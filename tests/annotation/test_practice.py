"""The practice item: guided, two tries, and nobody is stopped by it."""

import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from annotation.actions.definition import apply_study
from annotation.models import Ranking, RecruitmentLink, Study
from tests.definitions import practice_item, small_definition
from tests.made_once import Once
from tests.walker import Walker, entered

pytestmark = pytest.mark.django_db
PLACES = {"place_A": "1", "place_B": "2", "place_C": "2"}
RIGHT, WRONG = "1", "0"


@pytest.fixture
def walker(link: RecruitmentLink) -> Walker:
    """Somebody who has read the guidelines of a study with a practice item."""
    link.study.practice = practice_item()
    Study.objects.filter(pk=link.study.pk).update(practice=link.study.practice)
    walker = Walker(link, country="US", language="en")
    walker.choose()
    walker.screen()
    walker.consent()
    walker.post("guidelines")
    return walker


def attempt(walker: Walker, option: str, number: int = 1, **changes: str) -> Any:
    data = PLACES | {"option": option, "attempt": str(number)} | changes
    return walker.client.post(reverse("practice"), data, follow=True)


def test_a_study_without_practice_goes_straight_on(once: Once, link: RecruitmentLink) -> None:
    walker = once(entered, link)
    assert walker.here() == reverse("conversations")
    assert walker.participation.practised_at is None


def test_the_page_guides_through_reading_ranking_and_the_question(walker: Walker) -> None:
    assert walker.here() == reverse("practice")
    page = walker.client.get(reverse("practice")).content.decode()
    parts = [page.index(part) for part in ("1. Read", "2. Put", "3. One question")]
    assert parts == sorted(parts)
    assert "Sunday afternoon" in page
    assert page.count('type="radio" name="place_') == 9
    assert "checked" not in page


def test_the_right_answer_at_once_is_one_try_and_passed(walker: Walker) -> None:
    page = attempt(walker, RIGHT).content.decode()
    assert "That is right" in page
    walker.post("practice")
    assert walker.here() == reverse("conversations")
    person = walker.participation
    assert (person.comprehension_tries, person.comprehension_passed) == (1, True)
    assert person.practised_at is not None


def test_a_wrong_answer_gives_a_hint_and_another_try_with_places_kept(walker: Walker) -> None:
    response = attempt(walker, WRONG)
    page = response.content.decode()
    assert response.status_code == 422
    assert "please try once more" in page
    assert re.search(r'name="place_B" value="2"[^>]*checked', page)
    assert walker.participation.comprehension_passed is None
    attempt(walker, RIGHT, 2)
    person = walker.participation
    assert (person.comprehension_tries, person.comprehension_passed) == (2, True)


def test_two_wrong_answers_show_the_right_one_and_she_goes_on(walker: Walker) -> None:
    attempt(walker, WRONG)
    page = attempt(walker, WRONG, 2).content.decode()
    assert "Here is the right answer" in page
    assert "The one I would most like to receive myself" in page
    assert "None of the answers to the message is the correct one." in page
    walker.post("practice")
    assert walker.here() == reverse("conversations")
    person = walker.participation
    assert (person.comprehension_tries, person.comprehension_passed) == (2, False)


def test_a_double_click_is_one_try(walker: Walker) -> None:
    attempt(walker, WRONG)
    attempt(walker, WRONG)
    person = walker.participation
    assert (person.comprehension_tries, person.comprehension_passed) == (1, None)


def test_an_answer_without_a_place_is_named_and_costs_no_try(walker: Walker) -> None:
    response = attempt(walker, RIGHT, place_C="")
    assert response.status_code == 422
    assert "Give this answer a place." in response.content.decode()
    assert walker.participation.comprehension_tries == 0


def test_nothing_of_the_practice_is_a_judgement(walker: Walker) -> None:
    walker.practise()
    assert not Ranking.objects.exists()
    assert not walker.participation.conversations.exists()


def test_the_item_is_in_her_language_and_the_question_in_that_of_the_pages(
    walker: Walker,
) -> None:
    walker.post("interface-language", {"language": "hi", "next": reverse("practice")})
    page = walker.client.get(reverse("practice")).content.decode()
    assert "Sunday afternoon" in page
    assert "पहला स्थान किस जवाब को देना है?" in page


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"question": None}, "lacks question"),
        ({"answers": []}, "lacks answers"),
        ({"answers": practice_item()["answers"][:1]}, "two to eight answers"),
        ({"options": practice_item()["options"][::2]}, "exactly one of them correct"),
        ({"options": [{"text": practice_item()["question"]}] * 2}, "says whether it is correct"),
        ({"explanation": "because"}, "a mapping of languages"),
    ],
)
def test_a_practice_item_that_cannot_be_used_is_refused_in_one_sentence(
    change: dict[str, Any], said: str
) -> None:
    definition = small_definition(key="other", practice=practice_item() | change)
    with pytest.raises(ValidationError, match=said):
        apply_study(definition)


def test_a_practice_text_lacking_a_language_is_refused() -> None:
    item = practice_item()
    del item["options"][0]["text"]["hi"]
    with pytest.raises(ValidationError, match=r"practice\.options\[0\]\.text \(hi\)"):
        apply_study(small_definition(key="other", practice=item))
