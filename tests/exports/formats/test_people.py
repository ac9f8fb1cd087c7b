"""Annotators and dispositions: who judged, and what became of every place."""

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.models import Answer, Purpose
from annotation.models import Deal, Explanation, Grant, Participation, Ranking, Slot
from exports.access.token_fields import ordinary_fields, special_fields
from exports.privacy.recoding import Recoding
from exports.pseudonyms import Kind
from exports.scope import Times
from exports.validators import annotators, dispositions
from tests.exports.formats.conftest import Exported, structure


def person(exported: Exported, name: str, **changes: Any) -> dict[str, Any]:
    (row,) = exported.of_person("annotators", name, **changes)
    assert list(annotators.find_problems([row])) == []
    return row


def test_one_row_a_person_with_code_and_label(exported: Exported) -> None:
    row = person(exported, "whole")
    assert (row["country"], row["language"], row["wave"], row["phase"]) == ("FR", "fr", 1, "main")
    assert (row["age"], row["age_band"], row["age_status"]) == (41, None, "answered")
    assert (row["gender"], row["gender_label"]) == ("female", "Woman")
    assert (row["education"], row["education_status"]) == ("isced_6", "answered")
    assert (row["politics"], row["politics_status"]) == ("5", "answered")
    assert (row["outcome"], row["consent_release_choices"]) == ("complete", "given")
    answers = structure(row, "answers") | structure(row, "special_answers")
    assert answers["gender"] == {
        "status": "answered", "code": "female", "label": "Woman", "number": None,
    }  # fmt: skip
    assert answers["age"] == {"status": "answered", "code": None, "label": None, "number": 41}
    stored = Answer.objects.filter(annotator=exported.participation("whole").annotator)
    assert set(answers) == set(stored.values_list("question__code", flat=True))


def test_refused_not_shown_and_not_reached_are_told_apart(exported: Exported) -> None:
    answers = Answer.objects.filter(annotator=exported.participation("whole").annotator)
    for code, status in (("politics", "refused"), ("ethnicity", "not_shown")):
        answers.filter(question__code=code).update(status=status, option=None)
    row = person(exported, "whole")
    assert (row["politics"], row["politics_status"]) == (None, "refused")
    assert (row["ethnicity"], row["ethnicity_status"]) == (None, "not_shown")
    unfinished = person(exported, "tied")
    assert (unfinished["politics"], unfinished["politics_status"]) == (None, None)
    assert unfinished["gender_status"] == "answered"


def test_where_further_questionnaires_stood_is_told(exported: Exported) -> None:
    assert person(exported, "whole")["placements"] is None
    hers = Participation.objects.filter(pk=exported.participation("whole").pk)
    hers.update(placements={"mood": "closing"})
    assert structure(person(exported, "whole"), "placements") == {"mood": "closing"}


def test_special_categories_stand_apart_from_other_answers(exported: Exported) -> None:
    row = person(exported, "whole")
    special = structure(row, "special_answers")
    assert special and not set(special) & set(structure(row, "answers"))
    asked = Answer.objects.filter(
        annotator=exported.participation("whole").annotator, question__special_category=True
    )
    assert set(special) == set(asked.values_list("question__code", flat=True))


def test_recoded_answers_leave_coarser_everywhere(exported: Exported) -> None:
    hers = exported.participation("whole")
    recoding = Recoding(
        codes={"education": {"isced_6": "tertiary"}, "gender": {"female": ""}},
        age_bands=(18, 35, 55),
    )
    row = person(exported, "whole", recoding=recoding)
    assert (row["education"], row["education_label"]) == ("tertiary", None)
    assert (row["gender"], row["gender_status"]) == (None, None)
    assert (row["age"], row["age_band"], row["age_status"]) == (None, "35-54", "answered")
    assert "isced_6" not in str(row) and "41" not in row["answers"]
    hidden = person(exported, "whole", recoding=Recoding(suppressed=frozenset({hers.pk})))
    for name in ("age", "gender", "education", "politics", "ethnicity"):
        assert hidden[name] is hidden[f"{name}_status"] is None
    assert all(
        answer["code"] is answer["number"] is None
        for answer in structure(hidden, "answers").values()
    )


def test_the_vendor_leaves_only_where_it_is_asked_for(exported: Exported) -> None:
    assert person(exported, "whole")["vendor"] is None
    fields = frozenset({"annotator_id", "vendor", "wave", "phase"})
    rows = exported.of_person("annotators", "whole", fields=fields)
    assert rows[0]["vendor"] == "vendor-a"


