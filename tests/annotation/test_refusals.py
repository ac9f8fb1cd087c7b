"""What is not hers, not whole or not in its turn is refused: over real HTTP, in one sentence.

Every refusal is looked at three times: its status, what a person reads, and that no row of
the study changed. The pages are served by a real web process; nothing stands between.
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from django.apps import apps
from django.urls import URLPattern, reverse
from django.utils import timezone

from accounts.middleware import DESK
from accounts.models import Vendor
from annotation import urls
from annotation.actions.definition import apply_study
from annotation.actions.link import create_recruitment_link
from annotation.actions.pool import request_pool
from annotation.actions.study import open_study
from annotation.models import (
    Conversation,
    Explanation,
    Flag,
    Grant,
    Participation,
    Phase,
    RankedCandidate,
    Ranking,
    RecruitmentLink,
    Slot,
    Study,
    Turn,
)
from candidates.generation import complete_candidate_set
from tests.definitions import small_definition
from tests.made_once import Once
from tests.processes import Site
from tests.raw_http import RawPerson, handles, path_of, ranking_fields, text_of

OUT_OF_DATE = "This page is out of date. Load it again, please."
ENDED = "This conversation has ended."
NOT_FOUND = "There is no such page"

pytestmark = pytest.mark.django_db(transaction=True)

# Nothing of the machinery may show in an answer.
INTERNALS = ("Traceback", "Error:", "django", "psycopg", "annotation_", "gunicorn", "constraint")


@dataclass
class Grounds:
    """An open study on a running site, and everybody who came."""

    site: Site
    link: RecruitmentLink
    people: list[RawPerson] = field(default_factory=list)

    def person(self, **where: str) -> RawPerson:
        person = RawPerson(self.site.address, self.link)
        self.people.append(person)
        return person.enter(**where)


def two_locales() -> RecruitmentLink:
    """A small study in two locales, in conversations of two turns about prompts of the pool."""
    definition = small_definition(
        prompts=3, target=4, pool_conversations=3, own_conversations=0, turn_lengths={"2": 1}
    )
    about = definition["study"]
    about["locales"] = [row for row in about["locales"] if row["country"] in {"US", "IT"}]
    study = apply_study(definition)
    for candidate_set in request_pool(study=study):
        complete_candidate_set(candidate_set.pk)
    open_study(study=study)
    vendor = Vendor.objects.create(key="vendor-a", name="Vendor A")
    return create_recruitment_link(study=study, vendor=vendor, phase=Phase.MAIN)


@pytest.fixture
def grounds(empty_database: None, once: Once, site: Site) -> Iterator[Grounds]:
    grounds = Grounds(site, once(two_locales))
    yield grounds
    for person in grounds.people:
        person.close()


@pytest.fixture
def person(once: Once, grounds: Grounds) -> RawPerson:
    person = once(entered, grounds.site.address, grounds.link)
    grounds.people.append(person)
    return person


def entered(address: str, link: RecruitmentLink) -> RawPerson:
    return RawPerson(address, link).enter()


@dataclass
class AtWork:
    """Somebody who looks at the answers to a message and has judged nothing yet."""

    person: RawPerson
    conversation: Conversation

    @property
    def turn(self) -> Turn:
        return self.conversation.turns.get(position=1)

    @property
    def path(self) -> str:
        return path_of(self.conversation, "ranking-submit", 1)

    @property
    def grant(self) -> Grant:
        return Grant.objects.get(conversation=self.conversation)


@pytest.fixture
def at_work(once: Once, grounds: Grounds) -> AtWork:
    at_work = once(begun, grounds.site.address, grounds.link)
    grounds.people.append(at_work.person)
    return at_work


def begun(address: str, link: RecruitmentLink) -> AtWork:
    person = entered(address, link)
    return AtWork(person, person.open())


def everything() -> dict[str, list[Any]]:
    """Every row of the study's tables. Sessions apart: these are the browser's, not hers."""
    return {
        model.__name__: list(model._default_manager.order_by("pk").values())
        for name in ("accounts", "candidates", "annotation")
        for model in apps.get_app_config(name).get_models()
    }


def refused(answer: httpx.Response, status: int, said: str) -> None:
    """The status, a sentence that a person understands, and nothing else."""
    assert answer.status_code == status, (answer.status_code, answer.text[:2000])
    assert said in text_of(answer)
    assert not [word for word in INTERNALS if word in answer.text]


def changes_nothing(work: Callable[[], httpx.Response], status: int, said: str) -> None:
    before = everything()
    refused(work(), status, said)
    assert everything() == before


# -- twice -------------------------------------------------------------------------------


def test_of_four_submissions_at_once_one_is_stored_and_all_are_answered_as_success(
    at_work: AtWork,
) -> None:
    fields = ranking_fields(at_work.turn)
    tabs = [at_work.person.twin() for _tab in range(4)]
    start = threading.Barrier(4)

    def submit(number: int) -> tuple[int, str]:
        # Two are one button pressed twice, two are pages of other tabs.
        key = {"submission_key": str(uuid.uuid4())} if number >= 2 else {}
        start.wait()
        answer = tabs[number].post(at_work.path, fields | key)
        tabs[number].close()
        return answer.status_code, answer.headers["Location"]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(submit, range(4)))
    assert answers == [(302, path_of(at_work.conversation))] * 4
    assert Ranking.objects.filter(turn=at_work.turn).count() == 1
    assert RankedCandidate.objects.filter(ranking__turn=at_work.turn).count() == 4
    assert at_work.conversation.turns.count() == 2
    assert at_work.grant.disposition == "completed"
    assert Slot.objects.filter(holder=at_work.person.participation, status="done").count() == 1


def test_another_ranking_of_a_judged_turn_is_answered_as_success_and_changes_nothing(
    at_work: AtWork,
) -> None:
    fields = ranking_fields(at_work.turn)
    at_work.person.post(at_work.path, fields)
    before = everything()
    turned = dict(zip(reversed(handles(at_work.turn)), range(1, 5), strict=True))
    other = {f"place_{handle}": str(place) for handle, place in turned.items()}
    for change in ({"submission_key": str(uuid.uuid4()), **other}, other, {"acceptable": "x"}):
        assert at_work.person.post(at_work.path, fields | change).status_code == 302
    assert everything() == before


# -- never served, or full ---------------------------------------------------------------


def test_a_ranking_of_a_set_that_was_never_served_to_her_is_refused(
    grounds: Grounds, at_work: AtWork
) -> None:
    other = AtWork(elsewhere := grounds.person(), elsewhere.open())
    while other.turn.candidate_set == at_work.turn.candidate_set:  # another prompt's
        elsewhere.post(path_of(other.conversation, "conversation-skip"))
        other = AtWork(elsewhere, elsewhere.open())
    foreign = ranking_fields(other.turn)
    changes_nothing(lambda: at_work.person.post(at_work.path, foreign), 422, OUT_OF_DATE)
    changes_nothing(lambda: at_work.person.post(other.path, foreign), 404, NOT_FOUND)


def test_a_set_cannot_be_asked_for(person: RawPerson) -> None:
    slots = Slot.objects.filter(locale=person.participation.locale, status="open")
    wanted = slots.order_by("-ordinal", "-draw")[0]
    fields = {"slot": wanted.pk, "set": wanted.candidate_set_id, "candidate_set": wanted.pk}
    person.post(reverse("conversation-open"), {name: str(pk) for name, pk in fields.items()})
    assert Grant.objects.get(participation=person.participation).slot != wanted


def fill(grant: Grant, by: Participation) -> None:
    """Her lease lapsed, and somebody else was given the place and judged."""
    Slot.objects.filter(pk=grant.slot_id).update(
        status="done", holder=by, done_at=timezone.now(), leased_until=timezone.now()
    )


def test_a_place_that_is_full_keeps_as_surplus_only_whom_it_was_granted_to(
    grounds: Grounds, at_work: AtWork
) -> None:
    stranger = grounds.person()
    fields = ranking_fields(at_work.turn)
    fill(at_work.grant, by=stranger.participation)
    changes_nothing(lambda: stranger.post(at_work.path, fields), 404, NOT_FOUND)
    assert at_work.person.post(at_work.path, fields).status_code == 302
    assert at_work.grant.disposition == "surplus"
    assert at_work.grant.slot.holder == stranger.participation
    assert Ranking.objects.filter(turn=at_work.turn).count() == 1


def test_where_every_place_is_taken_nobody_is_given_one(grounds: Grounds) -> None:
    person = grounds.person(country="IT", language="it")
    others = [grounds.person(country="IT", language="it").participation for _n in range(4)]
    for ordinal, other in enumerate(others):
        places = Slot.objects.filter(locale=person.participation.locale, ordinal=ordinal)
        places.update(status="done", holder=other, done_at=timezone.now())
    answer = person.post(reverse("conversation-open"))
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("here"))
    assert not Grant.objects.filter(participation=person.participation).exists()
    assert person.get(reverse("here")).headers["Location"] == reverse("closing")


# -- not a ranking -----------------------------------------------------------------------


def test_a_ranking_with_a_repeated_candidate_is_refused(at_work: AtWork) -> None:
    fields = list(ranking_fields(at_work.turn).items())
    again = (f"place_{handles(at_work.turn)[0]}", "2")
    changes_nothing(lambda: at_work.person.post(at_work.path, [*fields, again]), 422, OUT_OF_DATE)


def test_a_ranking_with_a_missing_candidate_is_refused(at_work: AtWork) -> None:
    fields = ranking_fields(at_work.turn)
    del fields[f"place_{handles(at_work.turn)[2]}"]
    said = "Place of answer C — Give this answer a place."
    changes_nothing(lambda: at_work.person.post(at_work.path, fields), 422, said)


def test_a_ranking_with_an_unknown_candidate_is_refused(at_work: AtWork) -> None:
    beside = ranking_fields(at_work.turn) | {"place_0123456789abcdef": "1"}
    instead = dict(beside)
    del instead[f"place_{handles(at_work.turn)[0]}"]
    for fields in (beside, instead):
        changes_nothing(partial(at_work.person.post, at_work.path, fields), 422, OUT_OF_DATE)


def test_a_candidate_that_others_were_shown_cannot_continue_her_conversation(
    at_work: AtWork,
) -> None:
    first, second, *_rest = handles(at_work.turn)
    fields = ranking_fields(at_work.turn)
    tie = fields | {f"place_{first}": "1", f"place_{second}": "1"}
    tie["continue_with"] = "0123456789abcdef"
    changes_nothing(lambda: at_work.person.post(at_work.path, tie), 422, OUT_OF_DATE)


GARBAGE = [
    "0",
    "-1",
    "5",
    "1000000000",
    "9" * 5000,
    "1.0",
    "1e0",
    "one",
    "None",
    "१",
    "1\0",
    " 1",
    "[]",
]


def test_a_place_that_is_none_is_refused(at_work: AtWork) -> None:
    for place in GARBAGE:
        fields = ranking_fields(at_work.turn) | {f"place_{handles(at_work.turn)[0]}": place}
        changes_nothing(partial(at_work.person.post, at_work.path, fields), 422, OUT_OF_DATE)


UNUSABLE = [
    ("submission_key", "none", OUT_OF_DATE),
    ("submission_key", "", OUT_OF_DATE),
    ("acceptable", "maybe", "Choose one of the answers."),
    ("represents", "", "Choose one of the answers."),
    ("reason", "a\0b", "Null characters are not allowed."),
    ("next_message", "a\0b", "Null characters are not allowed."),
    ("next_message", "   ", "Write your message."),
    ("next_message", "x" * 4001, "Please shorten your message to 4000 characters."),
    ("next_message", "x" * 1_000_000, "Please shorten your message to 4000 characters."),
    ("reason", "x" * 1_000_000, "at most 1000 characters"),
]


def test_a_field_that_cannot_be_taken_is_refused_with_its_reason(at_work: AtWork) -> None:
    for name, value, said in UNUSABLE:
        fields = ranking_fields(at_work.turn) | {name: value}
        changes_nothing(partial(at_work.person.post, at_work.path, fields), 422, said)


MISSING, UNREADABLE = (422, "Something is still missing"), (400, "could not be read")
FORM = "application/x-www-form-urlencoded"
BODIES = [
    (b'{"places": [1, 2, 3, 4]}', "application/json", MISSING),
    (b"", FORM, MISSING),
    (b"\xff\xfe=\x00&%", FORM, MISSING),
    (b"--x\r\n", "multipart/form-data; boundary=x", MISSING),
    (b"no parts", "multipart/form-data", UNREADABLE),
    (b"place=1&" * 2000, FORM, UNREADABLE),
    (b"reason=" + b"x" * 3_000_000, FORM, UNREADABLE),
]


def test_a_body_that_is_no_form_is_refused(at_work: AtWork) -> None:
    for body, content_type, (status, said) in BODIES:
        headers = {"Content-Type": content_type, "X-CSRFToken": at_work.person.token}
        post = partial(at_work.person.http.post, at_work.path, content=body, headers=headers)
        changes_nothing(post, status, said)


@pytest.mark.parametrize("seen", ["-1", "1e999", "9" * 400, "\0", "x" * 100_000])
def test_a_measurement_that_makes_no_sense_is_left_out_and_refuses_nothing(
    at_work: AtWork, seen: str
) -> None:
    name = f"seen_{handles(at_work.turn)[0]}"
    fields = ranking_fields(at_work.turn) | {name: seen, "layout": seen, "pasted": seen}
    assert at_work.person.post(at_work.path, fields).status_code == 302
    row = Ranking.objects.get(turn=at_work.turn).rows.get(rank=1)
    assert row.visible_seconds in {None, 0.0, 86_400.0}


# -- in another's name -------------------------------------------------------------------


def test_a_submission_from_another_session_is_refused(grounds: Grounds, at_work: AtWork) -> None:
    fields = ranking_fields(at_work.turn)
    stranger, nobody = grounds.person(), RawPerson(grounds.site.address, grounds.link)
    grounds.people.append(nobody)
    nobody.get(reverse("join", args=[grounds.link.key]))  # a token, and no session
    changes_nothing(lambda: stranger.post(at_work.path, fields), 404, NOT_FOUND)
    before = everything()
    assert nobody.post(at_work.path, fields).headers["Location"] == reverse("no-session")
    script = nobody.post(at_work.path, fields, Accept="application/json")
    assert (script.status_code, script.json()) == (401, {"error": "no session"})
    assert everything() == before


def test_a_name_that_comes_with_the_form_is_not_believed(grounds: Grounds, at_work: AtWork) -> None:
    stranger = grounds.person()
    own = stranger.open()
    hers = at_work.person.participation
    forged = {"participation": str(hers.pk), "annotator": str(hers.annotator_id),
              "conversation": at_work.conversation.public_id}  # fmt: skip
    fields = ranking_fields(own.turns.get(position=1)) | forged
    assert stranger.post(path_of(own, "ranking-submit", 1), fields).status_code == 302
    ranking = Ranking.objects.get(turn__conversation=own)
    assert ranking.turn.conversation.participation == stranger.participation
    assert not Ranking.objects.filter(turn=at_work.turn).exists()


def test_a_session_that_was_made_up_is_nobody(grounds: Grounds, at_work: AtWork) -> None:
    fields = ranking_fields(at_work.turn)
    forger = at_work.person.twin()
    grounds.people.append(forger)
    for made_up in ("x" * 32, str(at_work.person.participation.pk), "'; --"):
        forger.http.cookies.set("sessionid", made_up, domain="127.0.0.1")
        for header in ({}, {"X-Participation": at_work.person.participation.public_id}):
            before = everything()
            answer = forger.post(at_work.path, fields, **header)
            assert answer.headers["Location"] == reverse("no-session")
            assert everything() == before


def test_anothers_submission_key_stores_nothing(grounds: Grounds, at_work: AtWork) -> None:
    hers = ranking_fields(at_work.turn)
    at_work.person.post(at_work.path, hers)
    other = AtWork(elsewhere := grounds.person(), elsewhere.open())
    fields = ranking_fields(other.turn) | {"submission_key": hers["submission_key"]}
    # The next message was checked before: that verdict stays, as of every message checked.
    before = everything() | {"Moderation": []}
    refused(elsewhere.post(other.path, fields), 422, OUT_OF_DATE)
    assert everything() | {"Moderation": []} == before
    assert other.grant.disposition == ""


# -- every address with an id ------------------------------------------------------------

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# Bearer links: whoever has the secret in them may use them, so there is no "another's".
BEARER = {"join": "the vendor's link", "come-back": "her personal return link"}


def addresses(named: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every address of the annotator's pages that takes an id, with these ids in it.

    The desk's addresses are the team's: tests/test_permission_matrix.py walks those.
    """
    for pattern in urls.urlpatterns:
        if f"/{pattern.pattern}".startswith(DESK):  # type: ignore[attr-defined]
            continue
        assert isinstance(pattern, URLPattern), "included addresses are to be walked too"
        wanted = set(pattern.pattern.converters)
        if pattern.name in BEARER or not wanted:
            continue
        assert wanted <= set(named), f"{pattern.name} takes {wanted}: whose are they?"
        assert pattern.name
        yield pattern.name, reverse(pattern.name, kwargs={name: named[name] for name in wanted})


