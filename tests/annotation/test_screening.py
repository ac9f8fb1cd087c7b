"""The door: what is asked before consent, who finds a place, and what is kept of the others."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import Answer, Consent, Question
from annotation.actions.definition import apply_study
from annotation.models import Participation, Quota, RecruitmentLink, ScreeningCount, Slot, Study
from tests.definitions import small_definition
from tests.walker import Walker

pytestmark = pytest.mark.django_db
EVERYBODY = {"country": ["FR", "US", "IN", "IT", "BR"]}


def quota(study: Study, key: str, target: int, **conditions: Any) -> None:
    Quota.objects.create(study=study, key=key, conditions=conditions or EVERYBODY, target=target)


def screened(link: RecruitmentLink, country: str = "FR", **answers: str) -> Walker:
    walker = Walker(link, country=country, language={"FR": "fr", "US": "en"}[country])
    walker.choose()
    walker.screen(**answers)
    return walker


def outcome_of(walker: Walker) -> str:
    return walker.participation.outcome


def counts() -> list[tuple[str, str, int]]:
    return sorted(ScreeningCount.objects.values_list("outcome", "cell", "people"))


def test_the_steps_come_in_the_order_that_asks_least_of_people(link: RecruitmentLink) -> None:
    walker = Walker(link)
    walker.choose()
    assert walker.here() == reverse("quota")
    walker.screen()
    assert walker.here() == reverse("consent")
    assert walker.participation.screened_at is not None
    walker.consent()
    assert walker.here() == reverse("guidelines")


def test_the_screening_says_why_it_asks_and_what_becomes_of_the_answers(
    link: RecruitmentLink,
) -> None:
    walker = Walker(link, country="US", language="en")
    page = walker.choose().content.decode()
    for said in (
        "we ask 2 short questions",
        "whether there is a place for you",
        "We ask nothing sensitive",
        "are not kept",
        "these answers are deleted",
    ):
        assert said in page
    assert "You are paid 1.00\xa0USD for your visit." in page


def test_a_special_category_is_never_asked_before_consent(link: RecruitmentLink) -> None:
    Question.objects.filter(code="gender").update(special_category=True)
    walker = Walker(link)
    page = walker.choose().content.decode()
    assert walker.participation.locale is not None
    assert walker.participation.locale.legal_basis
    assert 'name="age"' in page
    assert 'name="gender"' not in page
    walker.screen()
    assert set(Answer.objects.values_list("question__code", flat=True)) == {"age"}
    assert walker.here() == reverse("consent")


def test_a_study_that_screens_by_a_special_category_is_refused() -> None:
    definition = small_definition(key="other")
    definition["instruments"]["quota"] |= {"key": "other"}
    definition["instruments"]["quota"]["questions"][1]["special_category"] = True
    with pytest.raises(ValidationError, match="asks gender, a special category"):
        apply_study(definition)


def test_where_nothing_is_asked_a_place_is_found_at_once(link: RecruitmentLink) -> None:
    Question.objects.filter(instrument=link.study.quota_instrument).update(country="US")
    walker = Walker(link)
    walker.choose()
    assert walker.participation.screened_at is not None
    assert walker.here() == reverse("consent")


def test_a_full_country_ends_before_any_question_and_with_a_code(link: RecruitmentLink) -> None:
    Slot.objects.filter(locale__country="FR").update(status="void")
    walker = Walker(link)
    walker.choose()
    assert outcome_of(walker) == "quota_full"
    assert walker.participation.completion_code
    assert walker.here() == reverse("finish")
    assert not Answer.objects.exists()
    assert counts() == [("quota_full", "", 1)]


def test_a_place_lost_while_answering_ends_the_visit_and_keeps_no_answer(
    link: RecruitmentLink,
) -> None:
    walker = Walker(link)
    walker.choose()
    Slot.objects.filter(locale__country="FR").update(status="void")
    walker.screen()
    assert outcome_of(walker) == "quota_full"
    assert not Answer.objects.exists()


def test_a_study_of_own_conversations_has_room_without_slots(link: RecruitmentLink) -> None:
    Study.objects.filter(pk=link.study.pk).update(pool_conversations=0)
    Slot.objects.update(status="void")
    assert screened(link).here() == reverse("consent")


def test_only_languages_with_room_are_offered(link: RecruitmentLink) -> None:
    Slot.objects.filter(locale__country="IN", locale__language="hi").update(status="void")
    walker = Walker(link)
    walker.join()
    page = walker.post("country", {"country": "IN"}).content.decode()
    assert page.count('type="radio" name="locale"') == 1


def test_whoever_fits_no_cell_is_screened_out_paid_and_only_counted(link: RecruitmentLink) -> None:
    quota(link.study, "young", 5, age={"from": 18, "to": 34})
    walker = screened(link, age="35")
    assert outcome_of(walker) == "screened_out"
    assert walker.participation.completion_code
    assert walker.participation.screened_at is None
    assert not Answer.objects.exists()
    assert counts() == [("screened_out", "", 1)]


def test_a_full_cell_sends_the_next_person_away_and_counts_her(link: RecruitmentLink) -> None:
    quota(link.study, "women", 1, gender=["female"])
    quota(link.study, "men", 1, gender=["male"])
    assert screened(link).here() == reverse("consent")
    assert screened(link, gender="male").here() == reverse("consent")
    late, later = screened(link), screened(link)
    assert outcome_of(late) == outcome_of(later) == "quota_full"
    assert counts() == [("quota_full", "women", 2)]
    assert Answer.objects.values("annotator").distinct().count() == 2


def test_one_full_cell_among_several_is_enough(link: RecruitmentLink) -> None:
    quota(link.study, "france", 9, country=["FR"])
    quota(link.study, "women", 1, gender=["female"])
    screened(link, country="US")
    assert outcome_of(screened(link)) == "quota_full"
    assert counts() == [("quota_full", "france,women", 1)]


def test_cells_are_counted_in_each_phase_by_itself(link: RecruitmentLink) -> None:
    quota(link.study, "all", 1)
    walker = screened(link)
    Participation.objects.filter(pk=walker.participation.pk).update(phase="rehearsal")
    assert screened(link).here() == reverse("consent")


@pytest.mark.parametrize("left", ["declined", "withdrawn", "excluded"])
def test_who_leaves_makes_room_in_her_cell(link: RecruitmentLink, left: str) -> None:
    quota(link.study, "all", 1)
    first = screened(link)
    if left == "declined":
        first.consent("no")
    else:
        Participation.objects.filter(pk=first.participation.pk).update(
            **{f"{left}_at": first.participation.started_at}
        )
    assert screened(link).here() == reverse("consent")


def test_a_refused_answer_fits_only_where_the_cell_says_so(link: RecruitmentLink) -> None:
    quota(link.study, "said", 9, gender=["female", "male", "other"])
    assert outcome_of(screened(link, gender="prefer_not_to_say")) == "screened_out"
    quota(link.study, "not-said", 9, gender=["prefer_not_to_say"])
    assert screened(link, gender="prefer_not_to_say").here() == reverse("consent")


def test_whoever_declines_leaves_no_answer_and_is_asked_again(link: RecruitmentLink) -> None:
    walker = screened(link)
    assert Answer.objects.count() == 2
    Participation.objects.update(stratum="women", most_places=3)
    walker.consent("no")
    assert walker.here() == reverse("declined")
    assert not Answer.objects.exists()
    assert not Consent.objects.exists()
    left = walker.participation
    assert (left.screened_at, left.stratum, left.most_places) == (None, "", None)
    assert counts() == [("withdrawn", "", 1)]
    walker.post("declined")
    assert walker.here() == reverse("quota")
    walker.screen()
    walker.consent()
    assert walker.here() == reverse("guidelines")
    assert Answer.objects.count() == 2


def test_whoever_withdraws_before_consent_leaves_no_answer_and_is_counted_once(
    link: RecruitmentLink,
) -> None:
    walker = screened(link)
    assert Answer.objects.count() == 2
    for _click in range(2):
        walker.post("withdraw")
    assert not Answer.objects.exists()
    assert (walker.participation.screened_at, outcome_of(walker)) == (None, "withdrawn")
    assert counts() == [("withdrawn", "", 1)]


def test_a_refusal_and_then_a_withdrawal_are_one_person(link: RecruitmentLink) -> None:
    walker = screened(link)
    walker.consent("no")
    walker.post("withdraw")
    assert counts() == [("withdrawn", "", 1)]


def test_a_second_click_screens_and_counts_once(link: RecruitmentLink) -> None:
    quota(link.study, "women", 0, gender=["female"])
    walker = screened(link)
    walker.screen()
    assert counts() == [("quota_full", "women", 1)]


def test_answers_that_another_study_of_hers_needs_are_kept(
    link: RecruitmentLink, study: Study
) -> None:
    walker = screened(link)
    participation = walker.participation
    definition = small_definition(key="second", modes=["ranking"])
    second = apply_study(definition)
    Participation.objects.create(
        study=second,
        annotator=participation.annotator,
        wave=second.waves.get(),
        phase="main",
        seed=1,
        screened_at=participation.screened_at,
    )
    walker.consent("no")
    assert Answer.objects.count() == 2


def test_minutes_and_pay_stand_before_consent(link: RecruitmentLink) -> None:
    walker = Walker(link, country="US", language="en")
    invitation = walker.client.get(reverse("join", args=[link.key])).content.decode()
    assert "about 25 minutes" in invitation
    assert "France <strong>5.50\xa0EUR" in invitation
    assert "United States <strong>6.00\xa0USD" in invitation
    walker.choose()
    page = walker.screen().content.decode()
    assert "The study takes about 25 minutes." in page
    assert "You are paid 6.00\xa0USD for the whole study." in page


def test_amounts_are_written_as_the_language_of_the_page_does(link: RecruitmentLink) -> None:
    walker = Walker(link)
    walker.client.cookies["django_language"] = "fr"
    invitation = walker.client.get(reverse("join", args=[link.key])).content.decode()
    assert "5,50\xa0EUR" in invitation


@pytest.mark.parametrize(
    ("quota", "said"),
    [
        ({"key": "q", "conditions": {}, "target": 1}, "has no conditions"),
        ({"key": "q", "conditions": {"faith": ["x"]}, "target": 1}, "no question of the quota"),
        ({"key": "q", "conditions": {"gender": ["woman"]}, "target": 1}, "woman, which gender"),
        ({"key": "q", "conditions": {"gender": {"from": 1}}, "target": 1}, "limits that cannot"),
        ({"key": "q", "conditions": {"age": "18-34"}, "target": 1}, "neither a list nor limits"),
    ],
)
def test_a_quota_that_cannot_be_used_is_refused_in_one_sentence(
    quota: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        apply_study(small_definition(key="other", quotas=[quota]))
    assert not Study.objects.filter(key="other").exists()
