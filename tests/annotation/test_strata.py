"""Strata: whose judgement a place wants first, and that people come to mirror the cells."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.actions import Given, record_answers
from accounts.models import Annotator, User, Vendor
from annotation.actions.assignment import claim_slot, complete_slot
from annotation.actions.cells import find_cell_place, most_places
from annotation.actions.definition import apply_study
from annotation.actions.plan import plan_slots
from annotation.actions.pool import request_pool
from annotation.actions.replan import replan_cells
from annotation.cells.quotas import REFUSED, Cell, Verdict
from annotation.cells.strata import join_keys, planned_strata, stratum_of, wanted
from annotation.models import Deal, Participation, Phase, Slot, Study, Wave
from candidates.models import CandidateSet
from tests.definitions import small_definition
from tests.same_deals import same_deals
from tests.walker import Walker, entered

WOMEN = Cell("women", {"country": ["FR"], "gender": ["female"]}, 60)
MEN = Cell("men", {"country": ["FR"], "gender": ["male"]}, 40)
YOUNG = Cell("young", {"country": ["FR"], "age": {"to": 34}}, 25)
OLD = Cell("old", {"country": ["FR"], "age": {"from": 35}}, 75)


@pytest.fixture
def dealt_alike(db: None) -> Iterator[None]:
    with same_deals(seed=1):
        yield


def test_a_stratum_is_the_cells_she_fits() -> None:
    cells = [WOMEN, MEN, YOUNG, OLD]
    assert stratum_of(cells, {"country": "FR", "gender": "female", "age": 30}) == "women+young"
    assert stratum_of(cells, {"country": "FR", "gender": REFUSED, "age": 30}) == "young"
    assert stratum_of(cells, {"country": "IT", "gender": "female", "age": 30}) == ""


def test_crossed_cells_share_by_their_targets_and_margins_by_products() -> None:
    assert planned_strata([WOMEN, MEN], "FR") == {"men": Fraction(2, 5), "women": Fraction(3, 5)}
    assert planned_strata([WOMEN, MEN, YOUNG, OLD], "FR") == {
        "men+old": Fraction(3, 10),
        "men+young": Fraction(1, 10),
        "old+women": Fraction(9, 20),
        "women+young": Fraction(3, 20),
    }
    assert planned_strata([WOMEN, MEN], "IT") == {}
    assert planned_strata([], "FR") == {}


def test_cells_that_exclude_each_other_make_no_stratum() -> None:
    young_women = Cell("yw", {"gender": ["female"], "age": {"to": 34}}, 10)
    men_of_any_age = Cell("om", {"gender": ["male"], "age": {"from": 18}}, 10)
    strata = planned_strata([WOMEN, MEN, young_women, men_of_any_age], "FR")
    assert set(strata) == {"women+yw", "men+om"}
    assert sum(strata.values()) == 1


def test_merged_cells_are_alternatives_of_one_cell() -> None:
    either = Cell("either", [WOMEN.conditions, MEN.conditions], 10)
    assert stratum_of([either], {"country": "FR", "gender": "male"}) == "either"
    assert set(planned_strata([either, YOUNG, OLD], "FR")) == {"either+young", "either+old"}


@given(
    st.integers(0, 12),
    st.dictionaries(st.sampled_from(["a", "b", "c", "other"]), st.integers(0, 6)),
    st.lists(st.integers(1, 9), min_size=3, max_size=3),
)
def test_the_free_places_go_to_whom_the_kept_ones_lack(
    free: int, kept: dict[str, int], parts: list[int]
) -> None:
    shares = {key: Fraction(part, sum(parts)) for key, part in zip("abc", parts, strict=True)}
    places = free + sum(kept.values())
    rows = wanted(places, kept, shares)
    assert sum(rows) == free
    for (key, share), row in zip(shares.items(), rows, strict=True):
        assert 0 <= row <= max(Fraction(0), places * share - kept.get(key, 0))


# ---- planned, met at the door, and judged


def celled_definition(*, target: int = 10, prompts: int = 6, **settings: Any) -> dict[str, Any]:
    """The file of a study of one locale, with two cells, 60 to 40."""
    definition = small_definition(key="celled", target=target, prompts=prompts, **settings)
    definition["study"]["locales"] = [
        locale | {"people": 20} for locale in definition["study"]["locales"]
        if locale["country"] == "FR"
    ]  # fmt: skip
    definition["study"].setdefault("quotas", [
        {"key": "women", "conditions": {"country": ["FR"], "gender": ["female"]}, "share": 0.6},
        {"key": "men", "conditions": {"country": ["FR"], "gender": ["male"]}, "share": 0.4},
    ])  # fmt: skip
    return definition


def celled_study(*, target: int = 10, prompts: int = 6, **settings: Any) -> Study:
    """A study of one locale with sets that are ready, planned in two cells, 60 to 40.

    The sets hold no texts: nobody reads them here.
    """
    study = apply_study(celled_definition(target=target, prompts=prompts, **settings))
    made = request_pool(study=study, enqueue=False)
    CandidateSet.objects.filter(pk__in=[one.pk for one in made]).update(status="ready")
    plan_slots(study=study, phase=Phase.MAIN)
    Study.objects.filter(pk=study.pk).update(status="open")
    study.refresh_from_db()
    return study


def person(study: Study, gender: str, age: int = 41, phase: str = Phase.MAIN) -> Participation:
    """Somebody who has answered the screening and stands at the door."""
    vendor, _created = Vendor.objects.get_or_create(key="v", name="V")
    annotator = Annotator.objects.create(vendor=vendor)
    found = Participation.objects.create(
        study=study,
        annotator=annotator,
        wave=Wave.objects.get(study=study, number=1),
        phase=phase,
        country="FR",
        locale=study.locales.get(country="FR"),
        seed=annotator.pk,
    )
    questions = {item.code: item for item in study.quota_instrument.questions.all()}
    option = questions["gender"].options.filter(code=gender).first()
    answers = [
        Given(question=questions["age"], number=age),
        Given(question=questions["gender"], option=option),
    ]
    record_answers(annotator=annotator, answers=answers)
    return found


def let_in(participation: Participation) -> Participation:
    with transaction.atomic():
        found = find_cell_place(participation=participation)
    assert found.verdict is Verdict.PLACE
    participation.stratum = join_keys(found.keys)
    participation.most_places = most_places(
        participation=participation, stratum=participation.stratum
    )
    participation.screened_at = timezone.now()
    participation.save()
    return participation


def sets_of(study: Study, country: str = "FR") -> set[int]:
    slots = Slot.objects.filter(locale__study=study, locale__country=country)
    return set(slots.values_list("candidate_set", flat=True))


@transaction.atomic
def judge(participation: Participation) -> Slot | None:
    """Claims a slot and judges it at once."""
    grant = claim_slot(participation=participation)
    if grant is None:
        return None
    complete_slot(grant=grant)
    grant.slot.refresh_from_db()
    return grant.slot


@pytest.mark.django_db
@pytest.mark.parametrize("target", [1, 7, 10])
def test_every_set_is_planned_for_the_cells_and_so_is_the_whole(target: int, db: None) -> None:
    study = celled_study(target=target)
    by_set: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for one, stratum in Slot.objects.filter(locale__study=study).values_list(
        "candidate_set", "stratum"
    ):
        by_set[one][stratum] += 1
    assert len(by_set) == 6
    for counts in by_set.values():
        assert counts.total() == target
        assert math.floor(target * 0.6) <= counts["women"] <= math.ceil(target * 0.6)
    women = sum(counts["women"] for counts in by_set.values())
    assert math.floor(6 * target * 0.6) <= women <= math.ceil(6 * target * 0.6)


@pytest.mark.django_db
def test_no_stratum_has_an_ordinal_of_its_own_and_a_seed_plans_again_alike(
    dealt_alike: None,
) -> None:
    """On one of ten ordinals twelve sets may agree by chance: here they always fall alike."""
    study = celled_study(target=10, prompts=12)
    slots = Slot.objects.filter(locale__study=study)
    found: defaultdict[int, set[str]] = defaultdict(set)
    for ordinal, stratum in slots.values_list("ordinal", "stratum"):
        found[ordinal].add(stratum)
    assert list(found.values()) == [{"women", "men"}] * 10
    before = list(slots.order_by("candidate_set", "ordinal").values_list("stratum", flat=True))
    slots.delete()
    plan_slots(study=study, phase=Phase.MAIN)
    again = list(slots.order_by("candidate_set", "ordinal").values_list("stratum", flat=True))
    assert again == before


@pytest.mark.django_db
def test_without_cells_a_place_wants_anybody(db: None) -> None:
    study = celled_study(quotas=[])
    assert set(Slot.objects.filter(locale__study=study).values_list("stratum")) == {("",)}
    assert let_in(person(study, "female")).stratum == ""


@pytest.mark.django_db
def test_the_door_notes_stratum_and_share(link: Any) -> None:
    study = link.study
    study.quotas.create(key="women", conditions={"gender": ["female"]}, target=9)
    Slot.objects.filter(locale__study=study).update(stratum="women")
    Study.objects.filter(pk=study.pk).update(cell_share=0.4)
    her = entered(link).participation
    assert her.stratum == "women"
    assert her.most_places == 2  # 40 % of the six places in her locale, whole ones


@pytest.mark.django_db
def test_who_prefers_not_to_say_fits_only_a_cell_that_admits_it(db: None) -> None:
    study = celled_study()
    silent = person(study, REFUSED)
    with transaction.atomic():
        assert find_cell_place(participation=silent).verdict is Verdict.NO_CELL
    study.quotas.create(key="unsaid", conditions={"country": ["FR"], "gender": [REFUSED]}, target=3)
    assert let_in(silent).stratum == "unsaid"


@pytest.mark.django_db
def test_each_sets_judges_come_to_mirror_the_cells(dealt_alike: None) -> None:
    study = celled_study(pool_conversations=6)
    people = [let_in(person(study, "female" if n % 5 < 3 else "male")) for n in range(20)]
    # 20 people, 3 of 6 sets each: the 60 places there are. The last ones may find open places,
    # or those of their stratum, only in sets they have met.
    given = sum(judge(one) is not None for _round in range(3) for one in people)
    assert given >= 58
    off = 0
    for one in set(
        Slot.objects.filter(locale__study=study).values_list("candidate_set", flat=True)
    ):
        judges = Counter(
            Slot.objects.filter(candidate_set=one, status="done").values_list(
                "holder__stratum", flat=True
            )
        )
        assert abs(judges["women"] - 6) <= 1
        off += abs(judges["women"] - 6)
    assert off <= 3


@pytest.mark.django_db
def test_the_need_is_filled_first_and_others_come_only_after(db: None) -> None:
    study = celled_study(target=3, prompts=3, quotas=[
        {"key": "women", "conditions": {"gender": ["female"]}, "target": 10},
        {"key": "men", "conditions": {"gender": ["male"]}, "target": 5},
    ])  # fmt: skip
    given: list[list[str]] = []
    for _person in range(3):
        woman = let_in(person(study, "female"))
        slots = [judge(woman), judge(woman), judge(woman)]
        given.append([slot.stratum for slot in slots if slot])
    # Each set wants two women and one man: two women fill their places, the third a man's.
    assert given == [["women"] * 3, ["women"] * 3, ["men"] * 3]
    assert judge(let_in(person(study, "male"))) is None


@pytest.mark.django_db
def test_over_the_pages_too_each_set_gets_the_judges_it_wants(link: Any) -> None:
    study, ines = link.study, User.objects.create(username="ines")
    cells = [
        {"key": code, "conditions": {"gender": [code]}, "target": 10} for code in ("female", "male")
    ]
    replan_cells(study=study, cells=cells, by=ines, why="to see both")
    for gender in ("female", "male"):
        walker = Walker(link)
        walker.choose()
        walker.screen(gender=gender)
        walker.consent()
        walker.post("guidelines")
        for _conversation in range(2):
            conversation = walker.open_kind("pool")
            walker.rank(walker.current_turn(conversation))
            walker.post("conversation-skip", {}, conversation.public_id)
        assert walker.participation.stratum == gender
    done = Slot.objects.filter(status="done").values_list("stratum", "holder__stratum")
    assert Counter(done) == {("female", "female"): 2, ("male", "male"): 2}
    deals = Deal.objects.filter(grant__slot__in=Slot.objects.filter(status="done"))
    assert {deal.considered[0]["stratum"] for deal in deals} == {"female", "male"}
    assert all(0 < deal.probability <= 1 for deal in deals)


@pytest.mark.django_db
def test_nobody_takes_more_than_the_share_of_her_cell(db: None) -> None:
    study = celled_study(target=5, cell_share=0.1)  # 18 women's places of 30
    woman = let_in(person(study, "female"))
    assert woman.most_places == 1
    assert judge(woman) is not None
    assert judge(woman) is None
    others = [let_in(person(study, "female")) for _n in range(11)]
    done = sum(judge(one) is not None for one in others for _try in range(2))
    assert done == 11
    held = Counter(Slot.objects.filter(status="done").values_list("holder", flat=True))
    assert max(held.values()) == 1


@pytest.mark.django_db
def test_phases_keep_their_people_and_places_apart(db: None) -> None:
    study = celled_study(quotas=[{"key": "all", "conditions": {"country": ["FR"]}, "target": 1}])
    plan_slots(study=study, phase=Phase.REHEARSAL)
    let_in(person(study, "female", phase=Phase.REHEARSAL))
    assert judge(let_in(person(study, "male"))) is not None
    late = person(study, "male")
    with transaction.atomic():
        assert find_cell_place(participation=late).verdict is Verdict.FULL
    assert not Slot.objects.filter(phase=Phase.REHEARSAL, status="done").exists()


@pytest.mark.django_db
def test_a_second_planning_makes_up_for_what_the_first_rounded_up(db: None) -> None:
    """Five places a set, two strata of equal share: odd ones out of one planning are the
    other stratum's in the next, so that each has half of all the places there are."""
    for seed in range(6):
        with transaction.atomic():
            study = celled_study(target=5, prompts=4, seed=seed, quotas=[
                {"key": "women", "conditions": {"gender": ["female"]}, "target": 10},
                {"key": "men", "conditions": {"gender": ["male"]}, "target": 10},
            ])  # fmt: skip
            slots = Slot.objects.filter(locale__study=study)
            kept = sorted(sets_of(study))[:3]
            slots.exclude(candidate_set__in=kept).delete()
            plan_slots(study=study, phase=Phase.MAIN)
            total = slots.count()
            women = slots.filter(stratum="women").count()
            transaction.set_rollback(True)
        assert women in {total // 2, (total + 1) // 2}