def test_nothing_of_anothers_is_read_changed_or_deleted_at_any_address(
    grounds: Grounds, at_work: AtWork
) -> None:
    owner, stranger = at_work.person, grounds.person()
    Flag.objects.create(participation=owner.participation, kind="speed", evidence={})
    owner.post(at_work.path, ranking_fields(at_work.turn) | {"reason": "because of the pears"})
    ids = {"public_id": at_work.conversation.public_id, "position": 1, "kind": "speed",
           "number": 1}  # fmt: skip
    fields = [*ranking_fields(at_work.turn).items(), ("text", "mine"), ("message", "mine"),
              ("answer", "mine"), ("speed-answer", "mine"), ("kind", "broken")]  # fmt: skip
    before, walked = everything(), []
    for name, path in addresses(ids):
        assert owner.http.request("OPTIONS", path).status_code in {200, 405}, "no such address"
        for method in METHODS:
            answer = stranger.http.request(
                method, path, content=urlencode(fields),
                headers={"X-CSRFToken": stranger.token,
                         "Content-Type": "application/x-www-form-urlencoded"},
            )  # fmt: skip
            assert answer.status_code in {404, 405}, (method, path, answer.status_code)
            assert "pears" not in answer.text
            assert at_work.turn.message not in answer.text
        walked.append(name)
    assert everything() == before
    assert {"conversation", "ranking-submit", "conversation-skip", "signal-answer"} <= set(walked)


