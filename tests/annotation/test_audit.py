"""The audit: one line for each act, that the database never changes; searched and downloaded."""

import csv
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import AccountChange, User
from annotation.actions.audit import record
from annotation.actions.care import answer_thread
from annotation.actions.link import create_recruitment_link
from annotation.actions.prompts import replace_prompt, retire_prompt
from annotation.actions.quality import object_to_decision
from annotation.actions.replan import change_target, replan_cells
from annotation.actions.reviewing import (
    ask_second_reviewer,
    decide_flag,
    judge_flag,
    open_choices,
)
from annotation.actions.soft_launch import sign_soft_launch
from annotation.actions.standing import exclude, re_include
from annotation.actions.withdrawal import erase_person
from annotation.desk.audit_log import search
from annotation.models import (
    AuditEntry,
    Flag,
    FlagJudgement,
    HelpThread,
    RecruitmentLink,
    Role,
    Study,
    StudyLocale,
)
from exports.actions.delivering import create_webhook, disable_webhook, send_again
from exports.actions.downloading import note_download
from exports.actions.exporting import request_export
from exports.actions.inviting import invite_people
from exports.actions.releasing import request_release
from exports.actions.tokens import create_token, revoke_token
from exports.models import ApiToken, Delivery, Export, Release, Webhook
from tests.made_once import Once
from tests.team import member
from tests.walker import entered

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(once: Once, link: RecruitmentLink) -> SimpleNamespace:
    return once(scene_of, link)


def scene_of(link: RecruitmentLink) -> SimpleNamespace:
    study = link.study
    walker = entered(link)
    walker.client.post(reverse("help-desk"), {"text": "Ma question secrète"})
    person = walker.participation
    StudyLocale.objects.update(planned_people=10)
    return SimpleNamespace(
        study=study,
        vendor=link.vendor,
        person=person,
        other=entered(link).participation,
        flag=Flag.objects.create(participation=person, kind="speed", answer="Ma réponse secrète"),
        prompts=list(study.pool.prompts.order_by("pk")),
        locale=study.locales.select_related("study").get(country="FR"),
        by=User.objects.create_superuser("ines"),
        second=User.objects.create_superuser("omar"),
    )


Act = Callable[[SimpleNamespace], Any]


def _sign(at: SimpleNamespace) -> None:
    Study.objects.update(soft_launch=1)
    locale = at.study.locales.select_related("study").get(country="FR")
    sign_soft_launch(locale=locale, phase="main", by=at.by, figures={}, notes="as planned")


# In an order in which each finds what it needs; each may be called twice.
ACTS: dict[str, Act] = {
    "flag:judged": lambda at: judge_flag(
        flag=at.flag, verdict=FlagJudgement.Verdict.UNSURE, reason="figures", by=at.by
    ),
    "flag:opened": lambda at: open_choices(flag=at.flag, by=at.by),
    "flag:passed": lambda at: ask_second_reviewer(flag=at.flag, why="not sure", by=at.by),
    "flag:judged by another": lambda at: judge_flag(
        flag=at.flag, verdict=FlagJudgement.Verdict.KEPT, reason="figures", by=at.second
    ),
    "flag:decided": lambda at: decide_flag(
        flag=at.flag, decision=Flag.Decision.EXCLUDED, reason="never read", by=at.second
    ),
    "person:readmitted": lambda at: re_include(participation=at.person, why="mistake", by=at.by),
    "person:excluded": lambda at: exclude(participation=at.other, why="two accounts", by=at.by),
    "help:answered": lambda at: answer_thread(
        thread=HelpThread.objects.get(), author=at.by, text="Ma réponse à elle"
    ),
    "prompt:retired": lambda at: retire_prompt(prompt=at.prompts[0], why="misleads", by=at.by),
    "prompt:replaced": lambda at: replace_prompt(
        prompt=at.prompts[1], replacement=at.prompts[2], why="unclear", by=at.by
    ),
    "plan:target": lambda at: change_target(
        locale=at.locale, target=at.locale.target + 1, by=at.by, why="more"
    ),
    "plan:cells": lambda at: replan_cells(
        study=at.study, cells={"even": {"age": [[18, 40], [41, None]]}}, by=at.by, why="even"
    ),
    "launch:signed": _sign,
    "link:made": lambda at: create_recruitment_link(
        study=at.study, vendor=at.vendor, phase="pilot", by=at.by
    ),
    "export:asked": lambda at: request_export(
        study=at.study, format="comparisons", container="csv", by=at.by
    ),
    "release:asked": lambda at: request_release(study=at.study, by=at.by, enqueue=False),
    "webhook:created": lambda at: (
        Webhook.objects.exists()
        or create_webhook(
            vendor=at.vendor,
            study=at.study,
            url="https://example.org/hook",
            events=["export.ready"],
            by=at.by,
        )
    ),
    "webhook:disabled": lambda at: disable_webhook(webhook=Webhook.objects.get(), by=at.by),
    "token:created": lambda at: (
        ApiToken.objects.exists()
        or create_token(vendor=at.vendor, study=at.study, name="t", created_by=at.by)
    ),
    "token:revoked": lambda at: revoke_token(token=ApiToken.objects.get(), by=at.by),
    "people:invited": lambda at: invite_people(
        study=at.study, vendor=at.vendor, external_ids=["recruit-4711"]
    ),
    "person:erased": lambda at: erase_person(participation=at.other, why="she asked", by=at.by),
}


