"""The 45-column CSV, over the API."""

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import Answer, Option, Question, Vendor
from annotation.actions.link import create_recruitment_link
from annotation.models import Conversation, Phase, RecruitmentLink, Study
from exports import pseudonyms
from exports.actions.tokens import create_token
from exports.formats import community_alignment as ca
from exports.formats import labels
from exports.models import ApiToken
from exports.pseudonyms import Kind
from exports.scope import Scope
from tests.walker import Walker

# The stream opens its own read-only snapshot, which cannot begin inside a test's transaction.
pytestmark = pytest.mark.django_db(transaction=True)


def token_for(link: RecruitmentLink, **changes: Any) -> str:
    options = {"name": "test", "fields": ca.FORMAT.names} | changes
    return create_token(vendor=link.vendor, study=link.study, **options)


def fetch(token: str = "") -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Client().get(reverse("export-community-alignment"), headers=headers)


def text_of(response: Any) -> str:
    return b"".join(response.streaming_content).decode()


def rows_of(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text_of(response), newline="")))


def test_every_finished_conversation_is_a_row_of_what_was_shown_and_typed(
    finished: Walker, link: RecruitmentLink
) -> None:
    rows = rows_of(fetch(token_for(link)))
    scope = Scope(study=link.study, recipient=f"vendor:{link.vendor.key}")
    conversations = sorted(
        finished.participation.conversations.all(),
        key=lambda one: scope.pseudonyms.number(Kind.CONVERSATION, one.public_id),
    )
    assert len(rows) == len(conversations) == 3
    for row, conversation in zip(rows, conversations, strict=True):
        assert row["is_pregenerated_first_prompt"] == str(conversation.kind == "pool")
        for name, turn in zip(ca.TURNS, conversation.turns.order_by("position"), strict=False):
            shown = list(turn.shown.select_related("candidate"))
            for shown_row in shown:
                column = f"{name}_turn_response_{shown_row.letter.lower()}"
                assert row[column] == shown_row.candidate.text
                assert (
                    f"# Response {shown_row.letter}:\n{shown_row.candidate.text}"
                    in (row[f"{name}_turn_responses"])
                )
            best = next(r for r in shown if r.candidate == turn.ranking.chosen)
            assert row[f"{name}_turn_preferred_response"] == f"response_{best.letter.lower()}"
            assert row[f"{name}_turn_prompt"] == turn.message
            assert row[f"{name}_turn_feedback"] == "Plus humain."
        for name in ca.TURNS[conversation.planned_turns :]:
            assert not any(row[f"{name}_turn_{column}"] for column in ca.TURN_COLUMNS)


def test_columns_dialect_and_labels_are_exact(finished: Walker, link: RecruitmentLink) -> None:
    text = text_of(fetch(token_for(link)))
    assert text.splitlines()[0] == ",".join(f'"{name}"' for name in ca.FORMAT.names)
    assert len(ca.FORMAT.names) == 45
    assert "\r" not in text
    row = next(csv.DictReader(io.StringIO(text, newline="")))
    assert row["assigned_lang"] == "fr"
    assert row["annotator_age"] == "35-45"
    assert row["annotator_gender"] == "female"
    assert row["annotator_education_level"] == "Post-secondary graduate"
    assert row["annotator_political"] == "Middle-of-the-road, centrist"
    assert row["annotator_ethnicity"] == "Prefer not to say"
    assert row["annotator_country"] == "france"
    assert (row["in_balanced_subset"], row["in_balanced_subset_10"]) == ("False", "False")
    assert row["wave"] == "1"
    assert row["conversation_id"].isdigit() and row["annotator_id"].isdigit()


def test_canned_texts_are_labelled_outside_the_candidates(
    finished: Walker, link: RecruitmentLink
) -> None:
    row = rows_of(fetch(token_for(link)))[0]
    assert row["first_turn_responses"].startswith(ca.CANNED_NOTE)
    assert not any("canned" in row[f"first_turn_response_{slot}"] for slot in ca.SLOTS)


def test_a_repeated_export_is_the_same_to_the_byte(finished: Walker, link: RecruitmentLink) -> None:
    token = token_for(link)
    assert text_of(fetch(token)) == text_of(fetch(token))


@pytest.mark.parametrize("token", ["", "plv_wrong", "plv_é"])
def test_without_a_token_nothing_leaves(link: RecruitmentLink, token: str) -> None:
    response = fetch(token)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_revoked_token_opens_nothing(link: RecruitmentLink) -> None:
    token = token_for(link)
    from django.utils import timezone

    ApiToken.objects.update(revoked_at=timezone.now())
    assert fetch(token).status_code == 401


def test_an_expired_token_opens_nothing(link: RecruitmentLink) -> None:
    from django.utils import timezone

    assert fetch(token_for(link, expires_at=timezone.now())).status_code == 401


def test_only_the_hash_of_a_token_is_stored(link: RecruitmentLink) -> None:
    token = token_for(link)
    assert token not in str(ApiToken.objects.values())


def test_another_vendors_people_never_appear(finished: Walker, link: RecruitmentLink) -> None:
    other = Vendor.objects.create(key="vendor-b", name="Vendor B")
    theirs = create_recruitment_link(study=link.study, vendor=other, phase=Phase.MAIN)
    assert rows_of(fetch(token_for(theirs))) == []
    walker = Walker(theirs)
    walker.enter()
    walker.finish_conversation(walker.open())
    assert len(rows_of(fetch(token_for(theirs)))) == 1
    assert len(rows_of(fetch(token_for(link)))) == 3


