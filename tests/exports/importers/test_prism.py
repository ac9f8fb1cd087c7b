"""Files in PRISM's layout: every rule of the validator, and what is stored of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Answer
from annotation.models import Conversation, RankedCandidate, Study, Turn
from candidates.models import Generation
from exports.importers.prism_rules import find_problems
from tests.exports.importers.prism_files import Files, release, store


def first(files: Files, name: str) -> dict[str, Any]:
    return files[f"{name}.jsonl"][0]


def entry(files: Files, place: int) -> dict[str, Any]:
    found: dict[str, Any] = first(files, "conversations")["conversation_history"][place]
    return found


def test_a_sound_release_has_no_problem_though_it_holds_bare_nan(tmp_path: Path) -> None:
    assert list(find_problems(store(tmp_path, release()))) == []


BREAKS: dict[str, Callable[[Files], object]] = {
    "keys": lambda f: first(f, "survey").pop("age"),
    "ids": lambda f: first(f, "utterances").update(utterance_id="7"),
    "survey_only": lambda f: first(f, "survey").update(survey_only=True),
    "minutes": lambda f: first(f, "conversations").update(timing_duration_mins=7.0),
    "rep": lambda f: first(f, "survey").update(included_in_UK_REP=True),
    "stated_prefs": lambda f: first(f, "survey")["stated_prefs"].update(values=101),
    "shown_together": lambda f: first(f, "survey").update(lm_frequency_use=None),
    "orders": lambda f: first(f, "survey")["order_stated_prefs"].update(values=9),
    "type": lambda f: first(f, "conversations").update(conversation_type="Unguided"),
    "attributes": lambda f: first(f, "conversations")["choice_attributes"].update(values=0),
    "contiguous": lambda f: first(f, "conversations").update(conversation_turns=3),
    "opening": lambda f: entry(f, 0).update(content="good morning"),
    "within_turn": lambda f: entry(f, 2).update(within_turn_id=3),
    "score": lambda f: entry(f, 1).update(score=0),
    "opening_models": lambda f: entry(f, 3).update(model_name="one"),
    "one_model": lambda f: entry(f, 5).update(model_name="one"),
    "chosen": lambda f: entry(f, 6).update(if_chosen=False),
    "highest": lambda f: entry(f, 6).update(score=1),
    "known_person": lambda f: first(f, "conversations").update(user_id="user9"),
    "balanced": lambda f: first(f, "conversations").update(included_in_balanced_subset=True),
    "same_answers": lambda f: f["utterances.jsonl"].pop(),
    "same_turns": lambda f: f["utterances.jsonl"][-1].update(interaction_id="int7"),
    "one_row_a_text": lambda f: f["metadata.jsonl"].pop(),
}


@pytest.mark.parametrize("rule", BREAKS)
def test_the_validator_names_the_rule_that_is_broken(rule: str, tmp_path: Path) -> None:
    files = release()
    BREAKS[rule](files)
    assert rule in {problem.rule for problem in find_problems(store(tmp_path, files))}


def test_the_published_counts_are_asked_only_on_request(tmp_path: Path) -> None:
    problems = list(find_problems(store(tmp_path, release()), published=True))
    assert {problem.rule for problem in problems} == {"published_rows"}
    assert len(problems) == 4


@pytest.mark.django_db(transaction=True)
def test_conversations_are_stored_with_scores_ranks_and_models(
    empty_database: None, tmp_path: Path
) -> None:
    call_command("import_dataset", store(tmp_path, release()), format="prism", key="prism")
    study = Study.objects.get(key="prism")
    talk = Conversation.objects.get(participation__study=study)
    assert (talk.kind, talk.status, talk.planned_turns) == ("own", "finished", 2)
    opening, second = Turn.objects.filter(conversation=talk)
    rows = RankedCandidate.objects.filter(ranking__turn=opening).order_by("candidate__position")
    assert list(rows.values_list("rank", "score")) == [(2, 17), (1, 92), (2, 17)]
    assert opening.ranking.chosen.text == "Answer 1 of turn 0"
    assert second.message == "and now?"
    assert second.candidate_set.context[1]["content"] == "Answer 1 of turn 0"
    models = Generation.objects.filter(candidate_set=opening.candidate_set)
    assert set(models.values_list("model_returned", flat=True)) == {
        "cohere/one",
        "cohere/two",
        "cohere/three",
    }
    person = talk.participation.annotator
    answers = Answer.objects.filter(annotator=person)
    assert answers.get(question__code="gender", option__code="female")
    refused = answers.get(question__code="marital-status")
    assert refused.status == Answer.Status.REFUSED


@pytest.mark.django_db(transaction=True)
def test_an_empty_answer_is_no_candidate_and_a_twin_is_chosen_once(
    empty_database: None, tmp_path: Path
) -> None:
    files = release()
    entry(files, 1)["content"] = "EMPTY STRING"
    entry(files, 5).update(content=entry(files, 6)["content"], if_chosen=True)
    call_command("import_dataset", store(tmp_path, files), format="prism", key="prism")
    opening, second = Turn.objects.all()
    assert opening.candidate_set.candidates.count() == 2
    assert second.ranking.chosen.position == 1


@pytest.mark.parametrize("content", ["{", "[1]"])
def test_a_line_that_is_no_object_is_told_by_file_and_line(content: str, tmp_path: Path) -> None:
    folder = store(tmp_path, release())
    (folder / "survey.jsonl").write_text(content)
    with pytest.raises(CommandError, match=r"survey.jsonl, line 1"):
        call_command("import_dataset", folder, format="prism", check=True)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = store(tmp_path, release())
    (folder / "utterances.jsonl").unlink()
    with pytest.raises(CommandError, match=r"utterances.jsonl is missing"):
        call_command("import_dataset", folder, format="prism", check=True)
