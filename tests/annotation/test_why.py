"""Each grant says why: in words, in the dashboard, and so that it can be chosen again."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from annotation.actions.assignment import claim_slot
from annotation.deals import facts_of, find_unexplained
from annotation.models import Deal, Grant, PlanChange, RecruitmentLink, Slot, Study
from annotation.why import explain
from candidates.models import Prompt
from tests.made_once import Once
from tests.walker import entered

pytestmark = pytest.mark.django_db


def ran(command: str, *args: str) -> str:
    out = io.StringIO()
    call_command(command, *args, stdout=out)
    return out.getvalue()


def tamper(deal: Deal, **changes: object) -> None:
    """Changes a record behind the back of the trigger that forbids it."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        Deal.objects.filter(pk=deal.pk).update(**changes)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def grants_of_some_people(link: RecruitmentLink) -> list[Grant]:
    with transaction.atomic():
        found = [
            claim_slot(participation=walker.participation)
            for walker in [entered(link) for _person in range(2)]
            for _claim in range(2)
        ]
    return [grant for grant in found if grant]


def test_it_is_said_in_words_why_she_was_given_a_set(link: RecruitmentLink) -> None:
    Prompt.objects.update(topics=["work"])
    walker = entered(link)
    walker.finish_conversation(walker.open_kind("pool"))
    conversation = walker.open_kind("pool")
    grant = conversation.grant
    assert grant
    deal = Deal.objects.get(grant=grant)
    words = ran("explain_assignment", conversation.public_id)
    assert words == ran("explain_assignment", str(grant.pk))
    equal = round(1 / deal.probability)
    for part in (
        f"Grant {grant.pk}: on {grant.granted_at:%Y-%m-%d %H:%M:%S} UTC",
        f"{walker.participation.public_id} (FR-fr, study everyday-questions, phase main)",
        f"was given the prompt {grant.prompt.key}",
        f"number {grant.slot.ordinal} of its set (from 0), in batch 0, wanted of anybody",
        f"Looked at: {len(deal.considered)} of the open places she had not met",
        "Equally needy as the foremost",
        "she had met the topics work (",
        "the arms diverse",
        f"One of {equal} with equal chances" if equal > 1 else "There was no other",
        f"rule 3 with the seed {deal.seed}",
        "Choosing again from this record gives the same place.",
        "Nobody else was ever given this place.",
        "It has not ended yet.",
    ):
        assert part in words, (part, words)


def test_it_is_said_who_had_the_place_before_and_how_it_ended(link: RecruitmentLink) -> None:
    first, second = entered(link), entered(link)
    Slot.objects.filter(locale__country="FR").exclude(
        pk=Slot.objects.filter(locale__country="FR").values("pk")[:1]
    ).update(status="void")
    old = first.open_kind("pool")
    Slot.objects.filter(holder=first.participation).update(
        leased_until=timezone.now() - timedelta(seconds=1)
    )
    new = second.open_kind("pool")
    second.post("conversation-skip", {"reason": "mine"}, new.public_id)
    words = ran("explain_assignment", new.public_id)
    assert f"also given to {first.participation.public_id} on " in words
    assert "(before her): lease lapsed, given to somebody else." in words
    assert "There was no other: the probability was 1." in words
    assert ": would rather not answer (mine)." in words
    assert "(after her)" in ran("explain_assignment", old.public_id)


def test_a_grant_from_before_records_says_that_none_was_kept(
    once: Once, link: RecruitmentLink
) -> None:
    walker = once(entered, link)
    slot = Slot.objects.filter(locale=walker.participation.locale)[0]
    grant = Grant.objects.create(
        slot=slot,
        participation=walker.participation,
        annotator=walker.participation.annotator,
        prompt=slot.prompt,
        granted_at=timezone.now() - timedelta(days=900),
    )
    assert "no record was kept" in " ".join(explain(facts_of(grant)))
    assert "1 grants from before records were kept" in ran("replay_deals")
    Grant.objects.filter(pk=grant.pk).update(granted_at=timezone.now())
    assert [found.why for found in find_unexplained(link.study, "main")] == ["no record was kept"]


