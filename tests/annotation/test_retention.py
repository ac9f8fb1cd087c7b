"""What people were told about withdrawing and keeping: said when it is over, and enforced."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Annotator, Answer, ExternalIdentity
from annotation import retention
from annotation.actions.withdrawal import erase_texts
from annotation.models import (
    AuditEntry,
    Flag,
    HelpMessage,
    HelpThread,
    Participation,
    Ranking,
    RecruitmentLink,
    Slot,
    Study,
)
from annotation.retention import (
    ErasuresFailedError,
    erase_personal_data,
    studies_past_retention,
)
from annotation.tasks import erase_past_retention
from exports.models import Invitation
from tests.annotation.test_withdrawal import typed
from tests.made_once import Once
from tests.walker import Walker

pytestmark = pytest.mark.django_db
OVER = date(2026, 1, 31)


@pytest.fixture
def walker(once: Once, link: RecruitmentLink) -> Walker:
    """Somebody with a recruitment id who answered, wrote, judged and asked the team."""
    return once(known_to_her_vendor, link)


def known_to_her_vendor(link: RecruitmentLink) -> Walker:
    walker = typed(link)
    ExternalIdentity.objects.update_or_create(
        annotator=walker.participation.annotator,
        defaults={"vendor": link.vendor, "external_id": "recruit-4711"},
    )
    walker.post("help-desk", {"text": "Who reads this?"})
    return walker


def keep_until(study: Study, day: date | None) -> None:
    Study.objects.filter(pk=study.pk).update(retained_until=day)


def answered(walker: Walker) -> int:
    hers = Answer.objects.filter(annotator=walker.participation.annotator_id, status="answered")
    return hers.count()


def test_who_people_were_is_erased_once_the_day_is_over(walker: Walker, study: Study) -> None:
    judged = Ranking.objects.count()
    done = Slot.objects.filter(status=Slot.Status.DONE).count()
    before = answered(walker)
    assert before and judged and HelpMessage.objects.exclude(text=HelpMessage.ERASED).exists()
    keep_until(study, OVER)
    erase_past_retention()
    assert not answered(walker)
    assert not ExternalIdentity.objects.filter(external_id="recruit-4711").exists()
    assert not HelpMessage.objects.exclude(text=HelpMessage.ERASED).exists()
    person = walker.participation
    assert (person.stratum, person.withdrawn_at) == ("", None)
    assert Ranking.objects.count() == judged
    assert Slot.objects.filter(status=Slot.Status.DONE).count() == done
    line = AuditEntry.objects.get(kind="person:erased")
    assert line.what.startswith("personal data kept until 2026-01-31: ")
    assert f"{before} answers, 1 recruitment ids" in line.what
    assert "4711" not in line.what
    assert line.study == study


def test_a_second_run_finds_nothing(walker: Walker, study: Study) -> None:
    keep_until(study, OVER)
    assert erase_personal_data(study=study)
    assert erase_personal_data(study=study) == {}
    call_command("erase_past_retention")
    assert AuditEntry.objects.filter(kind="person:erased").count() == 1


@pytest.mark.parametrize("days", [None, 0, 1])
def test_nothing_goes_before_the_day_is_over(
    walker: Walker, study: Study, days: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)  # midnight may be near
    keep_until(study, None if days is None else now.date() + timedelta(days=days))
    assert study not in studies_past_retention()
    before = answered(walker)
    assert erase_personal_data(study=study) == {}
    assert answered(walker) == before
    assert ExternalIdentity.objects.filter(external_id="recruit-4711").exists()


def test_what_another_study_keeps_stays_until_its_own_day(walker: Walker, study: Study) -> None:
    person = walker.participation
    other = Study.objects.get(pk=study.pk)
    other.pk, other.key, other._state.adding = None, "other", True
    other.retained_until = None
    other.save()
    Participation.objects.create(
        study=other, annotator=person.annotator, wave=person.wave, phase="main", seed=1
    )
    keep_until(study, OVER)
    before = answered(walker)
    erase_personal_data(study=study)
    assert answered(walker) == before
    assert ExternalIdentity.objects.filter(external_id="recruit-4711").exists()
    keep_until(other, OVER)
    erase_personal_data(study=other)
    assert not answered(walker)
    assert not ExternalIdentity.objects.filter(external_id="recruit-4711").exists()


def test_a_study_that_fails_keeps_no_later_one_from_being_erased(
    walker: Walker, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Study.objects.get(pk=study.pk)
    first.pk, first.key, first._state.adding = study.pk - 1, "first", True
    first.retained_until = OVER
    first.save()
    keep_until(study, OVER)
    erase = erase_personal_data

    def fail_at_the_first(*, study: Study) -> dict[str, int]:
        if study.key == "first":
            raise ZeroDivisionError
        return erase(study=study)

    monkeypatch.setattr(retention, "erase_personal_data", fail_at_the_first)
    with pytest.raises(ErasuresFailedError, match=r"for an error: first\."):
        erase_past_retention()
    assert not answered(walker)
    with pytest.raises(CommandError, match="first"):
        call_command("erase_past_retention")


def changed_or_locked(statements: list[dict[str, str]]) -> list[str]:
    """The tables whose rows are taken for oneself, in the order of the statements."""
    found = []
    for one in statements:
        words = one["sql"].replace('"', "").split()
        if words[0] in {"UPDATE", "DELETE"}:
            found.append(words[1] if words[0] == "UPDATE" else words[2])
        elif "UPDATE" in words and "FOR" in words:
            found.append(words[words.index("FROM") + 1])
    return [table for table in found if table not in {"annotation_study", "SAVEPOINT"}]


def test_whoever_erases_locks_the_person_before_anything_of_hers(
    walker: Walker, study: Study
) -> None:
    """Else an erasure and a withdrawal at once could each wait for the other."""
    keep_until(study, OVER)
    with CaptureQueriesContext(connection) as asked:
        erase_personal_data(study=study)
    taken = changed_or_locked(asked.captured_queries)
    assert taken[0] == "annotation_participation"
    assert {"annotation_helpmessage", "accounts_answer"} <= set(taken)
    locking = next(one["sql"] for one in asked.captured_queries if "participation" in one["sql"])
    assert "ORDER BY 1 ASC FOR NO KEY UPDATE" in locking  # the first column: the key
    walker.post("withdraw")
    with CaptureQueriesContext(connection) as asked:
        erase_texts(participation=walker.participation)
    taken = changed_or_locked(asked.captured_queries)
    assert taken[0] == "annotation_participation"
    assert {"annotation_receipt", "annotation_helpmessage"} <= set(taken)


def test_what_she_said_about_notes_on_her_work_goes_too(walker: Walker, study: Study) -> None:
    flag = Flag.objects.create(participation=walker.participation, kind="speed", answer="I was ill")
    keep_until(study, OVER)
    assert erase_personal_data(study=study)["answers to notes"] == 1
    flag.refresh_from_db()
    assert flag.answer == ""
    assert erase_personal_data(study=study) == {}


def test_who_is_invited_to_a_study_that_keeps_her_id_can_still_come(
    walker: Walker, study: Study, link: RecruitmentLink
) -> None:
    other = Study.objects.get(pk=study.pk)
    other.pk, other.key, other._state.adding = None, "other", True
    other.retained_until = None
    other.save()
    person = walker.participation.annotator
    Invitation.objects.create(study=other, annotator=person, link=link)
    keep_until(study, OVER)
    erase_personal_data(study=study)
    assert ExternalIdentity.objects.filter(external_id="recruit-4711").exists()
    assert not answered(walker)
    keep_until(other, OVER)
    erase_personal_data(study=study)
    assert not ExternalIdentity.objects.filter(external_id="recruit-4711").exists()


def test_nothing_stays_of_those_who_wrote_or_were_invited_and_never_came(
    study: Study, link: RecruitmentLink
) -> None:
    thread = HelpThread.objects.create(study=study, language="en")
    HelpMessage.objects.create(thread=thread, text="I am Ines, may I join?")
    person = Annotator.objects.create(vendor=link.vendor)
    ExternalIdentity.objects.create(annotator=person, vendor=link.vendor, external_id="never-came")
    Invitation.objects.create(study=study, annotator=person, link=link)
    stranger = Annotator.objects.create(vendor=link.vendor)
    ExternalIdentity.objects.create(annotator=stranger, vendor=link.vendor, external_id="other")
    keep_until(study, OVER)
    assert erase_personal_data(study=study) == {"recruitment ids": 1, "letters": 1}
    assert list(ExternalIdentity.objects.values_list("external_id", flat=True)) == ["other"]
    assert list(thread.messages.values_list("text", flat=True)) == [HelpMessage.ERASED]
    assert erase_personal_data(study=study) == {}


def test_after_the_promised_days_the_page_says_so_and_she_can_still_withdraw(
    walker: Walker, study: Study
) -> None:
    Study.objects.filter(pk=study.pk).update(withdrawal_days=30)
    said, person = "promised that you can withdraw until", walker.participation
    address = reverse("withdraw")
    walker.post("interface-language", {"language": "en"})
    assert said not in walker.client.get(address).content.decode()
    ended = {"outcome": "complete", "completion_code": "DONE"}
    hers = Participation.objects.filter(pk=person.pk)
    hers.update(finished_at=timezone.now() - timedelta(days=29), **ended)
    assert said not in walker.client.get(address).content.decode()
    hers.update(finished_at=datetime(2026, 1, 1, 12, tzinfo=UTC))
    assert f"{said} Jan. 31, 2026" in walker.client.get(address).content.decode()
    walker.post("withdraw")
    assert walker.participation.withdrawn_at
