"""Prepared questions and changes do what the querysets do that they were made of; kept rows are
never out of date."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from annotation.models import AuditEntry, Participation, RecruitmentLink, Slot, Study, StudyLocale
from annotation.queries.kept import lock_kept, read_kept
from annotation.queries.prepared import AlreadyPreparedError, prepared, prepared_change, store
from tests.processes import wait_until
from tests.walker import Walker


@prepared
def _of_study(*, study: int, country: str) -> QuerySet[StudyLocale]:
    return StudyLocale.objects.filter(study=study, country=country).order_by("pk")


@prepared
def _held(*, locale: int, now: Any, status: str = "open") -> QuerySet[Slot, Any]:
    others = Slot.objects.filter(candidate_set=OuterRef("candidate_set"), locale=locale)
    found = Slot.objects.filter(leased_until__lt=now, status=status).select_related("locale")
    return found.filter(Exists(others)).order_by("pk")[:5]


@pytest.mark.django_db
def test_each_call_is_answered_as_by_the_queryset_with_its_arguments(study: Study) -> None:
    countries = list(study.locales.values_list("country", flat=True).distinct())
    assert len(countries) > 1
    for country in (*countries, "XX", *countries):
        asked = {"study": study.pk, "country": country}
        assert list(_of_study(**asked)) == list(_of_study.build(**asked))
    assert list(_of_study(country=countries[0], study=study.pk + 1)) == []


@pytest.mark.django_db
def test_an_argument_that_is_left_out_keeps_its_default(study: Study) -> None:
    locale, now = study.locales.all()[0].pk, timezone.now()
    for known in ({"status": "done"}, {}, {"status": "open"}):
        asked = {"locale": locale, "now": now, **known}
        rows, built = list(_held(**asked)), list(_held.build(**asked))
        assert rows == built
        assert bool(rows) is (known != {"status": "done"})
    with CaptureQueriesContext(connection) as queries:
        assert {row.locale.study_id for row in _held(locale=locale, now=now)} == {study.pk}
    assert len(queries) == 1
    assert list(_held(locale=locale, now=now - timedelta(days=99_999 / 4))) == []


@pytest.mark.django_db
def test_a_moment_cannot_be_written_into_a_question_for_good() -> None:
    @prepared
    def free(*, locale: int) -> QuerySet[Slot]:
        return Slot.objects.filter(locale=locale, leased_until__lt=timezone.now())

    with pytest.raises(AssertionError, match="a moment for good"):
        free(locale=1)


@pytest.mark.django_db
def test_a_prepared_question_refuses_to_be_asked_anything_else(study: Study) -> None:
    """Its SQL is written: a further condition would be forgotten without a word."""
    questions: list[Callable[[Any], Any]] = [
        lambda rows: rows.filter(country="XX"),
        lambda rows: rows.exclude(country="FR"),
        lambda rows: rows.order_by("-pk"),
        lambda rows: rows.first(),
        lambda rows: rows[:1],
        lambda rows: rows.count(),
        lambda rows: rows.exists(),
        lambda rows: rows.values_list("pk"),
    ]
    for asked in questions:
        with pytest.raises(AlreadyPreparedError, match="its rows and nothing else"):
            asked(_of_study(study=study.pk, country="FR"))
    assert len(list(_of_study(study=study.pk, country="FR"))) == 1


@prepared_change
def _lease(*, locale: int, until: Any, now: Any) -> tuple[QuerySet[Slot], dict[str, Any]]:
    others = Slot.objects.filter(candidate_set=OuterRef("candidate_set"), locale=locale)
    free = Slot.objects.filter(Exists(others), locale=locale, leased_until__lt=now)
    return free, {"leased_until": until, "status": Slot.Status.OPEN}


@pytest.mark.django_db
def test_a_prepared_change_changes_what_its_arguments_name_and_says_how_much(study: Study) -> None:
    here, there = study.locales.all()[:2]
    now, places = timezone.now(), Slot.objects.filter(locale=here).count()
    for minutes in (5, 10):
        until = now + timedelta(minutes=minutes)
        later = until if minutes == 10 else now
        assert _lease(locale=here.pk, until=until, now=later) == places > 0
        leased = Slot.objects.filter(leased_until=until)
        assert set(leased.values_list("locale", flat=True)) == {here.pk}
        assert leased.count() == places
    assert _lease(locale=here.pk, until=now, now=now) == 0
    assert Slot.objects.filter(locale=there, leased_until__gt=now).count() == 0


@pytest.mark.django_db
def test_new_rows_are_stored_as_django_stores_them(study: Study) -> None:
    """Several at once, with keys in their order and all that Django fills in; JSON is in deals."""
    team = User.objects.create(username="ines")
    rows = [
        AuditEntry(study=study, by=team, kind=f"kind:{number}", what=f"é {number}")
        for number in range(3)
    ]
    with CaptureQueriesContext(connection) as queries:
        store(*rows)
    assert len(queries) == 1
    stored = list(AuditEntry.objects.filter(pk__in=[row.pk for row in rows]).order_by("pk"))
    fields = [field.attname for field in AuditEntry._meta.concrete_fields]
    assert [[getattr(row, name) for name in fields] for row in stored] == [
        [getattr(row, name) for name in fields] for row in rows
    ]
    rows[0].refresh_from_db()
    assert not rows[0]._state.adding
    single = Slot.objects.all()[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        store(Slot(**{name: getattr(single, name) for name in _columns(Slot)}))


def _columns(model: type[Slot]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields if not field.primary_key]


@pytest.fixture
def person(link: RecruitmentLink) -> Participation:
    walker = Walker(link)
    walker.enter()
    return walker.participation


def look(person: Participation) -> Participation:
    found = read_kept(Participation, person.pk, "study", "wave", "locale")
    assert found is not None
    return found


@pytest.mark.django_db
def test_what_changed_is_read_anew_and_what_did_not_is_not(person: Participation) -> None:
    first = look(person)
    assert first.study.title and first.locale and first.wave
    with CaptureQueriesContext(connection) as queries:
        again = look(person)
        assert again.study == first.study and again.locale == first.locale
    assert len(queries) == 1
    assert again is not first and again.study is not first.study
    Study.objects.filter(pk=person.study_id).update(lease_minutes=29)
    Participation.objects.filter(pk=person.pk).update(country="XX", locale=None)
    changed = look(person)
    assert (changed.study.lease_minutes, changed.country, changed.locale) == (29, "XX", None)
    assert read_kept(Participation, 0) is None


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_a_lock_finds_the_row_as_the_other_left_it(person: Participation) -> None:
    known, found = look(person), []

    def wait() -> None:
        with transaction.atomic():
            found.append(lock_kept(known))
        connection.close()

    other = threading.Thread(target=wait)
    with transaction.atomic():
        Participation.objects.filter(pk=person.pk).update(interface_language="it")
        other.start()
        wait_until(_somebody_waits)
        assert found == []
    other.join()
    assert [row.interface_language for row in found] == ["it"]
    with transaction.atomic(), pytest.raises(Participation.DoesNotExist):
        lock_kept(Participation(pk=0))


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from pg_stat_activity"
            " where datname = current_database() and wait_event_type = 'Lock')"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_change_that_was_taken_back_leaves_nothing_behind(person: Participation) -> None:
    language = look(person).interface_language
    with transaction.atomic():
        Participation.objects.filter(pk=person.pk).update(interface_language="it")
        assert lock_kept(person).interface_language == "it"
        transaction.set_rollback(True)
    assert look(person).interface_language == language
    with transaction.atomic():
        assert lock_kept(person).interface_language == language