def test_every_act_leaves_exactly_one_line_and_none_when_it_does_nothing(
    scene: SimpleNamespace,
) -> None:
    told: list[str] = []
    for name, act in ACTS.items():
        before = AuditEntry.objects.count()
        act(scene)
        new = list(AuditEntry.objects.order_by("pk")[before:])
        kind = name.split(" ")[0]
        assert [entry.kind for entry in new] == [kind], name
        assert new[0].study == scene.study, name
        assert new[0].by in {scene.by, scene.second} or name == "people:invited", name
        told.append(f"{new[0].what} {new[0].why}")
        act(scene)
        again = AuditEntry.objects.count() - before
        assert again == 1, f"{name}: a second call did nothing and left {again - 1} more lines"
    secrets = ["secrète", "Ma réponse", "recruit-4711", scene.person.annotator.public_id]
    assert not [line for line in told for secret in secrets if secret in line]


def test_every_kind_of_an_act_is_known_and_says_itself_in_words() -> None:
    kinds = {name.split(" ")[0] for name in ACTS}
    assert kinds <= set(AuditEntry.Kind.values)
    with translation.override("en"):
        assert str(AuditEntry(kind="prompt:retired").words) == "prompt retired"
    assert str(AuditEntry(kind="of:another version").words) == "of:another version"


def test_an_act_that_fails_leaves_no_line(scene: SimpleNamespace) -> None:
    before = AuditEntry.objects.count()
    with pytest.raises(RuntimeError), transaction.atomic():
        exclude(participation=scene.person, why="two accounts", by=scene.by)
        raise RuntimeError
    assert AuditEntry.objects.count() == before


def test_who_fetched_a_file_is_noted_for_a_person_and_for_a_token(scene: SimpleNamespace) -> None:
    export = request_export(study=scene.study, format="comparisons", container="csv", by=scene.by)
    Export.objects.filter(pk=export.pk).update(name="c.csv")
    export.refresh_from_db()
    create_token(vendor=scene.vendor, study=scene.study, name="t")
    token = ApiToken.objects.get()
    note_download(file=export, by=scene.by)
    note_download(file=export, token=token)
    by_person, by_token = AuditEntry.objects.filter(kind="file:downloaded").order_by("pk")
    assert (by_person.by, by_token.by) == (scene.by, None)
    assert export.public_id in by_person.what
    assert token.start in by_token.what


def test_messages_that_are_sent_again_are_noted(scene: SimpleNamespace) -> None:
    before = AuditEntry.objects.count()
    assert send_again(deliveries=Delivery.objects.all(), by=scene.by) == 0
    assert AuditEntry.objects.count() == before
    Delivery.objects.create(message_id="msg_1", event="export.ready", subject="x")
    send_again(deliveries=Delivery.objects.all(), by=scene.by)
    assert AuditEntry.objects.get(kind="delivery:repeated").what == "1 messages: msg_1"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE annotation_auditentry SET why = 'other'",
        "DELETE FROM annotation_auditentry",
        "TRUNCATE annotation_auditentry",
        "TRUNCATE annotation_study CASCADE",
    ],
)
def test_the_database_refuses_to_change_a_line(scene: SimpleNamespace, statement: str) -> None:
    record(kind=AuditEntry.Kind.STUDY_OPENED, what="x", by=scene.by, study=scene.study)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL plurivox.emptying_everything = 'off'")
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            cursor.execute(statement)
    assert AuditEntry.objects.filter(what="x").exists()


