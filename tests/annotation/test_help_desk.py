"""Anybody writes from any page and is answered; nobody of the study learns who it is."""

import html
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ExternalIdentity, User
from annotation.actions.care import MESSAGES_A_DAY, answer_thread
from annotation.forms.care import page_of
from annotation.models import HelpMessage, HelpThread, Participation, RecruitmentLink, Study
from tests.made_once import Once
from tests.walker import Response, Walker, entered

pytestmark = pytest.mark.django_db
DESK = "/write-to-us/"
MARK = "data-answer-waits"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("researcher"))
    return client


def footer_link(page: str) -> str:
    link = page.split('<footer class="footer">')[1].split(f'href="{DESK}')[1].split('"')[0]
    return html.unescape(link)


def answer(thread: HelpThread, text: str = "Bonne question.") -> None:
    author = User.objects.filter(username="helper").first() or User.objects.create(
        username="helper", is_staff=True
    )
    answer_thread(thread=thread, author=author, text=text)


def write(client: Client, text: str = "Une question ?", query: str = "", **data: str) -> Response:
    return client.post(DESK + query, {"text": text, **data}, follow=True)


def test_every_page_leads_to_the_help_desk(link: RecruitmentLink) -> None:
    walker = Walker(link)
    fresh = Client()
    pages = [
        fresh.get(reverse("join", args=[link.key])),
        fresh.get(reverse("no-session")),
        fresh.get("/there-is-no-such-page/"),
        walker.join(),
    ]
    walker = entered(link)
    conversation = walker.open_kind("pool")
    pages += [walker.page(conversation), walker.client.get(reverse("your-data"))]
    pages.append(fresh.get(reverse("come-back", args=[walker.participation.return_token])))
    for page in pages:
        assert f'href="{DESK}' in page.content.decode()


def test_what_she_writes_and_the_answer_stand_there_with_their_times(
    once: Once,
    link: RecruitmentLink,
) -> None:
    walker = once(entered, link)
    write(walker.client, "Combien de temps ?")
    thread = HelpThread.objects.get()
    assert thread.participation == walker.participation
    assert (thread.study, thread.language) == (link.study, "fr")
    answer(thread)
    page = walker.client.get(DESK).content.decode()
    assert page.index("Combien de temps ?") < page.index("Bonne question.")
    for message in thread.messages.all():
        assert f'<time datetime="{message.sent_at:%Y-%m-%dT%H:%M:%S}' in page


def test_the_thread_follows_her_to_another_device(once: Once, link: RecruitmentLink) -> None:
    walker = once(entered, link)
    write(walker.client)
    other = Client()
    other.post(reverse("come-back", args=[walker.participation.return_token]))
    assert "Une question ?" in other.get(DESK).content.decode()
    write(other, "Et encore")
    assert HelpThread.objects.count() == 1


def test_somebody_who_has_not_joined_writes_and_is_answered_in_the_same_browser(
    link: RecruitmentLink,
) -> None:
    fresh = Client()
    welcome = fresh.get(reverse("join", args=[link.key]) + "?PROLIFIC_PID=secret-pid-1")
    query = footer_link(welcome.content.decode())
    assert "secret-pid-1" not in query
    write(fresh, "Qui êtes-vous ?", query)
    thread = HelpThread.objects.get()
    assert (thread.participation, thread.study) == (None, link.study)
    answer(thread)
    assert MARK in fresh.get(reverse("no-session")).content.decode()
    assert "Bonne question." in fresh.get(DESK).content.decode()
    assert "Qui êtes-vous ?" not in Client().get(DESK).content.decode()


def test_a_thread_begun_before_joining_becomes_hers_when_she_joins(
    link: RecruitmentLink,
) -> None:
    walker = Walker(link)
    write(walker.client)
    walker.enter()
    assert HelpThread.objects.get().participation == walker.participation
    assert "Une question ?" in walker.client.get(DESK).content.decode()
    write(walker.client, "Encore une")
    assert HelpThread.objects.get().participation == walker.participation


def test_nobody_reads_the_thread_of_who_used_this_browser_before(link: RecruitmentLink) -> None:
    walker, other = entered(link), entered(link)
    write(walker.client, "Je suis malade.")
    walker.client.post(reverse("come-back", args=[other.participation.return_token]))
    assert "Je suis malade." not in walker.client.get(DESK).content.decode()
    session = walker.client.session
    del session["participation"]
    session.save()
    assert "Je suis malade." not in walker.client.get(DESK).content.decode()


def test_a_thread_of_nobody_is_not_shown_to_who_comes_back_in_this_browser(
    link: RecruitmentLink,
) -> None:
    other, shared = entered(link), Client()
    write(shared, "Je suis malade.")
    shared.post(reverse("come-back", args=[other.participation.return_token]))
    assert "Je suis malade." not in shared.get(DESK).content.decode()
    write(shared, "Autre chose ?")
    texts = HelpMessage.objects.filter(thread__participation=other.participation)
    assert list(texts.values_list("text", flat=True)) == ["Autre chose ?"]


