"""The balanced subset: as many people in every cell, and its part of ten to a prompt."""

from itertools import product

import pytest
from django.utils import timezone

from accounts.models import Annotator, Answer, Consent, Option, Question
from annotation.dealing.seeds import derive_seed
from annotation.models import Conversation, Participation, RecruitmentLink
from exports.formats.balance import GENDERS, Person, equal_cells, keep_ten
from exports.formats.labels import AGE_LABELS
from tests.exporting import wide_rows
from tests.walker import Walker

CELLS = [*product(AGE_LABELS, GENDERS)]


def crowd(sizes: dict[tuple[str, str], int], country: str = "FR", first: int = 0) -> list[Person]:
    cells = [cell for cell, size in sizes.items() for _person in range(size)]
    return [
        Person(first + number, country, cell, derive_seed(1, first + number))
        for number, cell in enumerate(cells)
    ]


def cell_sizes(people: list[Person], kept: frozenset[int]) -> set[int]:
    cells = [person.cell for person in people if person.pk in kept]
    return {cells.count(cell) for cell in CELLS}


def test_every_cell_has_as_many_as_the_smallest() -> None:
    people = crowd(dict.fromkeys(CELLS, 5) | {CELLS[3]: 2, ("55+", "other"): 9})
    kept = equal_cells(people, CELLS)
    assert cell_sizes(people, kept) == {2}
    assert len(kept) == 16


def test_a_country_with_an_empty_cell_has_no_part_and_spoils_no_other() -> None:
    whole = crowd(dict.fromkeys(CELLS, 3))
    broken = crowd(dict.fromkeys(CELLS[1:], 3), country="IT", first=100)
    assert equal_cells([*whole, *broken], CELLS) == {person.pk for person in whole}


def test_who_is_drawn_does_not_depend_on_the_order_of_rows() -> None:
    people = crowd(dict.fromkeys(CELLS, 6) | {CELLS[0]: 3})
    assert equal_cells(people, CELLS) == equal_cells(people[::-1], CELLS)


def test_the_part_of_ten_is_equal_again_after_people_have_left() -> None:
    """Sixteen judged prompt 1, of whom eight alone judged 2; one cell's people judged only 3."""
    people = crowd(dict.fromkeys(CELLS, 3))
    one, two, three = (
        frozenset(person.pk for person in people if person.pk % 3 == rest) for rest in range(3)
    )
    judges = {1: one | two, 2: three, 3: frozenset(sorted(three)[:3])}
    kept, prompts = keep_ten(people, judges, CELLS)
    assert prompts == {1}
    assert kept == one | two
    assert cell_sizes(people, kept) == {2}


def test_where_no_prompt_has_ten_the_part_is_empty() -> None:
    people = crowd(dict.fromkeys(CELLS, 2))
    judges = {prompt: frozenset(range(prompt, prompt + 9)) for prompt in range(7)}
    assert keep_ten(people, judges, CELLS) == (frozenset(), frozenset())


@pytest.fixture
def balanced(link: RecruitmentLink) -> Walker:
    """Somebody real, and copies of her first conversation by people of every cell, two each."""
    walker = Walker(link)
    walker.enter()
    walker.finish_conversation(walker.open_kind("pool"))
    for number, (age, gender) in enumerate([*product((20, 40, 50, 60), GENDERS)] * 2):
        copy_person(walker, age=age + number % 2, gender=gender)
    return walker


def copy_person(walker: Walker, *, age: int, gender: str) -> None:
    """Another person with the same finished conversation; rows are copied, not walked."""
    conversation = walker.participation.conversations.get(status="finished")
    grant, turns = conversation.grant, list(conversation.turns.all()[:1])
    assert grant is not None
    person = Annotator.objects.create(vendor=walker.link.vendor)
    hers = Participation.objects.get(pk=walker.participation.pk)
    document = hers.study.consent_document
    Consent.objects.create(
        annotator=person, document=document, purpose="take_part", given=True, language="fr"
    )
    age_question = Question.objects.get(code="age")
    Answer.objects.create(annotator=person, question=age_question, status="answered", number=age)
    option = Option.objects.get(question__code="gender", code=gender)
    Answer.objects.create(
        annotator=person, question=option.question, status="answered", option=option
    )
    fresh = Participation._meta.get_field("public_id").get_default
    hers.pk, hers.annotator, hers.public_id, hers.start_key = None, person, fresh(), None
    hers._state.adding = True
    hers.save()
    grant.pk, grant.participation, grant.annotator = None, hers, person
    grant._state.adding = True
    grant.save()
    conversation.pk, conversation.public_id = None, fresh()
    conversation.participation, conversation.grant = hers, grant
    conversation._state.adding = True
    conversation.save()
    for turn in turns:
        turn.pk, turn.conversation = None, conversation
        turn._state.adding = True
        turn.save()


@pytest.mark.django_db(transaction=True)
def test_the_file_marks_whom_the_rule_takes(balanced: Walker) -> None:
    """Sixteen copies fill eight cells with two each; she herself is a third woman of 41."""
    rows = wide_rows(balanced.link.study)
    assert len(rows) == 17
    marked = [row for row in rows if row["in_balanced_subset"] == "True"]
    cells = [(row["annotator_age"], row["annotator_gender"]) for row in marked]
    assert {cell: cells.count(cell) for cell in cells} == dict.fromkeys(CELLS, 2)
    assert [row for row in rows if row["in_balanced_subset_10"] == "True"] == marked
    assert rows == wide_rows(balanced.link.study)


@pytest.mark.django_db(transaction=True)
def test_people_who_left_are_not_counted(balanced: Walker) -> None:
    young = Answer.objects.filter(number__lt=35).values("annotator")
    Participation.objects.filter(annotator__in=young).update(withdrawn_at=timezone.now())
    rows = wide_rows(balanced.link.study)
    assert len(rows) == 13
    assert {row["in_balanced_subset"] for row in rows} == {"False"}
    assert Conversation.objects.filter(status="finished").count() == 17
