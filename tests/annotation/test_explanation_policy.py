"""When an explanation is asked for, and what becomes of the letters in it."""

import uuid
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import override

from annotation.actions.explaining import explain_choice
from annotation.dealing import falls_in_share
from annotation.models import Conversation, Explanation, Mention, RecruitmentLink, Turn
from annotation.steps import TurnStep, explanation_asked, standing
from annotation.transcript import transcript
from candidates.generation import complete_candidate_set
from tests.made_once import Once
from tests.walker import Walker, entered

pytestmark = pytest.mark.django_db
PEOPLE = 4000


@pytest.fixture
def walker(once: Once, link: RecruitmentLink) -> Walker:
    return once(entered, link)


def set_policy(walker: Walker, policy: str, share: float = 1.0) -> None:
    wave = walker.participation.wave
    wave.explanation_policy, wave.explanation_share = policy, share
    wave.save(update_fields=["explanation_policy", "explanation_share"])


def ranked_turn(walker: Walker, **data: Any) -> Turn:
    turn = walker.current_turn(walker.open_kind("pool"))
    walker.rank(turn, **data)
    return Turn.objects.get(pk=turn.pk)


def binomial_bounds(n: int, share: float, error: float = 1e-6) -> tuple[int, int]:
    """The counts between which all but `error` of a binomial distribution lies, exactly."""
    probability, below, low = (1 - share) ** n, 0.0, 0
    for count in range(n + 1):
        if below + probability <= error / 2:
            low = count
        below += probability
        if below >= 1 - error / 2:
            return low, count
        probability *= (n - count) / (count + 1) * share / (1 - share)
    return low, n


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_the_share_of_turns_asked_is_the_set_share(share: float) -> None:
    n = 400
    draws = [
        sum(falls_in_share(share, seed, "explanation", 0, 1) for seed in range(start, start + n))
        for start in range(0, PEOPLE, n)
    ]
    low, high = binomial_bounds(n, share)
    assert all(low <= count <= high for count in draws)
    assert len(set(draws)) > 1


def test_turns_of_one_person_are_drawn_apart() -> None:
    drawn = {
        tuple(falls_in_share(0.5, seed, "explanation", ordinal, position)
              for ordinal in range(2) for position in range(1, 3))
        for seed in range(400)
    }  # fmt: skip
    assert len(drawn) == 16


def test_a_share_of_one_is_every_turn() -> None:
    assert all(falls_in_share(1.0, seed) for seed in range(PEOPLE))


def test_the_same_turn_is_asked_at_every_look(walker: Walker) -> None:
    set_policy(walker, "optional", 0.5)
    turn = ranked_turn(walker)
    looks = {explanation_asked(Turn.objects.get(pk=turn.pk)) for _look in range(5)}
    assert len(looks) == 1


def asked_with_seed(walker: Walker, wanted: bool) -> None:
    """Gives her a seed with which the first turn of every conversation is asked, or is not."""
    participation = walker.participation
    seed = next(
        seed for seed in range(10_000)
        if all(falls_in_share(0.5, seed, "explanation", o, 1) is wanted for o in range(4))
    )  # fmt: skip
    participation.seed = seed
    participation.save(update_fields=["seed"])


def test_a_drawn_turn_is_asked_and_another_is_not(walker: Walker) -> None:
    set_policy(walker, "optional", 0.5)
    asked_with_seed(walker, True)
    turn = ranked_turn(walker)
    assert standing(turn.conversation).step is TurnStep.EXPLAIN
    walker.explain(turn)
    asked_with_seed(walker, False)
    assert explanation_asked(Turn.objects.get(pk=turn.pk)) is False


def test_a_turn_that_is_not_asked_waits_beside_what_was_ranked(walker: Walker) -> None:
    set_policy(walker, "optional", 0.5)
    asked_with_seed(walker, False)
    turn = ranked_turn(walker)
    page = walker.page(turn.conversation).content.decode()
    assert "explanation/" not in page
    assert "next-answers waiting" in page
    for row in turn.shown.select_related("candidate"):
        assert row.candidate.text.split("\n")[0][:40].replace("\xa0", "&nbsp;") in page


