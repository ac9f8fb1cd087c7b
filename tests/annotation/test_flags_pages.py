"""Notes on somebody's work: what she reads of them, and what she says before and after."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import User
from annotation.actions.quality import answer_flag, object_to_decision
from annotation.actions.standing import exclude, re_include
from annotation.actions.withdrawal import erase_texts, withdraw
from annotation.models import (
    Explanation,
    Flag,
    Ranking,
    RecruitmentLink,
    Turn,
)
from annotation.review import review_work
from tests.deciding import decide
from tests.made_once import Once
from tests.walker import Walker

pytestmark = pytest.mark.django_db

MINE = "Ma question personnelle sur la mer"


@pytest.fixture
def walker(once: Once, link: RecruitmentLink) -> Walker:
    """Somebody who finished in a great hurry and pasted what she wrote."""
    return once(in_a_hurry, link)


def in_a_hurry(link: RecruitmentLink) -> Walker:
    walker = Walker(link)
    walker.enter()
    walker.finish()
    participation = walker.participation
    for turn in Turn.objects.filter(conversation__participation=participation):
        assert turn.shown_at
        Ranking.objects.filter(turn=turn).update(submitted_at=turn.shown_at + timedelta(seconds=3))
    Turn.objects.filter(conversation__participation=participation, live=True).update(
        message=MINE, pasted=len(MINE)
    )
    Explanation.objects.update(text="", pasted=0)
    review_work(participation=participation)
    walker.post("interface-language", {"language": "en", "next": "/signals/"})
    return walker


@pytest.fixture
def flag(walker: Walker) -> Flag:
    return walker.participation.flags.get(kind="speed")


@pytest.fixture
def staff() -> User:
    return User.objects.create_user("staff", is_staff=True)


def signals_page(walker: Walker) -> str:
    return str(walker.client.get(reverse("signals")).content.decode())


# -- The annotator


def test_she_reads_each_note_in_words_with_her_own_figures(walker: Walker, flag: Flag) -> None:
    page = signals_page(walker)
    fast, turns = flag.evidence["fast"], flag.evidence["turns"]
    assert (
        f"On {fast} of {turns} turns you answered in less than a third of the time "
        "that most people reading French need."
    ) in page
    pasted = walker.participation.flags.get(kind="paste").evidence
    assert f"Of the {pasted['texts']} texts you wrote, {pasted['pasted']} were mostly" in page
    assert "Nobody is rejected automatically." in page
    assert "Your pay and your completion code do not depend on it." in page


def test_every_kind_of_note_has_its_words(walker: Walker) -> None:
    Flag.objects.all().delete()
    for kind in Flag.Kind:
        Flag.objects.create(
            participation=walker.participation, kind=kind, evidence={"language": "fr"}
        )
    page = signals_page(walker)
    for kind in Flag.Kind:
        section = re.search(rf'id="signal-{kind.value}">(.*?)</section>', page, re.S)
        assert section
        assert "<h2>" in section[1]


def test_the_link_stands_in_the_footer_only_where_there_is_a_note(
    walker: Walker, link: RecruitmentLink
) -> None:
    address = reverse("signals")
    assert f'href="{address}"' in walker.client.get(reverse("finish")).content.decode()
    other = Walker(link)
    other.join()
    assert f'href="{address}"' not in other.client.get(reverse("country")).content.decode()
    Flag.objects.update(state=Flag.State.NOT_RUN)
    assert f'href="{address}"' not in walker.client.get(reverse("finish")).content.decode()


def test_a_check_that_was_not_made_says_nothing_about_her(walker: Walker) -> None:
    Flag.objects.update(state=Flag.State.NOT_RUN)
    assert "Nothing was noted about how you worked." in signals_page(walker)
    assert walker.post("signal-answer", {"speed-answer": "?"}, "speed").status_code == 404


def test_she_answers_changes_it_and_takes_it_back(walker: Walker, flag: Flag) -> None:
    for text in ("Je lis vite.", "Je lis vite.", "Je lis très vite."):
        response = walker.post("signal-answer", {"speed-answer": text}, "speed")
        assert "Your answer is stored." in response.content.decode()
        flag.refresh_from_db()
        assert flag.answer == text
        assert flag.answered_at
    assert "Je lis très vite." in signals_page(walker)
    walker.post("signal-answer", {"speed-answer": ""}, "speed")
    flag.refresh_from_db()
    assert (flag.answer, flag.answered_at) == ("", None)


def test_the_same_answer_twice_is_stored_once(walker: Walker, flag: Flag) -> None:
    answer_flag(flag=flag, text="Oui.")
    stored = Flag.objects.values().get(pk=flag.pk)
    answer_flag(flag=flag, text="Oui.")
    assert Flag.objects.values().get(pk=flag.pk) == stored


def test_an_answer_that_is_too_long_stays_on_the_page(walker: Walker, flag: Flag) -> None:
    response = walker.post("signal-answer", {"speed-answer": "x" * 2001}, "speed")
    assert response.status_code == 422
    assert "x" * 2001 in response.content.decode()
    flag.refresh_from_db()
    assert flag.answer == ""


def test_nobody_elses_note_is_found(walker: Walker, flag: Flag, link: RecruitmentLink) -> None:
    other = Walker(link)
    other.join()
    assert other.post("signal-answer", {"speed-answer": "x"}, "speed").status_code == 404
    flag.refresh_from_db()
    assert flag.answer == ""
    assert "signal-speed" not in signals_page(other)


@pytest.mark.parametrize("decision", ["kept", "excluded"])
def test_she_reads_the_decision_and_its_reason_and_answers_no_more(
    walker: Walker, flag: Flag, staff: User, decision: str
) -> None:
    answer_flag(flag=flag, text="Je lis vite.")
    decide(flag, decision, "Voilà pourquoi.", staff)
    page = signals_page(walker)
    assert "Voilà pourquoi." in page
    assert "Je lis vite." in page
    assert ("stays in the analysis" in page) is (decision == "kept")
    assert ("left out of the analysis. Your pay does not change." in page) is (
        decision == "excluded"
    )
    assert "staff" not in page
    response = walker.post("signal-answer", {"speed-answer": "Trop tard"}, "speed")
    assert response.status_code == 422
    assert "A person has decided already." in response.content.decode()
    flag.refresh_from_db()
    assert flag.answer == "Je lis vite."


# -- After the decision


def test_she_objects_once_and_the_note_waits_again(walker: Walker, flag: Flag, staff: User) -> None:
    assert walker.post("signal-object", {"speed-objection": "Non."}, "speed").status_code == 422
    decide(flag, "excluded", "Trop rapide.", staff)
    assert "You can object once." in signals_page(walker)
    flag.refresh_from_db()
    assert not flag.waits
    empty = walker.post("signal-object", {"speed-objection": " "}, "speed")
    assert empty.status_code == 422
    for _click in range(2):
        page = walker.post("signal-object", {"speed-objection": "J'ai lu à voix haute."}, "speed")
        assert "A person looks at it once more" in page.content.decode()
    other = walker.post("signal-object", {"speed-objection": "Et encore."}, "speed")
    assert other.status_code == 422
    flag.refresh_from_db()
    assert flag.waits
    assert flag.objection == "J'ai lu à voix haute."
    assert Flag.objects.waiting().filter(pk=flag.pk).exists()


def test_what_she_wrote_stays_where_a_decision_came_while_she_wrote(
    walker: Walker, flag: Flag, staff: User
) -> None:
    decide(flag, "kept", "Lit vite.", staff)
    late = walker.post("signal-answer", {"speed-answer": "Je lis vite."}, "speed")
    assert late.status_code == 422
    assert ">\nJe lis vite.</textarea>" in late.content.decode()


def test_an_objection_can_bring_her_back_and_both_decisions_are_kept(
    walker: Walker, flag: Flag, staff: User
) -> None:
    decide(flag, "excluded", "Trop rapide.", staff)
    assert walker.participation.excluded_at
    object_to_decision(flag=flag, text="J'ai lu à voix haute.")
    decide(flag, "kept", "C'est vrai.", staff)
    assert walker.participation.excluded_at is None
    page = signals_page(walker)
    assert "C&#x27;est vrai." in page
    assert "stays in the analysis" in page
    assert "A person has looked at it once more." in page
    stages = list(flag.judgements.values_list("stage", "verdict"))
    assert stages == [("first", "unsure"), ("final", "excluded"), ("again", "kept")]
    flag.refresh_from_db()
    assert (flag.decision, flag.waits) == ("kept", False)


def test_kept_after_an_objection_leaves_her_out_for_another_reason(
    walker: Walker, flag: Flag, staff: User
) -> None:
    paste = walker.participation.flags.get(kind="paste")
    decide(flag, "excluded", "Trop rapide.", staff)
    decide(paste, "excluded", "Tout est collé.", staff)
    for note, left in ((flag, True), (paste, False)):
        object_to_decision(flag=note, text="Non.")
        decide(note, "kept", "C'est vrai.", staff)
        assert (walker.participation.excluded_at is not None) is left


def test_she_reads_that_she_was_left_out_by_hand_and_is_back(walker: Walker, staff: User) -> None:
    Flag.objects.all().delete()
    footer = f'href="{reverse("signals")}"'
    assert footer not in walker.client.get(reverse("finish")).content.decode()
    exclude(participation=walker.participation, why="Deux personnes, un compte.", by=staff)
    assert footer in walker.client.get(reverse("finish")).content.decode()
    page = signals_page(walker)
    assert "Your work was left out of the analysis" in page
    assert "Deux personnes, un compte." in page
    assert "Nothing was noted" not in page
    re_include(participation=walker.participation, why="C'était une erreur.", by=staff)
    page = signals_page(walker)
    assert "Your work counts in the analysis again" in page
    assert "C&#x27;était une erreur." in page


def test_who_withdrew_objects_no_more_and_an_erasure_takes_the_objection_out(
    walker: Walker, flag: Flag, staff: User
) -> None:
    decide(flag, "kept", "Lit vite.", staff)
    object_to_decision(flag=flag, text=MINE)
    withdraw(participation=walker.participation)
    erase_texts(participation=walker.participation)
    flag.refresh_from_db()
    assert flag.objection == ""
    paste = walker.participation.flags.get(kind="paste")
    with pytest.raises(ValidationError):
        object_to_decision(flag=paste, text="Non.")
