"""What was made once is put back whole, beside everything else, for one test at a time."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import translation
from psycopg.errors import UniqueViolation

from accounts.models import User
from annotation.models import Participation, RecruitmentLink, Slot, Study
from tests.conftest import small_study
from tests.kept_rows import empty_database
from tests.made_once import Once, rows_by_table
from tests.walker import Walker, entered

pytestmark = pytest.mark.django_db


def at_work(link: RecruitmentLink) -> Walker:
    walker = entered(link)
    walker.open_kind("pool")
    return walker


def test_every_row_is_put_back_as_it_was(link: RecruitmentLink) -> None:
    once, before = Once(), rows_by_table()
    point = transaction.savepoint()
    once(at_work, link)
    made = rows_by_table()
    transaction.savepoint_rollback(point)
    assert rows_by_table() == before != made
    once(at_work, link)
    assert rows_by_table() == made


def made_and_put_back(link: RecruitmentLink) -> tuple[Walker, Walker]:
    """The same person as she was made, and as she is put back after all of it is gone."""
    once = Once()
    point = transaction.savepoint()
    made = once(at_work, link)
    transaction.savepoint_rollback(point)
    return made, once(at_work, link)


def test_she_goes_on_where_she_stood_in_a_browser_of_her_own(link: RecruitmentLink) -> None:
    made, again = made_and_put_back(link)
    assert again.participation == Participation.objects.get()
    assert again.here() == reverse("conversation", args=[again.open().public_id])
    again.client.logout()
    assert "sessionid" in made.client.cookies


def test_the_thread_reads_the_language_of_her_last_page(link: RecruitmentLink) -> None:
    once = Once()
    point = transaction.savepoint()
    once(at_work, link)
    assert translation.get_language() == "fr"
    transaction.savepoint_rollback(point)
    translation.activate("en")
    once(at_work, link)
    assert translation.get_language() == "fr"


def test_other_rows_stay_as_they_are(link: RecruitmentLink) -> None:
    once = Once()
    point = transaction.savepoint()
    once(at_work, link)
    transaction.savepoint_rollback(point)
    user, other = User.objects.create_user("somebody"), entered(link)
    walker = once(at_work, link)
    assert User.objects.get() == user
    assert set(Participation.objects.all()) == {walker.participation, other.participation}


def test_references_and_triggers_rest_no_longer_than_that(link: RecruitmentLink) -> None:
    made_and_put_back(link)
    with pytest.raises(IntegrityError, match="foreign key"), transaction.atomic():
        Slot.objects.filter(pk=Slot.objects.values("pk")[:1]).update(locale=0)
        connection.check_constraints()


def test_they_rest_no_longer_where_the_small_study_is_put_back(link: RecruitmentLink) -> None:
    empty_database()
    assert small_study() == link.study
    with pytest.raises(IntegrityError, match="foreign key"), transaction.atomic():
        Slot.objects.filter(pk=Slot.objects.values("pk")[:1]).update(locale=0)
        connection.check_constraints()


def test_nothing_is_there_twice(link: RecruitmentLink) -> None:
    """A test that asks for two people by one name would else walk as one person."""
    once = Once()
    once(at_work, link)
    with pytest.raises(UniqueViolation):
        once(at_work, link)


def test_it_is_made_anew_for_another_study(link: RecruitmentLink) -> None:
    once = Once()
    made: list[int] = []

    def note(study: Study) -> int:
        made.append(study.pk)
        return len(made)

    assert (once(note, link.study), once(note, Study(pk=0)), once(note, link.study)) == (1, 2, 1)
    assert made == [link.study.pk, 0]