def test_a_draft_of_anothers_form_is_refused(grounds: Grounds, at_work: AtWork) -> None:
    stranger = grounds.person()
    envelope = {"key": at_work.path, "revision": 0, "fields": {"reason": "mine"}}
    headers = {"X-CSRFToken": stranger.token, "Accept": "application/json"}
    before = everything()
    answer = stranger.http.post(reverse("draft-save"), json=envelope, headers=headers)
    assert (answer.status_code, answer.json()) == (404, {"error": "foreign"})
    assert everything() == before


def test_an_address_of_nothing_is_not_found(at_work: AtWork) -> None:
    places = [("0" * 16, 1), ("x", 1), ("none-such", 0)]
    places += [(at_work.conversation.public_id, position) for position in (0, 3, 10**30)]
    for place in places:
        path = reverse("ranking-submit", args=place)
        changes_nothing(partial(at_work.person.post, path, {"acceptable": "yes"}), 404, NOT_FOUND)


# -- without proof of origin -------------------------------------------------------------


def test_a_submission_without_its_proof_of_origin_is_refused(
    grounds: Grounds, at_work: AtWork
) -> None:
    name, hers, said = "csrfmiddlewaretoken", at_work.person.token, "Once more, please"
    elsewhere = {"Origin": "https://elsewhere.example"}
    proofs: list[tuple[list[tuple[str, str]], dict[str, str]]] = [
        ([], {}),
        ([(name, "x" * 64)], {}),
        ([(name, grounds.person().token)], {}),
        ([(name, hers)], elsewhere),
    ]
    for token, headers in proofs:
        fields = [*ranking_fields(at_work.turn).items(), *token]
        post = partial(at_work.person.post_raw, at_work.path, fields, **headers)
        changes_nothing(post, 403, said)


