"""The change feed: everything stored is told once at least, in order, and again after any cut."""

import hashlib
import json
import random
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test import override_settings
from django.utils import timezone

from accounts.models import Consent, User, Vendor
from annotation.actions.link import create_recruitment_link
from annotation.actions.log import restamp_changes
from annotation.actions.withdrawal import erase_texts, withdraw
from annotation.models import (
    Change,
    Conversation,
    Explanation,
    Participation,
    Phase,
    Ranking,
    RecruitmentLink,
    Study,
    Turn,
)
from exports.actions.findings import decide_findings
from exports.actions.tokens import create_token
from exports.formats.comparisons import FORMAT
from exports.models import Access, ApiToken, Finding
from exports.pseudonyms import Kind, Pseudonyms
from exports.vendors.cursors import Place
from exports.vendors.feed import scope_of
from tests.exports.feeding import ask, body_of, kinds, make_short_study, page, read, token_for
from tests.made_once import Once
from tests.provider import Provider
from tests.walker import Walker, entered

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def study(once: Once, empty_database: None, provider: Provider) -> Study:
    """One conversation of two turns, in one locale: enough to be told."""
    return once(make_short_study)


@pytest.fixture(name="entered")
def one_who_entered(once: Once, link: RecruitmentLink) -> Walker:
    return once(entered, link)


def pseudonym(link: RecruitmentLink, walker: Walker) -> str:
    known = Pseudonyms.of(study_key=link.study.key, recipient=f"vendor:{link.vendor.key}")
    return known.text(Kind.ANNOTATOR, walker.participation.annotator.public_id)


def test_everything_a_person_stores_is_announced_by_the_database(
    finished: Walker, link: RecruitmentLink
) -> None:
    items = read(token_for(link))
    found = kinds(items)
    assert found.count("judged") == Ranking.objects.count() == 2
    assert found.count("explained") == Explanation.objects.count()
    assert found.count("conversation") == Conversation.objects.count() == 1
    assert "finished" not in found
    assert {item["annotator_id"] for item in items} == {pseudonym(link, finished)}
    assert {item["state"] for item in items if item["kind"] == "conversation"} == {"finished"}
    assert len({item["id"] for item in items}) == len(items)
    days = {f"{at:%Y-%m-%d}" for at in Change.objects.values_list("at", flat=True)}
    assert {item["at"] for item in items} <= days


def test_a_judged_turn_carries_its_row_as_the_export_has_it(
    finished: Walker, link: RecruitmentLink
) -> None:
    from exports.containers import stream_jsonl
    from exports.snapshot import snapshot

    token = token_for(link)
    with snapshot() as cursor:
        scope = scope_of(ApiToken.objects.get())
        exported = b"".join(stream_jsonl(cursor, FORMAT, scope)).splitlines()
    expected = {(row["conversation_id"], row["turn"]): row for row in map(json.loads, exported)}
    judged = [item for item in read(token) if item["kind"] == "judged"]
    assert {(item["conversation_id"], item["turn"]): item["row"] for item in judged} == expected
    assert all(item["reason"] is None for item in judged)


def test_fields_that_a_token_does_not_list_are_null_in_rows(
    finished: Walker, link: RecruitmentLink
) -> None:
    items = read(token_for(link, fields=["turn"]))
    rows = [item["row"] for item in items if item["row"]]
    assert rows and all(set(row) == set(FORMAT.names) for row in rows)
    assert {row["annotator_id"] for row in rows} == {None}
    assert all(row["turn"] for row in rows)


def test_a_reader_goes_on_from_any_cursor_and_pages_and_lines_agree(
    finished: Walker, link: RecruitmentLink
) -> None:
    token = token_for(link)
    items = read(token)
    for number, item in enumerate(items):
        assert read(token, item["cursor"]) == items[number + 1 :]
    found, cursor, more = [], "", True
    while more:
        answer = page(token, limit=2, **({"cursor": cursor} if cursor else {}))
        found += answer["items"]
        cursor, more = answer["cursor"], answer["more"]
    assert found == items
    again = page(token, cursor=cursor)
    assert again == {
        **{"items": [], "cursor": cursor, "more": False},
        "plan_hash": link.study.plan_hash,
    }


def test_a_reader_who_is_cut_at_random_bytes_ends_with_exactly_the_same_data(
    finished: Walker, link: RecruitmentLink
) -> None:
    token, chance = token_for(link), random.Random(7)
    whole = body_of(ask(token, lines=True))
    for _try in range(8):
        kept, cursor = b"", ""
        while True:
            body = body_of(ask(token, lines=True, **({"cursor": cursor} if cursor else {})))
            if not body:
                break
            cut = body[: chance.randrange(2 * len(body))]  # half of the time: all of it
            kept += cut[: cut.rfind(b"\n") + 1]
            if kept:
                cursor = json.loads(kept.splitlines()[-1])["cursor"]
        assert kept == whole


