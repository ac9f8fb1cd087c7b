"""The preflight: each finding can be met and mended, and its sums are those of the plan."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from io import StringIO
from math import ceil
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import translation
from scipy import stats

from accounts.models import Question, User
from annotation.actions.authoring import draft_of, save_step
from annotation.actions.replan import change_target
from annotation.actions.study import open_study
from annotation.models import PlanChange, Quota, RecruitmentLink, Slot, Study
from annotation.pace import further_questions, study_minutes
from annotation.readiness.finding import Finding, State
from annotation.readiness.study import what_stops
from candidates.models import CandidateSet, Generation, PromptText, Sampler
from insights.preflight.capacity import plan_of
from insights.preflight.estimates import duration, pay_by_currency, price_of_set, provider_costs
from insights.preflight.findings import preflight
from insights.preflight.planned import LocaleWork, effort_of, gives, work_of
from insights.preflight.power import bill
from insights.running.states import differences
from rehearsal.copies import copy_study
from tests.definitions import practice_item

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def desk(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("lead"))
    return client


def found(study: Study, words: str, phase: str = "main") -> list[Finding]:
    fresh = Study.objects.get(pk=study.pk)
    return [one for one in preflight(fresh, phase) if words in one.words]


def change(study: Study, **values: Any) -> None:
    Study.objects.filter(pk=study.pk).update(**values)


def one_more_prompt(study: Study) -> None:
    prompt = study.pool.prompts.create(key="unfinished")
    for language in ("en", "fr", "it", "pt-br"):
        PromptText.objects.create(prompt=prompt, language=language, text="Why?")


def lack_a_text(study: Study) -> None:
    question = study.closing_instrument.questions.all()[0]
    Question.objects.filter(pk=question.pk).update(text_hi="")


def grow_stale(study: Study) -> None:
    original = PromptText.objects.filter(language="en")[0]
    PromptText.objects.filter(prompt=original.prompt, language="hi").update(
        translated_from=original
    )
    PromptText.objects.create(prompt=original.prompt, language="en", version=2, text="Why?")


def outdate_a_text(study: Study) -> None:
    draft = draft_of(study=study, by=None)
    assert {one.state for one in found(study, "")} and not found(study, "Older than")
    texts = draft.definition["study"]["title"]
    user = User.objects.create_superuser("author")
    title = {"title": texts | {"en": "Another title"}}
    save_step(draft=draft, values={"study": title}, by=user, version=draft.version)
    assert found(study, "differs from what is stored")


def stay_unreviewed(study: Study) -> None:
    original = PromptText.objects.filter(language="en")[0]
    PromptText.objects.filter(prompt=original.prompt, language="hi").update(
        translated_from=original
    )


STOPS: dict[str, Callable[[Study], Any]] = {
    "is closed and does not open": lambda study: change(study, status="closed"),
    "has no locale": lambda study: (
        Slot.objects.all().delete(), study.locales.all().delete()),
    "has no wave": lambda study: study.waves.all().delete(),
    "Nobody would have a conversation": lambda study: change(
        study, pool_conversations=0, own_conversations=0),
    "practice item lacks": lambda study: change(study, practice={"message": "x"}),
    "(hi)": lack_a_text,
    "not written in sw": lambda study: study.locales.create(country="KE", language="sw", target=2),
    "in hi is missing": one_more_prompt,
    "in hi is stale": grow_stale,
    "below the stage": stay_unreviewed,
    "Older than their original": outdate_a_text,
    "the pool does not have": lambda study: change(study, core=["nothing"]),
    "Missing: ": lambda study: Sampler.objects.update(format_instructions={"en": "Briefly."}),
    "candidate sets are not ready": lambda study: CandidateSet.objects.filter(
        pk=CandidateSet.objects.all()[0].pk).update(status="pending"),
    "failed, or their responses": lambda study: CandidateSet.objects.filter(
        pk=CandidateSet.objects.all()[0].pk).update(status="failed"),
    "over in every country": lambda study: change(study, closes_on=date(2020, 1, 1)),
    "nobody takes part after": lambda study: change(study, retained_until=date(2020, 1, 1)),
}  # fmt: skip


@pytest.mark.parametrize("words", STOPS)
def test_what_stops_the_study_is_what_open_study_refuses_with(study: Study, words: str) -> None:
    change(study, closes_on="2099-12-31")
    assert not what_stops(study, "main") and not [one for one in preflight(study) if one.stops]
    STOPS[words](study)
    stops = [one for one in found(study, words) if one.stops]
    assert stops and all(one.todo for one in stops)
    fresh = Study.objects.get(pk=study.pk)
    with pytest.raises(ValidationError) as refused:
        open_study(study=fresh)
    assert refused.value.messages == [one.words for one in what_stops(fresh, "main")]
    assert stops[0].words in refused.value.messages
    assert not PlanChange.objects.exists()


def test_translations_that_nobody_adjudicated_are_what_a_pilot_tries_out(study: Study) -> None:
    stay_unreviewed(study)
    [main], [pilot] = (found(study, "below the stage", phase) for phase in ("main", "pilot"))
    assert (main.state, pilot.state) == (State.STOP, State.WAIT)
    PromptText.objects.update(stage="adjudicated")
    assert not found(study, "below the stage")


def lacking_people(study: Study) -> None:
    study.locales.update(planned_people=1)


def starving(study: Study) -> None:
    study.locales.update(pay=1, pay_floor=9, currency="EUR")


def other_country(study: Study) -> None:
    Quota.objects.create(study=study, key="br", conditions={"country": ["BR"]}, target=4)


LOOKS: dict[str, Callable[[Study], Any]] = {
    "whom people can write to": lambda study: change(study, contact=""),
    "release choices": lambda study: study.consent_document.statements.filter(
        purpose="release_choices").delete(),
    "Not calibrated": lambda study: Sampler.objects.update(thresholds={}),
    "NO_SUCH_KEY is not set": lambda study: study.pool_sampler.endpoint.__class__.objects.update(
        api_key_variable="NO_SUCH_KEY"),
    "does not answer": lambda study: study.pool_sampler.endpoint.__class__.objects.update(
        base_url="http://127.0.0.1:9/v1"),
    "None is set; about": lambda study: change(study, budget=None),
    "Nobody is planned": lambda study: study.locales.update(planned_people=None),
    "leave": lacking_people,
    "fits a cell": other_country,
    "Nobody can fill far: the study has no locale": lambda study: Quota.objects.create(
        study=study, key="far", conditions=[{"country": ["JP"], "gender": ["female"]}], target=4),
    "Wants nobody": lambda study: Quota.objects.create(
        study=study, key="none", conditions={"country": ["FR"]}, target=0),
    "no pay is stated": lambda study: study.locales.update(pay=None),
    "below your floor": starving,
    "has no link": lambda study: RecruitmentLink.objects.all().delete(),
    "No completion code": lambda study: RecruitmentLink.objects.update(convention="panel"),
    "meet the ranking for the first time": lambda study: change(study, practice={}),
    "No locale stops": lambda study: change(study, soft_launch=None),
    "nobody takes part after": lambda study: change(study, closes_on=date(2099, 1, 1)),
}  # fmt: skip


@pytest.mark.parametrize("words", LOOKS)
def test_what_is_to_be_looked_at_stops_nothing(link: RecruitmentLink, words: str) -> None:
    study = link.study
    change(study, soft_launch=50, practice=practice_item())
    LOOKS[words](study)
    looks = found(study, words)
    assert looks and {one.state for one in looks} == {State.WAIT}
    assert all(one.todo for one in looks)
    assert not what_stops(Study.objects.get(pk=study.pk), "main")


def test_a_study_that_is_ready_says_so(link: RecruitmentLink) -> None:
    study = link.study
    change(study, soft_launch=50, practice=practice_item(), contact="us@example.org",
           ethics_approval="IRB 7", controller="We", provider="They", withdrawal_days=30,
           retained_until=date(2099, 1, 1))  # fmt: skip
    study.locales.update(planned_people=40, pay=10, currency="EUR", pay_floor=9)
    PromptText.objects.update(stage="adjudicated")
    languages = ("en", "hi", "fr", "it", "pt-br")
    Sampler.objects.update(thresholds={language: {"a": 1} for language in languages})
    left = {one.part for one in preflight(Study.objects.get(pk=study.pk)) if one.state != "ok"}
    assert left <= {"Worker", "Budget", "Cells of people"}


# What it will cost and take


def test_effort_is_what_a_plan_asks_of_one_person(study: Study) -> None:
    study.turn_lengths, study.retests = {"2": 2, "3": 1, "4": 1}, 1
    study.pool_conversations, study.own_conversations = 4, 2
    effort = effort_of(study)
    mean = (2 + 2 + 3 + 4) / 4
    assert (effort.conversations, effort.turns) == (7, 6 * mean + 1)
    assert effort.live_sets == 4 * (mean - 1) + 2 * mean


def test_people_needed_are_the_fewest_who_leave_no_place_open(study: Study) -> None:
    study.locales.update(target=4, planned_people=None)
    work = work_of(study)
    for one in work:
        assert one.wanted == 3 * 4 * len(study.arms()) == len(one.places)
        assert one.stays_open(one.needed) == 0 < one.stays_open(one.needed - 1)
        assert one.people == one.needed
    assert sum(gives(100, 6)) == int(600 * 0.95)


def test_a_core_needs_as_many_people_as_it_wants_judges(study: Study) -> None:
    locale = study.locales.all()[0]
    key = study.pool.prompts.all()[0].key
    places = [(1, (0, n, 0)) for n in range(30)] + [(2, (0, n, 0)) for n in range(3)]
    assert LocaleWork(locale, 2, places, each=2, deepest=30).needed >= 30
    study.core = [key]
    study.locales.update(target=2, core_target=30)
    change(study, core=[key])
    for one in work_of(Study.objects.get(pk=study.pk)):
        assert one.deepest == 30 * len(study.arms())
        assert one.needed >= one.deepest


def test_the_bill_takes_tokens_seen_else_a_stated_assumption(study: Study) -> None:
    study.locales.update(planned_people=10, pay=Decimal("6.50"), currency="EUR")
    endpoint = study.pool_sampler.endpoint
    endpoint.__class__.objects.update(price_prompt=2, price_completion=10)
    sampler = Sampler.objects.select_related("endpoint").get(pk=study.pool_sampler_id)
    Generation.objects.update(prompt_tokens=100, completion_tokens=300)
    sets = CandidateSet.objects.filter(sampler=sampler, refused_for=None).count()
    calls = Generation.objects.filter(candidate_set__sampler=sampler).count()
    price = price_of_set(sampler)
    assert price.seen == sets
    assert float(price.cost) == pytest.approx(calls / sets * (100 * 2 + 300 * 10) / 1e6)
    fresh = Study.objects.get(pk=study.pk)
    work = work_of(fresh)
    [live] = provider_costs(fresh, work)
    assert live.what == "live"
    assert live.sets == round(10 * len(work) * effort_of(fresh).live_sets)
    CandidateSet.objects.filter(pk=CandidateSet.objects.filter(sampler=sampler)[0].pk).update(
        status="failed"
    )
    first = provider_costs(fresh, work)[0]
    assert (first.what, first.sets) == ("pool", 1)
    Generation.objects.update(prompt_tokens=None)
    assumed = price_of_set(sampler)
    assert assumed.seen == 0 and assumed.tokens_answered > 0
    assert pay_by_currency(work) == {"EUR": Decimal("65.00") * len(work)}


def test_further_questionnaires_take_a_person_s_time(study: Study, desk: Client) -> None:
    study.locales.update(planned_people=60, pay=Decimal("5.00"), currency="EUR", pay_floor="9.80")
    change(study, expected_minutes=30)
    assert found(study, "above the floor")
    asked = [
        Question.objects.for_country(one.country).filter(instrument=study.closing_instrument)
        for one in study.locales.all()
    ]
    questions = max(one.count() for one in asked)
    further = [{"key": "mood", "instrument": study.closing_instrument_id, "at": "drawn"}] * 3
    change(study, placements=further)
    fresh, minutes = Study.objects.get(pk=study.pk), 30 + ceil(questions * 12 / 60)
    assert further_questions(fresh) == questions > 4
    assert effort_of(fresh).minutes == study_minutes(fresh, phase="main") == minutes
    [low, *_rest] = found(study, "below your floor")
    assert f"{minutes} minutes for 5.00 EUR are {300 / minutes:.2f} an hour" in low.words
    desk.cookies["django_language"] = "en"
    page = desk.get(reverse("study-preflight", args=[study.key])).content.decode()
    assert f"the 30 minutes that the study states, and {questions} questions of further" in page
    assert f"<td>{minutes}</td>" in page  # hours of sixty people
    assert f"About {minutes} minutes a person, " in bill(plan_of(fresh, 60)).words


def test_the_last_day_lies_between_its_two_dates_nine_times_of_ten() -> None:
    expected = duration(50, 5)
    assert expected and expected.days == 10
    days = stats.expon.rvs(scale=1 / 5, size=(4000, 50), random_state=1).sum(axis=1)
    inside = ((expected.earliest <= days) & (days <= expected.latest)).mean()
    assert inside == pytest.approx(0.9, abs=0.02)
    assert duration(50, 0) is None


# The page, the command, the plans


def test_the_page_and_the_command_say_the_same(link: RecruitmentLink, desk: Client) -> None:
    study = link.study
    CandidateSet.objects.filter(language="hi").update(status="pending")
    address = reverse("study-preflight", args=[study.key])
    desk.cookies["django_language"] = "en"
    page = desk.get(address + "?rate-FR-fr=5&rate-IT-it=x").content.decode()
    out = StringIO()
    with pytest.raises(CommandError, match="does not open"):
        call_command("preflight", study.key, "--people-a-day", "FR-fr=5", stdout=out)
    said = out.getvalue()
    for words in (
        "3 of 15 candidate sets are not ready", "manage.py pregenerate", "never ranked singly",
        "What it will cost", "How long it will take",
    ):  # fmt: skip
        assert words in said
        assert words in page or words == "How long it will take"
    assert "It does not open yet" in page
    assert "How long it will take" in desk.get(address + "?rate-FR-fr=5").content.decode()
    CandidateSet.objects.filter(language="hi").update(status="ready")
    call_command("preflight", study.key, stdout=StringIO())
    with pytest.raises(CommandError, match="LOCALE=NUMBER"):
        call_command("preflight", study.key, "--people-a-day", "FR-fr", stdout=StringIO())
    with pytest.raises(CommandError, match=r"names no locale of the study: FR\. Use BR-pt"):
        call_command("preflight", study.key, "--people-a-day", "FR=5", stdout=StringIO())


def test_the_run_page_does_what_it_says(link: RecruitmentLink, desk: Client) -> None:
    study, desk.cookies["django_language"] = link.study, "en"
    run = reverse("study-run", args=[study.key])

    def send(name: str, **data: str) -> Any:
        return desk.post(reverse(name, args=[study.key]), data, follow=True)

    assert send("study-pause", why="").status_code == 422
    paused = send("study-pause", why="A slip.").content.decode()
    assert "It takes a pause since" in paused
    assert "takes people" in send("study-resume", why="Mended.").content.decode()
    locale = study.locales.get(country="FR")
    assert "paused since" in send("study-pause", why="Fr.", locale=str(locale.pk)).content.decode()
    assert send("study-pause", why="Fr.", locale="0").status_code == 404
    opened = send("study-open", phase="pilot", why="To try.").content.decode()
    assert study.plan_hash in opened and "opened" in opened
    assert "type the study" in send("study-close", why="Done.", typed="no").content.decode()
    assert "It is closed" in send("study-close", why="Done.", typed=study.key).content.decode()
    kinds = list(study.plan_changes.values_list("kind", flat=True))
    assert kinds == ["paused", "resumed", "paused", "opened", "closed"]
    plan = desk.get(reverse("plan-download", args=[study.key, 1]))
    assert plan.json()["hash"] == study.frozen_plans.get().hash
    assert "attachment" in plan["Content-Disposition"]
    viewer = Client()
    assert viewer.get(run).status_code == 302
    viewer.force_login(User.objects.create_user("viewer", is_staff=True))
    assert {viewer.get(run).status_code, viewer.post(run + "close/").status_code} == {403}


def test_a_draft_has_no_plan_yet_and_can_be_previewed_and_opened(
    study: Study, desk: Client
) -> None:
    draft = copy_study(study=study, seed=1)
    Study.objects.filter(pk=draft.pk).update(rehearsal_of=None)
    desk.cookies["django_language"] = "en"
    page = desk.get(reverse("study-run", args=[draft.key])).content.decode()
    for words in ("It is a draft", "None yet", "Preview IN-hi", "Open this phase"):
        assert words in page
    assert "Pause the whole study" not in page and "Close the study" not in page


def test_differences_name_places_and_find_what_moved_in_a_list() -> None:
    before = {"study": {"seed": 1, "locales": [
        {"country": "FR", "language": "fr", "target": 2},
        {"country": "IT", "language": "it", "target": 2}]}, "modes": ["ranking"]}  # fmt: skip
    after = {"study": {"seed": 1, "locales": [
        {"country": "BR", "language": "pt-br", "target": 1},
        {"country": "FR", "language": "fr", "target": 9},
        {"country": "IT", "language": "it", "target": 2}]}, "modes": ["best"]}  # fmt: skip
    said = {one.path: (one.before, one.after) for one in differences(before, after)}
    assert said.pop("modes") == ('["ranking"]', '["best"]')
    assert said.pop("study.locales.FR-fr.target") == ("2", "9")
    assert list(said) == ["study.locales.BR-pt-br"]
    assert list(differences(before, before)) == []


def test_a_change_of_the_plan_is_shown_as_what_became_what(
    link: RecruitmentLink, desk: Client
) -> None:
    study = link.study
    lead = User.objects.get()
    locale = study.locales.get(country="FR")
    change_target(locale=locale, target=5, by=lead, why="More certainty.")
    page = desk.get(reverse("study-run", args=[study.key])).content.decode()
    assert "study.locales.FR-fr.target" in page and "More certainty." in page
