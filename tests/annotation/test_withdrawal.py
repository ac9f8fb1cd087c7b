"""Somebody withdraws: what ends, what is hidden, what is planned anew, what can be erased."""

import html
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, override

from accounts.actions import Given
from accounts.models import Answer, Consent, ExternalIdentity, Question
from annotation.actions.explaining import explain_choice
from annotation.actions.judgement import Judgement
from annotation.actions.participation import answer_closing
from annotation.actions.replacing import replace_done_slots
from annotation.actions.submission import submit_ranking
from annotation.actions.withdrawal import erase_texts, withdraw
from annotation.actions.writing import check_message
from annotation.models import (
    Conversation,
    Draft,
    Explanation,
    Flag,
    Grant,
    Mention,
    Moderation,
    Participation,
    ProblemReport,
    RankedCandidate,
    Ranking,
    RecruitmentLink,
    Slot,
    Turn,
)
from candidates.generation import complete_candidate_set
from candidates.models import Candidate, CandidateSet, Generation
from insights.overlap.table import overlap_table
from tests.exporting import exported_conversations
from tests.made_once import Once
from tests.processes import wait_until
from tests.walker import Walker, entered

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)


def judged(link: RecruitmentLink) -> tuple[Walker, Conversation]:
    """Somebody who has stored the first ranking of a pool conversation."""
    walker = entered(link)
    conversation = walker.open_kind("pool")
    walker.rank(walker.current_turn(conversation))
    return walker, conversation


def exported(link: RecruitmentLink) -> list[int]:
    found = exported_conversations(link.study, link.vendor)
    return [conversation.participation.annotator_id for conversation in found]


def done(link: RecruitmentLink) -> int:
    table = overlap_table(link.study, "main")
    return sum(cell.done for _key, cells in table.rows for cell in cells if cell)


def test_every_consent_is_taken_back_and_the_participation_ends(link: RecruitmentLink) -> None:
    walker, _conversation = judged(link)
    withdraw(participation=walker.participation)
    participation = walker.participation
    assert participation.withdrawn_at is not None
    assert (participation.outcome, bool(participation.completion_code)) == ("withdrawn", True)
    consents = Consent.objects.filter(annotator=participation.annotator)
    assert consents.count() == 6
    assert not consents.filter(withdrawn_at=None).exists()


def test_nothing_new_is_stored_of_somebody_who_withdrew(link: RecruitmentLink) -> None:
    walker, conversation = judged(link)
    turn = conversation.turns.get(position=1)
    flag = Flag.objects.create(
        participation=walker.participation, kind="speed", evidence={"language": "fr"}
    )
    closing = Question.objects.filter(instrument=link.study.closing_instrument)[0]
    walker.post("withdraw", {"erase": "yes"})
    reported = walker.post("problem-report", {"kind": "broken"}, conversation.public_id, 1)
    answered = walker.post("signal-answer", {"speed-answer": "Encore moi."}, "speed")
    walker.explain(turn, "Encore moi.")
    check_message(conversation=conversation, message="Encore moi.")
    answers = [Given(question=closing)]
    answer_closing(participation=walker.participation, answers=answers)
    assert (reported.status_code, answered.status_code) == (422, 422)
    with override("fr"):
        said = gettext("You have withdrawn")
    for page in (reported, answered):
        assert said in html.unescape(page.content.decode())
    flag.refresh_from_db()
    assert flag.answer == ""
    assert not ProblemReport.objects.exists()
    assert not Explanation.objects.exists()
    assert not Answer.objects.filter(question=closing).exists()
    assert not Moderation.objects.exclude(text_sha256="").exists()


def test_what_is_sent_into_an_open_conversation_of_somebody_who_withdrew_is_refused(
    link: RecruitmentLink,
) -> None:
    _walker, conversation = judged(link)
    Participation.objects.update(withdrawn_at=timezone.now())
    with pytest.raises(ValidationError):
        explain_choice(turn=conversation.turns.get(position=1), text="Encore moi.")


def test_the_code_agreed_for_a_withdrawal_is_hers(link: RecruitmentLink) -> None:
    link.codes = {"withdrawn": "LEFT-EARLY", "complete": "DONE"}
    link.save()
    walker, _conversation = judged(link)
    withdraw(participation=walker.participation)
    assert walker.participation.completion_code == "LEFT-EARLY"


def test_the_open_conversation_ends_and_its_place_is_free(
    once: Once, link: RecruitmentLink
) -> None:
    walker = once(entered, link)
    conversation = walker.open_kind("pool")
    withdraw(participation=walker.participation)
    conversation.refresh_from_db()
    assert conversation.status == "withdrawn"
    assert conversation.ended_at is not None
    grant = conversation.grant
    assert grant is not None
    grant.refresh_from_db()
    assert (grant.disposition, grant.slot.status, grant.slot.holder) == ("withdrawn", "open", None)
    assert Slot.objects.filter(status="void").count() == 0