# -- too late, or out of turn ------------------------------------------------------------


def test_after_a_withdrawal_nothing_more_is_taken(at_work: AtWork) -> None:
    fields = ranking_fields(at_work.turn)
    person = at_work.person
    person.post(reverse("withdraw"))
    changes_nothing(lambda: person.post(at_work.path, fields), 409, ENDED)
    explanation = path_of(at_work.conversation, "explanation-submit", 1)
    changes_nothing(lambda: person.post(explanation, {"text": "But"}), 409, ENDED)
    before = everything()
    for name in ("conversation-skip", "conversation-leave", "own-prompt-write"):
        person.post(path_of(at_work.conversation, name), {"message": "But"})
    person.post(reverse("conversation-open"))
    assert everything() == before
    assert "You have left the study" in text_of(person.get(reverse("finish")))


def test_a_conversation_that_she_left_takes_no_ranking(at_work: AtWork) -> None:
    fields = ranking_fields(at_work.turn)
    at_work.person.post(path_of(at_work.conversation, "conversation-skip"))
    changes_nothing(lambda: at_work.person.post(at_work.path, fields), 409, ENDED)
    within = at_work.person.post(at_work.path, fields, **{"HX-Request": "true"})
    assert (within.status_code, "<html" in within.text) == (409, False)
    assert ENDED in text_of(within)
    assert at_work.grant.disposition == "skipped"


