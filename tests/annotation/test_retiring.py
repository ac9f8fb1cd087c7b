"""A prompt is retired or replaced: nobody new is given it, and no judgement is lost."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from annotation.actions.assignment import claim_slot
from annotation.actions.definition import apply_study
from annotation.actions.plan import plan_slots, replace_prompt, retire_prompt
from annotation.actions.study import open_study
from annotation.models import Conversation, PlanChange, Ranking, RecruitmentLink, Slot, Study
from candidates.actions import store_budget, store_prompts
from candidates.generation import complete_candidate_set
from candidates.models import CandidateSet, Prompt, PromptText
from candidates.pools import PromptRow
from rehearsal.copies import copy_study
from tests.annotation.test_claiming import lapse
from tests.definitions import small_definition
from tests.walker import Walker, entered

pytestmark = pytest.mark.django_db


def at_work(link: RecruitmentLink) -> tuple[Walker, Conversation, Prompt]:
    """Somebody who has read a pool prompt, and that prompt."""
    walker = entered(link)
    conversation = walker.open_kind("pool")
    walker.page(conversation)
    assert conversation.grant is not None
    return walker, conversation, conversation.grant.prompt


def statuses(prompt: Prompt) -> dict[str, int]:
    found: dict[str, int] = {}
    for status in Slot.objects.filter(prompt=prompt).values_list("status", flat=True):
        found[status] = found.get(status, 0) + 1
    return found


def copy_of(prompt: Prompt, key: str, *, without: str = "") -> Prompt:
    """Another prompt of the pool, in every language; the texts are the first one's."""
    texts = PromptText.objects.filter(prompt=prompt).exclude(language=without)
    rows = [PromptRow(key, text.language, text.text) for text in texts]
    store_prompts(pool_key=prompt.pool.key, rows=rows)
    return Prompt.objects.get(pool=prompt.pool, key=key)


def test_a_retired_prompt_keeps_its_judgements_and_loses_its_free_places(
    link: RecruitmentLink,
) -> None:
    walker, conversation, prompt = at_work(link)
    walker.rank(walker.current_turn(conversation))
    assert retire_prompt(prompt=prompt, why="the question misleads") == 11
    assert statuses(prompt) == {"done": 1, "void": 11}
    assert Ranking.objects.filter(turn__conversation=conversation).count() == 1
    prompt.refresh_from_db()
    assert prompt.retired_at is not None
    assert prompt.retired_why == "the question misleads"


def test_whoever_is_at_work_may_finish_and_it_counts(link: RecruitmentLink) -> None:
    walker, conversation, prompt = at_work(link)
    assert retire_prompt(prompt=prompt, why="misleads") == 11
    assert walker.rank(walker.current_turn(conversation)).status_code == 200
    assert statuses(prompt) == {"done": 1, "void": 11}
    conversation.refresh_from_db()
    assert conversation.grant is not None
    assert conversation.grant.disposition == "completed"


def test_whoever_comes_back_after_a_lapse_is_kept_as_surplus(link: RecruitmentLink) -> None:
    walker, conversation, prompt = at_work(link)
    lapse(walker.participation)
    assert retire_prompt(prompt=prompt, why="misleads") == 12
    assert walker.rank(walker.current_turn(conversation)).status_code == 200
    conversation.refresh_from_db()
    assert conversation.grant is not None
    assert conversation.grant.disposition == "surplus"
    assert Ranking.objects.filter(turn__conversation=conversation).count() == 1


def test_retiring_again_keeps_the_reason_and_frees_what_was_let_go(link: RecruitmentLink) -> None:
    walker, conversation, prompt = at_work(link)
    retire_prompt(prompt=prompt, why="misleads")
    assert retire_prompt(prompt=prompt, why="another reason") == 0
    walker.post("conversation-skip", {}, conversation.public_id)
    assert retire_prompt(prompt=prompt, why="another reason") == 1
    prompt.refresh_from_db()
    assert prompt.retired_why == "misleads"


def test_nobody_new_is_given_a_retired_prompt(link: RecruitmentLink, study: Study) -> None:
    kept = Prompt.objects.filter(pool=study.pool).order_by("pk")[0]
    for prompt in Prompt.objects.filter(pool=study.pool).exclude(pk=kept.pk):
        retire_prompt(prompt=prompt, why="misleads")
    _walker, _conversation, given = at_work(link)
    assert given == kept
    assert plan_slots(study=study, phase="main") == 0
    assert open_study(study=study) == 0


