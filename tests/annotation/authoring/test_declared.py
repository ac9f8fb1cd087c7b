"""What a study declares: told on the consent page, frozen with the plan, and what it changes."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from annotation.actions.freezing import freeze_plan
from annotation.definition.rendering import plan_of
from annotation.models import Explanation, RecruitmentLink, Study
from annotation.review.looking import review_work
from tests.walker import Walker

pytestmark = pytest.mark.django_db

DECLARED: dict[str, Any] = {
    "ethics_approval": "Board 7, approval 2026-114",
    "controller": "Example University, Exampletown",
    "provider": "The Example Provider",
    "contact": "ines@example.org",
    "withdrawal_days": 31,
    "retained_until": date(2031, 3, 5),
}
NOTHING = {**dict.fromkeys(DECLARED, ""), "withdrawal_days": None, "retained_until": None}


def test_the_consent_page_says_who_answers_and_for_how_long(link: RecruitmentLink) -> None:
    Study.objects.update(**DECLARED)
    walker = Walker(link)
    walker.choose()
    walker.screen()
    address = reverse("consent")
    page = walker.client.get(address).content.decode()
    for name in ("ethics_approval", "controller", "provider", "contact"):
        assert str(DECLARED[name]) in page
    assert "31" in page
    assert "2031" in page
    Study.objects.update(**NOTHING)
    assert 'class="declared"' not in walker.client.get(address).content.decode()


def test_what_is_declared_belongs_to_the_frozen_plan(study: Study) -> None:
    hashes = {study.plan_hash}
    rules = {"exclusion_rules": "Rules.", "analysis_plan": "A plan.",
             "flag_thresholds": {"alike": 0.9}}  # fmt: skip
    told = {name: value for name, value in DECLARED.items() if name != "contact"}
    for number, (name, value) in enumerate({**told, **rules}.items(), start=2):
        Study.objects.filter(pk=study.pk).update(**{name: value})
        hashes.add(freeze_plan(study=study, why=name).hash)
        assert len(hashes) == number, name


def test_a_study_that_states_nothing_keeps_the_hash_it_had(study: Study) -> None:
    Study.objects.update(**NOTHING, exclusion_rules="", analysis_plan="", flag_thresholds={})
    plan = plan_of(study)["study"]
    assert not set(plan) & {*DECLARED, "exclusion_rules", "analysis_plan", "flag_thresholds"}


@pytest.mark.parametrize(("stated", "noticed"), [({}, True), ({"repeated_texts": 99}, False)])
def test_the_stated_thresholds_decide_what_is_noticed(
    link: RecruitmentLink, stated: dict[str, int], noticed: bool
) -> None:
    Study.objects.update(flag_thresholds=stated)
    walker = Walker(link)
    walker.enter()
    walker.finish()
    Explanation.objects.update(text="Toujours pareil.")
    review_work(participation=walker.participation)
    kinds = set(walker.participation.flags.values_list("kind", flat=True))
    assert ("repeated" in kinds) is noticed