PAST = timezone.now().date() - timedelta(days=2)


@pytest.mark.parametrize(
    "end", [{"status": "closed"}, {"closes_on": PAST}], ids=["closed", "last day"]
)
def test_after_the_study_closed_nobody_begins_and_whoever_is_at_work_may_finish(
    grounds: Grounds, at_work: AtWork, end: dict[str, Any]
) -> None:
    waiting, late = grounds.person(), RawPerson(grounds.site.address, grounds.link)
    grounds.people.append(late)
    join = reverse("join", args=[grounds.link.key])
    late.get(join)
    Study.objects.update(**end)
    changes_nothing(lambda: late.post(join), 409, "This study")
    before = everything()
    assert waiting.post(reverse("conversation-open")).headers["Location"] == reverse("here")
    assert everything() == before
    assert at_work.person.post(at_work.path, ranking_fields(at_work.turn)).status_code == 302
    assert at_work.grant.disposition == "completed"
    at_work.person.post(path_of(at_work.conversation, "conversation-skip"))
    assert at_work.person.post(reverse("conversation-open")).headers["Location"] == reverse("here")
    assert at_work.person.participation.conversations.count() == 1


def test_the_address_of_a_form_says_that_there_is_nothing_to_see(at_work: AtWork) -> None:
    said = "There is nothing to see at this address."
    changes_nothing(lambda: at_work.person.get(at_work.path), 405, said)


