"""A study pauses, goes on and closes at every door; previews walk it and count nowhere."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Answer, User
from annotation.actions.previewing import VENDOR, start_preview
from annotation.actions.running import close_study, open_phase, pause_study, resume_study
from annotation.dealing.records import find_unexplained
from annotation.desk.previews import preview_address
from annotation.models import (
    AuditEntry,
    Flag,
    Grant,
    Participation,
    Phase,
    PlanChange,
    Quota,
    RecruitmentLink,
    ScreeningCount,
    Slot,
    Study,
    StudyLocale,
)
from annotation.review.looking import review_each
from candidates.models import CandidateSet
from tests.made_once import Once
from tests.walker import CLOSING, Walker, entered

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(db: None) -> User:
    return User.objects.create_superuser("lead", password="a-long-test-password")


@pytest.fixture
def desk(lead: User) -> Client:
    client = Client()
    client.force_login(lead)
    return client


def pause(study: Study, lead: User, locale: StudyLocale | None = None) -> bool:
    return pause_study(study=study, by=lead, why="A mistake in a text.", locale=locale)


def resume(study: Study, lead: User, locale: StudyLocale | None = None) -> bool:
    return resume_study(study=study, by=lead, why="It is mended.", locale=locale)


def french(study: Study) -> StudyLocale:
    return study.locales.select_related("study").get(country="FR")


def log(study: Study) -> list[str]:
    return list(study.plan_changes.values_list("kind", flat=True))


# Pauses


def test_a_newcomer_reads_of_the_pause_and_goes_on_when_it_is_over(
    link: RecruitmentLink, lead: User
) -> None:
    pause(link.study, lead)
    walker = Walker(link)
    walker.client.cookies["django_language"] = "en"
    page = walker.join().content.decode()
    assert walker.here() == reverse("paused")
    for said in ("The study takes a pause", "research team has stopped", "No answer of yours"):
        assert said in page
    assert walker.participation.return_token in page
    assert not ScreeningCount.objects.exists()
    resume(link.study, lead)
    assert walker.here() == reverse("country")
    walker.enter()
    assert walker.here() == reverse("conversations")


@pytest.mark.parametrize("far", [0, 1])
def test_a_pause_that_lasts_beyond_the_last_day_strands_nobody_at_the_door(
    link: RecruitmentLink, lead: User, far: int
) -> None:
    walker = Walker(link)
    walker.join()
    if far:
        walker.post("country", {"country": "FR"})
    pause(link.study, lead)
    assert walker.here() == reverse("paused")
    Study.objects.filter(pk=link.study.pk).update(closes_on=timezone.now() - timedelta(days=3))
    walker.post("country", {"country": "FR"})
    walker.post("language", {"locale": french(link.study).pk})
    assert walker.here() == reverse("finish")
    assert walker.participation.completion_code


@pytest.mark.parametrize("step", ["country", "language", "quota", "consent", "guidelines"])
def test_a_pause_holds_at_every_door_and_stores_nothing(
    link: RecruitmentLink, lead: User, step: str
) -> None:
    walker = Walker(link)
    ways: dict[str, Callable[[], Any]] = {
        "country": lambda: walker.post("country", {"country": "FR"}),
        "language": lambda: walker.post("language", {"locale": french(link.study).pk}),
        "quota": walker.screen,
        "consent": walker.consent,
        "guidelines": lambda: walker.post("guidelines"),
    }
    walker.join()
    for name, go in ways.items():
        if name == step:
            break
        go()
    assert walker.here() == reverse(step)
    before = (walker.participation.__dict__ | {"_state": 0}, Answer.objects.count())
    pause(link.study, lead)
    ways[step]()
    assert walker.here() == reverse("paused")
    assert (walker.participation.__dict__ | {"_state": 0}, Answer.objects.count()) == before
    resume(link.study, lead)
    assert walker.here() == reverse(step)


def test_who_has_a_conversation_in_hand_finishes_it_and_opens_no_other(
    once: Once, link: RecruitmentLink, lead: User
) -> None:
    walker = once(entered, link)
    talk = walker.open_kind("pool")
    pause(link.study, lead)
    assert "conversations" in walker.here()
    walker.finish_conversation(talk)
    assert talk.status == "finished"
    assert Slot.objects.get(pk=talk.grant.slot_id).status == "done"  # type: ignore[union-attr]
    assert walker.here() == reverse("paused")
    with translation.override("fr"):
        page = walker.client.get(reverse("paused")).content.decode()
    assert walker.participation.return_token in page
    conversations = walker.participation.conversations.count()
    walker.post("conversation-open")
    walker.client.post(reverse("conversation-open"), headers={"HX-Request": "true"})
    assert walker.participation.conversations.count() == conversations
    resume(link.study, lead)
    assert walker.here() == reverse("conversations")


def test_who_has_nothing_left_to_open_reaches_her_code_in_a_pause(
    once: Once, link: RecruitmentLink, lead: User
) -> None:
    walker = once(entered, link)
    while "conversations" in walker.here():
        walker.post("conversation-skip", {}, walker.open().public_id)
    pause(link.study, lead)
    assert walker.here() == reverse("closing")
    walker.post("closing", CLOSING)
    assert walker.participation.completion_code


def test_a_pause_of_one_locale_leaves_the_others_and_its_neighbour_alone(
    link: RecruitmentLink, lead: User
) -> None:
    study = link.study
    pause(study, lead, french(study))
    paused, other = Walker(link), Walker(link, country="US", language="en")
    for walker in (paused, other):
        walker.join()
        walker.post("country", {"country": walker.country})
    assert paused.here() == reverse("paused")
    assert other.here() == reverse("language")
    hindi = study.locales.get(country="IN", language="hi")
    pause(study, lead, hindi)
    indian = Walker(link, country="IN", language="en")
    indian.join()
    page = indian.post("country", {"country": "IN"})
    assert indian.here() == reverse("language")
    offered = [locale.language for locale in page.context["form"].fields["locale"].queryset]
    assert offered == ["en"]
    indian.post("language", {"locale": hindi.pk})
    assert indian.participation.locale is None


def test_a_pause_is_noted_once_with_who_and_why(link: RecruitmentLink, lead: User) -> None:
    study, locale = link.study, french(link.study)
    assert [pause(study, lead), pause(study, lead), pause(study, lead, locale)] == [1, 0, 1]
    assert [resume(study, lead), resume(study, lead)] == [True, False]
    study.refresh_from_db()
    assert list(study.paused) == ["FR-fr"]
    noted = list(study.plan_changes.values_list("kind", "by__username", "why", "details__who"))
    assert noted == [
        ("paused", "lead", "A mistake in a text.", "*"),
        ("paused", "lead", "A mistake in a text.", "FR-fr"),
        ("resumed", "lead", "It is mended.", "*"),
    ]
    audited = AuditEntry.objects.filter(study=study, by=lead).order_by("pk")
    assert list(audited.values_list("kind", "what")) == [
        ("study:paused", "who *"),
        ("study:paused", "who FR-fr"),
        ("study:resumed", f"who * since {study.plan_changes.get(kind='resumed').details['since']}"),
    ]
    with pytest.raises(ValidationError, match="Say why"):
        pause_study(study=study, by=lead, why=" ")
    Study.objects.filter(pk=study.pk).update(status="draft")
    with pytest.raises(ValidationError, match="open"):
        pause(study, lead)


def test_neither_a_pause_nor_an_opening_makes_a_grant_look_unexplained(
    once: Once, link: RecruitmentLink, lead: User
) -> None:
    walker = once(entered, link)
    walker.open_kind("pool")
    Grant.objects.update(granted_at=timezone.now())
    pause(link.study, lead)
    open_phase(study=link.study, phase="main", by=lead, why="again")
    changed = PlanChange.objects.exclude(kind__in=PlanChange.Kind.of_running())
    assert not changed.exists() and log(link.study) == ["paused", "opened"]
    assert list(find_unexplained(link.study, "main")) == []


# Opening and closing


def test_an_opening_is_noted_with_the_plan_it_began_with(link: RecruitmentLink, lead: User) -> None:
    study = link.study
    plan = open_phase(study=study, phase="pilot", by=lead, why="Let us try.")
    assert open_phase(study=study, phase="pilot", by=lead, why="Again.") == plan
    noted = study.plan_changes.get()
    assert (noted.kind, noted.by, noted.why) == ("opened", lead, "Let us try.")
    assert noted.details["hash"] == plan.hash == study.plan_hash
    out = StringIO()
    call_command("open_study", study.key, stdout=out)
    assert plan.hash in out.getvalue()


def test_a_closed_study_lets_nobody_in_and_everybody_out(link: RecruitmentLink, lead: User) -> None:
    study = link.study
    at_work, between = Walker(link), Walker(link)
    for walker in (at_work, between):
        walker.enter()
    talk = at_work.open_kind("pool")
    between.finish_conversation(between.open_kind("pool"))
    pause(study, lead)
    for typed, said in [("everyday", "type the study's key"), ("", "type the study's key")]:
        with translation.override("en"), pytest.raises(ValidationError, match=said):
            close_study(study=study, by=lead, why="All is in.", typed=typed)
    assert close_study(study=study, by=lead, why="All is in.", typed=study.key)
    assert not close_study(study=study, by=lead, why="All is in.", typed=study.key)
    study.refresh_from_db()
    assert (study.status, study.paused, log(study)) == ("closed", {}, ["paused", "closed"])
    assert Walker(link).join().status_code == 409
    between.post("conversation-open")
    assert between.here() == reverse("closing")
    at_work.finish_conversation(talk)
    assert talk.status == "finished"
    assert at_work.here() == reverse("closing")
    for walker in (at_work, between):
        walker.post("closing", CLOSING)
        assert walker.participation.outcome == "complete"
    with translation.override("en"), pytest.raises(ValidationError, match="does not open again"):
        open_phase(study=study, phase="main", by=lead)


# Previews


def preview(desk: Client, lead: User, locale: StudyLocale) -> Walker:
    """A walker in the browser of a member of the team, behind the invitation."""
    walker = Walker(RecruitmentLink(study=locale.study), country=locale.country)
    walker.client = desk
    desk.post(preview_address(user=lead.pk, locale=locale), follow=True)
    return walker


def test_a_preview_walks_a_draft_to_its_end_and_counts_nowhere(
    link: RecruitmentLink, lead: User, desk: Client
) -> None:
    study = link.study
    Study.objects.filter(pk=study.pk).update(
        status="draft", soft_launch=0, daily_cap=1, cell_share=0.01, paused={"*": "2026-01-01"}
    )
    Quota.objects.create(study=study, key="one", conditions={"country": ["FR"]}, target=1)
    slots = Slot.objects.exclude(phase="preview").order_by("pk")
    before = list(slots.values_list("pk", "status", "holder"))
    locale = french(study)
    for _again in range(2):
        page = desk.get(preview_address(user=lead.pk, locale=locale))
        assert 'class="preview-banner"' in page.content.decode()
        assert "Questions de tous les jours" in page.content.decode()
        walker = preview(desk, lead, locale)
        assert walker.here() == reverse("quota")
        walker.screen()
        walker.consent()
        walker.post("guidelines")
        walker.finish()
        person = walker.participation
        assert (person.phase, person.outcome, person.locale) == ("preview", "complete", locale)
        assert person.conversations.count() == study.pool_conversations + study.own_conversations
    assert Participation.objects.filter(phase=Phase.PREVIEW).count() == 2
    assert list(slots.values_list("pk", "status", "holder")) == before
    review_each(Participation.objects.values_list("pk", flat=True))
    assert not Flag.objects.exists()
    assert study.frozen_plans.count() == 1 and not study.plan_changes.exists()


def test_every_page_of_a_preview_says_so_and_no_page_of_anybody_else(
    link: RecruitmentLink, lead: User, desk: Client
) -> None:
    walker = preview(desk, lead, french(link.study))
    assert walker.here() == reverse("quota")
    said = 'class="preview-banner"'
    for name in ("quota", "help-desk", "your-data"):
        assert said in desk.get(reverse(name)).content.decode()
    stranger = Walker(link)
    stranger.choose()
    assert said not in stranger.client.get(reverse("quota")).content.decode()
    CandidateSet.objects.filter(language="fr").update(status="failed")
    missing = start_preview(locale=french(link.study))
    assert missing.screened_at is None and not Slot.objects.filter(phase="preview", holder=missing)


def test_a_preview_without_sets_leads_through_all_other_pages(
    link: RecruitmentLink, lead: User, desk: Client
) -> None:
    CandidateSet.objects.filter(language="fr", prompt_text__isnull=False).update(status="pending")
    walker = preview(desk, lead, french(link.study))
    page = walker.client.get(reverse("quota")).content.decode()
    assert page.count("preview-banner") == 1
    walker.screen()
    walker.consent()
    walker.post("guidelines")
    kinds = set()
    while "conversations" in walker.here():
        walker.post("conversation-open")
        opened = walker.participation.conversations.filter(status="open").first()
        if opened:
            kinds.add(opened.kind)
            walker.finish_conversation(opened)
    assert kinds == {"own"}
    walker.post("closing", CLOSING)
    assert walker.participation.outcome == "complete"


def test_the_link_is_for_one_member_of_the_team_and_one_day(
    link: RecruitmentLink, lead: User, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    locale = french(link.study)
    address = preview_address(user=lead.pk, locale=locale)
    other = User.objects.create_user("other", is_staff=True)
    client = Client()
    assert client.get(address).status_code == 302
    client.force_login(other)
    assert client.get(address).status_code == 403
    assert client.get(preview_address(user=other.pk, locale=locale)).status_code == 403
    assert desk.get(address[:-3] + "x/").status_code == 404
    monkeypatch.setattr("annotation.desk.previews.HOURS", -1)
    assert desk.get(address).status_code == 410
    assert not Participation.objects.filter(phase="preview").exists()


def test_the_desk_keeps_its_language_beside_a_preview(
    link: RecruitmentLink, lead: User, desk: Client
) -> None:
    desk.cookies["django_language"] = "en"
    hindi = link.study.locales.select_related("study").get(language="hi")
    preview(desk, lead, hindi)
    assert '<html lang="hi"' in desk.get(reverse("quota")).content.decode()
    assert (
        "Open and close" in desk.get(reverse("study-run", args=[link.study.key])).content.decode()
    )


def test_previews_are_removed_with_everything_in_them_and_nothing_else(
    once: Once, link: RecruitmentLink, lead: User, desk: Client
) -> None:
    stays = once(entered, link)
    stays.finish_conversation(stays.open_kind("pool"))
    kept = {model: model.objects.count() for model in (Participation, Grant, Slot, CandidateSet)}
    walker = preview(desk, lead, french(link.study))
    walker.screen(gender="male")
    walker.consent()
    walker.post("guidelines")
    walker.finish()
    start_preview(locale=french(link.study))
    answer = desk.post(reverse("previews-remove", args=[link.study.key]), follow=True)
    assert "2 previews" in answer.content.decode()
    assert AuditEntry.objects.get(kind="previews:removed").what == "2 previews"
    assert {model: model.objects.count() for model in kept} == kept
    assert not Participation.objects.filter(annotator__vendor__key=VENDOR).exists()
    assert stays.here() == reverse("conversations")
    with pytest.raises(Exception, match="never changed"):  # the records are kept as before
        PlanChange.objects.create(study=link.study, kind="target", why="x").delete()