class Writer:
    """Another connection that announces a change and keeps its transaction open."""

    def __init__(self, write: Callable[[], Any]) -> None:
        self.wrote, self.go_on = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run, args=(write,))
        self.thread.start()
        assert self.wrote.wait(30)

    def _run(self, write: Callable[[], Any]) -> None:
        try:
            with transaction.atomic():
                write()
                self.wrote.set()
                self.go_on.wait(30)
        finally:
            self.wrote.set()
            connection.close()

    def commit(self) -> None:
        self.go_on.set()
        self.thread.join(30)


def exclude(person: Participation) -> None:
    Participation.objects.filter(pk=person.pk).update(excluded_at=timezone.now())


@pytest.mark.parametrize("first_commits_first", [True, False])
def test_of_two_overlapping_transactions_none_is_skipped_whichever_commits_first(
    link: RecruitmentLink, first_commits_first: bool
) -> None:
    people = []
    for _person in range(3):
        walker = Walker(link)
        walker.enter()
        people.append(walker)
    token = token_for(link)
    begun = read(token)
    cursor = begun[-1]["cursor"] if begun else ""
    earlier = Writer(lambda: exclude(people[0].participation))
    later = Writer(lambda: exclude(people[1].participation))
    exclude(people[2].participation)  # committed at once, above both
    seen = read(token, cursor)
    for writer in (earlier, later) if first_commits_first else (later, earlier):
        writer.commit()
        cursor = seen[-1]["cursor"] if seen else cursor
        seen += read(token, cursor)
    assert [item["annotator_id"] for item in seen] == [pseudonym(link, w) for w in people]
    assert read(token)[len(begun) :] == seen


def test_nothing_is_told_while_an_older_writer_may_still_write_below_it(
    entered: Walker, link: RecruitmentLink
) -> None:
    token = token_for(link)
    before = read(token)
    other = Walker(link)
    other.enter()
    writer = Writer(lambda: exclude(entered.participation))
    exclude(other.participation)
    assert read(token) == before
    writer.commit()
    assert kinds(read(token)[len(before) :]) == ["excluded", "excluded"]


def test_a_person_who_withdraws_leaves_a_tombstone_and_no_rows(
    finished: Walker, link: RecruitmentLink
) -> None:
    token = token_for(link)
    before = read(token)
    withdraw(participation=finished.participation)
    after = read(token, before[-1]["cursor"])
    assert kinds(after)[0] == "withdrawn" and kinds(after).count("withdrawn") == 1
    assert after[0]["annotator_id"] == pseudonym(link, finished)
    everything = read(token)
    assert all(item["row"] is None for item in everything)
    judged = [item for item in everything if item["kind"] == "judged"]
    assert {item["reason"] for item in judged} == {"withdrawn"}
    erase_texts(participation=finished.participation)
    erased = read(token, after[-1]["cursor"])
    assert set(kinds(erased)) == {"changed"}


def test_rows_of_an_unfinished_conversation_come_when_it_is_finished(
    entered: Walker, link: RecruitmentLink
) -> None:
    conversation = entered.open()
    entered.rank(entered.current_turn(conversation))
    token = token_for(link)
    first = read(token)
    assert kinds(first) == ["judged"]
    assert (first[0]["row"], first[0]["reason"]) == (None, "unfinished")
    Conversation.objects.update(status="finished")
    later = read(token, first[0]["cursor"])
    assert kinds(later) == ["conversation", "changed"]
    assert later[1]["row"]["turn"] == 1


def test_nobody_learns_from_the_feed_who_was_shown_a_help_line(
    entered: Walker, link: RecruitmentLink
) -> None:
    conversation = entered.open()
    entered.rank(entered.current_turn(conversation))
    Conversation.objects.update(status="helped")
    told = [item for item in read(token_for(link)) if item["kind"] == "conversation"]
    assert [item["state"] for item in told] == ["broke_off"]


def test_times_in_rows_are_as_coarse_as_those_of_items(
    finished: Walker, link: RecruitmentLink
) -> None:
    rows = [item["row"] for item in read(token_for(link)) if item["row"]]
    names = ("started_at", "shown_at", "submitted_at")
    assert rows and {row[name][10:] for row in rows for name in names} == {"T00:00:00.000000Z"}