def test_a_vendors_own_export_tells_of_nobody_how_and_when_she_ended(exported: Exported) -> None:
    """The people endpoint tells it by the vendor's ids: a rare end would name a pseudonym."""
    own = {"vendor": exported.scene.link.vendor, "recipient": "vendor:vendor-a"}
    for outcome in ("complete", "quality"):
        hers = Participation.objects.filter(pk=exported.participation("whole").pk)
        hers.update(outcome=outcome)
        assert person(exported, "whole")["outcome"] == outcome
        row = person(exported, "whole", **own)
        assert (row["outcome"], row["finished_on"]) == (None, None)


def test_days_and_counts(exported: Exported) -> None:
    row = person(exported, "whole")
    finished = exported.participation("whole").finished_at
    assert finished
    assert row["finished_on"] == datetime(*finished.timetuple()[:3], tzinfo=UTC)
    month = person(exported, "whole", times=Times.MONTH)["finished_on"]
    assert month == row["finished_on"].replace(day=1)
    assert person(exported, "whole", times=Times.NONE)["finished_on"] is None
    conversations = exported.participation("whole").conversations
    again = conversations.filter(grant__occasion=1)
    judged = Ranking.objects.filter(turn__conversation__in=conversations.all())
    told = Explanation.objects.filter(turn__conversation__in=conversations.all()).exclude(text="")
    assert row["conversations"] == row["finished_conversations"] == 3
    assert (row["retests"], row["skipped_conversations"]) == (again.count(), 0) == (1, 0)
    assert (row["judgements"], row["explanations"]) == (judged.count(), told.count())
    assert person(exported, "tied")["skipped_conversations"] >= 1


def test_who_withdrew_or_did_not_allow_it_is_absent(exported: Exported) -> None:
    assert exported.of_person("annotators", "gone") == []
    exported.participation("tied").annotator.consents.filter(
        purpose=Purpose.RELEASE_CHOICES
    ).update(given=False)
    assert person(exported, "tied")["consent_release_choices"] == "declined"
    assert exported.of_person("annotators", "tied", purposes=(Purpose.RELEASE_CHOICES,)) == []


def test_every_grant_is_a_row(exported: Exported) -> None:
    grants = Grant.objects.filter(participation__study=exported.scene.study)
    rows = exported.rows("dispositions")
    assert len(rows) == grants.count()
    assert not {row["disposition"] for row in rows} - {*Grant.Disposition.values, None}
    by_id = {row["grant_id"]: row for row in rows if row["grant_id"]}
    pseudonyms = exported.scope().pseudonyms
    for grant in grants.filter(participation__withdrawn_at=None).select_related(
        "slot__candidate_set__sampler", "prompt", "conversation"
    ):
        row = by_id.pop(pseudonyms.text(Kind.GRANT, grant.pk))
        deal = Deal.objects.get(grant=grant)
        assert (row["probability"], row["rule"]) == (deal.probability, deal.rule)
        assert (row["slot_ordinal"], row["batch"]) == (grant.slot.ordinal, grant.slot.batch)
        assert row["sampler"] == grant.slot.candidate_set.sampler.key
        assert (row["prompt_key"], row["is_retest"]) == (grant.prompt.key, grant.is_retest)
        assert row["disposition"] == (grant.disposition or None)
        assert (row["granted_at"], row["ended_at"]) == (grant.granted_at, grant.ended_at)
        assert row["conversation_id"] == exported.conversation_id(grant.conversation)
    assert by_id == {}


def test_grants_of_somebody_who_withdrew_only_count(exported: Exported) -> None:
    rows = exported.rows("dispositions")
    counted = [row for row in rows if row["left_out"]]
    hers = Grant.objects.filter(participation=exported.participation("gone"))
    assert len(counted) == hers.count() > 0
    for row in counted:
        kept = {name for name, value in row.items() if value is not None}
        assert kept == set(dispositions.OF_EVERYBODY)
    assert sorted(row["disposition"] for row in counted) == sorted(
        hers.values_list("disposition", flat=True)
    )


