"""A rehearsal: what it plays holds, what is spoiled is noticed, and it goes without a trace."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Answer, Vendor
from annotation.actions.pool import request_pool
from annotation.dealing.seeds import due
from annotation.models import Conversation, Grant, Participation, Phase, Quota, Ranking, Study
from candidates.generation import complete_candidate_set
from candidates.models import Candidate, Generation, ModelEndpoint, Sampler
from insights.preflight.capacity import Capacity, Need, left_open
from rehearsal import stage
from rehearsal.copies import VENDOR, copy_key, copy_study, remove_copy
from rehearsal.defects import plant
from rehearsal.servers import database_url
from rehearsal.truth import Behaviours
from tests.exporting import wide_rows
from tests.provider import Provider
from tests.rehearsal.rehearsing import CHANGES, broken, prepared, two_countries
from tests.same_deals import same_deals


@pytest.fixture
def played(db: None, provider: Provider) -> Iterator[stage.Rehearsal]:
    """Sixteen people, one of them careless, several who leave or idle, without HTTP; dealt to
    alike each time, for which of two places a questionnaire has for all of them is chance."""
    rehearsal = prepared(16, target=4)
    restless = Behaviours(leaves=0.2, idles=0.3, skips=0.1)
    rehearsal.truth = replace(rehearsal.truth, behaviours=restless)
    with same_deals(seed=1):
        stage.play_directly(rehearsal, processes=1)
        stage.settle(rehearsal)
        yield rehearsal


def test_a_rehearsal_holds_and_each_planted_defect_is_noticed(played: stage.Rehearsal) -> None:
    """One play for all, because it takes long: first what holds, then what is spoiled."""
    assert played.ledger.stranded == []
    assert broken(stage.verdict(played)) == set()
    check_marks(played)
    check_that_places_were_given_out_again(played)
    check_exports(played)
    check_questionnaires(played.study)
    for kind, noticed in {
        "order": "order balance by candidate",
        "labels": "labels as people gave them",
        "loss": "every acknowledged submission stored",
    }.items():
        with transaction.atomic():
            plant(study=played.study, kind=kind)
            assert noticed in broken(stage.verdict(played)), kind
            transaction.set_rollback(True)
    assert broken(stage.verdict(played)) == set()


def check_questionnaires(study: Study) -> None:
    """Whoever came to the end answered the further questionnaires, wherever they stood."""
    ended = study.participations.filter(outcome="complete")
    assert {hers.placements["mood"] for hers in ended} == {"start", "closing"}
    asked = Answer.objects.filter(
        annotator__in=ended.values("annotator"), question__code__in=["mood_now", "rest_now"]
    )
    assert asked.count() == 2 * ended.count() > 0


@pytest.mark.django_db(transaction=True)
def test_two_processes_play_as_one_does(
    empty_database: None, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url())
    monkeypatch.setattr(stage, "BATCH", 3)
    monkeypatch.setattr(stage, "REVIEWED", 4)
    rehearsal = prepared(6, target=2)
    stage.play_directly(rehearsal, processes=2)
    assert rehearsal.ledger.stranded == []
    assert Participation.objects.filter(study=rehearsal.study).count() == 6
    assert Ranking.objects.count() == len(rehearsal.ledger.acknowledged) > 0
    began = Participation.objects.filter(study=rehearsal.study, conversations__isnull=False)
    assert stage.settle(rehearsal, processes=2) == began.distinct().count() > 4
    assert broken(stage.verdict(rehearsal)) == set()


def _asked_ten_times() -> tuple[str, int]:
    for _time in range(10):
        Study.objects.filter(key="nobody's").first()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('synchronous_commit'), count(*)"
                       " FROM pg_prepared_statements")  # fmt: skip
        found: tuple[str, int] = cursor.fetchone()
    return found


@pytest.mark.django_db(transaction=True)
def test_a_process_of_its_own_waits_for_no_disk_and_has_a_statement_planned_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url())
    with stage.processes_apart(1) as pool:
        assert pool.submit(_asked_ten_times).result() == ("off", 1)


def check_that_places_were_given_out_again(played: stage.Rehearsal) -> None:
    lapsed = Grant.objects.filter(conversation__public_id__in=played.ledger.lapsed)
    again = lapsed.filter(disposition=Grant.Disposition.TIMED_OUT)
    assert again.exists() or lapsed.filter(disposition=Grant.Disposition.SURPLUS).exists()
    assert not lapsed.filter(slot__leased_until__gt=timezone.now(), slot__status="open").exists()


def check_marks(played: stage.Rehearsal) -> None:
    assert played.study.rehearsal_of is not None
    assert played.study.key == copy_key(played.study.rehearsal_of, 3)
    people = Participation.objects.filter(study=played.study)
    assert set(people.values_list("phase", flat=True)) == {Phase.REHEARSAL}
    assert set(people.values_list("annotator__vendor__key", flat=True)) == {VENDOR}


def check_exports(played: stage.Rehearsal) -> None:
    assert Conversation.objects.filter(participation__study=played.study).exists()
    vendor = Vendor.objects.get(key=VENDOR)
    assert not wide_rows(played.study, vendor)
    assert played.study.rehearsal_of is not None
    assert not wide_rows(played.study.rehearsal_of, vendor)


def rows() -> dict[str, int]:
    models = apps.get_models(include_auto_created=True)
    return {model._meta.label: model._base_manager.count() for model in models}


def test_removal_leaves_no_row_and_touches_nothing_else(db: None, provider: Provider) -> None:
    study = two_countries(target=2)
    for candidate_set in request_pool(study=study, enqueue=False):
        complete_candidate_set(candidate_set.pk)
    before = rows()
    rehearsal = stage.prepare(study, seed=4, people=4, provider="", changes={})
    stage.play_directly(rehearsal, processes=1)
    stage.settle(rehearsal)
    assert rows() != before
    with pytest.raises(ValidationError, match="no rehearsal"):
        remove_copy(study=study)
    call_command("rehearse", remove=rehearsal.study.key)
    assert rows() == before


def test_a_copy_with_samplers_of_its_own_goes_as_a_whole(db: None, provider: Provider) -> None:
    """Where the site has another provider, the copy's sets come from the demo's."""
    study = two_countries(target=2)
    before = rows()
    copy = copy_study(study=study, seed=5, provider="http://127.0.0.1:9/v1")
    assert copy.pool_sampler.endpoint.base_url == "http://127.0.0.1:9/v1"
    assert copy.live_sampler.endpoint == copy.pool_sampler.endpoint
    assert {item.sampler for item in request_pool(study=copy, enqueue=False)} == {copy.pool_sampler}
    remove_copy(study=copy)
    assert rows() == before


@pytest.mark.parametrize("where", ["pool", "live", "further arm", "further endpoint", "texts"])
def test_a_study_with_another_provider_anywhere_is_copied_with_samplers_of_its_own(
    db: None, provider: Provider, where: str
) -> None:
    """Also where the site's provider is the demo's: then the copy's are at that one."""
    study = two_countries(target=2)
    for candidate_set in request_pool(study=study, enqueue=False):
        complete_candidate_set(candidate_set.pk)
    assert copy_study(study=study, seed=1).pool_sampler == study.pool_sampler
    call_another_provider(study, where)
    copy = copy_study(study=study, seed=2)
    theirs = {study.pool_sampler, study.live_sampler, *study.further_arms.all()}
    for sampler in (copy.pool_sampler, copy.live_sampler, *copy.further_arms.all()):
        assert sampler not in theirs
        further = sampler.further_endpoints.values_list("base_url", flat=True)
        assert {sampler.endpoint.base_url, *further} == {""}
    assert copy.further_arms.count() == study.further_arms.count()
    sets = request_pool(study=copy, enqueue=False)
    complete_candidate_set(sets[0].pk)
    sets[0].refresh_from_db()
    assert sets[0].canned
    assert sets[0].status == "ready"