def test_of_several_open_studies_one_is_chosen(link: RecruitmentLink) -> None:
    another = Study.objects.get(pk=link.study_id)
    another.pk, another._state.adding, another.key = None, True, "another"
    another.save()
    fresh = Client()
    assert write(fresh).status_code == 422
    assert not HelpMessage.objects.exists()
    write(fresh, study="another")
    assert HelpThread.objects.get().study == another
    elsewhere = Client()
    query = footer_link(elsewhere.get(reverse("join", args=[link.key])).content.decode())
    write(elsewhere, query=query)
    assert HelpThread.objects.get(study=link.study)


def test_with_no_open_study_the_page_says_that_nobody_reads(study: Study) -> None:
    Study.objects.update(status="closed")
    page = Client().get(DESK)
    assert page.status_code == 200
    assert "<textarea" not in page.content.decode()
    assert write(Client()).status_code == 422


def test_the_page_she_came_from_is_kept_without_anything_that_names_her(
    once: Once,
    link: RecruitmentLink,
) -> None:
    walker = once(entered, link)
    conversation = walker.open_kind("pool")
    query = footer_link(walker.page(conversation).content.decode())
    page = walker.client.get(DESK + query).content.decode()
    hidden = page.split('name="page" value="')[1].split('"')[0]
    assert hidden == "/conversations/-/"
    write(walker.client, page=hidden)
    assert HelpMessage.objects.get().page == "/conversations/-/"
    token = walker.participation.return_token
    fresh = Client()
    back = fresh.get(reverse("come-back", args=[token])).content.decode()
    assert token not in footer_link(back)
    write(fresh, page=reverse("come-back", args=[token]))
    assert HelpMessage.objects.order_by("pk").last().page == "/return/-/"  # type: ignore[union-attr]
    stored = repr(list(HelpMessage.objects.values())) + repr(list(HelpThread.objects.values()))
    assert token not in stored
    assert conversation.public_id not in stored


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/finish/", "/finish/"),
        ("/conversations/abc123/turns/2/ranking/", "/conversations/-/turns/2/ranking/"),
        ("/return/abc:def/", "/return/-/"),
        ("/return/-/", "/return/-/"),
        ("/return/abc:def/and/more/", ""),
        ("https://example.org/", ""),
        ("", ""),
    ],
)
def test_a_page_is_told_without_what_its_address_leaves_open(path: str, kept: str) -> None:
    assert page_of(path) == kept


def test_an_unread_answer_is_marked_at_the_foot_of_every_page_until_it_is_read(
    once: Once,
    link: RecruitmentLink,
) -> None:
    walker = once(entered, link)
    write(walker.client)
    assert MARK not in walker.client.get(reverse("your-data")).content.decode()
    answer(HelpThread.objects.get())
    assert MARK in walker.client.get(reverse("your-data")).content.decode()
    walker.client.get(DESK)
    assert MARK not in walker.client.get(reverse("your-data")).content.decode()
    seen = HelpThread.objects.get().seen_at
    walker.client.get(DESK)
    assert HelpThread.objects.get().seen_at == seen
    answer(HelpThread.objects.get(), "Et autre chose.")
    assert MARK in walker.client.get(reverse("your-data")).content.decode()


def test_a_double_click_sends_once_and_an_empty_message_is_refused(
    once: Once, link: RecruitmentLink
) -> None:
    walker = once(entered, link)
    for _click in range(2):
        write(walker.client)
    assert HelpMessage.objects.count() == 1
    assert write(walker.client, "  ").status_code == 422


def test_beyond_the_messages_of_a_day_one_sentence_says_so(
    once: Once, link: RecruitmentLink
) -> None:
    walker = once(entered, link)
    for number in range(MESSAGES_A_DAY):
        assert write(walker.client, f"Message {number}").status_code == 200
    refused = write(walker.client, "Encore")
    assert refused.status_code == 422
    assert str(MESSAGES_A_DAY) in refused.content.decode().split('class="problems"')[1]
    assert ">\nEncore</textarea>" in refused.content.decode()
    HelpMessage.objects.update(sent_at=timezone.now() - timedelta(days=1, minutes=1))
    assert write(walker.client, "Encore").status_code == 200


def test_the_contact_of_the_study_is_told_where_it_has_one(
    once: Once, link: RecruitmentLink
) -> None:
    walker = once(entered, link)
    Study.objects.update(contact="Ada, ada@example.org")
    assert "Ada, ada@example.org" in walker.client.get(DESK).content.decode()


def test_the_language_of_the_pages_is_told_also_without_a_session(link: RecruitmentLink) -> None:
    fresh = Client(headers={"Accept-Language": "hi"})
    write(fresh)
    assert HelpThread.objects.get().language == "hi"


# -- The study's side