def test_done_places_are_voided_and_as_many_are_planned(link: RecruitmentLink) -> None:
    walker, conversation = judged(link)
    assert conversation.grant is not None
    before = Slot.objects.filter(status="open").count()
    assert done(link) == 1
    withdraw(participation=walker.participation)
    voided = Slot.objects.get(status="void")
    assert voided == conversation.grant.slot
    assert Slot.objects.filter(status="open").count() == before + 1
    siblings = Slot.objects.filter(candidate_set=voided.candidate_set, locale=voided.locale)
    # The new place is shown in the order of the void one: four rows of the square further on.
    assert sorted(siblings.values_list("ordinal", flat=True)) == [0, 1, 4]
    assert done(link) == 0
    assert Ranking.objects.filter(turn__conversation=conversation).count() == 1
    assert Grant.objects.get(pk=conversation.grant.pk).disposition == "completed"


def test_the_new_place_goes_to_somebody_else(link: RecruitmentLink) -> None:
    walker, conversation = judged(link)
    withdraw(participation=walker.participation)
    assert conversation.grant is not None
    for _person in range(6):  # six places in this locale, as before she came
        assert entered(link).open_kind("pool")
    held = Slot.objects.filter(holder__isnull=False, status="open")
    assert held.filter(prompt=conversation.grant.prompt).count() == 2


def test_replacing_tells_how_many_and_a_second_call_finds_none(link: RecruitmentLink) -> None:
    walker, _conversation = judged(link)
    assert replace_done_slots(participation=walker.participation) == 1
    assert replace_done_slots(participation=walker.participation) == 0
    assert Slot.objects.filter(status="void").count() == 1


def test_withdrawing_again_changes_nothing(link: RecruitmentLink) -> None:
    walker, _conversation = judged(link)
    withdraw(participation=walker.participation)
    first = Participation.objects.values().get(pk=walker.participation.pk)
    slots = Slot.objects.count()
    withdraw(participation=walker.participation)
    assert Participation.objects.values().get(pk=walker.participation.pk) == first
    assert Slot.objects.count() == slots


def test_who_has_finished_keeps_her_outcome_and_code(once: Once, link: RecruitmentLink) -> None:
    walker = once(entered, link)
    walker.finish()
    walker.client.get(reverse("finish"))
    code = walker.participation.completion_code
    withdraw(participation=walker.participation)
    participation = walker.participation
    assert (participation.outcome, participation.completion_code) == ("complete", code)
    assert participation.withdrawn_at is not None
    assert Slot.objects.filter(status="done").count() == 0


def test_every_later_export_is_without_her(link: RecruitmentLink) -> None:
    her, other = entered(link), entered(link)
    her.finish()
    other.finish()
    assert set(exported(link)) == {p.annotator_id for p in Participation.objects.all()}
    withdraw(participation=her.participation)
    assert set(exported(link)) == {other.participation.annotator_id}
    assert len(exported(link)) == 3


def test_nothing_of_people_who_withdrew_or_were_left_out_is_released(
    link: RecruitmentLink,
) -> None:
    walker, conversation = judged(link)
    everything = Conversation.objects.filter(participation=walker.participation)
    assert set(everything.released()) == set(everything) >= {conversation}
    Participation.objects.update(withdrawn_at=timezone.now())
    assert not everything.released().exists()
    Participation.objects.update(withdrawn_at=None, excluded_at=timezone.now())
    assert not everything.released().exists()
    Participation.objects.update(excluded_at=None)
    Consent.objects.filter(purpose="recontact").update(withdrawn_at=timezone.now())
    assert everything.released().exists()
    Consent.objects.filter(purpose="take_part").update(withdrawn_at=timezone.now())
    assert not everything.released().exists()


def test_she_is_led_to_the_end_from_everywhere_and_nothing_more_is_taken(
    link: RecruitmentLink,
) -> None:
    walker, conversation = judged(link)
    turn = conversation.turns.get(position=1)
    withdraw(participation=walker.participation)
    assert walker.here() == reverse("finish")
    walker.explain(turn, "zu spät")
    walker.post("conversation-open")
    assert not Explanation.objects.exists()
    assert walker.participation.conversations.count() == conversation.ordinal + 1


def test_somebody_who_was_asked_nothing_yet_can_withdraw(link: RecruitmentLink) -> None:
    walker = Walker(link)
    walker.join()
    withdraw(participation=walker.participation)
    assert walker.here() == reverse("finish")


def test_drafts_are_gone(link: RecruitmentLink) -> None:
    walker, _conversation = judged(link)
    other = entered(link)
    for person in (walker, other):
        Draft.objects.create(participation=person.participation, key="/x/", fields={"a": "b"})
    withdraw(participation=walker.participation)
    assert Draft.objects.get().participation == other.participation


