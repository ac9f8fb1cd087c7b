"""Topics: suggested here, given by people, never overwritten unseen, and on record."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotation.actions.topics import MOST, add_topic, code_of, rename_topic, set_topics
from annotation.models import AuditEntry, Role, Study
from candidates.models import Prompt, PromptText
from insights.coding_models import TopicSuggestion
from insights.statistics.topics import alike
from insights.topics.suggesting import make_suggestion, request_suggestion, source_texts
from tests.insights.statistics.test_topics import planted
from tests.team import member, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def by(study: Study) -> User:
    return member(study, Role.RESEARCHER)


def prompts_of(study: Study) -> list[Prompt]:
    return list(study.pool.prompts.order_by("pk"))


def topics_of(prompt: Prompt) -> list[str]:
    prompt.refresh_from_db()
    topics: list[str] = prompt.topics
    return topics


def plant(study: Study, seed: int = 1) -> dict[int, str]:
    """A hundred prompts of five topics in the pool; the topic by the prompt's key."""
    texts, truth = planted(seed)
    made = Prompt.objects.bulk_create(
        Prompt(pool=study.pool, key=f"planted-{number}") for number in range(len(texts))
    )
    PromptText.objects.bulk_create(
        PromptText(prompt=prompt, language="en", text=text)
        for prompt, text in zip(made, texts, strict=True)
    )
    return {prompt.pk: topic for prompt, topic in zip(made, truth, strict=True)}


def send(client: Client, study: Study, act: str, **data: object) -> str:
    answer = client.post(
        reverse("study-topics", args=[study.key]), {"act": act, **data}, follow=True
    )
    assert answer.status_code == 200
    return answer.content.decode()


def test_codes_are_short_and_blanks_become_hyphens() -> None:
    assert code_of(" Family Life ") == "family-life"
    for wrong in ("", "été", "-x", "a" * 41, "a;b", "=1+1"):
        with pytest.raises(ValidationError):
            code_of(wrong)


def test_topics_that_somebody_changed_meanwhile_are_not_overwritten(study: Study, by: User) -> None:
    prompt = prompts_of(study)[0]
    assert set_topics(study=study, prompt=prompt.pk, topics=["grief"], was=[], by=by)
    with pytest.raises(ValidationError, match="meanwhile"):
        set_topics(study=study, prompt=prompt.pk, topics=["money"], was=[], by=by)
    assert topics_of(prompt) == ["grief"]
    assert not set_topics(study=study, prompt=prompt.pk, topics=["grief"], was=["other"], by=by)
    entries = AuditEntry.objects.filter(study=study, kind=AuditEntry.Kind.TOPICS_CHANGED)
    assert [entry.what for entry in entries] == [f"prompt {prompt.key}: grief"]


def test_a_topic_is_added_beside_those_that_stand_there(study: Study, by: User) -> None:
    one, two = prompts_of(study)[:2]
    set_topics(study=study, prompt=one.pk, topics=["grief"], was=[], by=by)
    assert add_topic(study=study, prompts=[one.pk, two.pk], topic="Family", by=by) == 2
    assert (topics_of(one), topics_of(two)) == (["grief", "family"], ["family"])
    assert add_topic(study=study, prompts=[one.pk, two.pk], topic="family", by=by) == 0
    set_topics(study=study, prompt=two.pk, topics=list("abcde"), was=["family"], by=by)
    with pytest.raises(ValidationError, match=str(MOST)):
        add_topic(study=study, prompts=[one.pk, two.pk], topic="sixth", by=by)
    assert topics_of(one) == ["grief", "family"]


def test_renaming_to_a_topic_that_is_there_merges_the_two(study: Study, by: User) -> None:
    one, two, three = prompts_of(study)[:3]
    add_topic(study=study, prompts=[one.pk, two.pk], topic="death", by=by)
    add_topic(study=study, prompts=[two.pk, three.pk], topic="grief", by=by)
    assert rename_topic(study=study, old="death", new="grief", by=by) == 2
    assert [topics_of(prompt) for prompt in (one, two, three)] == [["grief"]] * 3
    assert rename_topic(study=study, old="death", new="grief", by=by) == 0


def test_a_prompt_of_another_pool_is_refused(study: Study, by: User) -> None:
    with pytest.raises(ValidationError, match="not one of this study's"):
        add_topic(study=study, prompts=[0], topic="grief", by=by)


