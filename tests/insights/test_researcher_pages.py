"""What a researcher sees, page by page."""

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotation.models import Conversation, RecruitmentLink, Study
from candidates.actions import request_pool_set
from candidates.generation import complete_candidate_set
from candidates.models import Budget, CandidateSet, PromptText
from exports.models import ApiToken, Release, Webhook
from insights.queries import overlap_table
from tests.made_once import Once
from tests.provider import Provider
from tests.walker import Walker, entered

pytestmark = pytest.mark.django_db


@pytest.fixture
def researcher(client: Client) -> Client:
    user = User.objects.create_superuser("researcher", password="a-long-test-password")
    client.force_login(user)
    return client


def test_overlap_counts_distinct_people_per_prompt_and_locale(
    researcher: Client, link: RecruitmentLink
) -> None:
    for _person in range(2):
        walker = Walker(link)
        walker.enter()
        walker.rank(walker.current_turn(walker.open_kind("pool")))
    table = overlap_table(link.study, "main")
    french = next(i for i, locale in enumerate(table.locales) if str(locale) == "FR-fr")
    done = [cells[french].done for _key, cells in table.rows if cells[french]]  # type: ignore[union-attr]
    assert sum(done) == 2
    page = researcher.get(reverse("study-overlap", args=[link.study.key])).content.decode()
    assert "FR-fr" in page
    assert "1/2" in page or "2/2" in page


def test_overlap_is_for_staff(client: Client, study: Study) -> None:
    response = client.get(reverse("study-overlap", args=[study.key]))
    assert response.status_code == 302
    assert "login" in response["Location"]


def test_staff_without_the_right_sees_no_overlap(client: Client, study: Study) -> None:
    client.force_login(User.objects.create_user("guest", is_staff=True))
    assert client.get(reverse("study-overlap", args=[study.key])).status_code == 403


def test_a_conversation_reads_as_a_transcript(
    researcher: Client, once: Once, link: RecruitmentLink
) -> None:
    walker = once(entered, link)
    conversation = walker.open_kind("pool")
    turn = walker.current_turn(conversation)
    walker.rank(turn, [2, 1, 3, 4])
    walker.explain(turn, "Parce que <b>oui</b>")
    page = researcher.get(
        reverse("admin:annotation_conversation_change", args=[conversation.pk])
    ).content.decode()
    assert "Et si cela ne suffit pas ?" in page
    assert "rank 4" in page
    assert "Parce que &lt;b&gt;oui&lt;/b&gt;" in page
    assert "canned True" in page


def test_a_set_shows_responses_and_why_an_attempt_was_refused(
    researcher: Client, study: Study, provider: Provider
) -> None:
    text = PromptText.objects.get(prompt__key="bereavement", language="en")
    made = request_pool_set(prompt_text=text, sampler=study.pool_sampler, replicate=3)
    provider.misbehave("special_tokens", times=1)
    complete_candidate_set(made.pk)
    complete_candidate_set(made.pk)
    page = researcher.get(
        reverse("admin:candidates_candidateset_change", args=[made.pk])
    ).content.decode()
    assert "contains a special token" in page
    for candidate in made.candidates.all():
        assert candidate.text.split("\n")[0][:40] in page.replace("&#x27;", "'")


MADE_BY_A_FORM = {Budget, ApiToken, Release, Webhook}  # whose form calls an action


@pytest.mark.parametrize("model", list(site._registry), ids=lambda m: m.__name__)
def test_every_list_opens_and_is_read_only_where_actions_write(
    researcher: Client, once: Once, link: RecruitmentLink, model: type
) -> None:
    walker = once(entered, link)
    walker.open()
    options = model._meta  # type: ignore[attr-defined]
    name = f"{options.app_label}_{options.model_name}"
    assert researcher.get(reverse(f"admin:{name}_changelist")).status_code == 200
    if options.app_label in {"candidates", "annotation", "exports"} and model is not Budget:
        offered = 200 if model in MADE_BY_A_FORM else 403
        assert researcher.get(reverse(f"admin:{name}_add")).status_code == offered
        first = model.objects.first()  # type: ignore[attr-defined]
        if first:
            address = reverse(f"admin:{name}_change", args=[first.pk])
            assert researcher.get(address).status_code == 200
            assert researcher.post(address, {}).status_code == 403


def test_a_budget_is_raised_by_hand(researcher: Client) -> None:
    address = reverse("admin:candidates_budget_add")
    researcher.post(address, {"key": "pilot", "limit": "5", "daily_limit": ""})
    budget = Budget.objects.get(key="pilot")
    address = reverse("admin:candidates_budget_change", args=[budget.pk])
    researcher.post(address, {"key": "pilot", "limit": "9.5", "daily_limit": "1"})
    budget.refresh_from_db()
    assert (float(budget.limit), float(budget.daily_limit or 0)) == (9.5, 1.0)


def test_failed_sets_are_tried_again_from_the_list(researcher: Client, study: Study) -> None:
    some = CandidateSet.objects.first()
    assert some is not None
    CandidateSet.objects.filter(pk=some.pk).update(status="failed")
    researcher.post(
        reverse("admin:candidates_candidateset_changelist"),
        {"action": "try_again", "_selected_action": [some.pk]},
    )
    some.refresh_from_db()
    assert (some.status, some.rounds) == ("pending", 2)


def test_the_dashboard_carries_our_name_under_the_strict_policy(researcher: Client) -> None:
    response = researcher.get(reverse("admin:index"))
    assert "Plurivox" in response.content.decode()
    assert "unsafe" not in response["Content-Security-Policy"]
    assert Conversation in apps.get_app_config("annotation").get_models()
