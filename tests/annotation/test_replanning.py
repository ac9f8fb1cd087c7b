"""A plan changes mid-study: places are added or voided, judgements never, and all is logged."""

import threading
from collections import Counter
from importlib import import_module
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotation.actions.assignment import claim_slot
from annotation.actions.cells import most_places
from annotation.actions.definition import apply_study
from annotation.actions.plan import log_change, plan_slots, replace_prompt, retire_prompt
from annotation.actions.replan import change_target, merge_cells, preview, replan_cells
from annotation.actions.study import open_study
from annotation.dealing import due
from annotation.models import (
    Conversation,
    Participation,
    Phase,
    PlanChange,
    Quota,
    Ranking,
    RecruitmentLink,
    Slot,
    Study,
    StudyLocale,
)
from candidates.models import CandidateSet, Prompt
from tests.annotation.test_retiring import at_work
from tests.annotation.test_strata import (
    celled_definition,
    celled_study,
    judge,
    let_in,
    person,
    sets_of,
)
from tests.faults.test_simultaneous import at_once
from tests.walker import Walker, entered

EVERYBODY = [{"key": "all", "conditions": {"age": {"from": 18}}, "target": 500}]
pytestmark = pytest.mark.django_db


@pytest.fixture
def ines(db: None) -> User:
    return User.objects.create(username="ines")


def french(study: Study) -> StudyLocale:
    return study.locales.get(country="FR")


def places(study: Study, **only: Any) -> Counter[str]:
    slots = Slot.objects.filter(locale=french(study), **only)
    return Counter(slots.values_list("status", flat=True))


def wanted_of(study: Study, **only: Any) -> Counter[str]:
    slots = Slot.objects.filter(locale=french(study), status="open", **only)
    return Counter(slots.values_list("stratum", flat=True))


def test_a_higher_target_adds_new_ordinals_once(link: RecruitmentLink, ines: User) -> None:
    study = link.study
    change = change_target(locale=french(study), target=5, by=ines, why="more people came")
    assert (change.added, change.voided) == (9, 0)
    for one in sets_of(study):
        ordinals = Slot.objects.filter(candidate_set=one, locale=french(study))
        assert sorted(ordinals.values_list("ordinal", flat=True)) == [0, 1, 2, 3, 4]
    record = PlanChange.objects.get()
    assert (record.by, record.why, record.slots_added) == (ines, "more people came", 9)
    assert record.details["before"] == 2
    assert record.details["after"] == 5
    again = change_target(locale=french(study), target=5, by=ines, why="once more")
    assert again.record is None
    assert PlanChange.objects.count() == 1
    assert plan_slots(study=study, phase="main") == 0


def test_a_lower_target_voids_free_places_and_no_judgement(
    link: RecruitmentLink, ines: User
) -> None:
    walker, conversation, prompt = at_work(link)
    walker.rank(walker.current_turn(conversation))
    holder = entered(link)
    held = holder.open_kind("pool").grant
    assert held is not None
    before = set(Ranking.objects.values_list("pk"))
    change = change_target(locale=french(link.study), target=1, by=ines, why="fewer people")
    assert (change.added, change.voided) == (0, 3)
    assert set(Ranking.objects.values_list("pk")) == before
    assert places(link.study) == {"open": 2, "done": 1, "void": 3}
    voided = Slot.objects.filter(status="void")
    assert set(voided.values_list("ordinal")) == {(1,)}  # the highest first
    assert not voided.filter(prompt__in=[prompt, held.prompt], ordinal=0).exists()
    held.slot.refresh_from_db()
    assert (held.slot.status, held.slot.holder) == ("open", holder.participation)
    Slot.objects.filter(pk=held.slot_id).update(leased_until="1971-01-01T00:00Z")
    assert holder.rank(holder.current_turn(held.conversation)).status_code == 200
    held.slot.refresh_from_db()
    assert held.slot.status == "done"


def test_a_target_below_what_is_judged_is_refused_in_one_sentence(
    link: RecruitmentLink, ines: User
) -> None:
    for prompt in Prompt.objects.filter(pool=link.study.pool)[1:]:
        retire_prompt(prompt=prompt, why="to leave one")
    for _person in range(2):
        assert entered(link).open_kind("pool")
    with pytest.raises(ValidationError, match="2 people have judged or are judging a set of FR"):
        change_target(locale=french(link.study), target=1, by=ines, why="fewer")
    with pytest.raises(ValidationError, match="at least 1"):
        change_target(locale=french(link.study), target=0, by=ines, why="none")
    with pytest.raises(ValidationError, match="Say why"):
        change_target(locale=french(link.study), target=3, by=ines, why=" ")
    with pytest.raises(ValidationError, match="no prompts as its core"):
        change_target(locale=french(link.study), target=3, by=ines, why="more", core=True)
    assert french(link.study).target == 2


