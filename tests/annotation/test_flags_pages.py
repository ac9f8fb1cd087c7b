"""Notes on somebody's work: what she reads and says, what a reviewer sees and decides."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotation.actions.quality import answer_flag, decide_flag
from annotation.models import (
    Conversation,
    Explanation,
    Flag,
    Participation,
    Ranking,
    RecruitmentLink,
    Role,
    Slot,
    Study,
    Turn,
)
from annotation.review import review_work
from tests.team import signed_in
from tests.walker import Walker, code_on

pytestmark = pytest.mark.django_db

MINE = "Ma question personnelle sur la mer"


@pytest.fixture
def walker(link: RecruitmentLink) -> Walker:
    """Somebody who finished in a great hurry and pasted what she wrote."""
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
def reviewer() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("reviewer", password="a-long-test-password"))
    return client


def test_the_queue_leaves_rehearsals_out_unless_their_study_is_asked_for(
    flag: Flag, reviewer: Client
) -> None:
    study = flag.participation.study
    queue, page = reverse("admin:annotation_flag_changelist"), decide_url(flag)
    assert page in reviewer.get(queue).content.decode()
    Study.objects.filter(pk=study.pk).update(rehearsal_of=study.pk)
    found = reviewer.get(queue)
    assert page not in found.content.decode()
    assert found.context["rates"] == []
    asked = reviewer.get(queue, {"participation__study__id__exact": study.pk})
    assert page in asked.content.decode()
    assert reviewer.get(page).status_code == 200


def signals_page(walker: Walker) -> str:
    return str(walker.client.get(reverse("signals")).content.decode())


def decide_url(flag: Flag) -> str:
    return reverse("admin:annotation_flag_change", args=[flag.pk])


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
    walker: Walker, flag: Flag, decision: str
) -> None:
    answer_flag(flag=flag, text="Je lis vite.")
    staff = User.objects.create_user("staff", is_staff=True)
    decide_flag(flag=flag, decision=Flag.Decision(decision), reason="Voilà pourquoi.", by=staff)
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


# -- The reviewer


def test_the_reviewer_sees_figures_and_no_choice_text_or_person(
    walker: Walker, flag: Flag, reviewer: Client
) -> None:
    answer_flag(flag=flag, text="Je lis vite.")
    pages = reviewer.get(decide_url(flag)).content.decode()
    assert "Je lis vite." in pages
    assert "Français" in pages
    assert f"<td>{flag.evidence['fast']}</td>" in pages
    pages += reviewer.get(reverse("admin:annotation_flag_changelist")).content.decode()
    pages += reviewer.get(f"{decide_url(flag)}history/").content.decode()
    participation = walker.participation
    secrets = [
        MINE,
        participation.public_id,
        participation.annotator.public_id,
        participation.completion_code,
        f"/participation/{participation.pk}/",
        f"/annotator/{participation.annotator_id}/",
        *participation.conversations.values_list("public_id", flat=True),
        *Turn.objects.values_list("message", flat=True),
        "isced_6",
        "female",
    ]
    for ranking in Ranking.objects.select_related("chosen"):
        secrets += [ranking.chosen.handle, ranking.chosen.text[:40]]
    for secret in secrets:
        assert secret not in pages


def test_the_note_of_a_shared_address_says_how_many_others_there_are(
    flag: Flag, reviewer: Client
) -> None:
    Flag.objects.filter(pk=flag.pk).update(kind="duplicate", evidence={"same_address": 37})
    assert "<td>37</td>" in reviewer.get(decide_url(flag)).content.decode()


def test_a_decision_needs_a_choice_and_a_reason(flag: Flag, reviewer: Client) -> None:
    for missing in ({}, {"decision": "kept"}, {"reason": "So."}, {"decision": "x", "reason": "y"}):
        response = reviewer.post(decide_url(flag), missing)
        assert response.status_code == 200
        assert b"errorlist" in response.content
    assert b"checked" not in reviewer.get(decide_url(flag)).content.split(b"<form method")[-1]
    flag.refresh_from_db()
    assert flag.decision == ""
    with pytest.raises(ValidationError):
        decide_flag(flag=flag, decision=Flag.Decision.KEPT, reason="  ", by=User.objects.get())


@pytest.fixture
def working(link: RecruitmentLink) -> Walker:
    """Somebody with a note, in the middle of a conversation whose first turn she has ranked."""
    link.codes = {"quality": "QEXIT"}
    link.save()
    walker = Walker(link)
    walker.enter()
    conversation = walker.open_kind("pool")
    walker.rank(walker.current_turn(conversation))
    evidence = {"fast": 3, "turns": 4, "language": "fr", "norm_source": "study"}
    Flag.objects.create(participation=walker.participation, kind="speed", evidence=evidence)
    return walker


def test_a_reviewer_ends_a_participation_with_the_quality_exit(
    working: Walker, reviewer: Client
) -> None:
    flag = Flag.objects.get()
    assert 'name="end"' in reviewer.get(decide_url(flag)).content.decode()
    reviewer.post(decide_url(flag), {"decision": "excluded", "reason": "Trop vite.", "end": "on"})
    participation = working.participation
    assert (participation.outcome, participation.completion_code) == ("quality", "QEXIT")
    assert participation.excluded_at
    assert not participation.conversations.filter(status="open").exists()
    assert Slot.objects.filter(status="void").count() == 1
    assert working.here() == reverse("finish")
    own_page = signals_page(working).lower()
    assert "trop vite." in own_page
    assert "pay does not change" not in own_page and "your pay and" not in own_page


def test_a_participation_goes_on_unless_its_end_is_asked_for(
    working: Walker, reviewer: Client
) -> None:
    flag = Flag.objects.get()
    slip = reviewer.post(decide_url(flag), {"decision": "kept", "reason": "Lit vite.", "end": "on"})
    assert b"errorlist" in slip.content
    reviewer.post(decide_url(flag), {"decision": "excluded", "reason": "Trop vite."})
    participation = working.participation
    assert (participation.outcome, participation.excluded_at is None) == ("", False)
    assert participation.conversations.filter(status="open").exists()


def test_the_end_of_who_has_finished_stays_as_it_is(
    walker: Walker, flag: Flag, reviewer: Client
) -> None:
    code = walker.participation.completion_code
    reviewer.post(decide_url(flag), {"decision": "excluded", "reason": "Trop vite.", "end": "on"})
    assert walker.participation.excluded_at
    assert (walker.participation.outcome, walker.participation.completion_code) == (
        "complete",
        code,
    )


def test_transcripts_are_linked_only_after_the_decision(
    walker: Walker, flag: Flag, reviewer: Client
) -> None:
    links = [
        reverse("admin:annotation_conversation_change", args=[conversation.pk])
        for conversation in walker.participation.conversations.all()
    ]
    before = reviewer.get(decide_url(flag)).content.decode()
    assert not any(link in before for link in links)
    response = reviewer.post(
        decide_url(flag), {"decision": "kept", "reason": "Lit vite."}, follow=True
    )
    after = response.content.decode()
    assert all(link in after for link in links)
    flag.refresh_from_db()
    assert (flag.decision, flag.reason) == ("kept", "Lit vite.")
    assert flag.decided_by == User.objects.get()


def test_kept_changes_nothing_else(walker: Walker, flag: Flag, reviewer: Client) -> None:
    before = Participation.objects.values().get(pk=walker.participation.pk)
    slots = list(Slot.objects.order_by("pk").values())
    reviewer.post(decide_url(flag), {"decision": "kept", "reason": "Lit vite."})
    assert Participation.objects.values().get(pk=walker.participation.pk) == before
    assert list(Slot.objects.order_by("pk").values()) == slots


def test_left_out_plans_her_places_anew_and_leaves_code_and_work(
    walker: Walker, flag: Flag, reviewer: Client
) -> None:
    participation = walker.participation
    code = participation.completion_code
    hers = list(Slot.objects.filter(holder=participation, status="done").values_list("pk"))
    assert hers
    wanted = Slot.objects.exclude(status="void").count()
    rankings = Ranking.objects.count()
    reviewer.post(decide_url(flag), {"decision": "excluded", "reason": "Trop rapide."})
    participation.refresh_from_db()
    assert participation.excluded_at
    assert (participation.completion_code, participation.outcome) == (code, "complete")
    assert not Slot.objects.filter(holder=participation, status="done").exists()
    assert Slot.objects.exclude(status="void").count() == wanted
    assert Ranking.objects.count() == rankings
    assert code_on(walker.client.get(reverse("finish"))) == code


def test_who_is_left_out_midway_goes_on_and_fills_no_place(
    link: RecruitmentLink, reviewer: Client
) -> None:
    walker = Walker(link)
    walker.enter()
    participation = walker.participation
    flag = Flag.objects.create(participation=participation, kind=Flag.Kind.SPEED)
    reviewer.post(decide_url(flag), {"decision": "excluded", "reason": "Trop rapide."})
    turn = walker.current_turn(walker.open_kind("pool"))
    walker.rank(turn)
    assert Ranking.objects.filter(turn=turn).exists()
    grant = turn.conversation.grant
    assert grant is not None
    grant.refresh_from_db()
    assert grant.disposition == "surplus"
    assert (grant.slot.status, grant.slot.holder) == ("open", None)


def test_the_first_decision_stays(flag: Flag, reviewer: Client) -> None:
    reviewer.post(decide_url(flag), {"decision": "kept", "reason": "Lit vite."})
    reviewer.post(decide_url(flag), {"decision": "excluded", "reason": "Non."})
    flag.refresh_from_db()
    assert (flag.decision, flag.reason) == ("kept", "Lit vite.")
    assert flag.participation.excluded_at is None
    assert b"<form method" not in reviewer.get(decide_url(flag)).content


def test_another_note_that_is_kept_takes_no_exclusion_back(
    walker: Walker, flag: Flag, reviewer: Client
) -> None:
    reviewer.post(decide_url(flag), {"decision": "excluded", "reason": "Trop rapide."})
    excluded_at = walker.participation.excluded_at
    paste = walker.participation.flags.get(kind="paste")
    reviewer.post(decide_url(paste), {"decision": "kept", "reason": "Permis."})
    assert walker.participation.excluded_at == excluded_at
    assert excluded_at


def test_what_was_not_checked_is_not_decided(flag: Flag, reviewer: Client) -> None:
    Flag.objects.update(state=Flag.State.NOT_RUN, evidence={"fault": "ZeroDivisionError"})
    page = reviewer.get(decide_url(flag)).content.decode()
    assert "says nothing about the person" in page
    assert "<form method" not in page
    reviewer.post(decide_url(flag), {"decision": "excluded", "reason": "Non."})
    flag.refresh_from_db()
    assert flag.decision == ""


@pytest.mark.parametrize("role", [None, Role.VIEWER])
def test_staff_without_the_right_sees_no_note_and_decides_nothing(
    flag: Flag, role: Role | None
) -> None:
    client = signed_in(flag.participation.study, role)
    assert client.get(decide_url(flag)).status_code == 404
    assert client.get(reverse("admin:annotation_flag_changelist")).status_code == 403
    answer = client.post(decide_url(flag), {"decision": "excluded", "reason": "Non."})
    assert answer.status_code == 404
    flag.refresh_from_db()
    assert flag.decision == ""


def test_a_reviewer_reads_the_transcripts_of_a_person_after_her_decision_alone(
    walker: Walker, flag: Flag
) -> None:
    client = signed_in(walker.participation.study, Role.REVIEWER)
    conversation = Conversation.objects.filter(participation=walker.participation)[0]
    address = reverse("admin:annotation_conversation_change", args=[conversation.pk])
    listed = reverse("admin:annotation_conversation_changelist")
    assert client.get(address).status_code == 404
    assert address not in client.get(listed).text
    data = {"decision": "kept", "reason": "Lit vite."}
    page = client.post(decide_url(flag), data, follow=True).content.decode()
    assert "Lit vite." in page
    assert address in page
    assert client.get(address).status_code == 200
    assert address in client.get(listed).text


def test_without_signing_in_there_is_no_queue(flag: Flag, client: Client) -> None:
    assert client.get(decide_url(flag)).status_code == 302
    data: dict[str, Any] = {"decision": "excluded", "reason": "Non."}
    assert client.post(decide_url(flag), data).status_code == 302
    flag.refresh_from_db()
    assert flag.decision == ""


def test_the_queue_shows_the_undecided_first_and_the_rates_of_each_locale(
    walker: Walker, flag: Flag, reviewer: Client, link: RecruitmentLink
) -> None:
    other = Walker(link)
    other.enter()
    reviewer.post(decide_url(flag), {"decision": "excluded", "reason": "Trop rapide."})
    page = reviewer.get(reverse("admin:annotation_flag_changelist")).content.decode()
    assert page.index("text pasted in") < page.index("faster than the text can be read")
    row = re.search(r"everyday-questions FR-fr, main</th>(.*?)</tr>", page, re.S)
    assert row
    assert re.findall(r"<td>(.*?)</td>", row[1]) == ["2", "1 (50 %)", "1 (50 %)"]
