"""What studies share while they are written: prompts, endpoints and budgets of another one are
never rewritten from a draft or a file."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotation.actions.authoring import draft_of, save_step, start_draft, store_draft
from annotation.actions.definition import apply_study
from annotation.authoring.blank import blank_definition
from annotation.definition.rendering import canonical, definition_of
from annotation.models import Study, StudyDraft
from candidates.models import Budget, CandidateSet, ModelEndpoint, PromptPool, PromptText
from tests.annotation.authoring.test_study_file import everything
from tests.made_once import Once

pytestmark = pytest.mark.django_db
Definition = dict[str, Any]


@pytest.fixture
def ines(db: None, once: Once) -> User:
    return once(a_researcher)


def a_researcher() -> User:
    return User.objects.create(username="ines", is_staff=True)


@pytest.fixture
def study(ines: User, once: Once) -> Study:
    return once(apply_everything)


def apply_everything() -> Study:
    return apply_study(everything())


@pytest.fixture
def clone(once: Once, study: Study, ines: User) -> StudyDraft:
    return once(clone_of, study, ines)


def clone_of(study: Study, ines: User) -> StudyDraft:
    draft = start_draft(key="clone", definition=definition_of(study), by=ines, clone_of=study)
    store(draft, ines)
    return draft


def store(draft: StudyDraft, by: User, **parts: Any) -> Study:
    draft.refresh_from_db()
    save_step(draft=draft, values=parts, by=by, version=draft.version)
    draft.refresh_from_db()
    stored = store_draft(draft=draft, by=by, version=draft.version)
    draft.refresh_from_db()
    return stored


def rewritten(draft: StudyDraft) -> Definition:
    """The draft's pool with other words in its first prompt."""
    pool: Definition = draft.definition["pool"]
    texts = pool["prompts"][0]["texts"]
    return {**pool, "prompts": [{**pool["prompts"][0], "texts": {**texts, "en": "Other words?"}},
                                *pool["prompts"][1:]]}  # fmt: skip


def pools_of(study: Study) -> Definition:
    pool: Definition = definition_of(study)["pool"]
    return pool


def test_a_clone_shares_prompts_until_it_changes_them(
    study: Study, clone: StudyDraft, ines: User
) -> None:
    assert Study.objects.get(key="clone").pool == study.pool
    before = canonical(definition_of(study))
    changed = store(clone, ines, pool=rewritten(clone))
    assert canonical(definition_of(study)) == before
    assert changed.pool.key == "everything-pool-of-clone"
    assert clone.definition["pool"]["key"] == "everything-pool-of-clone"
    texts = [item["texts"]["en"] for item in pools_of(changed)["prompts"]]
    assert texts.count("Other words?") == 1
    mine, theirs = pools_of(changed)["prompts"], pools_of(study)["prompts"]
    assert [item["key"] for item in mine] == [item["key"] for item in theirs]
    assert mine[0]["translated_from"] == theirs[0]["translated_from"] == {"fr": "en"}
    assert mine[0]["stage"] == theirs[0]["stage"]


def test_topics_and_stages_that_changed_meanwhile_part_no_two_studies(
    study: Study, clone: StudyDraft, ines: User
) -> None:
    pools = PromptPool.objects.count()
    study.pool.prompts.update(topics=["later"])
    PromptText.objects.filter(prompt__pool=study.pool).update(stage="unreviewed")
    stored = store(clone, ines)
    assert stored.pool == study.pool
    Study.objects.filter(pk=stored.pk).update(status="open")
    assert apply_study(clone.definition).pool == study.pool
    assert {tuple(prompt.topics) for prompt in study.pool.prompts.all()} == {("later",)}
    stages = PromptText.objects.filter(prompt__pool=study.pool).values_list("stage", flat=True)
    assert set(stages) == {"unreviewed"}
    assert PromptPool.objects.count() == pools


def test_the_first_study_changes_no_word_of_its_clone_either(
    study: Study, clone: StudyDraft, ines: User
) -> None:
    before = canonical(definition_of(Study.objects.get(key="clone")))
    own = draft_of(study=study, by=ines)
    store(own, ines, pool=rewritten(own))
    assert canonical(definition_of(Study.objects.get(key="clone"))) == before
    study.refresh_from_db()
    assert study.pool.key == "everything-pool-of-everything"