def test_places_of_people_whom_a_release_leaves_out_do_not_say_which_and_where(
    exported: Exported,
) -> None:
    hers = exported.participation("whole")
    counted = Grant.objects.filter(participation=hers).count()
    rows = exported.rows("dispositions", recoding=Recoding(left_out=frozenset({hers.pk})))
    assert list(dispositions.find_problems(rows)) == []
    hidden = [row for row in rows if row["country"] is None]
    assert len(hidden) == counted > 0
    for row in hidden:
        kept = {name for name, value in row.items() if value is not None}
        assert kept == set(dispositions.OF_EVERYBODY) - set(dispositions.OF_A_PLACE)
    keys = [(row["prompt_key"] is None, row["prompt_key"]) for row in rows]
    assert keys == sorted(keys)  # not among the rows of the prompt that is hidden
    assert {row["country"] for row in rows if row["left_out"]} == {None, "FR"}  # who withdrew


def test_who_withdrew_where_nobody_is_in_the_release_is_hidden_like_them(
    exported: Exported,
) -> None:
    everybody = Participation.objects.filter(study=exported.scene.study, withdrawn_at=None)
    gone = Recoding(left_out=frozenset(everybody.values_list("pk", flat=True)))
    rows = exported.rows("dispositions", recoding=gone)
    assert {row["country"] for row in rows} == {row["prompt_key"] for row in rows} == {None}
    assert len(rows) == Grant.objects.filter(participation__study=exported.scene.study).count()


def test_reasons_are_her_words_and_strata_her_answers(exported: Exported) -> None:
    Slot.objects.filter(grants__participation=exported.participation("tied")).update(
        stratum="women-35-54"
    )
    rows = exported.of_person("dispositions", "tied")
    assert "not mine" in {row["reason"] for row in rows}
    assert {row["stratum"] for row in rows} == {"women-35-54"}
    coarser = Recoding(age_bands=(18, 35))
    released: dict[str, Any] = {"free_text_purpose": Purpose.RELEASE_FREE_TEXT}
    rows = exported.of_person("dispositions", "tied", recoding=coarser, **released)
    assert {row["reason"] for row in rows} == {row["stratum"] for row in rows} == {None}
    assert {row["probability"] for row in rows} == {None}


def test_cells_and_the_probability_that_follows_from_them_leave_only_where_listed(
    exported: Exported,
) -> None:
    assert {"stratum", "probability"} <= set(special_fields())
    assert not {"stratum", "probability"} & set(ordinary_fields())
    rows = exported.rows("dispositions", fields=frozenset(ordinary_fields()))
    assert {row["probability"] for row in rows} == {row["stratum"] for row in rows} == {None}
    assert any(row["rule"] for row in rows)
    listed = exported.rows("dispositions", fields=frozenset({"probability"}))
    assert any(row["probability"] for row in listed)


def test_of_somebody_whose_answers_are_cut_nothing_tells_what_she_was_asked(
    exported: Exported,
) -> None:
    answers = Answer.objects.filter(annotator=exported.participation("whole").annotator)
    answers.filter(question__code="education").update(status="not_shown", option=None)
    gone = Recoding(suppressed=frozenset({exported.participation("whole").pk}))
    (row,) = exported.of_person("annotators", "whole", recoding=gone)
    assert (structure(row, "answers"), structure(row, "special_answers")) == ({}, {})
    assert {row[name] for name in row if name.endswith("_status")} == {None}
    some = Recoding(
        dropped=frozenset({"politics"}),
        blanked={"gender": frozenset({exported.participation("whole").pk})},
    )
    (row,) = exported.of_person("annotators", "whole", recoding=some)
    assert row["age_status"] == "answered"
    assert {row["gender_status"], row["education_status"], row["politics_status"]} == {None}
    told = structure(row, "answers") | structure(row, "special_answers")
    assert "age" in told and not {"gender", "education", "politics"} & set(told)


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("left out", {"left_out": True}),
        ("required", {"prompt_key": None}),
        ("required", {"annotator_id": None}),
        ("probability", {"probability": 1.5}),
        ("probability", {"rule": None}),
    ],
)
def test_a_disposition_that_contradicts_itself_is_found(
    exported: Exported, rule: str, change: dict[str, Any]
) -> None:
    row = exported.of_person("dispositions", "whole")[0]
    assert list(dispositions.find_problems([row])) == []
    assert rule in {problem.rule for problem in dispositions.find_problems([row | change])}


@pytest.mark.parametrize(
    "change", [{"gender": None}, {"politics_status": "refused"}, {"answers": '{"x": {}}'},
               {"consent_take_part": "declined"}],
)  # fmt: skip
def test_an_annotator_who_contradicts_herself_is_found(
    exported: Exported, change: dict[str, Any]
) -> None:
    assert list(annotators.find_problems([person(exported, "whole") | change]))