def test_a_text_that_is_masked_later_is_told_again_without_its_words(
    finished: Walker, link: RecruitmentLink
) -> None:
    token = token_for(link)
    last = read(token)[-1]["cursor"]
    turn = Turn.objects.filter(explanation__text__gt="").order_by("pk")[0]
    text = turn.explanation.text
    finding = Finding.objects.create(
        turn=turn,
        part=Finding.Part.EXPLANATION,
        kind="telephone",
        start=0,
        length=len(text),
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
    )
    by = User.objects.create(username="reviewer")
    for verdict, told in ((Finding.Verdict.MASK, "[telephone]"), (Finding.Verdict.KEEP, text)):
        decide_findings(study=link.study, findings=[finding.pk], verdict=verdict, by=by)
        items = read(token, last)
        assert {item["kind"] for item in items} == {"changed"}
        mine = [item["row"] for item in items if item["turn"] == turn.position]
        assert [row["explanation"] for row in mine] == [told]
        last = items[-1]["cursor"]


def test_a_consent_that_is_taken_back_alone_is_a_tombstone_too(
    finished: Walker, link: RecruitmentLink
) -> None:
    token = token_for(link)
    end = read(token)[-1]["cursor"]
    Consent.objects.filter(purpose="take_part").update(withdrawn_at=timezone.now())
    assert kinds(read(token, end)) == ["withdrawn"]


def test_somebody_left_out_is_a_tombstone_and_is_told_again_in_full_when_back(
    finished: Walker, link: RecruitmentLink
) -> None:
    token = token_for(link)
    before = read(token)
    exclude(finished.participation)
    out = read(token, before[-1]["cursor"])
    assert kinds(out) == ["excluded"]
    assert {item["reason"] for item in read(token) if item["turn"]} == {"excluded"}
    Participation.objects.update(excluded_at=None)
    back = read(token, out[-1]["cursor"])
    assert kinds(back)[0] == "readmitted"
    rows = [item["row"] for item in back[1:]]
    assert all(rows)
    assert rows == [item["row"] for item in before if item["kind"] == "judged"]


def test_people_who_never_agreed_to_take_part_are_not_told_of(link: RecruitmentLink) -> None:
    for leave in (withdraw, exclude):
        walker = Walker(link)
        walker.join()
        if leave is withdraw:
            withdraw(participation=walker.participation)
        else:
            exclude(walker.participation)
    assert Change.objects.count() >= 3
    assert read(token_for(link)) == []


def test_a_cursor_does_not_say_how_many_transactions_ran(
    finished: Walker, link: RecruitmentLink
) -> None:
    """Who knew their number on one day could tell the hour of an item on another."""
    cursors = [item["cursor"] for item in read(token_for(link))]
    numbers = Change.objects.values_list("transaction", "id")
    assert len({cursor.split(".")[1][:4] for cursor in cursors}) > 1
    for cursor in cursors:
        for transaction_number, change in numbers:
            assert f"{transaction_number:x}{change:016x}" not in cursor
            assert f".{transaction_number}." not in cursor


def test_other_phases_and_other_vendors_people_are_never_told(
    finished: Walker, link: RecruitmentLink
) -> None:
    other = Vendor.objects.create(key="vendor-b", name="Vendor B")
    theirs = create_recruitment_link(study=link.study, vendor=other, phase=Phase.MAIN)
    assert read(token_for(theirs)) == []
    walker = Walker(theirs)
    walker.enter()
    Participation.objects.filter(pk=walker.participation.pk).update(phase=Phase.PILOT)
    exclude(walker.participation)
    assert read(token_for(theirs)) == []
    assert Change.objects.filter(vendor=other, phase=Phase.PILOT).count() == 1


def test_a_cursor_of_another_vendor_study_or_of_nobody_is_refused_in_one_sentence(
    finished: Walker, link: RecruitmentLink
) -> None:
    other = Vendor.objects.create(key="vendor-b", name="Vendor B")
    theirs = create_recruitment_link(study=link.study, vendor=other, phase=Phase.MAIN)
    cursor = read(token_for(link))[-1]["cursor"]
    elsewhere = Study.objects.get(pk=link.study.pk)
    elsewhere.pk, elsewhere.key = None, "another"
    elsewhere.save()
    for token, given in [
        (token_for(theirs), cursor),
        (create_token(vendor=link.vendor, study=elsewhere, name="feed", fields=[]), cursor),
        (token_for(link), cursor[:-1] + ("0" if cursor[-1] != "0" else "1")),
        (token_for(link), "1.2.3"),
        (token_for(link), "٣." + cursor.partition(".")[2]),
        (token_for(link), cursor.replace(".", ".0", 1)),
        (token_for(link), "\x00"),
    ]:
        response = ask(token, cursor=given)
        assert response.status_code == 422
        assert {fault["field"] for fault in response.json()["errors"]} == {"cursor"}


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5", "10001", "²", "9" * 30])
def test_a_limit_that_is_none_is_refused(link: RecruitmentLink, limit: str) -> None:
    response = ask(token_for(link), limit=limit)
    assert response.status_code == 422
    assert {fault["field"] for fault in response.json()["errors"]} == {"limit"}