@pytest.mark.parametrize("why", ["", "  ", "x" * 301])
def test_a_reason_is_needed(study: Study, why: str) -> None:
    prompt = Prompt.objects.filter(pool=study.pool)[0]
    with pytest.raises(ValidationError, match="Say why"):
        retire_prompt(prompt=prompt, why=why)
    prompt.refresh_from_db()
    assert prompt.retired_at is None
    assert statuses(prompt) == {"open": 12}


def test_a_replacement_gets_the_places_as_its_sets_become_ready(study: Study) -> None:
    old = Prompt.objects.filter(pool=study.pool)[0]
    new = copy_of(old, "better")
    done = replace_prompt(prompt=old, replacement=new, why="misleads")
    assert (done.voided, done.planned, done.waiting) == (12, 0, 5)
    for pending in CandidateSet.objects.filter(prompt_text__prompt=new):
        complete_candidate_set(pending.pk)
    done = replace_prompt(prompt=old, replacement=new, why="misleads")
    assert (done.voided, done.planned, done.waiting) == (0, 12, 0)
    assert statuses(new) == {"open": 12}
    assert replace_prompt(prompt=old, replacement=new, why="misleads").planned == 0
    old.refresh_from_db()
    assert old.replaced_by == new


def test_copies_for_rehearsals_lose_free_places_and_get_nothing_new(study: Study) -> None:
    first, second = Prompt.objects.filter(pool=study.pool)[:2]
    Study.objects.filter(pk=study.pk).update(core=[second.key])
    study.refresh_from_db()
    copy = copy_study(study=study, seed=1)
    open_study(study=copy, phase="rehearsal")
    assert retire_prompt(prompt=first, why="misleads") == 24
    new = copy_of(second, "better")
    assert replace_prompt(prompt=second, replacement=new, why="misleads").waiting == 5
    for pending in CandidateSet.objects.filter(prompt_text__prompt=new):
        complete_candidate_set(pending.pk)
    assert replace_prompt(prompt=second, replacement=new, why="misleads").planned == 12
    assert not Slot.objects.filter(prompt=new, locale__study=copy).exists()
    assert not PlanChange.objects.filter(study=copy).exists()
    assert [change.slots_voided for change in study.plan_changes.all()] == [12, 12, 0]
    copy.refresh_from_db()
    assert copy.core == [second.key]


def test_the_replacement_of_a_core_prompt_joins_the_core(study: Study) -> None:
    old, other = Prompt.objects.filter(pool=study.pool)[:2]
    Study.objects.filter(pk=study.pk).update(core=[old.key])
    study.locales.update(core_target=4)
    new, third = copy_of(old, "better"), copy_of(other, "third")
    replace_prompt(prompt=other, replacement=third, why="of the tail")
    replace_prompt(prompt=old, replacement=new, why="misleads")
    for pending in CandidateSet.objects.filter(prompt_text__prompt__in=[new, third]):
        complete_candidate_set(pending.pk)
    replace_prompt(prompt=old, replacement=new, why="misleads")
    assert statuses(new) == {"open": 24}
    assert statuses(third) == {"open": 12}
    study.refresh_from_db()
    assert study.core == [old.key, new.key]


def test_the_file_of_a_study_still_applies_after_a_replacement(study: Study) -> None:
    definition = small_definition(key="cored", core=["bereavement"])
    cored = apply_study(definition)
    Study.objects.filter(pk=cored.pk).update(status="open")
    old = Prompt.objects.get(pool=cored.pool, key="bereavement")
    replace_prompt(prompt=old, replacement=copy_of(old, "better"), why="misleads")
    assert apply_study(definition).core == ["bereavement", "better"]


def test_a_replacement_has_sets_of_every_arm_on_the_studys_budget(study: Study) -> None:
    study.further_arms.add(study.live_sampler)
    budget = store_budget({"key": "small", "limit": "1"})
    Study.objects.filter(pk=study.pk).update(budget=budget)
    old = Prompt.objects.filter(pool=study.pool)[0]
    new = copy_of(old, "better")
    assert replace_prompt(prompt=old, replacement=new, why="misleads").waiting == 10
    made = CandidateSet.objects.filter(prompt_text__prompt=new)
    assert {one.sampler for one in made} == set(study.arms())
    assert {one.budget for one in made} == {budget}