@pytest.mark.parametrize("table", ["annotation_flagjudgement", "annotation_exclusion"])
def test_what_reviewers_said_is_never_changed(scene: SimpleNamespace, table: str) -> None:
    for name in ("flag:judged", "person:excluded"):
        ACTS[name](scene)
    with (
        connection.cursor() as cursor,
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
    ):
        cursor.execute(f"DELETE FROM {table}")


# -- Searched


@pytest.fixture
def told(scene: SimpleNamespace) -> SimpleNamespace:
    """A few lines, one of another study and one of none."""
    other = Study.objects.get(pk=scene.study.pk)
    other.pk, other.key = None, "another"
    other.save()
    lines = [
        ("prompt:retired", "prompt en-014: 12 places taken away", "it misleads", scene.study),
        ("token:created", "token plv_abcd… of vendor-a, data", "", scene.study),
        ("person:excluded", "person AbC", "＝cmd|calc", other),
        ("sign-in:refused", "address unknown", "", None),
    ]
    for kind, what, why, study in lines:
        record(kind=AuditEntry.Kind(kind), what=what, why=why, by=scene.by, study=study)
    scene.client = Client()
    scene.client.force_login(scene.by)
    return scene


def lines_on(page: str) -> int:
    return page.split("<tbody>")[1].count('<th scope="row">')


def test_the_audit_of_a_study_is_searched_by_words_kind_person_and_day(
    told: SimpleNamespace,
) -> None:
    address = reverse("study-audit", args=[told.study.key])

    def found(**query: str) -> int:
        return lines_on(told.client.get(address, query).content.decode())

    made = AuditEntry.objects.get(study=told.study, kind="token:created")
    day = str(made.at.date())  # not today's: midnight may have passed since
    assert found(words="en-014") == 1
    assert found(words="misleads EN-014") == 1
    assert found(words="en-01") == 0
    assert found(words="AbC") == 0, "another study's line is not found"
    assert found(kind="token:created") == 1
    assert found(kind="token:created", by="omar") == 0
    assert found(kind="token:created", by="ines", since=day, until=day) == 1
    assert found(kind="token:created", until="2000-01-01") == 0
    assert found(kind="no:kind", since="never", words="en-014") == 1


def test_all_studies_are_for_superusers(told: SimpleNamespace) -> None:
    address = reverse("audit")
    page = told.client.get(address, {"words": "unknown"}).content.decode()
    assert lines_on(page) == 1
    assert lines_on(told.client.get(address, {"study": "another"}).content.decode()) == 1
    assert lines_on(told.client.get(address, {"study": "no-such"}).content.decode()) == 0
    guest = User.objects.create_user("guest", is_staff=True)
    client = Client()
    assert client.get(address).status_code == 302
    client.force_login(guest)
    assert client.get(address).status_code == 403
    assert client.get(reverse("study-audit", args=[told.study.key])).status_code == 403
    client.force_login(member(told.study, Role.VIEWER, "guest"))
    assert client.get(reverse("study-audit", args=[told.study.key])).status_code == 200


def test_it_is_downloaded_as_csv_and_that_is_noted(told: SimpleNamespace) -> None:
    answer = told.client.get(reverse("audit"), {"format": "csv", "study": "another"})
    assert answer["Content-Type"].startswith("text/csv")
    head, row = csv.reader(answer.content.decode().splitlines())
    assert head == ["at", "by", "study", "kind", "what", "why"]
    assert row[1:] == ["ines", "another", "person:excluded", "person AbC", "'＝cmd|calc"]
    assert AuditEntry.objects.get(kind="audit:downloaded").what == "audit, 1 lines"


