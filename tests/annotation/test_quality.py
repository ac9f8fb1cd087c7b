"""Each signal at its threshold and below it, with too little data, and broken."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Answer, Question, User
from annotation import quality, review, tasks
from annotation.actions.quality import answer_flag
from annotation.models import Explanation, Flag, Participation, Ranking, RecruitmentLink, Slot, Turn
from annotation.quality import JudgedTurn, Norm
from annotation.review import participations_to_review, review_work
from tests.deciding import decide
from tests.made_once import Once
from tests.walker import CLOSING, Walker, code_on, entered

READERS = {"fr": Norm(10, "readers")}


def judged(seconds: float, times: int, *, characters: int = 300, person: int = 1) -> list[Any]:
    return [JudgedTurn(person, "fr", characters, seconds)] * times


# With 300 characters and 10 a second, the norm's time is 30 s, and a third of it 10 s.
@pytest.mark.parametrize(
    ("turns", "raised"),
    [
        (judged(9.9, 4), True),
        (judged(9.9, 2) + judged(60, 2), True),
        (judged(9.9, 2) + judged(60, 3), False),
        (judged(10, 4), False),
        (judged(9.9, 3), False),
        ([], False),
    ],
    ids=["all fast", "half", "less than half", "exactly a third", "too few turns", "nothing"],
)
def test_speed_needs_half_of_four_turns_below_a_third_of_the_norm(
    turns: list[JudgedTurn], raised: bool
) -> None:
    assert (quality.speed(turns, READERS) is not None) is raised


def test_the_figures_of_speed_say_what_was_compared() -> None:
    found = quality.speed(judged(5, 3) + judged(60, 1), {"fr": Norm(10, "study", 6, 24)})
    assert found == {
        "turns": 4, "fast": 3, "language": "fr", "own": 60.0, "norm": 10,
        "norm_source": "study", "norm_people": 6, "norm_rankings": 24,
    }  # fmt: skip


def test_each_turn_is_measured_by_its_own_language() -> None:
    slow = {"hi": Norm(2, "study"), "en": Norm(50, "study")}
    turns = [JudgedTurn(1, "hi", 100, 10)] * 2 + [JudgedTurn(1, "en", 100, 10)] * 2
    found = quality.speed(turns, slow)
    assert found is not None
    assert found["fast"] == 2


@pytest.mark.parametrize(
    ("people", "each", "source"),
    [(5, 4, "study"), (4, 5, "readers"), (4, 50, "readers"), (5, 3, "readers"), (19, 1, "readers")],
)
def test_a_norm_is_the_studys_own_from_20_rankings_of_5_people(
    people: int, each: int, source: str
) -> None:
    others = [turn for person in range(people) for turn in judged(20, each, person=person)]
    norm = quality.norm_of("fr", others)
    assert norm.source == source
    assert norm.characters_a_second == (15 if source == "study" else 998 / 60)


def test_every_language_of_the_pages_has_a_default_and_hindi_the_mildest() -> None:
    from django.conf import settings

    assert set(quality.READING_SPEED) == {code for code, _name in settings.LANGUAGES}
    assert quality.READING_SPEED["hi"] == max(quality.READING_SPEED.values())


@pytest.mark.parametrize(
    ("same", "of", "raised"), [(12, 12, True), (11, 12, True), (10, 12, False), (11, 11, False),
                               (17, 20, True), (16, 20, False), (0, 0, False)]
)  # fmt: skip
def test_position_needs_85_of_100_in_12_turns(same: int, of: int, raised: bool) -> None:
    others = [(1 + number % 3, 4) for number in range(of - same)]
    assert (quality.position([(0, 4)] * same + others) is not None) is raised


def test_the_tail_of_a_position_is_exact() -> None:
    found = quality.position([(2, 4)] * 11 + [(0, 4)])
    assert found is not None
    assert found["tail"] == pytest.approx((12 * 3 + 1) / 4**12)
    assert quality.binomial_tail(n=3, k=0, places=4) == 1
    assert quality.binomial_tail(n=5000, k=5000, places=2) == 0
    assert 0 < quality.binomial_tail(n=5000, k=2500, places=2) < 1


@pytest.mark.parametrize(
    ("texts", "raised"),
    [
        (["Plus humain."] * 4, True),
        (["Plus humain.", "plus HUMAIN", " plus, humain!", "Elle écoute."], True),
        (["Plus humain."] * 3 + ["Elle écoute.", "Moins sec."], True),
        (["Plus humain."] * 2 + ["Elle écoute.", "Moins sec."], False),
        (["B is kinder", "C is kinder", "A is kinder", "D is kinder"], False),
        (["oui"] * 3, False),
        (["oui"] * 3 + [""] * 9, False),
        (["यह जवाब अपना लगा।"] * 4, True),
        (["यह जवाब अपना लगा।", "वह बात सही है।", "इसमें समझ है।", "उसमें दया है।"], False),
        ([], False),
    ],
)
def test_repeated_needs_most_of_four_texts_nearly_alike(texts: list[str], raised: bool) -> None:
    assert (quality.repeated(texts) is not None) is raised


def test_words_in_devanagari_are_whole() -> None:
    assert quality.words_of("हिन्दी की बात।") == {"हिन्दी", "की", "बात"}


@pytest.mark.parametrize(
    ("texts", "raised"),
    [
        ([(50, 100)] * 3, True),
        ([(49, 100)] * 9, False),
        ([(100, 100)] * 2 + [(0, 100)] * 5, False),
        ([(None, 100)] * 9, False),
        ([(10, 0)] * 3, False),
        ([], False),
    ],
)
def test_paste_needs_three_texts_pasted_for_a_half(
    texts: list[tuple[int | None, int]], raised: bool
) -> None:
    assert (quality.paste(texts) is not None) is raised


def test_what_was_pasted_and_taken_out_again_is_not_counted_beyond_the_text() -> None:
    found = quality.paste([(900, 100)] * 3 + [(None, 50)])
    assert found == {
        "texts": 3, "pasted": 3, "characters_pasted": 300, "characters_written": 300,
    }  # fmt: skip


def test_attention_is_missed_by_another_option_only() -> None:
    assert quality.attention([("rarely", "rarely")]) is None
    assert quality.attention([]) is None
    assert quality.attention([("rarely", "often"), ("a", "a")]) == {"asked": 2, "missed": 1}


def test_comprehension_is_missed_only_when_asked_and_failed() -> None:
    assert quality.comprehension(None, 0) is None
    assert quality.comprehension(True, 2) is None
    assert quality.comprehension(False, 2) == {"tries": 2}


# -- On real work


@pytest.fixture
def walker(once: Once, link: RecruitmentLink) -> Walker:
    """A person who has finished the whole small study, at a calm pace, each text her own."""
    return once(at_a_calm_pace, link)


def at_a_calm_pace(link: RecruitmentLink) -> Walker:
    walker = entered(link)
    walker.finish()
    participation = walker.participation
    for ranking in Ranking.objects.filter(turn__conversation__participation=participation):
        ranking.submitted_at += timedelta(minutes=5)
        ranking.save()
    for number, explanation in enumerate(Explanation.objects.all(), start=1):
        explanation.text = f"raison {number} {number * 7}"
        explanation.save()
    return walker


def kinds(participation: Participation) -> set[str]:
    return set(participation.flags.values_list("kind", flat=True))


def hurry(participation: Participation) -> None:
    for turn in Turn.objects.filter(conversation__participation=participation):
        assert turn.shown_at
        Ranking.objects.filter(turn=turn).update(submitted_at=turn.shown_at + timedelta(seconds=3))


@pytest.mark.django_db
def test_calm_work_raises_nothing(walker: Walker) -> None:
    review_work(participation=walker.participation)
    assert kinds(walker.participation) == set()


@pytest.mark.django_db
def test_a_fresh_person_has_nothing_to_look_at(link: RecruitmentLink) -> None:
    walker = Walker(link)
    walker.join()
    review_work(participation=walker.participation)
    assert kinds(walker.participation) == set()


@pytest.mark.django_db
def test_speed_is_read_off_what_stood_on_the_page(walker: Walker) -> None:
    hurry(walker.participation)
    review_work(participation=walker.participation)
    flag = walker.participation.flags.get()
    assert (flag.kind, flag.state) == ("speed", "raised")
    turn = Turn.objects.filter(conversation__participation=walker.participation)[0]
    shown = [row.candidate.text for row in turn.shown.all()]
    speeds = review._judged_turns(Ranking.objects.filter(turn=turn))
    assert speeds[0].characters == sum(len("".join(text.split())) for text in shown)
    assert flag.evidence["turns"] == flag.evidence["fast"]
    assert flag.evidence["norm_source"] == "readers"


@pytest.mark.django_db
def test_the_norm_is_of_other_people_of_the_same_language(
    walker: Walker, link: RecruitmentLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality, "NORM_RANKINGS", 1)
    monkeypatch.setattr(quality, "NORM_PEOPLE", 1)
    other = Walker(link)
    other.enter()
    other.finish()
    norm = review.Norms().of(other.participation, "fr")
    turns = Ranking.objects.filter(turn__conversation__participation=walker.participation)
    assert (norm.source, norm.people, norm.rankings) == ("study", 1, turns.count())
    assert review.Norms().of(other.participation, "it").source == "readers"
    Participation.objects.filter(pk=walker.participation.pk).update(excluded_at=timezone.now())
    assert review.Norms().of(other.participation, "fr").source == "readers"


@pytest.mark.django_db
def test_norms_that_were_read_for_all_leave_each_of_them_out_of_her_own(
    walker: Walker, link: RecruitmentLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality, "NORM_RANKINGS", 1)
    monkeypatch.setattr(quality, "NORM_PEOPLE", 1)
    other = Walker(link)
    other.enter()
    other.finish()
    people = [walker.participation, other.participation]
    Ranking.objects.filter(turn__conversation__participation=people[1]).update(
        submitted_at=timezone.now() + timedelta(minutes=30)
    )
    hers = [
        Ranking.objects.filter(turn__conversation__participation=person).count()
        for person in people
    ]
    # All of the newest are of one of them, and more than are read beside a sample.
    for sample, usual in ((100, 100), (hers[1] - 1, 1)):
        monkeypatch.setattr(review, "NORM_SAMPLE", sample)
        monkeypatch.setattr(review, "USUAL_TURNS", usual)
        norms = review.Norms()
        for person in people:
            norms.of(person, "fr")
        of_others = [norms.of(person, "fr").rankings for person in people]
        assert of_others == [min(sample, hers[1]), min(sample, hers[0])]


@pytest.mark.django_db
def test_position_is_read_off_the_stored_order(
    walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[tuple[int, int]]] = []
    monkeypatch.setattr(quality, "position", lambda choices, _limits: seen.append(choices))
    review_work(participation=walker.participation)
    rankings = Ranking.objects.filter(turn__conversation__participation=walker.participation)
    assert seen == [[(0, 4)] * rankings.count()]  # the walker puts the first one first


@pytest.mark.django_db
def test_repeated_and_pasted_texts_are_noticed(walker: Walker) -> None:
    Explanation.objects.update(text="Toujours pareil.", pasted=16)
    review_work(participation=walker.participation)
    assert kinds(walker.participation) == {"repeated", "paste"}


@pytest.mark.django_db
def test_a_prompt_of_the_pool_is_nobodys_pasted_text(
    walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality, "PASTED_TEXTS", 1)
    assert Turn.objects.filter(live=False).exists()
    Turn.objects.filter(live=False).update(pasted=9999)
    review_work(participation=walker.participation)
    assert kinds(walker.participation) == set()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "raised"), [("rarely", False), ("often", True), ("prefer_not_to_say", False)]
)
def test_an_attention_question_is_missed_by_another_option(
    once: Once, link: RecruitmentLink, given: str, raised: bool
) -> None:
    walker = once(entered, link)
    while "conversations" in walker.here():
        conversation = walker.open()
        walker.post("conversation-skip", {}, conversation.public_id)
    response = walker.post("closing", CLOSING | {"attention": given})
    review_work(participation=walker.participation)
    assert ("attention" in kinds(walker.participation)) is raised
    assert code_on(response)


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["no", "few", "most", "prefer_not_to_say"])
def test_help_from_a_program_has_no_consequence(
    once: Once, link: RecruitmentLink, given: str
) -> None:
    walker = once(entered, link)
    while "conversations" in walker.here():
        conversation = walker.open()
        walker.post("conversation-skip", {}, conversation.public_id)
    response = walker.post("closing", CLOSING | {"ai_help": given})
    review_work(participation=walker.participation)
    assert kinds(walker.participation) == set()
    assert code_on(response)
    assert Question.objects.get(code="ai_help").expected == ""


@pytest.mark.django_db
def test_the_practice_question_is_a_signal_of_its_own(walker: Walker) -> None:
    Participation.objects.update(comprehension_passed=False, comprehension_tries=2)
    review_work(participation=walker.participation)
    assert walker.participation.flags.get().evidence == {"tries": 2}


@pytest.mark.django_db
def test_a_flag_changes_nothing_about_the_person(walker: Walker) -> None:
    hurry(walker.participation)
    Explanation.objects.update(text="Toujours pareil.", pasted=16)
    Answer.objects.filter(question__code="attention").delete()
    before = Participation.objects.filter(pk=walker.participation.pk).values().get()
    slots = list(Slot.objects.order_by("pk").values())
    review_work(participation=walker.participation)
    assert len(kinds(walker.participation)) == 3
    assert Participation.objects.filter(pk=walker.participation.pk).values().get() == before
    assert list(Slot.objects.order_by("pk").values()) == slots
    assert "finish" in walker.here()


@pytest.mark.django_db
def test_a_repeat_refreshes_the_figures_and_nothing_else(walker: Walker) -> None:
    hurry(walker.participation)
    review_work(participation=walker.participation)
    first = walker.participation.flags.get()
    Ranking.objects.filter(
        turn=Turn.objects.filter(conversation__participation=walker.participation)[0]
    ).update(submitted_at=timezone.now() + timedelta(hours=1))
    review_work(participation=walker.participation)
    again = walker.participation.flags.get()
    assert (again.pk, again.raised_at) == (first.pk, first.raised_at)
    assert again.evidence["fast"] == first.evidence["fast"] - 1


@pytest.mark.django_db
def test_a_flag_that_its_figures_no_longer_carry_is_taken_back(walker: Walker) -> None:
    hurry(walker.participation)
    review_work(participation=walker.participation)
    Ranking.objects.update(submitted_at=timezone.now() + timedelta(hours=1))
    review_work(participation=walker.participation)
    assert kinds(walker.participation) == set()


@pytest.mark.django_db
@pytest.mark.parametrize("settled", ["answered", "decided"])
def test_what_was_answered_or_decided_stays_as_it_was(walker: Walker, settled: str) -> None:
    hurry(walker.participation)
    review_work(participation=walker.participation)
    flag = walker.participation.flags.get()
    if settled == "answered":
        answer_flag(flag=flag, text="Je lis vite.")
    else:
        staff = User.objects.create_user("staff", is_staff=True)
        decide(flag, "kept", "Lit vite.", staff)
    stored = Flag.objects.values().get()
    Ranking.objects.update(submitted_at=timezone.now() + timedelta(hours=1))
    review_work(participation=walker.participation)
    assert Flag.objects.values().get() == stored


@pytest.mark.django_db
def test_a_check_that_breaks_is_not_run_and_never_failed(
    walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(walker.participation)
    with monkeypatch.context() as broken:
        broken.setattr(quality, "speed", lambda *_args: 1 / 0)
        review_work(participation=walker.participation)
    flag = walker.participation.flags.get()
    assert (flag.state, flag.evidence) == ("not_run", {"fault": "ZeroDivisionError"})
    assert not walker.participation.flags.raised().exists()
    assert walker.participation.pk in participations_to_review()
    tasks.review_recent_work()
    flag.refresh_from_db()
    assert flag.state == "raised"


@pytest.mark.django_db
def test_a_check_that_breaks_hides_no_other_and_forgets_nothing(
    walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(walker.participation)
    review_work(participation=walker.participation)
    Explanation.objects.update(text="Toujours pareil.")
    monkeypatch.setattr(quality, "speed", lambda *_args: 1 / 0)
    review_work(participation=walker.participation)
    states = dict(walker.participation.flags.values_list("kind", "state"))
    assert states == {"speed": "raised", "repeated": "raised"}


@pytest.mark.django_db
def test_work_of_the_last_day_is_found_again_and_older_work_is_left(walker: Walker) -> None:
    assert walker.participation.pk in participations_to_review()
    walker.participation.conversations.update(ended_at=timezone.now() - timedelta(days=2))
    Participation.objects.update(finished_at=timezone.now() - timedelta(days=2))
    assert walker.participation.pk not in participations_to_review()