def test_an_explanation_nobody_asked_for_is_not_stored(walker: Walker) -> None:
    set_policy(walker, "off")
    turn = ranked_turn(walker)
    assert walker.explain(turn, "Plus humain.").status_code == 422
    assert not Explanation.objects.exists()


def test_off_never_asks(walker: Walker) -> None:
    set_policy(walker, "off")
    conversation = walker.open_kind("pool")
    for _position in range(conversation.planned_turns):
        turn = walker.current_turn(conversation)
        complete_candidate_set(turn.candidate_set_id)
        page = walker.rank(turn).content.decode()
        assert reverse("explanation-submit", args=[conversation.public_id, turn.position]) not in (
            page
        )
    assert not Explanation.objects.exists()


def test_an_explanation_no_longer_asked_for_ends_the_conversation(walker: Walker) -> None:
    conversation = walker.open_kind("pool")
    Conversation.objects.filter(pk=conversation.pk).update(planned_turns=1)
    walker.rank(walker.current_turn(conversation))
    conversation.refresh_from_db()
    assert conversation.is_open
    set_policy(walker, "off")
    page = walker.client.get(reverse("conversation", args=[conversation.public_id]), follow=True)
    assert page.request["PATH_INFO"] == reverse("conversations")
    conversation.refresh_from_db()
    assert (conversation.status, conversation.ended_at is None) == ("finished", False)


def test_required_refuses_an_empty_text_and_takes_one_word(walker: Walker) -> None:
    set_policy(walker, "required")
    turn = ranked_turn(walker)
    response = walker.explain(turn, " \n ")
    assert response.status_code == 422
    assert not Explanation.objects.exists()
    walker.explain(turn, "B")
    assert Explanation.objects.get().text == "B"


def test_the_question_is_the_studys_own_and_asks_for_no_length(walker: Walker) -> None:
    turn = ranked_turn(walker)
    page = walker.page(turn.conversation).content.decode()
    with override("fr"):
        question = walker.participation.study.explanation_question
    assert question.replace("'", "&#x27;") in page
    assert "minlength" not in page


def test_the_answers_stay_in_view_while_the_next_are_made(walker: Walker) -> None:
    turn = ranked_turn(walker)
    page = walker.page(turn.conversation).content.decode()
    assert "next-answers waiting" in page
    assert page.count('<li class="answer') == 4


def test_letters_are_stored_as_the_candidates_that_stood_there(walker: Walker) -> None:
    turn = ranked_turn(walker)
    walker.explain(turn, "La réponse C est plus humaine que A.\nA mon avis.")
    explanation = Explanation.objects.get()
    shown = {row.letter: row.candidate for row in turn.shown.select_related("candidate")}
    found = [(row.start, row.candidate) for row in explanation.mentions.all()]
    assert found == [(11, shown["C"]), (34, shown["A"])]
    assert [explanation.text[start] for start, _candidate in found] == ["C", "A"]
    assert transcript(turn.conversation)[0].letters_named == "C, A"


def test_a_second_click_stores_no_letter_twice(walker: Walker) -> None:
    turn = ranked_turn(walker)
    for _click in range(2):
        walker.explain(turn, "B > C")
    assert Mention.objects.count() == 2


def test_letters_and_explanation_are_stored_together_or_not_at_all(
    walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = ranked_turn(walker)

    def fail(*args: Any) -> None:
        raise ValidationError("no")

    monkeypatch.setattr("annotation.actions.explaining.find_mentions", fail)
    with pytest.raises(ValidationError):
        explain_choice(turn=turn, text="B")
    assert not Explanation.objects.exists()


def test_an_explanation_before_the_ranking_is_refused(walker: Walker) -> None:
    turn = walker.current_turn(walker.open_kind("pool"))
    walker.page(turn.conversation)
    with pytest.raises(ValidationError):
        explain_choice(turn=turn, text=str(uuid.uuid4()))
