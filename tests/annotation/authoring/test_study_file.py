"""A study's file: applied, exported, applied again; what may still change, and what may not."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from accounts.models import ConsentDocument, Instrument, User
from annotation.actions.definition import apply_study
from annotation.actions.freezing import freeze_plan
from annotation.actions.pool import request_pool
from annotation.authoring.study_file import FileFault, from_yaml, to_yaml
from annotation.definition.rendering import canonical, definition_of, plan_of
from annotation.models import AuditEntry, Quota, Study, StudyLocale, Wave
from candidates.models import CandidateSet, PromptText, Sampler
from tests.definitions import demo_definition, practice_item, small_definition

pytestmark = pytest.mark.django_db


def everything(key: str = "everything") -> dict[str, Any]:
    """A study with quotas, a core, further arms, a budget, a practice item and all texts."""
    definition = small_definition(
        key=key,
        practice=practice_item(),
        core=["bereavement"],
        further_arms=["diverse", "temperature"],
        quotas={"even": {"gender": ["female", "male"], "age": [[18, 40], [41, None]]}},
        cell_share=0.5,
        batch_size=2,
        retests=1,
        soft_launch=5,
        closes_on="2027-03-31",
        retained_until="2030-12-31",
        withdrawal_days=30,
        ethics_approval="Board 7, 2026-11",
        flag_thresholds={"speed_turns": 6, "alike": 0.9},
        exclusion_rules="Nobody is left out by a program.\n\nA person decides.",
        analysis_plan="As planned.",
    )
    definition["budget"] = {"key": f"{key}-budget", "limit": "12.50", "daily_limit": "3"}
    for locale in definition["study"]["locales"]:
        locale |= {"people": 40, "core_target": 4, "pay_floor": "9.00"}
    definition["pool"] |= {"key": f"{key}-pool"}
    definition["endpoints"][0]["key"] = f"{key}-provider"
    for sampler in definition["samplers"]:
        sampler["endpoint"] = f"{key}-provider"
    definition["pool"]["prompts"][0] |= {
        "topics": ["grief"],
        "translated_from": {"fr": "en"},
        "stage": {"en": "adjudicated", "fr": "reviewed"},
    }
    return definition


def the_demo() -> dict[str, Any]:
    """The demo under another key: a small one of its key has opened in the tests' database."""
    definition = demo_definition()
    definition["study"]["key"] = definition["pool"]["key"] = "the-demo"
    return definition


def counts() -> dict[str, int]:
    models = (Study, StudyLocale, Wave, Quota, ConsentDocument, Instrument, Sampler, PromptText)
    return {model.__name__: model.objects.count() for model in models}


@pytest.mark.parametrize("make", [everything, the_demo])
def test_what_is_exported_applies_and_changes_nothing(make: Any, tmp_path: Path) -> None:
    study = apply_study(make())
    before, rows = definition_of(study), counts()
    row = Study.objects.filter(pk=study.pk).values().get()
    file = tmp_path / "study.yaml"
    with file.open("w", encoding="utf-8") as out:
        call_command("export_study", study.key, stdout=out)
    call_command("apply_study", file)
    assert counts() == rows
    assert Study.objects.filter(pk=study.pk).values().get() == row
    assert not AuditEntry.objects.filter(study=study).exists()
    assert canonical(definition_of(study)) == canonical(before)
    with file.open(encoding="utf-8") as again:
        assert to_yaml(definition_of(study)) == again.read()


def test_an_export_makes_the_same_study_under_another_key() -> None:
    study = apply_study(everything())
    definition = from_yaml(to_yaml(definition_of(study)))
    definition["study"]["key"] = "again"
    definition["pool"]["key"] = "again-pool"
    other = apply_study(definition)
    mine, theirs = plan_of(study), plan_of(other)
    theirs["study"]["key"], theirs["pool"]["key"] = mine["study"]["key"], mine["pool"]["key"]
    assert canonical(mine) == canonical(theirs)
    texts = PromptText.objects.filter(prompt__pool=other.pool, prompt__key="bereavement")
    assert texts.get(language="fr").translated_from == texts.get(language="en")
    assert {text.stage for text in texts} == {"adjudicated", "reviewed", "unreviewed"}


def test_an_export_is_read_by_people(tmp_path: Path) -> None:
    text = to_yaml(definition_of(apply_study(everything())))
    assert text.startswith("study:\n  key: everything\n  title:\n    en: Everyday questions\n")
    assert "हि" in text
    assert "\\u" not in text
    assert "  exclusion_rules: |-\n    Nobody is left out by a program.\n\n    A person" in text
    with pytest.raises(CommandError, match="no study 'nowhere'"):
        call_command("export_study", "nowhere")