def test_a_retest_is_explained_as_one(link: RecruitmentLink) -> None:
    Study.objects.filter(pk=link.study_id).update(retests=1)
    walker = entered(link)
    walker.finish()
    grant = walker.participation.grants.get(occasion=1)
    words = ran("explain_assignment", str(grant.pk))
    assert "meets again the prompt" in words
    assert "planned re-test" in words
    assert "She judged this set first on" in words
    assert "gives the same place" in words


def test_an_unknown_number_is_an_answer_in_words() -> None:
    for name in ("999999999", "nobody", "9" * 30):
        with pytest.raises(CommandError, match="No grant has the number"):
            call_command("explain_assignment", name)


def test_the_page_of_a_grant_says_it_too(link: RecruitmentLink, client: Client) -> None:
    grant = grants_of_some_people(link)[0]
    client.force_login(User.objects.create_superuser("r", password="r"))
    page = client.get(reverse("admin:annotation_grant_change", args=[grant.pk]))
    assert page.status_code == 200
    assert b"Choosing again from this record gives the same place." in page.content


def test_every_grant_is_confirmed_by_its_record(link: RecruitmentLink) -> None:
    grants = grants_of_some_people(link)
    assert list(find_unexplained(link.study, "main")) == []
    assert f"main: {len(grants)} records, 0 grants differ" in ran("replay_deals")


@pytest.mark.parametrize(
    ("defect", "told"),
    [
        ("seed", "the seed is not hers"),
        ("probability", "the probability is"),
        ("other place", "the place is not among those looked at"),
        ("batch", "batch is 0, recorded as 7"),
        ("due", "recorded as 7"),
        ("ordinal", "recorded as 7"),
        ("stratum", "stratum is '', recorded as 'x'"),
        ("arm", "arm_met is"),
        ("rule", "rule 99 does not deal such a grant"),
        ("record", "the record cannot be read"),
    ],
)
def test_a_wrong_record_is_named(link: RecruitmentLink, defect: str, told: str) -> None:
    grant = grants_of_some_people(link)[-1]
    deal = Deal.objects.get(grant=grant)
    record = deal.considered
    item = next(item for item in record if item["slot"] == grant.slot_id)
    changes: dict[str, object] = {"considered": record}
    if defect == "seed":
        changes = {"seed": deal.seed + 1}
    elif defect == "probability":
        changes = {"probability": deal.probability / 2}
    elif defect == "other place":
        item["slot"] = 0
    elif defect == "rule":
        changes = {"rule": 99}
    elif defect == "record":
        item["colour"] = "red"
    else:
        name = {"arm": "arm_met"}.get(defect, defect)
        item[name] = "x" if defect == "stratum" else 7
    tamper(deal, **changes)
    found = list(find_unexplained(link.study, "main"))
    assert [(entry.grant, entry.prompt) for entry in found] == [(grant.pk, grant.prompt.key)]
    assert told in found[0].why
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 grants differ"):
        call_command("replay_deals", "--study", link.study.key, "--phase", "main", stdout=out)
    assert f"grant {grant.pk} ({grant.prompt.key}): {found[0].why}" in out.getvalue()


def test_another_phase_or_study_is_not_looked_at(link: RecruitmentLink) -> None:
    tamper(Deal.objects.get(grant=grants_of_some_people(link)[0]), probability=0.001)
    assert ran("replay_deals", "--phase", "rehearsal") == ""
    with pytest.raises(CommandError, match="There is no study"):
        call_command("replay_deals", "--study", "nowhere")


def test_the_database_refuses_to_change_or_delete_a_record(link: RecruitmentLink) -> None:
    grants_of_some_people(link)
    PlanChange.objects.create(study=link.study, kind="target", why="more")
    for model in (Deal, PlanChange):
        for change in ("UPDATE {} SET id = id", "DELETE FROM {}"):
            statement = change.format(model._meta.db_table)
            with (
                pytest.raises(DatabaseError, match="are never changed"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)
        assert model.objects.exists()