def test_a_replacement_that_cannot_be_given_changes_nothing(study: Study) -> None:
    old, other = Prompt.objects.filter(pool=study.pool)[:2]
    unfinished = copy_of(old, "unfinished", without="hi")
    with pytest.raises(ValidationError, match="unfinished in hi is missing"):
        replace_prompt(prompt=old, replacement=unfinished, why="misleads")
    with pytest.raises(ValidationError, match="another prompt of the same pool"):
        replace_prompt(prompt=old, replacement=old, why="misleads")
    retire_prompt(prompt=other, why="misleads too")
    with pytest.raises(ValidationError, match="is retired itself"):
        replace_prompt(prompt=old, replacement=other, why="misleads")
    old.refresh_from_db()
    assert old.retired_at is None
    assert statuses(old) == {"open": 12}


def test_a_second_replacement_is_refused(study: Study) -> None:
    old, second = Prompt.objects.filter(pool=study.pool)[:2]
    replace_prompt(prompt=old, replacement=copy_of(old, "better"), why="misleads")
    with pytest.raises(ValidationError, match="is replaced by better already"):
        replace_prompt(prompt=old, replacement=second, why="misleads")


def test_a_study_does_not_open_with_a_text_missing_or_stale(study: Study) -> None:
    prompt = Prompt.objects.filter(pool=study.pool)[0]
    Study.objects.filter(pk=study.pk).update(status="draft")
    study.refresh_from_db()
    unfinished = copy_of(prompt, "unfinished", without="hi")
    with pytest.raises(ValidationError, match="cannot open: unfinished in hi is missing"):
        open_study(study=study)
    rows = [
        PromptRow("unfinished", "hi", "क्या?", translated_from="en"),
        PromptRow("unfinished", "en", "What?", version=2),
    ]
    store_prompts(pool_key=study.pool.key, rows=rows[:1])
    with pytest.raises(ValidationError, match="5 of 20 candidate sets are not ready"):
        open_study(study=study)
    store_prompts(pool_key=study.pool.key, rows=rows[1:])
    stale = "unfinished in hi is stale: translated from en version 1, which has version 2 now"
    with pytest.raises(ValidationError, match=stale):
        open_study(study=study)
    study.refresh_from_db()
    assert study.status == "draft"
    retire_prompt(prompt=unfinished, why="never finished")
    assert open_study(study=study) == 0
    assert study.is_open


def test_a_text_with_a_newer_version_gets_no_further_slots(study: Study) -> None:
    text = PromptText.objects.filter(prompt__pool=study.pool, language="fr")[0]
    Slot.objects.filter(candidate_set__prompt_text=text).delete()
    newer = PromptRow(text.prompt.key, "fr", "Et maintenant ?", version=2)
    store_prompts(pool_key=study.pool.key, rows=[newer])
    assert plan_slots(study=study, phase="main") == 0


def test_the_command_retires_and_replaces(study: Study, capsys: Any) -> None:
    first, second = Prompt.objects.filter(pool=study.pool)[:2]
    pool = study.pool.key
    call_command("retire_prompt", first.key, pool=pool, why="misleads")
    assert f"{first} is retired: 12 free slots voided." in capsys.readouterr().out
    new = copy_of(second, "better")
    call_command("retire_prompt", second.key, pool=pool, why="misleads", replaced_by=new.key)
    said = capsys.readouterr().out
    assert "12 free slots voided, 0 planned, 5 candidate sets still to be made" in said
    with pytest.raises(CommandError, match="no prompt 'none'"):
        call_command("retire_prompt", "none", pool=pool, why="misleads")
    with pytest.raises(CommandError, match="Say why"):
        call_command("retire_prompt", new.key, pool=pool, why=" ")


def test_a_place_let_go_after_the_retirement_is_given_to_nobody(
    link: RecruitmentLink, study: Study
) -> None:
    walker, conversation, prompt = at_work(link)
    for other in Prompt.objects.filter(pool=study.pool):
        retire_prompt(prompt=other, why="misleads")
    walker.post("conversation-skip", {}, conversation.public_id)
    assert statuses(prompt) == {"open": 1, "void": 11}
    assert claim_slot(participation=entered(link).participation) is None