def test_a_target_down_and_up_again_gives_the_overlap_back(study: Study, ines: User) -> None:
    change_target(locale=french(study), target=1, by=ines, why="fewer")
    change = change_target(locale=french(study), target=3, by=ines, why="more after all")
    assert (change.added, change.voided) == (6, 0)
    assert places(study) == {"open": 9, "void": 3}


def test_the_core_has_a_target_of_its_own(db: None, ines: User) -> None:
    study = celled_study(target=2, prompts=4, core=["bereavement"], quotas=[])
    StudyLocale.objects.filter(study=study).update(core_target=2)
    change = change_target(locale=french(study), target=7, by=ines, why="the core", core=True)
    assert change.added == 5
    assert places(study, prompt__key="bereavement") == {"open": 7}
    change = change_target(locale=french(study), target=3, by=ines, why="the tail")
    assert change.added == 3
    assert places(study, prompt__key="bereavement") == {"open": 7}


def test_batches_hold_what_a_person_judges_and_a_core_lies_in_all_of_them(db: None) -> None:
    study = celled_study(target=2, prompts=6, core=["bereavement"], quotas=[])
    Slot.objects.all().delete()
    StudyLocale.objects.filter(study=study).update(core_target=6)
    Study.objects.filter(pk=study.pk).update(batch_size=1, pool_conversations=2)
    study.refresh_from_db()
    plan_slots(study=study, phase=Phase.MAIN)
    slots = Slot.objects.order_by("batch", "due", "draw")
    core = slots.filter(prompt__key="bereavement").values_list("batch", "ordinal")
    assert list(core) == [(0, 0), (0, 1), (1, 2), (1, 3), (2, 4), (2, 5)]
    tail = slots.exclude(prompt__key="bereavement")
    batches = dict(tail.values_list("prompt", "batch"))
    assert len(set(tail.values_list("prompt", "batch"))) == 5  # each in one batch
    assert max(Counter(batches.values()).values()) == 2
    assert set(tail.values_list("ordinal", "due")) == {(0, 2_500), (1, 7_500)}


def test_added_places_are_due_in_the_second_half_of_a_doubled_plan(
    link: RecruitmentLink, ines: User
) -> None:
    change_target(locale=french(link.study), target=4, by=ines, why="more")
    for one in sets_of(link.study):
        its = Slot.objects.filter(locale=french(link.study), candidate_set=one)
        assert sorted(its.values_list("due", flat=True)) == [2_500, 6_250, 7_500, 8_750]


def test_a_pilots_target_leaves_the_plan_of_the_main_phase_alone(db: None, ines: User) -> None:
    study = celled_study(target=10, prompts=4, quotas=[])
    Slot.objects.filter(locale__study=study).delete()
    with pytest.raises(ValidationError, match="no places in the phase pilot yet"):
        change_target(locale=french(study), target=3, by=ines, why="small", phase=Phase.PILOT)
    open_study(study=study, phase=Phase.PILOT)
    for _twice in range(2):
        change = change_target(
            locale=french(study), target=3, by=ines, why="a small pilot", phase=Phase.PILOT
        )
    assert change.record is None
    assert places(study, phase="pilot") == {"open": 12, "void": 28}
    record = PlanChange.objects.get()
    assert (record.details["before"], record.details["after"], record.slots_voided) == (10, 3, 28)
    assert french(study).target == 10
    open_study(study=study)
    assert places(study, phase="main") == {"open": 40}
    apply_study(celled_definition(target=10, prompts=4, quotas=[]))
    with pytest.raises(ValidationError, match="differs in target"):
        apply_study(celled_definition(target=3, prompts=4, quotas=[]))


def test_places_that_a_repeated_opening_adds_are_logged(
    client: Client, db: None, ines: User
) -> None:
    study = celled_study(target=5, prompts=3, cell_share=0.5)
    ready = Slot.objects.filter(locale__study=study)
    late = ready.values_list("candidate_set", flat=True).order_by("candidate_set").first()
    ready.filter(candidate_set=late).delete()
    woman = let_in(person(study, "female"))
    most = woman.most_places
    assert open_study(study=study) == 5
    record = PlanChange.objects.get()
    assert (record.kind, record.by, record.slots_added) == ("target", None, 5)
    assert record.why == "sets that have become ready since"
    assert record.details == {"phase": "main", "before": 10, "after": 15}
    woman.refresh_from_db()
    assert most is not None
    assert woman.most_places == most_places(participation=woman, stratum="women")
    assert woman.most_places is not None
    assert woman.most_places > most
    assert open_study(study=study) == 0
    assert open_study(study=study, phase=Phase.PILOT) == 15  # its first planning
    assert PlanChange.objects.get() == record
    ines.is_staff = ines.is_superuser = True
    ines.save()
    client.force_login(ines)
    page = client.get(reverse("study-plan", args=[study.key])).content.decode()
    assert "main: 10 → 15" in page
    with pytest.raises(ValidationError, match="differs in target"):
        apply_study(celled_definition(target=6, prompts=3, cell_share=0.5))