def test_two_recipients_know_a_person_by_different_numbers(
    finished: Walker, link: RecruitmentLink
) -> None:
    mine = rows_of(fetch(token_for(link)))[0]["annotator_id"]
    Vendor.objects.create(key="vendor-b", name="Vendor B")
    other = Vendor.objects.get(key="vendor-b")
    finished.participation.annotator.__class__.objects.update(vendor=other)
    theirs = create_recruitment_link(study=link.study, vendor=other, phase=Phase.MAIN)
    assert rows_of(fetch(token_for(theirs)))[0]["annotator_id"] != mine


def test_fields_that_a_token_does_not_list_leave_empty(
    finished: Walker, link: RecruitmentLink
) -> None:
    allowed = [name for name in ca.FORMAT.names if name != "annotator_political"]
    row = rows_of(fetch(token_for(link, fields=allowed)))[0]
    assert row["annotator_political"] == ""
    assert row["annotator_age"] == "35-45"
    assert list(row) == list(ca.FORMAT.names)


def test_unfinished_skipped_and_other_phases_stay_inside(link: RecruitmentLink) -> None:
    walker = Walker(link)
    walker.enter()
    walker.open_kind("pool")
    token = token_for(link)
    assert rows_of(fetch(token)) == []
    Conversation.objects.update(status="finished")
    walker.participation.__class__.objects.update(phase="rehearsal")
    assert rows_of(fetch(token)) == []


def test_withdrawn_people_are_absent(finished: Walker, link: RecruitmentLink) -> None:
    from django.utils import timezone

    finished.participation.annotator.consents.filter(purpose="take_part").update(
        withdrawn_at=timezone.now()
    )
    assert rows_of(fetch(token_for(link))) == []


def test_a_study_that_does_not_fit_is_refused_in_one_sentence(
    study: Study, link: RecruitmentLink
) -> None:
    token = token_for(link)
    study.live_sampler.n = 3
    study.live_sampler.save(update_fields=["n"])
    response = fetch(token)
    assert response.status_code == 409
    said = response.json()["detail"]
    assert "four candidates a turn: export this study as comparisons" in said


def test_every_code_of_the_demo_study_has_a_label(study: Study) -> None:
    tables = {
        "gender": labels.GENDER,
        "education": labels.EDUCATION,
        "politics": labels.POLITICS,
    }
    not_carried = ("attention", "ai_help")  # the published layout has no column for them
    for question in Question.objects.exclude(kind="integer").exclude(code__in=not_carried):
        for option in Option.objects.filter(question=question):
            if question.code == "ethnicity":
                known = labels.PUBLISHED_ETHNICITY[question.country] | labels.OWN_ETHNICITY.get(
                    question.country, {}
                )
                assert option.code in known
            else:
                assert option.code in tables[question.code]


def test_the_released_labels_come_out_exactly() -> None:
    assert set(labels.EDUCATION.values()) == {
        "(At most) Complete Secondary",
        "Some post-secondary",
        "Post-secondary graduate",
        "Some or complete graduate degree",
        "Other",
    }
    assert set(labels.POLITICS.values()) == {
        "Very left-leaning",
        "Somewhat left-leaning",
        "Middle-of-the-road, centrist",
        "Somewhat right-leaning",
        "Very right-leaning",
        "I don't think of myself in this way",
    }


@pytest.mark.parametrize(
    ("years", "label"),
    [(18, "18-34"), (34, "18-34"), (35, "35-45"), (45, "35-45"), (46, "46-54"), (54, "46-54"),
     (55, "55+"), (120, "55+"), (None, "")],
)  # fmt: skip
def test_age_groups(years: int | None, label: str) -> None:
    assert labels.age_label(years) == label


def test_what_is_not_shown_is_empty_and_refusal_has_its_label(
    finished: Walker, link: RecruitmentLink
) -> None:
    Answer.objects.filter(question__code="ethnicity").update(status="not_shown")
    Answer.objects.filter(question__code="politics").update(status="refused", option=None)
    row = rows_of(fetch(token_for(link)))[0]
    assert row["annotator_ethnicity"] == ""
    assert row["annotator_political"] == "Prefer not to say"


def test_a_client_that_hangs_up_leaves_no_transaction_behind(
    finished: Walker, link: RecruitmentLink
) -> None:
    response = fetch(token_for(link))
    assert connection.in_atomic_block  # the snapshot is held while the rest is to come
    response.close()
    assert not connection.in_atomic_block
    assert ApiToken.objects.update(name="still writable") == 1


def test_equal_numbers_are_refused_with_a_status(
    finished: Walker, link: RecruitmentLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pseudonyms, "NUMBER_DIGITS", 1)
    one = Conversation.objects.filter(kind="own")[0]
    for ordinal in range(20, 37):
        one.pk, one.public_id, one.ordinal = None, f"copy-{ordinal}", ordinal
        one._state.adding = True
        one.save()
    response = fetch(token_for(link))
    assert response.status_code == 409
    assert "the same number" in response.json()["detail"]
    assert not connection.in_atomic_block