def test_responses_that_nobody_waits_for_are_not_made(link: RecruitmentLink) -> None:
    walker, conversation = judged(link)
    live = walker.current_turn(conversation).candidate_set
    assert live.status == "pending"
    withdraw(participation=walker.participation)
    assert complete_candidate_set(live.pk).status == "not due"
    assert not live.candidates.exists()


def test_a_study_she_stays_in_keeps_her_consent(link: RecruitmentLink) -> None:
    walker, _conversation = judged(link)
    here = walker.participation
    there = link.study
    there.pk, there._state.adding, there.key = None, True, "another"
    there.save()
    Participation.objects.create(
        study=there, annotator=here.annotator, wave=here.wave, phase="main", seed=1
    )
    withdraw(participation=here)
    assert not Consent.objects.exclude(withdrawn_at=None).exists()
    erase_texts(participation=here)
    assert Answer.objects.filter(annotator=here.annotator, status="answered").exists()


HERS = "Ma phrase à moi"


def typed(link: RecruitmentLink) -> Walker:
    """Somebody whose own words are in every place that takes words."""
    walker = Walker(link)
    walker.join(external_id="recruit-77")
    walker.post("country", {"country": "FR"})
    locale = link.study.locales.get(country="FR", language="fr")
    walker.post("language", {"locale": locale.pk})
    walker.screen()
    walker.consent()
    walker.post("guidelines")
    while (conversation := walker.open()).kind != "own":
        walker.post("conversation-skip", {"reason": HERS}, conversation.public_id)
    walker.post("own-prompt-write", {"message": HERS}, conversation.public_id)
    turn = walker.current_turn(conversation)
    complete_candidate_set(turn.candidate_set_id)
    walker.rank(turn, reason=HERS, next_message=HERS)
    walker.explain(turn, HERS)
    explanation = Explanation.objects.get()
    Mention.objects.create(explanation=explanation, candidate=turn.ranking.chosen, start=3)
    walker.post("problem-report", {"kind": "other", "report_text": HERS}, conversation.public_id, 1)
    walker.post("help-desk", {"text": HERS})
    return walker


def everything_stored() -> str:
    """Every text of every table that holds words about a person, as one string."""
    from django.apps import apps

    labels = ("accounts", "candidates", "annotation")
    rows: list[Any] = []
    for label in labels:
        for model in apps.get_app_config(label).get_models():
            rows += list(model._default_manager.order_by("pk").values())
    return repr(rows)


def test_erasing_takes_out_every_word_and_keeps_every_row(
    once: Once, link: RecruitmentLink
) -> None:
    walker = once(typed, link)
    assert everything_stored().count(HERS) >= 7
    shown = Candidate.objects.filter(candidate_set__prompt_text=None, text__gt="").count()
    assert shown == 4
    models: list[Any] = [Turn, Ranking, RankedCandidate, Explanation, Candidate, Generation, Answer]
    before = [model.objects.count() for model in models]
    Participation.objects.update(stratum="women", most_places=3)
    withdraw(participation=walker.participation)
    erase_texts(participation=walker.participation)
    erased = walker.participation
    assert (erased.stratum, erased.most_places) == ("", None)
    assert HERS not in everything_stored()
    assert [model.objects.count() for model in models] == before
    assert not Mention.objects.exists()
    assert not Moderation.objects.exclude(text_sha256="").exists()
    live = CandidateSet.objects.filter(prompt_text=None)
    assert {(str(s.context), s.context_hash) for s in live} == {("[]", "")}
    assert not Candidate.objects.filter(candidate_set__in=live).exclude(text="").exists()
    assert not Answer.objects.filter(status="answered").exists()
    assert ExternalIdentity.objects.get().external_id == "recruit-77"  # she is paid by it


def test_erasing_leaves_prompts_of_the_pool_and_other_people_alone(
    once: Once, link: RecruitmentLink
) -> None:
    other = once(typed, link)
    kept = everything_stored().count(HERS)
    of_the_pool = Candidate.objects.filter(candidate_set__prompt_text__gt=0).order_by("pk")
    pool = list(of_the_pool.values_list("text"))
    walker, conversation = judged(link)
    withdraw(participation=walker.participation)
    erase_texts(participation=walker.participation)
    assert everything_stored().count(HERS) == kept
    assert conversation.turns.get(position=1).message
    assert list(of_the_pool.values_list("text")) == pool
    assert other.participation.withdrawn_at is None


def test_nothing_is_erased_of_somebody_who_did_not_withdraw(
    once: Once, link: RecruitmentLink
) -> None:
    walker = once(typed, link)
    before = everything_stored()
    erase_texts(participation=walker.participation)
    assert everything_stored() == before


