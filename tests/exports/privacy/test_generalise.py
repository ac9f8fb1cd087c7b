"""The plan of a release: what it makes coarser, whose answers it cuts, and that it holds."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Answer, Consent, Option, Purpose, Question
from annotation.models import Study
from exports.models import Tier
from exports.privacy import risk
from exports.privacy.coarse import apply, band
from exports.privacy.generalise import plan_recoding
from exports.privacy.people import People, read_people
from exports.privacy.recoding import Recoding
from exports.privacy.suppression import cut_alike_answers, cut_small_groups, groups_of
from exports.privacy.tiers import Demands, Roles
from exports.scope import Scope
from exports.source import with_source
from tests.exports.privacy.crowds import crowd

pytestmark = pytest.mark.django_db

FOUR = ["age", "education", "ethnicity", "gender"]


def row(age: int = 30, gender: str = "female", **others: Any) -> dict[str, Any]:
    return {"country": "FR", "age": age, "gender": gender, "education": "isced_6"} | others


def leaving(study: Study, recoding: Recoding, tier: str = "public") -> list[dict[str, Any]]:
    """What a format reads of each person."""
    scope = Demands.of(tier).scope(study, recoding)
    query = with_source(
        scope,
        "SELECT participation_id, age, age_band, codes::text, numbers::text, refused::text "
        "FROM people ORDER BY 1",
    )
    with connection.cursor() as cursor:
        query.execute(cursor)
        return [
            {"id": pk, "age": band or age, **json.loads(codes), "refused": json.loads(refused)}
            for pk, age, band, codes, _numbers, refused in cursor.fetchall()
        ]


# ---- pure: what is cut out of single rows


def people_of(rows: Sequence[Sequence[str]], codes: Sequence[str]) -> People:
    """A row: place, then one answer a code."""
    columns = [np.array(column, dtype=object) for column in zip(*rows, strict=True)]
    return People(
        ids=np.arange(1, len(rows) + 1),
        places=columns[0],
        countries=columns[0],
        answers=dict(zip(codes, columns[1:], strict=True)),
        others=frozenset(),
    )


def cut(people: People, quasi: Sequence[str], k: int) -> tuple[People, frozenset[int]]:
    blanked, suppressed = cut_small_groups(people, quasi, k)
    return apply(people, Recoding(blanked=blanked, suppressed=suppressed)), suppressed


def test_who_stands_out_by_one_answer_loses_the_one_that_tells_least() -> None:
    rows = [("FR", "young", "f", "degree")] * 3 + [("FR", "young", "f", "none")]
    rows += [("FR", "young", "f", "")] * 2
    left, suppressed = cut(
        people_of(rows, ["age", "gender", "education"]), ["age", "gender", "education"], 3
    )
    assert not suppressed
    assert list(left.answers["education"]) == ["degree"] * 3 + [""] * 3
    assert list(left.answers["gender"]) == ["f"] * 6


def test_who_loses_all_is_not_alone_in_that_either() -> None:
    rows = [("FR", "young", "f", "degree")] * 9 + [("FR", "old", "m", "none")]
    left, suppressed = cut(people_of(rows, ["age", "gender", "education"]), FOUR, 3)
    assert suppressed == {1, 2, 10}
    assert risk.smallest(groups_of(left, FOUR)) == 3


def test_where_no_group_can_spare_anybody_the_smallest_go_whole() -> None:
    rows = [("FR", "a")] * 4 + [("FR", "b")] * 3 + [("FR", "c")]
    _left, suppressed = cut(people_of(rows, ["age"]), ["age"], 3)
    assert suppressed == {5, 6, 7, 8}


def test_without_quasi_identifiers_only_places_below_k_are_cut() -> None:
    rows = [("FR", "a")] * 4 + [("IT", "b")] * 2
    _left, suppressed = cut(people_of(rows, ["other"]), [], 3)
    assert suppressed == {5, 6}


PERSON = st.tuples(
    st.sampled_from(["FR", "IT"]), st.sampled_from("abcde"), st.sampled_from(["f", "m", "", "x"]),
    st.sampled_from(["1", "2", "3"]), st.sampled_from(["l", "r", "", "*refused*"]),
)  # fmt: skip


@given(st.lists(PERSON, min_size=1, max_size=80), st.integers(2, 6), st.integers(1, 3))
@settings(deadline=None, max_examples=150)
def test_whatever_people_are_alike_nobody_stands_out_after(
    rows: list[tuple[str, ...]], k: int, fewest: int
) -> None:
    quasi = ("age", "gender", "education")
    people = people_of(rows, [*quasi, "politics"])
    blanked, suppressed = cut_small_groups(people, quasi, k)
    left = apply(people, Recoding(blanked=blanked, suppressed=suppressed))
    alike = cut_alike_answers(left, quasi, ["politics"], fewest, 0)
    left = apply(left, Recoding(blanked=alike))
    sizes, total = risk.sizes(groups_of(left, quasi)), Counter(people.places)
    for size, place in zip(sizes, people.places, strict=True):
        assert size >= min(k, total[place])
    table = risk.counts(groups_of(left, quasi), left.answer("politics"), unsaid=("", "*refused*"))
    assert risk.diversity(table) in (0, *range(fewest, 9))
    assert cut_small_groups(people, quasi, k) == (blanked, suppressed)


def test_a_group_that_gives_an_answer_away_loses_it_and_its_refusals() -> None:
    rows = [("FR", "a", "left"), ("FR", "a", "left"), ("FR", "a", "*refused*")]
    rows += [("FR", "b", "left"), ("FR", "b", "right")]
    people = people_of(rows, ["age", "politics"])
    assert cut_alike_answers(people, ["age"], ["politics"], 2, 0) == {"politics": {1, 2, 3}}


def test_a_group_far_from_everybody_loses_its_answer_where_t_is_demanded() -> None:
    rows = [("FR", "a", "0"), ("FR", "a", "1"), ("FR", "b", "9"), ("FR", "b", "10")]
    people = people_of(rows, ["age", "politics"])
    assert cut_alike_answers(people, ["age"], ["politics"], 2, 0.5) == {}
    assert cut_alike_answers(people, ["age"], ["politics"], 2, 0.3) == {"politics": {1, 2, 3, 4}}


def test_ages_fall_into_the_published_groups() -> None:
    found = [band(str(age), (18, 35, 46, 55)) for age in (17, 18, 34, 35, 45, 46, 54, 55, 99)]
    assert found == ["", "18-34", "18-34", "35-45", "35-45", "46-54", "46-54", "55+", "55+"]


# ---- on the database: what leaves


def test_nothing_is_coarser_than_it_must_be(study: Study) -> None:
    crowd(study, [row(education="isced_2", politics="3")] * 12)
    recoding, report = plan_recoding(study=study, tier=Tier.PUBLIC)
    assert report.steps == ("age_4",)
    assert (report.before.k, report.after.k, report.suppressed) == (12, 12, 0)
    assert recoding.codes == {}
    assert {person["education"] for person in leaving(study, recoding)} == {"isced_2"}
    assert {person["age"] for person in leaving(study, recoding)} == {"18-34"}


def test_with_an_agreement_ages_stay_in_years_where_k_allows_it(study: Study) -> None:
    crowd(study, [row()] * 5)
    recoding, report = plan_recoding(study=study, tier="agreement")
    assert (report.k, report.steps) == (5, ())
    assert {person["age"] for person in leaving(study, recoding, "agreement")} == {30}


def test_education_becomes_coarser_before_anybody_is_cut(study: Study) -> None:
    levels = ["isced_0_1", "isced_2", "isced_3", "isced_6", "isced_7", "isced_8"]
    crowd(study, [row(education=level) for level in levels for _n in range(4)])
    recoding, report = plan_recoding(study=study, tier="public")
    assert report.steps == ("age_4", "education_3")
    assert (report.before.k, report.after.k, report.suppressed, report.partly) == (4, 12, 0, 0)
    counted = Counter(person["education"] for person in leaving(study, recoding))
    assert counted == {"secondary": 12, "degree": 12}
    loss = next(loss for loss in report.losses if loss.code == "education")
    assert (loss.answered, loss.kept, loss.coarser, loss.gone) == (24, 0, 24, 0)


def test_a_few_who_stand_out_are_cut_and_all_others_stay(study: Study) -> None:
    everybody = crowd(study, [row()] * 60 + [row(age=70, gender="other", education="isced_2")] * 2)
    recoding, report = plan_recoding(study=study, tier="public")
    assert {everybody[-1].pk, everybody[-2].pk} < recoding.suppressed
    assert len(recoding.suppressed) == report.suppressed == 10
    assert report.after.k == 10
    gone = [one for one in leaving(study, recoding) if one["id"] in recoding.suppressed]
    assert all(set(one) == {"id", "age", "refused"} for one in gone)
    assert all(one["age"] is None and one["refused"] == [] for one in gone)


def test_special_categories_stay_inside_unless_the_tier_lists_them(study: Study) -> None:
    crowd(study, [row(politics=str(n % 11), ethnicity="immigrant") for n in range(22)])
    recoding, report = plan_recoding(study=study, tier="public")
    assert recoding.dropped == {"politics", "ethnicity"}
    assert not {"politics", "ethnicity"} & {
        code for one in leaving(study, recoding) for code in one
    }
    listed, report = plan_recoding(study=study, tier="public", settings={"special": ["politics"]})
    found = {one.get("politics") for one in leaving(study, listed)}
    assert found == {"very_left", "somewhat_left", "centre", "somewhat_right", "very_right"}
    assert report.sensitive == ("politics",)
    assert report.after.l == {"politics": 5}


def test_a_refusal_of_a_special_category_stays_inside_too(study: Study) -> None:
    crowd(study, [row(politics=None)] * 10)
    recoding, _report = plan_recoding(study=study, tier="public")
    assert all(one["refused"] == [] for one in leaving(study, recoding))


def test_rare_ethnicities_of_a_country_become_other_there_alone(study: Study) -> None:
    rows = [row(country="US", ethnicity="white")] * 12 + [row(country="US", ethnicity="asian")] * 3
    rows += [row(country="US", ethnicity="hispanic")] * 3
    rows += [row(country="BR", ethnicity="asian")] * 14
    crowd(study, rows)
    settings = {"k": 3, "special": ["ethnicity"], "l": 1}
    recoding, report = plan_recoding(study=study, tier="public", settings=settings)
    assert (recoding.codes, report.steps) == ({}, ("age_4",))
    recoding, report = plan_recoding(study=study, tier="public", settings=settings | {"k": 5})
    assert recoding.codes == {"ethnicity:US": {"asian": "other", "hispanic": "other"}}
    assert (report.steps, report.after.k) == (("age_4", "ethnicity_rare"), 6)
    counted = Counter(person["ethnicity"] for person in leaving(study, recoding))
    assert counted == {"white": 12, "other": 6, "asian": 14}


def test_a_homogeneous_group_does_not_tell_its_politics(study: Study) -> None:
    crowd(study, [row(politics="9")] * 12 + [row(age=60, politics=str(n)) for n in range(11)])
    settings = {"special": ["politics"], "k": 10}
    recoding, report = plan_recoding(study=study, tier="agreement", settings=settings)
    assert len(recoding.blanked["politics"]) == 12
    assert (report.before.l, report.after.l) == ({"politics": 1}, {"politics": 11})
    assert sum("politics" in one for one in leaving(study, recoding, "agreement")) == 11


def test_only_people_whose_answers_leave_are_counted(study: Study) -> None:
    people = crowd(study, [row()] * 12)
    crowd(study, [row(age=70)] * 3, purposes=[Purpose.TAKE_PART])
    left = crowd(study, [row(age=60)])[0]
    left.withdrawn_at = timezone.now()
    left.save()
    quitter = crowd(study, [row(age=50)], finished=False)[0]
    recoding, report = plan_recoding(study=study, tier="public")
    assert (report.before.people, report.after.k, report.others) == (12, 12, 1)
    assert recoding.left_out == {quitter.pk}
    assert not {person.pk for person in people} & recoding.suppressed
    by_agreement, _report = plan_recoding(study=study, tier="agreement")
    assert (by_agreement.left_out, quitter.pk in by_agreement.suppressed) == (frozenset(), True)
    Consent.objects.filter(purpose=Purpose.RELEASE_CHOICES).update(withdrawn_at=timezone.now())
    assert plan_recoding(study=study, tier="public")[1].before.people == 0


def test_a_locale_of_too_few_people_is_said_in_one_sentence(study: Study) -> None:
    crowd(study, [row()] * 12 + [row(country="IT", gender="male")] * 3)
    recoding, report = plan_recoding(study=study, tier="agreement", settings={"k": 10})
    assert report.shortfall == (
        "The smallest group has 3 people, not 10: fewer than 10 finished a conversation in IT-it."
    )
    assert (len(recoding.suppressed), report.left_out, report.omission) == (3, 0, "")
    assert [(place.place, place.k_after) for place in report.places] == [
        ("FR-fr", 12),
        ("IT-it", 3),
    ]


def test_a_public_release_leaves_out_who_lives_where_too_few_do(study: Study) -> None:
    crowd(study, [row()] * 12 + [row(country="IT", education="isced_2")] * 9)
    recoding, report = plan_recoding(study=study, tier="public")
    assert (report.shortfall, report.after.k, report.after.people) == ("", 12, 12)
    assert report.omission == (
        "9 people are not in it: fewer than 10 finished a conversation in IT-it."
    )
    assert [(place.place, place.k_after, place.left_out) for place in report.places] == [
        ("FR-fr", 12, 0),
        ("IT-it", 0, 9),
    ]
    loss = next(loss for loss in report.losses if loss.code == "education")
    assert (loss.answered, loss.kept, loss.gone) == (21, 12, 9)
    assert len(leaving(study, recoding)) == 12
    crowd(study, [row(country="IT")])
    assert plan_recoding(study=study, tier="public")[1].omission == ""


def test_what_is_published_tells_of_a_locale_left_out_that_it_is_small_and_no_number(
    study: Study,
) -> None:
    crowd(study, [row()] * 12)
    told = []
    for here in (7, 8):
        crowd(study, [row(country="IT")] * (here if here == 7 else 1))
        report = plan_recoding(study=study, tier="public")[1]
        assert report.omission.startswith(f"{here} people are not in it")  # for the team
        told.append(report.to_json())
    assert told[0] == told[1]
    assert told[0]["omission"] == (
        "Nobody of IT-it is in it: fewer than 10 finished a conversation there."
    )
    assert told[0]["left_out"] == "fewer than 10 (IT-it)"
    small = next(place for place in told[0]["places"] if place["place"] == "IT-it")
    assert (small["people"], small["left_out"]) == ("fewer than 10", "fewer than 10")
    assert (told[0]["before"]["people"], told[0]["losses"][0]["answered"]) == (12, 12)


def mixed(n: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(5)
    levels = ["isced_2", "isced_6", "isced_8", "some_post_secondary", "other"]
    return [
        row(
            age=int(rng.integers(18, 80)),
            gender=str(rng.choice(["female", "male", "other"], p=[0.5, 0.47, 0.03])),
            education=str(rng.choice(levels)),
            politics=str(rng.integers(0, 11)),
            ethnicity=str(rng.choice(["non_immigrant", "immigrant"], p=[0.9, 0.1])),
            country=str(rng.choice(["FR"])),
        )
        for _n in range(n)
    ]


def test_the_database_recodes_as_planned_and_k_and_l_hold_in_what_leaves(study: Study) -> None:
    crowd(study, mixed(150))
    for tier in Tier.values:
        demands = Demands.of(tier, {"special": ["politics", "ethnicity"], "l": 3})
        recoding, report = plan_recoding(
            study=study, tier=tier, settings={"special": ["politics", "ethnicity"], "l": 3}
        )
        with connection.cursor() as cursor:
            plain = read_people(cursor, demands.scope(study))
            real = read_people(cursor, demands.scope(study, recoding))
        meant = apply(plain, recoding)
        for code in plain.answers:
            assert list(real.answer(code)) == list(meant.answer(code)), code
        assert report.before.unique > 0.5
        assert report.after.k >= demands.k
        assert all(fewest == 0 or fewest >= 3 for fewest in report.after.l.values())
        assert report.shortfall == ""


def test_the_same_people_give_the_same_plan_to_the_byte(study: Study) -> None:
    crowd(study, mixed(60))
    settings = {"special": ["politics"]}
    first, report = plan_recoding(study=study, tier="public", settings=settings)
    second, again = plan_recoding(study=study, tier="public", settings=settings)
    assert json.dumps(first.to_json()) == json.dumps(second.to_json())
    assert json.dumps(report.to_json()) == json.dumps(again.to_json())


def test_what_a_release_may_tell_of_its_plan_names_nobody(study: Study) -> None:
    crowd(study, mixed(40))
    recoding, report = plan_recoding(study=study, tier="public")
    assert recoding.suppressed
    told = report.to_json()
    assert "cells" not in told
    assert "suppressed" in told and isinstance(told["suppressed"], int)


def test_what_is_told_of_a_plan_is_the_same_whatever_somebody_left_out_answered(
    study: Study,
) -> None:
    crowd(study, [row(politics="0")] * 8 + [row(politics="5")] * 4)
    alone = crowd(study, [row(country="IT", politics="9")])[0]
    told = []
    for answer in ("9", "1"):
        given = Answer.objects.get(annotator=alone.annotator, question__code="politics")
        given.option = Option.objects.get(question=given.question, code=answer)
        given.save()
        report = plan_recoding(study=study, tier="public", settings={"special": ["politics"]})[1]
        assert report.left_out == 1
        told.append(json.dumps(report.to_json()))
    assert told[0] == told[1]


def test_cells_below_k_are_listed_without_sensitive_answers_and_sizes(study: Study) -> None:
    crowd(study, [row()] * 12 + [row(age=70, ethnicity="immigrant", politics="10")])
    _recoding, report = plan_recoding(
        study=study, tier="public", settings={"special": ["ethnicity", "politics"]}
    )
    (cell,) = report.cells
    assert cell.place == "FR-fr"
    assert cell.answers == (("age", "70"), ("education", "isced_6"), ("gender", "female"))


@pytest.mark.parametrize(
    ("tier", "given", "words"),
    [
        ("public", {"k": 1}, "from 2"),
        ("public", {"k": "many"}, "cannot be read"),
        ("public", {"times": "hour"}, "by day"),
        ("public", {"t": 2}, "from 0 to 1"),
        ("public", {"special": ["shoe-size"]}, "No question"),
        ("agreement", {"quasi": ["shoe-size"]}, "No question"),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_one_sentence(
    study: Study, tier: str, given: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        plan_recoding(study=study, tier=tier, settings=given)
    assert len(caught.value.messages) == 1


def test_every_question_is_taken_for_telling_unless_it_is_known_not_to(study: Study) -> None:
    Question.objects.create(
        instrument=study.closing_instrument, code="household", kind="integer", text="?", position=9
    )
    roles = Roles.of(study, Demands.of("public"))
    assert roles.quasi == ("age", "education", "gender", "household")
    assert roles.kept_in == {"politics", "ethnicity"}
    crowd(study, [row(household=n) for n in range(20)])
    recoding, report = plan_recoding(study=study, tier="public")
    assert report.steps == ("age_4", "others:household")
    assert "household" in recoding.dropped


def test_a_scope_without_a_plan_recodes_nothing(study: Study) -> None:
    crowd(study, [row(politics="3", ethnicity=None)])
    (person,) = leaving(study, Recoding(), "agreement")
    assert (person["age"], person["politics"], person["refused"]) == (30, "3", ["ethnicity"])
    assert Scope(study=study, recipient="x").recoding == Recoding()
