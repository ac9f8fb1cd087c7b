"""The reviewer's desk: a note judged blind, opened, decided; who is left out and taken back."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotation.actions.quality import answer_flag, object_to_decision
from annotation.actions.reviewing import decide_flag
from annotation.models import (
    AuditEntry,
    Flag,
    Participation,
    Ranking,
    RecruitmentLink,
    Role,
    Slot,
    Study,
    Turn,
)
from annotation.review.looking import review_work
from tests.annotation.test_flags_pages import MINE, flag, signals_page, walker  # noqa: F401
from tests.deciding import decide
from tests.team import member
from tests.walker import Walker, code_on

pytestmark = pytest.mark.django_db
FIRST = {"verdict": "unsure", "reason": "Seulement les chiffres."}


def desk(name: str, study: Study, *args: object) -> str:
    return reverse(name, args=[study.key, *args])


class Reviewer:
    """A browser of somebody of the team, at one note."""

    def __init__(self, user: User, note: Flag) -> None:
        self.user, self.client, self.note = user, Client(), note
        self.client.force_login(user)
        study = self.study = note.participation.study
        self.first = desk("study-review-note", study, note.pk)
        self.choices = desk("study-review-choices", study, note.pk)
        self.second = desk("study-review-second", study, note.pk)
        self.queue = desk("study-review", study)

    def page(self, address: str) -> str:
        return str(self.client.get(address, follow=True).content.decode())

    def judge(self) -> None:
        """Every note on this person, blind."""
        for number in self.note.participation.flags.order_by("pk").values_list("pk", flat=True):
            self.client.post(desk("study-review-note", self.study, number), FIRST)

    def decide(self, decision: str, reason: str, **more: str) -> str:
        self.judge()
        data = {"decision": decision, "reason": reason, **more}
        answer = self.client.post(self.choices, data, follow=True)
        return str(answer.content.decode())


@pytest.fixture
def reviewer(flag: Flag) -> Reviewer:  # noqa: F811
    return Reviewer(User.objects.create_superuser("reviewer"), flag)


def limited(note: Flag, role: Role | None) -> Reviewer:
    return Reviewer(member(note.participation.study, role, f"a {role}"), note)


def secrets_of(person: Participation) -> list[str]:
    told = [
        MINE,
        person.public_id,
        person.annotator.public_id,
        person.completion_code,
        f"/participation/{person.pk}/",
        f"/annotator/{person.annotator_id}/",
        *person.conversations.values_list("public_id", flat=True),
        *Turn.objects.values_list("message", flat=True),
        "isced_6",
        "Femme",
    ]
    for ranking in Ranking.objects.select_related("chosen"):
        told += [ranking.chosen.handle, ranking.chosen.text[:40]]
    return told


def test_the_first_step_shows_figures_and_her_answer_and_nothing_that_leads_to_her(
    walker: Walker,  # noqa: F811
    reviewer: Reviewer,
) -> None:
    answer_flag(flag=reviewer.note, text="Je lis vite.")
    pages = reviewer.page(reviewer.first)
    assert "Je lis vite." in pages
    assert "Français" in pages
    assert f"<td>{reviewer.note.evidence['fast']}</td>" in pages
    # Who asks for the choices before is led back to the first step.
    pages += reviewer.page(reviewer.choices) + reviewer.page(reviewer.queue)
    assert "Store your first judgement" in pages
    for secret in secrets_of(walker.participation):
        assert secret not in pages
    assert not AuditEntry.objects.filter(kind="flag:opened").exists()


def test_a_first_judgement_opens_the_choices_and_looking_is_noted_once(
    walker: Walker,  # noqa: F811
    reviewer: Reviewer,
) -> None:
    reviewer.judge()
    page = reviewer.page(reviewer.choices)
    shown = Turn.objects.filter(conversation__participation=walker.participation)
    assert all(turn.message[:30] in page for turn in shown if turn.live)
    assert walker.participation.public_id in page
    reviewer.page(reviewer.choices)
    opened = AuditEntry.objects.get(kind="flag:opened")
    assert (opened.by, opened.what) == (reviewer.user, f"note {reviewer.note.pk}")
    assert b'name="verdict"' not in reviewer.client.get(reviewer.first).content
    again = {"verdict": "excluded", "reason": "Autre."}
    reviewer.client.post(reviewer.first, again)
    assert reviewer.note.judgements.get().verdict == "unsure", "the first judgement stays"


def test_her_choices_stay_closed_while_another_note_on_her_waits_to_be_judged_blind(
    walker: Walker,  # noqa: F811
    reviewer: Reviewer,
) -> None:
    """They are the same behind all her notes, whoever decided one of them."""
    paste = walker.participation.flags.get(kind="paste")
    secret = walker.participation.public_id
    page = reviewer.client.post(reviewer.first, FIRST, follow=True).content.decode()
    assert "Another note on this person waits" in page
    assert f"<h1>{paste}</h1>" in page, "she is led to it"
    assert secret not in page
    decide(reviewer.note, "kept", "Lit vite.", User.objects.create_superuser("another"))
    for somebody in (reviewer, Reviewer(User.objects.create_superuser("third"), reviewer.note)):
        assert secret not in somebody.page(somebody.choices)
        address = desk("study-review-note", somebody.study, paste.pk)
        page = somebody.client.post(address, FIRST, follow=True).content.decode()
        assert secret in page, "all that wait are judged"
        assert secret in somebody.page(somebody.choices)


def test_nobody_decides_before_the_own_first_judgement(
    flag: Flag,  # noqa: F811
    reviewer: Reviewer,
) -> None:
    with pytest.raises(ValidationError):
        decide_flag(flag=flag, decision=Flag.Decision.KEPT, reason="Non.", by=reviewer.user)
    reviewer.client.post(reviewer.choices, {"decision": "kept", "reason": "Non."})
    flag.refresh_from_db()
    assert flag.decision == ""


def test_each_step_needs_a_choice_and_a_reason(flag: Flag, reviewer: Reviewer) -> None:  # noqa: F811
    for missing in ({}, {"verdict": "kept"}, {"reason": "So."}, {"verdict": "x", "reason": "y"}):
        answer = reviewer.client.post(reviewer.first, missing)
        assert (answer.status_code, b"errorlist" in answer.content) == (422, True)
    assert b"checked" not in reviewer.client.get(reviewer.first).content.split(b"csrf")[-1]
    reviewer.judge()
    for missing in ({}, {"decision": "kept"}, {"reason": "So."}, {"decision": "x", "reason": "y"}):
        answer = reviewer.client.post(reviewer.choices, missing)
        assert (answer.status_code, b"errorlist" in answer.content) == (422, True)
    flag.refresh_from_db()
    assert flag.decision == ""


def test_a_decision_leads_to_the_next_note_and_the_queue_shows_what_is_left(
    walker: Walker,  # noqa: F811
    reviewer: Reviewer,
) -> None:
    paste = walker.participation.flags.get(kind="paste")
    page = reviewer.decide("kept", "Lit vite.")
    assert str(paste) in page
    assert "The decision is stored" in page
    queue = reviewer.page(reviewer.queue)
    assert f"{paste}</a>" in queue
    assert f"{reviewer.note}</a>" not in queue
    every = reviewer.page(f"{reviewer.queue}?state=all")
    assert every.index(f"{paste}</a>") < every.index(f"{reviewer.note}</a>")
    done = reviewer.page(f"{reviewer.queue}?state=decided&kind=speed")
    assert f"{reviewer.note}</a>" in done
    assert f"{paste}</a>" not in done
    Reviewer(reviewer.user, paste).decide("kept", "Permis.")
    assert "No note waits for you." in reviewer.page(reviewer.queue)


def test_the_queue_narrows_by_answer_locale_and_phase(
    walker: Walker,  # noqa: F811
    reviewer: Reviewer,
    study: Study,
) -> None:
    link = f"{reviewer.note}</a>"
    assert link not in reviewer.page(f"{reviewer.queue}?answered=on")
    answer_flag(flag=reviewer.note, text="Je lis vite.")
    assert link in reviewer.page(f"{reviewer.queue}?answered=on")
    here = study.locales.get(country="FR").pk
    there = study.locales.get(country="US").pk
    assert link in reviewer.page(f"{reviewer.queue}?locale={here}")
    assert link not in reviewer.page(f"{reviewer.queue}?locale={there}")
    assert link not in reviewer.page(f"{reviewer.queue}?phase=pilot")
    Participation.objects.filter(pk=walker.participation.pk).update(phase="rehearsal")
    assert link not in reviewer.page(reviewer.queue)
    assert link in reviewer.page(f"{reviewer.queue}?phase=rehearsal")
    Study.objects.filter(pk=study.pk).update(rehearsal_of=study.pk)
    assert link in reviewer.page(reviewer.queue), "a rehearsal's own queue shows its people"


def test_the_queue_says_rates_by_locale_and_changes_of_mind(
    reviewer: Reviewer, link: RecruitmentLink
) -> None:
    Walker(link).enter()
    reviewer.decide("excluded", "Trop rapide.")
    page = reviewer.page(reviewer.queue)
    row = re.search(r"FR-fr, main</th>(.*?)</tr>", page, re.S)
    assert row
    assert re.findall(r"<td>(.*?)</td>", row[1]) == ["2", "1 (50 %)", "1 (50 %)"]
    changed = re.search(r"cannot tell yet</th>(.*?)</tr>", page, re.S)
    assert changed
    assert re.findall(r"<td>(.*?)</td>", changed[1]) == ["0", "1"]


def test_left_out_plans_her_places_anew_and_leaves_code_and_work(
    walker: Walker,  # noqa: F811
    reviewer: Reviewer,
) -> None:
    participation = walker.participation
    code = participation.completion_code
    wanted, rankings = Slot.objects.exclude(status="void").count(), Ranking.objects.count()
    assert Slot.objects.filter(holder=participation, status="done").exists()
    reviewer.decide("excluded", "Trop rapide.")
    participation.refresh_from_db()
    assert participation.excluded_at
    assert (participation.completion_code, participation.outcome) == (code, "complete")
    assert not Slot.objects.filter(holder=participation, status="done").exists()
    assert Slot.objects.exclude(status="void").count() == wanted
    assert Ranking.objects.count() == rankings
    assert code_on(walker.client.get(reverse("finish"))) == code
    assert participation.exclusions.get().flag == reviewer.note


def test_kept_changes_nothing_else(walker: Walker, reviewer: Reviewer) -> None:  # noqa: F811
    before = Participation.objects.values().get(pk=walker.participation.pk)
    slots = list(Slot.objects.order_by("pk").values())
    reviewer.decide("kept", "Lit vite.")
    assert Participation.objects.values().get(pk=walker.participation.pk) == before
    assert list(Slot.objects.order_by("pk").values()) == slots


def test_the_first_decision_stays_until_she_objects(
    flag: Flag,  # noqa: F811
    reviewer: Reviewer,
) -> None:
    reviewer.decide("kept", "Lit vite.")
    reviewer.decide("excluded", "Non.")
    flag.refresh_from_db()
    assert (flag.decision, flag.reason) == ("kept", "Lit vite.")
    assert b'name="decision"' not in reviewer.client.get(reviewer.choices).content
    object_to_decision(flag=flag, text="Regardez encore.")
    assert "answered after the decision" in reviewer.page(reviewer.queue)
    page = reviewer.page(reviewer.first)
    assert "Regardez encore." in page
    reviewer.decide("excluded", "Vraiment non.")
    flag.refresh_from_db()
    assert (flag.decision, flag.reason) == ("excluded", "Vraiment non.")
    assert flag.participation.excluded_at


def test_a_second_person_can_be_asked_and_then_decides(
    flag: Flag,  # noqa: F811
    reviewer: Reviewer,
) -> None:
    reviewer.judge()
    reviewer.client.post(reviewer.second, {"why": "Je ne suis pas sûre."})
    reviewer.client.post(reviewer.choices, {"decision": "kept", "reason": "Tout de même."})
    flag.refresh_from_db()
    assert (flag.decision, flag.asked_by) == ("", reviewer.user)
    other = Reviewer(User.objects.create_superuser("second"), flag)
    page = other.page(other.first)
    assert "Seulement les chiffres." not in page, "she judges without the other's judgement"
    other.decide("kept", "Lit vite.")
    flag.refresh_from_db()
    assert (flag.decision, flag.decided_by, flag.asked_by) == ("kept", other.user, None)


@pytest.fixture
def working(link: RecruitmentLink) -> Walker:
    """Somebody with a note, in the middle of a conversation whose first turn she has ranked."""
    link.codes = {"quality": "QEXIT"}
    link.save()
    somebody = Walker(link)
    somebody.enter()
    conversation = somebody.open_kind("pool")
    somebody.rank(somebody.current_turn(conversation))
    evidence = {"fast": 3, "turns": 4, "language": "fr", "norm_source": "study"}
    Flag.objects.create(participation=somebody.participation, kind="speed", evidence=evidence)
    return somebody


def test_a_reviewer_ends_a_participation_with_the_quality_exit(working: Walker) -> None:
    reviewer = Reviewer(User.objects.create_superuser("reviewer"), Flag.objects.get())
    reviewer.decide("excluded", "Trop vite.", end="on")
    participation = working.participation
    assert (participation.outcome, participation.completion_code) == ("quality", "QEXIT")
    assert participation.excluded_at
    assert not participation.conversations.filter(status="open").exists()
    assert Slot.objects.filter(status="void").count() == 1
    assert working.here() == reverse("finish")
    own_page = signals_page(working).lower()
    assert "trop vite." in own_page
    assert "pay does not change" not in own_page and "your pay and" not in own_page


def test_a_participation_goes_on_unless_its_end_is_asked_for(working: Walker) -> None:
    reviewer = Reviewer(User.objects.create_superuser("reviewer"), Flag.objects.get())
    assert "errorlist" in reviewer.decide("kept", "Lit vite.", end="on")
    reviewer.decide("excluded", "Trop vite.")
    participation = working.participation
    assert (participation.outcome, participation.excluded_at is None) == ("", False)
    assert participation.conversations.filter(status="open").exists()


def test_what_was_not_checked_is_not_decided(flag: Flag, reviewer: Reviewer) -> None:  # noqa: F811
    Flag.objects.update(state=Flag.State.NOT_RUN, evidence={"fault": "ZeroDivisionError"})
    page = reviewer.page(reviewer.first)
    assert "says nothing about the person" in page
    assert 'name="verdict"' not in page
    reviewer.decide("excluded", "Non.")
    flag.refresh_from_db()
    assert flag.decision == ""
    assert f"{flag}</a>" not in reviewer.page(reviewer.queue)


def test_a_note_that_somebody_judged_is_not_changed_by_the_checks(
    walker: Walker,  # noqa: F811
    reviewer: Reviewer,
) -> None:
    reviewer.client.post(reviewer.first, FIRST)
    stored = Flag.objects.values().get(pk=reviewer.note.pk)
    Ranking.objects.update(submitted_at=Turn.objects.latest("shown_at").shown_at)
    Turn.objects.update(shown_at=None)
    review_work(participation=walker.participation)
    assert Flag.objects.values().get(pk=reviewer.note.pk) == stored


@pytest.mark.parametrize("role", [None, Role.VIEWER])
def test_without_the_right_there_is_no_note(
    flag: Flag,  # noqa: F811
    role: Role | None,
) -> None:
    guest = limited(flag, role)
    for address in (guest.first, guest.choices, guest.queue):
        assert guest.client.get(address).status_code == 403
    assert guest.client.post(guest.first, FIRST).status_code == 403
    assert Client().get(guest.first).status_code == 302
    assert not flag.judgements.exists()


def test_who_reviews_sees_demographics_only_with_the_right_to_single_records(
    flag: Flag,  # noqa: F811
) -> None:
    plain = limited(flag, Role.REVIEWER)
    plain.judge()
    assert "What she said about herself" not in plain.page(plain.choices)
    full = limited(flag, Role.RESEARCHER)
    full.judge()
    assert "What she said about herself" in full.page(full.choices)


# -- Left out by hand, and taken back


def test_somebody_is_left_out_by_her_number_and_taken_back(
    walker: Walker,  # noqa: F811
    reviewer: Reviewer,
    study: Study,
) -> None:
    person, address = walker.participation, desk("study-left-out", study)
    page = reviewer.page(address)
    assert "Nobody is left out." in page
    nobody = reviewer.client.post(address, {"number": "nobody", "why": "x"})
    assert (nobody.status_code, b"Nobody in this study" in nobody.content) == (422, True)
    assert reviewer.client.post(address, {"number": person.public_id}).status_code == 422
    reviewer.client.post(address, {"number": person.public_id, "why": "Deux comptes."})
    assert walker.participation.excluded_at
    assert "Deux comptes." in reviewer.page(address)
    back = desk("study-left-out-back", study, person.public_id)
    reviewer.client.post(back, {"why": " "})
    assert walker.participation.excluded_at
    reviewer.client.post(back, {"why": "Une erreur."})
    assert walker.participation.excluded_at is None
    assert "Nobody is left out." in reviewer.page(address)
    kinds = ["person:excluded", "person:readmitted"]
    assert list(AuditEntry.objects.order_by("pk").values_list("kind", flat=True))[-2:] == kinds