def test_an_erased_set_is_never_made_again(link: RecruitmentLink) -> None:
    walker, conversation = judged(link)
    turn = walker.current_turn(conversation)
    withdraw(participation=walker.participation)
    erase_texts(participation=walker.participation)
    walker.post("generation-retry", {}, conversation.public_id, turn.position)
    assert CandidateSet.objects.get(pk=turn.candidate_set_id).status == "failed"


def test_an_answer_that_comes_after_the_erasure_keeps_no_text(
    link: RecruitmentLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    walker, conversation = judged(link)
    live = walker.current_turn(conversation).candidate_set
    from candidates import llm

    ask = llm.complete

    def erased_meanwhile(*args: Any, **options: Any) -> Any:
        reply = ask(*args, **options)
        withdraw(participation=walker.participation)
        erase_texts(participation=walker.participation)
        return reply

    monkeypatch.setattr(llm, "complete", erased_meanwhile)
    complete_candidate_set(live.pk)
    stored = Generation.objects.get(candidate_set=live)
    assert (stored.raw, stored.request) == ("", {})
    assert stored.completion_tokens  # what it cost stays known
    assert not Candidate.objects.filter(candidate_set=live).exists()


# -- Several at once, with real commits


def in_thread(work: Callable[[], Any]) -> threading.Thread:
    def closing() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=closing)
    thread.start()
    return thread


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        row = cursor.fetchone()
    return bool(row and row[0])


@committed
def test_withdrawing_while_a_ranking_is_being_stored_counts_it_and_then_replaces_it(
    once: Once,
    link: RecruitmentLink,
) -> None:
    walker = once(entered, link)
    conversation = walker.open_kind("pool")
    turn = walker.current_turn(conversation)
    walker.page(conversation)
    data = walker.ranking_data(turn)
    places = {k.removeprefix("place_"): int(v) for k, v in data.items() if k.startswith("place_")}
    judgement = Judgement(
        acceptable="yes", represents="no", places=places, next_message="Et après ?"
    )
    with transaction.atomic():
        submit_ranking(turn=turn, submission_key=data["submission_key"], judgement=judgement)
        leaving = in_thread(lambda: withdraw(participation=walker.participation))
        wait_until(somebody_waits_for_a_lock)
    leaving.join(30)
    conversation.refresh_from_db()
    assert conversation.status == "withdrawn"
    assert Ranking.objects.get().turn == turn
    assert Slot.objects.filter(status="void").count() == 1
    assert not Slot.objects.filter(status="done").exists()
    assert not CandidateSet.objects.filter(status="pending").exists()


@committed
def test_people_of_the_same_sets_withdraw_at_once_and_every_place_is_replaced(
    link: RecruitmentLink,
) -> None:
    """Places planned after the first round have high keys, so that orders of locking differ."""
    Slot.objects.exclude(locale__country="FR").update(status="void")
    people = [entered(link) for _person in range(2)]
    for walker in people:
        walker.finish()
    withdraw(participation=people[0].participation)
    people = [people[1], *(entered(link) for _person in range(1))]
    people[1].finish()
    filled = Slot.objects.filter(status="done").count()
    assert filled == 4
    start = threading.Barrier(2)

    def leave(walker: Walker) -> None:
        participation = walker.participation
        start.wait()
        try:
            withdraw(participation=participation)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(leave, people))
    french = Slot.objects.filter(locale__country="FR")
    assert french.filter(status="done").count() == 0
    assert french.filter(status="void").count() == 6
    assert french.filter(status="open").count() == 6
    keys = french.values_list("candidate_set", "ordinal")
    assert len(set(keys)) == len(keys)


@committed
def test_a_place_planned_while_one_waits_for_the_lock_is_seen(link: RecruitmentLink) -> None:
    first, conversation = judged(link)
    second, _other = judged(link)
    mine = Slot.objects.filter(holder=first.participation, status="done")
    set_id = mine.get().candidate_set_id
    theirs = Slot.objects.filter(candidate_set=set_id, holder=None, locale__country="FR")[:1]
    # Both judged the same set: the second person's done place is moved beside the first's.
    Slot.objects.filter(holder=second.participation).update(
        status="open", holder=None, done_at=None
    )
    Slot.objects.filter(pk=theirs[0].pk).update(
        status="done", holder=second.participation, done_at=timezone.now()
    )
    with transaction.atomic():
        withdraw(participation=first.participation)
        leaving = in_thread(lambda: withdraw(participation=second.participation))
        wait_until(somebody_waits_for_a_lock)
    leaving.join(30)
    siblings = Slot.objects.filter(candidate_set=set_id, locale__country="FR")
    assert sorted(siblings.values_list("ordinal", "status")) == [
        (0, "void"), (1, "void"), (4, "open"), (5, "open"),
    ]  # fmt: skip
    assert conversation.participation_id == first.participation.pk