def identified(link: RecruitmentLink) -> Walker:
    walker = Walker(link)
    walker.join(external_id="recruit-4711")
    walker.post("country", {"country": "FR"})
    conversation_page = reverse("conversations")
    write(walker.client, "Une question ?", page=conversation_page)
    return walker


def threads_of(thread: HelpThread) -> str:
    return reverse("study-help", args=[thread.study.key])


def page_of_thread(thread: HelpThread) -> str:
    return reverse("study-help-thread", args=[thread.study.key, thread.public_id])


def test_staff_read_a_thread_under_a_number_and_never_who_wrote_it(
    link: RecruitmentLink, staff: Client
) -> None:
    participation = identified(link).participation
    thread = HelpThread.objects.get()
    pages = [staff.get(threads_of(thread)), staff.get(page_of_thread(thread))]
    identity = ExternalIdentity.objects.get()
    for page in pages:
        text = page.content.decode()
        assert page.status_code == 200
        assert thread.public_id in text
        names = (participation.public_id, participation.annotator.public_id)
        for name in (*names, identity.external_id, participation.return_token):
            assert name not in text
        assert f"/participation/{participation.pk}/" not in text
        assert f"/annotator/{participation.annotator_id}/" not in text
    assert "Une question ?" in pages[1].content.decode()


def test_what_waits_longest_stands_first_and_what_she_has_read_is_marked(
    link: RecruitmentLink, staff: Client
) -> None:
    first, second, third = entered(link), entered(link), entered(link)
    for number, walker in enumerate((first, second, third)):
        write(walker.client, f"Question {number}")
    hers = HelpThread.objects.get(participation=first.participation)
    page = staff.get(threads_of(hers)).content.decode()
    assert page.count("waits for an answer") == 3
    answer(hers)
    page = staff.get(threads_of(hers)).content.decode()
    ids = [
        HelpThread.objects.get(participation=walker.participation).public_id
        for walker in (second, third, first)
    ]
    assert sorted(ids, key=page.index) == ids
    assert "answered, not read yet" in page
    first.client.get(DESK)
    assert "answered and read" in staff.get(threads_of(hers)).content.decode()


def test_a_thread_of_another_study_is_not_found(link: RecruitmentLink, staff: Client) -> None:
    identified(link)
    thread = HelpThread.objects.get()
    other = Study.objects.get(pk=link.study_id)
    other.pk, other.key = None, "another"
    other.save()
    address = reverse("study-help-thread", args=["another", thread.public_id])
    assert staff.get(address).status_code == 404
    assert staff.post(address, {"text": "x"}).status_code == 404


def test_a_person_is_not_found_by_her_thread(link: RecruitmentLink, staff: Client) -> None:
    identified(link)
    thread = HelpThread.objects.get()
    address = reverse("admin:annotation_participation_changelist")
    for lookup in ("helpthread", "helpthread__id", "helpthread__public_id", "helpthread__isnull"):
        assert staff.get(address, {lookup: thread.pk}).status_code != 200
    for name in ("slot", "grant", "conversation"):
        key = "holder__helpthread" if name == "slot" else "participation__helpthread"
        found = staff.get(reverse(f"admin:annotation_{name}_changelist"), {key: thread.pk})
        assert found.status_code != 200


def test_a_person_is_not_shown_with_her_thread(link: RecruitmentLink, staff: Client) -> None:
    participation = identified(link).participation
    thread = HelpThread.objects.get()
    for address in (
        reverse("admin:annotation_participation_change", args=[participation.pk]),
        reverse("admin:annotation_participation_changelist"),
        reverse("admin:accounts_annotator_change", args=[participation.annotator_id]),
    ):
        text = staff.get(address).content.decode()
        assert participation.annotator.public_id in text or participation.public_id in text
        assert thread.public_id not in text
        assert "Une question ?" not in text
        assert f"/helpthread/{thread.pk}/" not in text


def test_staff_answer_under_their_name_and_once(link: RecruitmentLink, staff: Client) -> None:
    walker = identified(link)
    thread = HelpThread.objects.get()
    assert HelpThread.objects.waiting().get() == thread
    address = page_of_thread(thread)
    for _click in range(2):
        staff.post(address, {"text": "Vingt minutes environ."}, follow=True)
    message = HelpMessage.objects.get(author__isnull=False)
    assert message.author == User.objects.get(username="researcher")
    assert not HelpThread.objects.waiting().exists()
    page = walker.client.get(DESK).content.decode()
    assert "Vingt minutes environ." in page
    assert "researcher" not in page


def test_only_who_may_answer_answers(link: RecruitmentLink, client: Client) -> None:
    identified(link)
    thread = HelpThread.objects.get()
    address = page_of_thread(thread)
    assert client.post(address, {"text": "x"}).status_code == 302
    client.force_login(User.objects.create_user("guest", is_staff=True))
    assert client.post(address, {"text": "x"}).status_code == 403
    assert client.get(address).status_code == 403
    assert HelpMessage.objects.count() == 1
    assert Participation.objects.count() == 1