@pytest.mark.parametrize("text", ["a: [", "- a", "consent: {}", "study: 5", "\0"])
def test_a_file_that_holds_no_study_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(FileFault):
        from_yaml(text)


def test_until_it_opens_a_changed_file_replaces_the_study() -> None:
    study = apply_study(everything())
    definition = everything()
    about = definition["study"]
    about["title"]["fr"] = "Autre titre"
    about["locales"] = [row for row in about["locales"] if row["country"] in {"FR", "US"}]
    about["locales"][0]["target"] = 7
    about["waves"].append({"number": 2, "explanations": "off"})
    about["further_arms"] = ["temperature"]
    about["quotas"] = [{"key": "all", "conditions": {"country": ["FR"]}, "target": 9}]
    definition["endpoints"][0]["timeout_seconds"] = 90
    for _twice in range(2):
        assert apply_study(definition) == study
        study.refresh_from_db()
        assert Study.objects.get(title_fr="Autre titre") == study
        assert sorted(study.locales.values_list("country", "target")) == [("FR", 2), ("US", 7)]
        assert [wave.number for wave in study.waves.order_by("number")] == [1, 2]
        assert list(study.quotas.values_list("key", "target")) == [("all", 9)]
        assert [arm.key for arm in study.further_arms.all()] == ["temperature"]
        assert study.pool_sampler.endpoint.timeout_seconds == 90


def test_what_changed_in_consent_questions_and_samplers_gets_its_next_version() -> None:
    study = apply_study(everything())
    first = study.consent_document, study.quota_instrument, study.pool_sampler
    definition = everything()
    definition["consent"]["statements"].pop()
    definition["instruments"]["quota"]["questions"].pop()
    definition["study"]["quotas"] = []
    definition["samplers"][0]["words_max"] = 200
    for _twice in range(2):
        apply_study(definition)
        study.refresh_from_db()
        now = study.consent_document, study.quota_instrument, study.pool_sampler
        assert [part.version for part in now] == [part.version + 1 for part in first]
    assert first[0].statements.count() == now[0].statements.count() + 1
    assert apply_study(everything()).consent_document == first[0]


def test_after_the_opening_nothing_that_people_met_changes() -> None:
    study = apply_study(everything())
    Study.objects.filter(pk=study.pk).update(status="open")
    before = definition_of(study)
    apply_study(everything())
    changed = everything()
    changed["consent"]["statements"].pop()
    with pytest.raises(ValidationError, match="exists already with other contents"):
        apply_study(changed)
    changed = everything()
    changed["study"]["analysis_plan"] = "Another."
    with pytest.raises(
        ValidationError, match=r"differs in analysis_plan.*clone it under a new key"
    ):
        apply_study(changed)
    changed = everything()
    changed["study"]["locales"][0]["target"] = 99
    with pytest.raises(ValidationError, match=r"differs in target.*change on its plan page"):
        apply_study(changed)
    changed = everything()
    changed["study"]["locales"].append(changed["study"]["locales"][0] | {"country": "FR"})
    with pytest.raises(ValidationError, match=r"differs in locales.*clone it under a new key"):
        apply_study(changed)
    changed = everything()
    changed["study"]["locales"].pop()
    with pytest.raises(ValidationError, match="differs in locales"):
        apply_study(changed)
    changed = everything()
    changed["study"]["further_arms"] = ["diverse"]
    with pytest.raises(ValidationError, match="differs in further_arms"):
        apply_study(changed)
    changed = everything()
    changed["pool"]["prompts"][0]["texts"]["en"] = "Something else?"
    with pytest.raises(ValidationError, match="differs from the stored version 1"):
        apply_study(changed)
    assert canonical(definition_of(study)) == canonical(before)


def test_a_wave_that_is_added_after_the_opening_is_an_amendment_of_the_plan() -> None:
    study = apply_study(everything())
    Study.objects.filter(pk=study.pk).update(status="open")
    first = freeze_plan(study=study, why="opened")
    changed = everything()
    changed["study"]["waves"].append({"number": 9, "explanations": "off"})
    apply_study(changed)
    amended = study.frozen_plans.get(number=first.number + 1)
    assert [wave["number"] for wave in amended.definition["study"]["waves"]][-1] == 9