def call_another_provider(study: Study, where: str) -> None:
    """One endpoint of the study at another address, or one text of its sets from there."""
    if where == "texts":
        texts = Candidate.objects.filter(candidate_set__prompt_text__prompt__pool=study.pool)
        Generation.objects.filter(pk=texts.values("generation")[:1]).update(canned=False)
        return
    other = ModelEndpoint.objects.create(key="other", base_url="https://api.example.org/v1")
    sampler = study.live_sampler if where == "live" else study.pool_sampler
    if where == "further endpoint":
        sampler.further_endpoints.add(other)
        return
    values = {field.attname: getattr(sampler, field.attname) for field in sampler._meta.fields}
    made = Sampler.objects.create(**values | {"id": None, "key": "new", "endpoint_id": other.pk})
    if where == "further arm":
        study.further_arms.add(made)
        return
    setattr(study, f"{where}_sampler", made)
    study.save()


def test_a_copy_whose_sets_cannot_be_made_is_gone_again(db: None, provider: Provider) -> None:
    study = two_countries(target=2)
    before = rows()
    with pytest.raises(ValidationError, match="could not be made"):
        stage.prepare(study, seed=5, people=4, provider="http://127.0.0.1:9/v1", changes={})
    assert rows() == before


def test_a_rehearsal_is_never_rehearsed_nor_played_twice(db: None, provider: Provider) -> None:
    study = two_countries(target=2)
    copy = copy_study(study=study, seed=6)
    with pytest.raises(ValidationError, match="a rehearsal itself"):
        copy_study(study=copy, seed=6)
    with pytest.raises(CommandError, match="exists already"):
        call_command("rehearse", study=study.key, seed=6)
    with pytest.raises(CommandError, match="written LOCALE=NUMBER"):
        call_command("rehearse", "--study", study.key, "--people-a-day", "FR-fr")