def test_a_prompt_is_taken_out_of_one_of_two_studies(
    study: Study, clone: StudyDraft, ines: User
) -> None:
    pool = clone.definition["pool"]
    out = pool["prompts"][-1]["key"]
    kept = [item for item in pool["prompts"] if item["key"] != out]
    changed = store(clone, ines, pool={**pool, "prompts": kept, "retired": [out]})
    assert study.pool.prompts.in_use().filter(key=out).exists()
    assert not changed.pool.prompts.in_use().filter(key=out).exists()
    added = {**kept[0], "key": "one-more"}
    changed = store(clone, ines, pool={**clone.definition["pool"], "prompts": [*kept, added]})
    assert changed.pool.prompts.filter(key="one-more").exists()
    assert not study.pool.prompts.filter(key="one-more").exists()


def test_the_same_file_twice_makes_one_copy(study: Study) -> None:
    file = everything("other")
    file["pool"]["key"] = "everything-pool"
    file["pool"]["prompts"][0]["texts"]["en"] = "Other words?"
    made = apply_study(file)
    counts = PromptPool.objects.count(), PromptText.objects.count()
    whole = canonical(definition_of(made))
    for _twice in range(2):
        assert canonical(definition_of(apply_study(file))) == whole
    assert (PromptPool.objects.count(), PromptText.objects.count()) == counts
    third = apply_study({**everything("third"), "pool": pools_of(made)})
    assert third.pool.key == "everything-pool-of-other"
    file["pool"]["prompts"][0]["texts"]["en"] = "Yet other words?"
    for _twice in range(2):
        made = apply_study(file)
        assert made.pool.key == "everything-pool-of-other-of-other"
    assert "Yet other words?" not in canonical(pools_of(third))


def test_a_retired_prompt_stays_retired_in_the_copy(
    study: Study, clone: StudyDraft, ines: User
) -> None:
    key = clone.definition["pool"]["prompts"][1]["key"]
    study.pool.prompts.filter(key=key).update(retired_at="2026-01-01T00:00Z", retired_why="old")
    changed = store(clone, ines, pool=rewritten(clone))
    assert changed.pool.prompts.get(key=key).retired_why == "old"
    assert study.pool.prompts.get(key=key).retired_why == "old"


def test_a_study_that_has_opened_shares_its_prompts_as_they_are(
    study: Study, clone: StudyDraft
) -> None:
    Study.objects.filter(key="clone").update(status="open")
    file = clone.definition | {"pool": rewritten(clone)}
    file["pool"]["prompts"].append({**file["pool"]["prompts"][0], "key": "one-more"})
    with pytest.raises(ValidationError, match="Another study uses the prompts of everything-pool"):
        apply_study(file)
    assert not study.pool.prompts.filter(key="one-more").exists()
    apply_study(clone.definition)  # which changes nothing


def test_a_running_study_says_where_prompts_are_taken_out(study: Study) -> None:
    file = everything()
    out = file["pool"]["prompts"].pop()["key"]
    file["pool"]["retired"] = [out]
    Study.objects.filter(pk=study.pk).update(status="open")
    with pytest.raises(ValidationError, match=f"use retire_prompt for {out}"):
        apply_study(file)
    study.pool.prompts.filter(key=out).update(retired_at="2026-01-01T00:00Z", retired_why="old")
    apply_study(file)  # it is out already


def test_of_two_new_studies_the_second_does_not_lead_the_endpoint_elsewhere(
    study: Study, clone: StudyDraft, ines: User
) -> None:
    endpoints = [{**clone.definition["endpoints"][0], "model": "another"}]
    with pytest.raises(ValidationError, match="everything-provider exists already and differs"):
        store(clone, ines, endpoints=endpoints)
    assert ModelEndpoint.objects.get(key="everything-provider").model != "another"
    assert not CandidateSet.objects.filter(sampler__in=study.arms()).exists()


def budget(**said: Any) -> Definition:
    return {"key": "everything-budget", "limit": "12.50", "daily_limit": "3"} | said