def test_prompts_change_in_place_until_a_set_was_asked_for_them() -> None:
    study = apply_study(everything())
    definition = everything()
    definition["pool"]["prompts"][0]["texts"]["fr"] = "Premier changement ?"
    apply_study(definition)
    french = PromptText.objects.filter(
        prompt__pool=study.pool, prompt__key="bereavement", language="fr"
    )
    assert [(text.version, text.text) for text in french] == [(1, "Premier changement ?")]
    request_pool(study=study, enqueue=False)
    definition["pool"]["prompts"][0]["texts"]["fr"] = "Second changement ?"
    for _twice in range(2):
        apply_study(definition)
        assert sorted(french.values_list("version", "text")) == [
            (1, "Premier changement ?"), (2, "Second changement ?")
        ]  # fmt: skip


def test_prompts_taken_out_are_deleted_or_retired_and_kept_for_other_studies() -> None:
    study = apply_study(everything())
    keys = sorted(study.pool.prompts.values_list("key", flat=True))
    definition = everything()
    out = [item for item in definition["pool"]["prompts"] if item["key"] == keys[-1]]
    definition["pool"]["prompts"].remove(out[0])
    apply_study(definition)
    assert study.pool.prompts.count() == 3  # what the file does not name stays
    definition["pool"]["retired"] = [keys[-1]]
    apply_study(definition)
    assert sorted(study.pool.prompts.values_list("key", flat=True)) == keys[:-1]


def test_an_endpoint_that_made_sets_does_not_become_another() -> None:
    study = apply_study(everything())
    request_pool(study=study, enqueue=False)
    assert CandidateSet.objects.filter(sampler=study.pool_sampler).exists()
    definition = everything()
    definition["endpoints"][0]["model"] = "another"
    with pytest.raises(ValidationError, match="differs in model"):
        apply_study(definition)


def test_an_endpoint_of_another_study_is_not_led_elsewhere() -> None:
    study = apply_study(everything())
    other = everything("other")
    other["endpoints"][0]["key"] = "everything-provider"
    for sampler in other["samplers"]:
        sampler["endpoint"] = "everything-provider"
    other["endpoints"][0]["base_url"] = "https://models.example/v1"
    with pytest.raises(ValidationError, match="differs in base_url"):
        apply_study(other)
    study.refresh_from_db()
    assert study.pool_sampler.endpoint.base_url != "https://models.example/v1"


def test_a_prompt_needs_only_the_languages_of_the_study() -> None:
    definition = everything()
    for item in definition["pool"]["prompts"]:
        del item["texts"]["hi"]
    with pytest.raises(ValidationError, match=r"pool\.bereavement \(hi\)"):
        apply_study(definition)
    about = definition["study"]
    about["locales"] = [row for row in about["locales"] if row["language"] != "hi"]
    assert apply_study(definition).locales.count() == 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": None}, "form that a study file has"),
        ({"withdrawal_days": 10**9}, "too long or too large"),
        ({"flag_thresholds": {"speed": 1}}, "none of the thresholds"),
        ({"flag_thresholds": {"alike": 2}}, "at most 1"),
        ({"seed": "x"}, "cannot be used"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(change: dict[str, Any], said: str) -> None:
    definition = everything()
    definition["study"] |= change
    with pytest.raises(ValidationError, match=said):
        apply_study(definition)
    assert not Study.objects.filter(key="everything").exists()
    assert not User.objects.exists()


def test_an_amount_that_is_no_number_is_refused_in_one_sentence() -> None:
    definition = everything()
    definition["budget"]["limit"] = "much"
    with pytest.raises(ValidationError, match="amount of money"):
        apply_study(definition)


def test_a_budget_that_another_study_spends_keeps_its_limits() -> None:
    apply_study(everything())
    other = everything("other")
    other["budget"] = {**everything()["budget"], "limit": "99"}
    with pytest.raises(ValidationError, match="Another study spends the budget"):
        apply_study(other)
    other["budget"] = everything()["budget"]
    assert apply_study(other).budget == Study.objects.get(key="everything").budget


def test_no_other_secret_of_the_server_is_sent_to_an_endpoint() -> None:
    definition = everything()
    definition["endpoints"][0] |= {"api_key_variable": "SECRET_KEY"}
    with pytest.raises(ValidationError, match="only a variable whose name ends with API_KEY"):
        apply_study(definition)
    definition["endpoints"][0] |= {"api_key_variable": "OTHER_API_KEY"}
    apply_study(definition)
