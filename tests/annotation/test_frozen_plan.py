"""The plan is frozen when a study opens; what changes afterwards is a dated amendment."""

import json

import pytest
from django.db import DatabaseError, transaction

from accounts.models import User
from annotation.actions.definition import apply_study
from annotation.actions.freezing import freeze_plan
from annotation.actions.prompts import retire_prompt
from annotation.actions.replan import change_target
from annotation.actions.study import open_study
from annotation.definition.rendering import canonical, definition_of, hash_of, plan_of
from annotation.models import FrozenPlan, Study
from candidates.models import Prompt, PromptText
from tests.definitions import small_definition

pytestmark = pytest.mark.django_db


def test_opening_freezes_the_plan_and_opening_again_freezes_nothing(study: Study) -> None:
    plan = FrozenPlan.objects.get(study=study)
    assert (plan.number, plan.why) == (1, "opened in the phase main")
    assert study.plan_hash == plan.hash == hash_of(plan.definition)
    open_study(study=study)
    assert FrozenPlan.objects.filter(study=study).count() == 1


def test_a_study_that_never_opened_has_no_hash() -> None:
    draft = apply_study(small_definition(key="a-draft"))
    assert draft.plan_hash == ""


def test_a_changed_target_is_an_amendment_with_who_and_why(study: Study) -> None:
    ines, before = User.objects.create(username="ines"), study.plan_hash
    french = study.locales.get(country="FR")
    change_target(locale=french, target=3, by=ines, why="more money")
    amended = study.frozen_plans.get(number=2)
    assert (amended.why, amended.by) == ("more money", ines)
    assert study.plan_hash == amended.hash != before
    targets = {one["country"]: one["target"] for one in amended.definition["study"]["locales"]}
    assert targets["FR"] == 3


def test_a_retired_prompt_is_an_amendment(study: Study) -> None:
    prompt = Prompt.objects.filter(pool=study.pool).order_by("pk")[0]
    before = study.frozen_plans.get().definition["pool"]
    retire_prompt(prompt=prompt, why="it is offensive")
    after = study.frozen_plans.get(number=2).definition["pool"]
    assert after["prompts"] == before["prompts"] - 1
    assert after["sha256"] != before["sha256"]


def test_the_hash_covers_texts_of_prompts_questions_and_consent(study: Study) -> None:
    hashes = {study.plan_hash}
    PromptText.objects.filter(prompt__pool=study.pool, language="fr").update(text="Autre chose ?")
    hashes.add(freeze_plan(study=study, why="a text").hash)
    study.quota_instrument.questions.update(text_fr="Une autre question ?")
    hashes.add(freeze_plan(study=study, why="a question").hash)
    study.consent_document.statements.update(text_it="Altro.")
    hashes.add(freeze_plan(study=study, why="the consent").hash)
    assert len(hashes) == 4


def test_where_responses_come_from_and_what_they_may_cost_is_not_in_it(study: Study) -> None:
    before = study.plan_hash
    study.pool_sampler.endpoint.base_url = "http://elsewhere.example"
    study.pool_sampler.endpoint.concurrency = 3
    study.pool_sampler.endpoint.save()
    Study.objects.filter(pk=study.pk).update(contact="Ines, ines@example.org")
    assert freeze_plan(study=study, why="nothing changed").hash == before


@pytest.mark.parametrize("act", ["update", "delete"])
def test_the_database_refuses_to_change_a_frozen_plan(study: Study, act: str) -> None:
    plans = FrozenPlan.objects.filter(study=study)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        plans.update(hash="0" * 64) if act == "update" else plans.delete()
    assert plans.count() == 1


def test_a_definition_rendered_from_rows_is_what_apply_study_reads(study: Study) -> None:
    definition = json.loads(json.dumps(definition_of(study)))
    again = apply_study(definition)
    assert again == study
    definition["study"]["key"] = "the-same-again"
    other = apply_study(definition)
    mine, theirs = plan_of(study), plan_of(other)
    theirs["study"]["key"] = mine["study"]["key"]
    assert canonical(mine) == canonical(theirs)