def test_an_explanation_before_its_ranking_is_refused(at_work: AtWork) -> None:
    path = path_of(at_work.conversation, "explanation-submit", 1)
    said = "Rank the answers first, please."
    changes_nothing(lambda: at_work.person.post(path, {"text": "Kinder."}), 422, said)
    assert not Explanation.objects.filter(turn=at_work.turn).exists()


def test_the_second_turn_before_the_first_is_refused(at_work: AtWork) -> None:
    second = path_of(at_work.conversation, "ranking-submit", 2)
    fields = ranking_fields(at_work.turn)
    changes_nothing(lambda: at_work.person.post(second, fields), 404, NOT_FOUND)


def test_the_second_turn_before_its_answers_were_shown_is_refused(at_work: AtWork) -> None:
    at_work.person.post(at_work.path, ranking_fields(at_work.turn))
    second = at_work.conversation.turns.get(position=2)
    complete_candidate_set(second.candidate_set_id)
    rows = second.candidate_set.candidates.values_list("handle", flat=True)
    guessed = {f"place_{handle}": str(place) for place, handle in enumerate(rows, start=1)}
    fields = ranking_fields(second) | guessed
    path = path_of(at_work.conversation, "ranking-submit", 2)
    changes_nothing(lambda: at_work.person.post(path, fields), 422, OUT_OF_DATE)


def test_a_ranking_of_answers_that_were_never_on_a_page_is_refused(person: RawPerson) -> None:
    answer = person.post(reverse("conversation-open"))
    turn = Turn.objects.get(conversation__participation=person.participation)
    rows = turn.candidate_set.candidates.values_list("handle", flat=True)
    fields = ranking_fields(turn) | {
        f"place_{handle}": str(place) for place, handle in enumerate(rows, start=1)
    }
    refused(person.post(f"{answer.headers['Location']}turns/1/ranking/", fields), 422, OUT_OF_DATE)
    assert not Ranking.objects.filter(turn=turn).exists()