def test_it_has_pages_of_a_hundred_and_few_queries(
    told: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    for n in range(150):
        record(kind=AuditEntry.Kind.PLAN_TARGET, what=f"n{n}", by=told.by, study=told.study)
    address = reverse("study-audit", args=[told.study.key])
    with django_assert_max_num_queries(12):
        page = told.client.get(address, {"kind": "plan:target"}).content.decode()
    assert lines_on(page) == 100
    assert "kind=plan%3Atarget&amp;page=2" in page
    second = told.client.get(address, {"kind": "plan:target", "page": "2"}).content.decode()
    assert lines_on(second) == 50


def test_what_a_reviewer_thought_is_told_to_another_after_her_own_first_judgement(
    scene: SimpleNamespace,
) -> None:
    """She begins blind: neither the lines nor their words say it before."""
    for name in ("flag:judged", "flag:passed"):
        ACTS[name](scene)
    number = f"note {scene.flag.pk}"
    full = [(number, "not sure"), (f"{number}: unsure", "figures")]

    def told_to(reader: User) -> list[tuple[str, str]]:
        lines = search(reader=reader, study=scene.study).filter(kind__startswith="flag:")
        return [(vars(line)["told_what"], vars(line)["told_why"]) for line in lines]

    def found_by(reader: User) -> int:
        words = ("figures", "unsure", "sure")
        return sum(search(reader=reader, words=word).count() for word in words)

    assert told_to(scene.by) == full
    assert (told_to(scene.second), found_by(scene.second)) == ([(number, ""), (number, "")], 0)
    client = Client()
    client.force_login(scene.second)
    for query in ({}, {"format": "csv"}):
        answer = client.get(reverse("study-audit", args=[scene.study.key]), query)
        assert number in answer.content.decode()
        assert "not sure" not in answer.content.decode()
        assert f"{number}: unsure" not in answer.content.decode()
    ACTS["flag:judged by another"](scene)
    assert told_to(scene.second)[1:] == full
    assert found_by(scene.second) == 4, "with her own line"
    third = User.objects.create_superuser("lea")
    assert told_to(third) == [(number, "")] * 3
    ACTS["flag:decided"](scene)
    assert told_to(third)[2:] == full


def test_words_are_found_by_the_index(told: SimpleNamespace) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        sql, params = (
            search(reader=told.by, words="misleads").order_by().values("pk").query.sql_with_params()
        )
        cursor.execute(f"EXPLAIN {sql}", params)
        plan = " ".join(row[0] for row in cursor.fetchall())
    assert "audit_by_words" in plan


def test_an_objection_is_hers_and_no_line_of_the_team(scene: SimpleNamespace) -> None:
    for name in ("flag:judged", "flag:judged by another", "flag:decided"):
        ACTS[name](scene)
    before = AuditEntry.objects.count()
    object_to_decision(flag=scene.flag, text="Non.")
    assert AuditEntry.objects.count() == before
    assert Release.objects.count() == 0


def test_what_happens_to_accounts_is_announced_by_the_database(told: SimpleNamespace) -> None:
    signed = AuditEntry.objects.filter(kind="sign-in:done", by=told.by)
    assert [entry.what for entry in signed] == ["account ines"]
    User.objects.filter(pk=told.second.pk).update(is_superuser=False)
    changed = AuditEntry.objects.get(kind="account:changed")
    assert changed.what == "account omar: may sign in staff"
    assert changed.by is None  # nobody said who is at the keyboard
    AccountChange.objects.create(
        user=told.second, kind=AccountChange.Kind.SECOND_FACTOR, by=told.by, why="lost her phone"
    )
    gone = AuditEntry.objects.get(kind="factor:removed")
    assert (gone.by, gone.what, gone.why) == (told.by, "account omar", "lost her phone")


def test_who_makes_changes_or_deletes_an_account_stands_in_its_line(db: None) -> None:
    call_command("createsuperuser", username="root", email="", interactive=False)
    made = AuditEntry.objects.get(kind="account:made")
    assert (made.by, made.what) == (None, "account root: may sign in staff administrator")
    root, client = User.objects.get(), Client()
    client.force_login(root)
    word = "a long password 17"
    new = {"username": "omar", "password1": word, "password2": word, "usable_password": "true"}
    assert client.post(reverse("admin:accounts_user_add"), new).status_code == 302
    made = AuditEntry.objects.get(kind="account:made", by=root)
    assert made.what == "account omar: may sign in"
    omar = User.objects.get(username="omar")
    change = {"username": "omar", "email": "omar@example.org", "is_active": "on", "is_staff": "on"}
    address = reverse("admin:accounts_user_change", args=[omar.pk])
    assert client.post(address, change).status_code == 302
    changed = AuditEntry.objects.get(kind="account:changed", by=root)
    assert changed.what == "account omar: may sign in staff another e-mail address"
    address = reverse("admin:accounts_user_delete", args=[omar.pk])
    assert client.post(address, {"post": "yes"}).status_code == 302
    assert AuditEntry.objects.get(kind="account:removed").by == root
    User.objects.create_user("somebody")
    assert AuditEntry.objects.filter(kind="account:made", by=None).count() == 2