def test_a_closed_study_does_not_open_again(study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(status="closed")
    with pytest.raises(CommandError, match="is closed and does not open again"):
        call_command("open_study", study.key)
    study.refresh_from_db()
    assert study.status == "closed"


def test_a_resized_set_still_mirrors_the_cells(db: None, ines: User) -> None:
    study = celled_study(target=5)
    assert wanted_of(study) == {"women": 18, "men": 12}
    for woman in [let_in(person(study, "female")) for _n in range(4)]:
        assert judge(woman)
    change = change_target(locale=french(study), target=10, by=ines, why="twice as many")
    assert change.added == 30
    assert wanted_of(study) == {"women": 32, "men": 24}
    change_target(locale=french(study), target=5, by=ines, why="as before")
    assert wanted_of(study) == {"women": 14, "men": 12}


def test_a_preview_says_what_would_happen_and_leaves_nothing(study: Study, ines: User) -> None:
    before = list(Slot.objects.order_by("pk").values_list("pk", "status", "stratum"))
    change = preview(lambda: change_target(locale=french(study), target=9, by=ines, why="try"))
    assert change.added == 21
    assert list(Slot.objects.order_by("pk").values_list("pk", "status", "stratum")) == before
    assert not PlanChange.objects.exists()


def test_a_cell_that_nobody_fills_joins_another(db: None, ines: User) -> None:
    study = celled_study(target=5)
    woman = let_in(person(study, "female"))
    assert judge(woman)
    with transaction.atomic():
        held = claim_slot(participation=woman)
    assert held is not None
    change = merge_cells(study=study, keys=["men"], into="women", by=ines, why="no men come")
    assert change.relabelled == 12
    assert wanted_of(study) == {"women": 29}
    assert [(quota.key, quota.target) for quota in study.quotas.all()] == [("women", 20)]
    held.slot.refresh_from_db()
    assert held.slot.holder == woman
    man = let_in(person(study, "male"))
    assert man.stratum == "women"
    again = merge_cells(study=study, keys=["men"], into="women", by=ines, why="once more")
    assert again.record is None
    record = PlanChange.objects.get()
    assert record.details["merged"] == ["men"]
    assert len(record.details["before"]) == 2


def test_a_dropped_cell_leaves_its_target_and_lets_nobody_more_in(db: None, ines: User) -> None:
    study = celled_study(target=5)
    man = let_in(person(study, "male"))
    merge_cells(study=study, keys=["men"], into="women", by=ines, why="no men", drop=True)
    assert study.quotas.get().target == 20
    man.refresh_from_db()
    assert man.stratum == ""
    assert judge(man) is not None  # she who is in stays in


def test_cells_of_different_kinds_are_not_merged(db: None, ines: User) -> None:
    study = celled_study()
    Quota.objects.create(study=study, key="old", conditions={"age": {"from": 60}}, target=3)
    for keys, into, said in [
        (["old"], "women", "not cells of the same countries and questions"),
        (["none"], "women", "There is no cell none"),
        (["women"], "women", "cannot join itself"),
        ([], "women", "no cell to merge"),
    ]:
        with pytest.raises(ValidationError, match=said):
            merge_cells(study=study, keys=keys, into=into, by=ines, why="a try")
    assert not PlanChange.objects.exists()


def test_other_cells_take_account_of_what_is_judged(db: None, ines: User) -> None:
    study = celled_study(target=4, cell_share=0.5)
    for _n in range(4):  # each of the six sets gets judges of 30
        person_ = let_in(person(study, "female", age=30))
        for _set in range(3):
            judge(person_)
    rankings = Slot.objects.filter(status="done").count()
    assert rankings == 12
    cells = {"even": {"age": [[18, 40], [41, None]]}}
    change = replan_cells(study=study, cells=cells, by=ines, why="age matters more")
    assert change.people == 4
    assert Slot.objects.filter(status="done").count() == rankings
    assert set(Participation.objects.filter(study=study).values_list("stratum")) == {("fr-18-40",)}
    for one in sets_of(study):
        its = Slot.objects.filter(candidate_set=one)
        young = its.filter(status="done").count()
        old = its.filter(status="open", stratum="fr-41-up").count()
        assert old == min(2, 4 - young)
    again = replan_cells(study=study, cells=cells, by=ines, why="once more")
    assert again.record is None
    assert PlanChange.objects.count() == 1
    with pytest.raises(ValidationError, match="which gender does not offer"):
        replan_cells(study=study, cells={"even": {"gender": ["x"]}}, by=ines, why="a slip")


def test_retiring_and_replacing_are_logged_with_who_and_why(study: Study, ines: User) -> None:
    first, second, third = Prompt.objects.filter(pool=study.pool).order_by("pk")[:3]
    retire_prompt(prompt=first, why="it misleads", by=ines)
    retire_prompt(prompt=first, why="it misleads", by=ines)
    record = PlanChange.objects.get(kind="retired")
    assert (record.by, record.details, record.slots_voided) == (ines, {"prompt": first.key}, 12)
    replace_prompt(prompt=second, replacement=third, why="old", by=ines)
    record = PlanChange.objects.get(kind="replaced")
    assert (record.why, record.slots_voided, record.slots_added) == ("old", 12, 0)


def test_the_log_is_never_changed(study: Study, ines: User) -> None:
    log_change(study=study, kind=PlanChange.Kind.TARGET, by=ines, why="a test", details={})
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        PlanChange.objects.update(why="another reason")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        PlanChange.objects.all().delete()


def test_a_core_prompt_with_parallel_sets_is_judged_in_these_alone(db: None) -> None:
    study = celled_study(target=2, prompts=3, core=["bereavement"], quotas=[])
    Slot.objects.filter(locale__study=study).delete()
    text = "prompt_text__prompt__key"
    own = CandidateSet.objects.get(sampler=study.pool_sampler, language="fr",
                                   parallel_to=None, **{text: "bereavement"})  # fmt: skip
    english = CandidateSet.objects.filter(sampler=study.pool_sampler, language="en")
    original = english.filter(**{text: "bereavement"}).first() or own
    parallel = CandidateSet.objects.create(
        prompt_text=own.prompt_text,
        parallel_to=original,
        sampler=own.sampler,
        language="fr",
        context=own.context,
        context_hash=own.context_hash,
        seed=own.seed,
        status="pending",
    )
    assert plan_slots(study=study, phase=Phase.MAIN) == 2 * 2  # the core waits for its family
    CandidateSet.objects.filter(pk=parallel.pk).update(status="ready")
    assert plan_slots(study=study, phase=Phase.MAIN) == 2
    core = Slot.objects.filter(prompt__key="bereavement")
    assert set(core.filter(locale__study=study).values_list("candidate_set", flat=True)) == {
        parallel.pk
    }


@pytest.mark.django_db(transaction=True)
def test_targets_and_cells_change_while_people_claim_and_rank(link: RecruitmentLink) -> None:
    """Six people judge all they are given while targets and cells change: nobody meets an
    error, each set has as many places as the last target says, and no judgement is lost."""
    study, by = link.study, User.objects.create(username="ines")
    walkers = [Walker(link) for _person in range(6)]
    for walker in walkers:
        walker.enter()
    ranked: list[int] = []
    at_rest = threading.Event()

    def change(_number: int) -> None:
        for target in (6, 4, 8, 5, 9, 6):
            try:
                change_target(locale=french(study), target=target, by=by, why="to and fro")
            except ValidationError:
                assert Slot.objects.filter(locale=french(study), holder__isnull=False).exists()
            cells = EVERYBODY if target % 2 else []
            replan_cells(study=study, cells=cells, by=by, why="to and fro")
        at_rest.set()

    def work(number: int) -> None:
        walker = walkers[number]
        for _try in range(2):
            walker.post("conversation-open")
            opened = Conversation.objects.filter(
                participation=walker.participation, kind="pool", status="open"
            ).first()
            if opened and opened.turns.exists():
                assert walker.rank(walker.current_turn(opened)).status_code == 200
                ranked.append(opened.pk)
                walker.post("conversation-skip", {}, opened.public_id)

    at_once(lambda number: change(0) if number == 6 else work(number), 7)
    connection.close()
    assert at_rest.is_set()
    final = change_target(locale=french(study), target=6, by=by, why="at last")
    assert final.voided >= 0
    assert Ranking.objects.filter(turn__position=1).count() == len(ranked)
    done = Slot.objects.filter(locale=french(study), status="done").count()
    surplus = len(ranked) - done
    assert surplus >= 0
    for one in sets_of(study):
        live = Slot.objects.filter(candidate_set=one, locale=french(study)).exclude(status="void")
        assert live.count() == 6


def test_places_from_before_they_had_a_due_get_the_same_one(db: None) -> None:
    study = celled_study(target=4, prompts=4, quotas=[])
    Slot.objects.filter(pk__in=Slot.objects.filter(ordinal=3).values("pk")).update(status="void")
    planned = Slot.objects.filter(locale__study=study).exclude(status="void").order_by("pk")
    planned.update(due=0)
    with connection.cursor() as cursor:
        cursor.execute(import_module("annotation.migrations.0011_due").FILL)
    assert set(planned.values_list("ordinal", "due")) == {
        (ordinal, due(place=ordinal, places=3)) for ordinal in range(3)
    }