def test_the_arithmetic_counts_nobody_whom_the_cells_send_away(
    db: None, provider: Provider
) -> None:
    study = two_countries(target=4)
    for country, target in (("FR", 2), ("IT", 100)):
        Quota.objects.create(
            study=study, key=country, conditions={"country": [country]}, target=target
        )
    rehearsal = stage.prepare(study, seed=18, people=16, provider="", changes=CHANGES)
    french, italian = rehearsal.capacities()
    assert french.people == italian.people == 8
    assert french.offered <= 2 * CHANGES["pool_conversations"] < italian.offered
    rehearsal.study.cell_share = 0.1  # of twenty places of a stratum: two each
    french, italian = rehearsal.capacities()
    assert french.offered <= 2 * 2
    assert italian.offered <= 8 * 2


def test_a_locale_with_no_judgement_a_prompt_to_spare_may_just_fail_to_fill() -> None:
    said = [Capacity("FR-fr", 50, 576, offered, 12) for offered in (588, 587, 575)]
    assert [item.fills for item in said] == [True, False, False]
    assert "MAY JUST" in said[1].words()
    assert "CANNOT" in said[2].words()


def test_places_of_few_prompts_are_left_where_people_could_give_more() -> None:
    def plan(*targets: int) -> list[tuple[int, Need]]:
        return [(prompt, (0, o, 0)) for prompt, n in enumerate(targets) for o in range(n)]

    assert left_open(plan(3, 3, 3, 3), [2] * 6) == 0
    assert left_open(plan(3, 3, 3, 3), [2] * 5) == 2
    assert left_open(plan(9, 3, 3, 3), [4] * 9) == 0  # everybody met the first, once
    assert left_open(plan(9, 3, 3, 3), [4] * 5) == 4  # the last two found the first alone
    said = Capacity("FR-fr", 5, 18, 22, 4, stranded=4)
    assert not said.fills and "last 4 places are of too few prompts" in said.words()


def test_filled_by_share_a_core_leaves_nothing_open_that_people_could_give() -> None:
    targets = [40] * 5 + [10] * 15
    number = [(p, (0, o, p)) for p, n in enumerate(targets) for o in range(n)]
    share = [(p, (0, due(place=o, places=targets[p]), p)) for p, (_b, o, _d) in number]
    assert (left_open(number, [8] * 47), left_open(share, [8] * 47)) == (40, 0)


def test_a_core_that_wants_more_people_than_come_cannot_fill(db: None, provider: Provider) -> None:
    study = two_countries(target=2)
    study.core = [study.pool.prompts.order_by("pk")[0].key]
    study.save()
    study.locales.update(core_target=12)
    rehearsal = stage.prepare(study, seed=17, people=16, provider="", changes=CHANGES)
    for item in rehearsal.capacities():
        assert item.wanted == 4 * 2 + 12
        assert item.offered >= item.wanted + item.prompts  # people enough for so many places
        assert item.stranded >= 12 - item.people and not item.fills


def test_the_arithmetic_says_which_plan_cannot_fill(db: None, provider: Provider) -> None:
    study: Study = two_countries(target=4)
    answers: dict[int, Any] = {}
    for people in (4, 16):
        rehearsal = stage.prepare(study, seed=people, people=people, provider="", changes={})
        answers[people] = {item.locale: item.fills for item in rehearsal.capacities()}
    assert answers[4] == {"FR-fr": False, "IT-it": False}
    assert answers[16] == {"FR-fr": False, "IT-it": False}  # two conversations a person
    rehearsal = prepared(16, target=4, seed=17)
    assert all(item.fills for item in rehearsal.capacities())