def test_planted_topics_are_suggested_and_change_no_prompt(study: Study, by: User) -> None:
    truth = plant(study)
    row = request_suggestion(study=study, clusters=5, by=by)
    make_suggestion(row.pk)
    row.refresh_from_db()
    assert row.state == TopicSuggestion.State.READY
    found = {pk: place for place, one in enumerate(row.result["clusters"]) for pk in one["prompts"]}
    assert alike([truth[pk] for pk in truth], [found[pk] for pk in truth]) >= 0.8
    assert all(prompt.topics == [] for prompt in prompts_of(study))


def test_a_suggestion_waits_once_and_too_few_prompts_fail_in_a_sentence(
    study: Study, by: User
) -> None:
    row = request_suggestion(study=study, clusters=None, by=by)
    assert request_suggestion(study=study, clusters=None, by=by) == row
    make_suggestion(row.pk)
    row.refresh_from_db()
    assert row.state == TopicSuggestion.State.FAILED
    assert "Fewer than four prompts" in row.sentence


def test_the_text_that_was_written_first_is_compared(study: Study) -> None:
    language, texts = source_texts(study)
    assert language == "en"
    newest = PromptText.objects.filter(prompt__in=list(texts), language="en")
    assert set(texts.values()) == {text.text for text in newest}


def test_a_researcher_accepts_puts_aside_renames_and_sets(study: Study, by: User) -> None:
    truth = plant(study)
    row = request_suggestion(study=study, clusters=5, by=by)
    make_suggestion(row.pk)
    row.refresh_from_db()
    client = signed_in(study, Role.RESEARCHER)
    first = row.result["clusters"][0]
    page = client.get(reverse("study-topics", args=[study.key])).content.decode()
    assert ", ".join(first["words"]) in page
    set_topics(study=study, prompt=first["prompts"][0], topics=["mine"], was=[], by=by)
    ticked = first["prompts"][1:]
    page = send(
        client, study, "accept", suggestion=row.pk, cluster=0, topic="Suggested One", prompts=ticked
    )
    assert ", ".join(first["words"]) not in page
    assert topics_of(Prompt.objects.get(pk=first["prompts"][0])) == ["mine"]
    assert topics_of(Prompt.objects.get(pk=ticked[0])) == ["suggested-one"]
    second = row.result["clusters"][1]
    page = send(client, study, "aside", suggestion=row.pk, cluster=1)
    assert ", ".join(second["words"]) not in page
    assert topics_of(Prompt.objects.get(pk=second["prompts"][0])) == []
    send(client, study, "rename", old="suggested-one", new=truth[ticked[0]])
    assert topics_of(Prompt.objects.get(pk=ticked[0])) == [truth[ticked[0]]]
    page = send(client, study, "set", prompt=ticked[0], topics="x y, z", was="suggested-one")
    assert "meanwhile" in page
    send(client, study, "set", prompt=ticked[0], topics="x y, z", was=truth[ticked[0]])
    assert topics_of(Prompt.objects.get(pk=ticked[0])) == ["x-y", "z"]
    listed = client.get(reverse("study-topics", args=[study.key]), {"topic": "mine"})
    assert [line.pk for line in listed.context["page"]] == [first["prompts"][0]]
    assert "Adjusted Rand index" in page


def test_who_may_only_look_changes_nothing(study: Study) -> None:
    client = signed_in(study, Role.VIEWER, "viewer")
    address = reverse("study-topics", args=[study.key])
    page = client.get(address)
    assert page.status_code == 200
    assert "<button" not in page.content.decode().split("<h1>")[1].split("</main>")[0]
    assert reverse("study-themes", args=[study.key]) not in page.content.decode()
    assert client.post(address, {"act": "suggest"}).status_code == 403
    assert not TopicSuggestion.objects.exists()


def test_nonsense_is_answered_in_a_sentence(study: Study) -> None:
    client = signed_in(study, Role.RESEARCHER)
    assert "Enter a whole number" in send(client, study, "suggest", clusters="many")
    assert "short code" in send(
        client, study, "set", prompt=prompts_of(study)[0].pk, topics="été", was=""
    )
    send(client, study, "unheard-of")
    for prompt in prompts_of(study):
        assert topics_of(prompt) == []