def test_a_token_for_people_does_not_open_the_feed(link: RecruitmentLink) -> None:
    token = token_for(link)
    ApiToken.objects.update(access=Access.PEOPLE)
    assert ask(token).status_code == 403
    assert ask("plv_wrong").status_code == 401


def test_lines_are_compressed_where_the_reader_can_read_that(
    finished: Walker, link: RecruitmentLink
) -> None:
    import gzip

    from django.test import Client
    from django.urls import reverse

    token = token_for(link)
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/x-ndjson",
        "Accept-Encoding": "gzip",
    }
    response: Any = Client().get(reverse("changes"), headers=headers)
    assert response["Content-Encoding"] == "gzip" and response.streaming
    unpacked = gzip.decompress(b"".join(response.streaming_content))
    assert unpacked == body_of(ask(token, lines=True))


def test_a_change_is_never_changed_nor_deleted(finished: Walker) -> None:
    for write in (Change.objects.all().delete, lambda: Change.objects.update(kind="judged")):
        with pytest.raises(ProgrammingError, match="never changed"), transaction.atomic():
            write()
    with pytest.raises(ProgrammingError, match="never changed"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL plurivox.restamping_changes = 'on'")
        Change.objects.update(kind="judged")


def as_if_restored_from_a_busier_cluster() -> None:
    """The same rows as another cluster would have stamped them: far above our transactions."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL plurivox.restamping_changes = 'on'")
        cursor.execute("UPDATE annotation_change SET transaction = transaction + 1000000000")


def test_after_a_restore_the_feed_says_so_until_it_is_stamped_anew(
    finished: Walker, link: RecruitmentLink
) -> None:
    token = token_for(link)
    as_if_restored_from_a_busier_cluster()
    for lines in (True, False):
        response = ask(token, lines=lines)
        assert response.status_code == 503
        assert b"restamp_changes" in response.content
    call_command("restamp_changes", verbosity=0)
    assert kinds(read(token)).count("judged") == 2


def test_old_cursors_go_on_after_a_restore_and_nothing_is_skipped_or_repeated(
    finished: Walker, link: RecruitmentLink
) -> None:
    token = token_for(link)
    other = Walker(link)
    other.enter()
    with transaction.atomic(), connection.cursor() as cursor:
        # What the old cluster told, and up to where.
        cursor.execute("SET LOCAL plurivox.restamping_changes = 'on'")
        cursor.execute("UPDATE annotation_change SET transaction = transaction - 700")
    told = read(token)
    middle, end = told[3]["cursor"], told[-1]["cursor"]
    restamp_changes()
    assert read(token, end) == []
    assert read(token, middle) == told[4:]
    exclude(other.participation)
    assert kinds(read(token, end)) == ["excluded"]
    assert read(token, middle)[:-1] == told[4:]
    assert restamp_changes() == 0
    assert kinds(read(token, end)) == ["excluded"]


def test_what_was_written_between_a_restore_and_its_stamp_is_told_after_it(
    finished: Walker, link: RecruitmentLink
) -> None:
    token = token_for(link)
    other = Walker(link)
    other.enter()
    last = read(token)[-1]
    as_if_restored_from_a_busier_cluster()
    scope = scope_of(ApiToken.objects.get())
    place = Place.read(last["cursor"], scope)
    assert place.cursor(scope) == last["cursor"]
    cursor_before = replace(place, transaction=place.transaction + 1000000000).cursor(scope)
    exclude(other.participation)  # stamped far below
    assert restamp_changes() == 1
    assert kinds(read(token, cursor_before)) == ["excluded"]


def test_a_new_key_makes_every_cursor_unknown_as_it_makes_every_pseudonym(
    finished: Walker, link: RecruitmentLink
) -> None:
    token = token_for(link)
    cursor = read(token)[-1]["cursor"]
    with override_settings(PSEUDONYM_KEY="another"):
        assert ask(token, cursor=cursor).status_code == 422


def test_changes_of_a_rehearsal_go_with_it_and_nothing_else_does(
    finished: Walker, link: RecruitmentLink
) -> None:
    """The one way to delete rows of the log: as rehearsals are removed."""
    told = Change.objects.count()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL plurivox.removing_rehearsal = 'on'")
        Change.objects.filter(kind="explained").delete()
    assert 0 < Change.objects.count() < told
    with pytest.raises(ProgrammingError, match="never changed"), transaction.atomic():
        Change.objects.all().delete()