@pytest.mark.parametrize("more", [{"limit": "12.51"}, {"daily_limit": "3.01"}, {"daily_limit": ""}])
def test_only_an_administrator_raises_a_budget(
    study: Study, ines: User, more: dict[str, str]
) -> None:
    draft = draft_of(study=study, by=ines)
    asked = budget(**more)
    with pytest.raises(ValidationError, match=r"a limit of 12\.5, and 3 a day"):
        store(draft, ines, budget=asked)
    stored = Budget.objects.get(key="everything-budget")
    assert (stored.limit, stored.daily_limit) == (Decimal("12.5"), Decimal(3))
    User.objects.filter(pk=ines.pk).update(is_superuser=True)
    store(draft, User.objects.get(pk=ines.pk), budget=asked)
    stored.refresh_from_db()
    assert (stored.limit, stored.daily_limit) != (Decimal("12.5"), Decimal(3))


def test_a_draft_may_name_as_much_or_less(study: Study, ines: User) -> None:
    draft = draft_of(study=study, by=ines)
    store(draft, ines, budget=budget())
    store(draft, ines, budget=budget(limit="10", daily_limit="2.5"))
    stored = Budget.objects.get(key="everything-budget")
    assert (stored.limit, stored.daily_limit) == (Decimal(10), Decimal("2.5"))
    with pytest.raises(ValidationError, match="a limit of 10"):
        store(draft, ines, budget=budget())


@pytest.mark.parametrize("instead", [None, {"key": "mine", "limit": "1000"}])
def test_a_researcher_does_not_step_round_her_study_s_budget(
    study: Study, ines: User, instead: Definition | None
) -> None:
    draft = draft_of(study=study, by=ines)
    with pytest.raises(ValidationError, match="Only an administrator puts another"):
        store(draft, ines, budget=instead)
    assert Study.objects.get(pk=study.pk).budget == Budget.objects.get()


def test_a_new_study_may_get_a_budget_of_its_own(clone: StudyDraft, ines: User) -> None:
    new = start_draft(key="new-one", definition=everything("new-one"), by=ines)
    assert store(new, ines, budget={"key": "mine", "limit": "5"}).budget == Budget.objects.get(
        key="mine"
    )


def test_a_study_without_a_budget_does_not_take_another_study_s(study: Study, ines: User) -> None:
    new = start_draft(key="new-one", definition=everything("new-one") | {"budget": None}, by=ines)
    assert store(new, ines).budget is None
    with pytest.raises(ValidationError, match="is another study's"):
        store(new, ines, budget=budget())
    assert Study.objects.get(key="new-one").budget is None
    User.objects.filter(pk=ines.pk).update(is_superuser=True)
    lead = User.objects.get(pk=ines.pk)
    assert store(new, lead, budget=budget()).budget == study.budget
    # What an administrator arranged stays: her study spends it now.
    assert store(new, ines, budget=budget()).budget == study.budget


def test_two_new_studies_never_meet_at_an_endpoint(ines: User) -> None:
    long = "a-study-of-many-people-in-five-countries-year"
    for key, model in ((f"{long}-one", "small"), (f"{long}-two", "large")):
        [endpoint] = blank_definition(key)["endpoints"]
        definition = everything(key) | {"endpoints": [{**endpoint, "model": model}], "budget": None}
        definition["pool"]["key"] = key
        for sampler in definition["samplers"]:
            sampler["endpoint"] = endpoint["key"]
        draft = start_draft(key=key, definition=definition, by=ines)
        assert store(draft, ines).pool_sampler.endpoint.model == model


def test_a_new_sampler_begins_with_the_endpoint_of_its_study(ines: User, client: Client) -> None:
    key = "a-key-that-is-as-long-as-a-key-of-a-study-ever-is"
    draft = start_draft(key=key, definition=blank_definition(key), by=ines)
    parts = [draft.definition["instruments"][name]["key"] for name in ("quota", "closing")]
    keys = {*parts, draft.definition["endpoints"][0]["key"]}
    assert len(keys) == 3 and all(len(one) <= 50 for one in keys)
    client.force_login(ines)
    page = client.get(reverse("study-write-step", args=[key, "samplers"])).content.decode()
    [endpoint] = re.findall(r'name="samplers-0-endpoint" value="([^"]*)"', page)
    assert endpoint == draft.definition["endpoints"][0]["key"]
