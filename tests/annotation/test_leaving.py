"""How people leave, over HTTP: words, code, pay and the way back; ids stay apart."""

import html
import logging
import re
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import ExternalIdentity, Vendor
from annotation.actions.participation import end_participation
from annotation.models import Outcome, Participation, RecruitmentLink, Study
from annotation.recruitment.conventions import sign
from tests.exporting import wide_rows
from tests.recruiting import KEY, VARIABLE, arrive, make_link
from tests.walker import Walker, code_on

pytestmark = pytest.mark.django_db


EVERY_EXIT = {str(outcome): f"https://panel.example/{outcome}?c={{code}}" for outcome in Outcome}


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(VARIABLE, KEY)
    return KEY


def ended(link: RecruitmentLink, outcome: Outcome, query: str = "pid=p7") -> Client:
    """A browser whose person ended with this outcome, in France."""
    client = Client()
    arrive(link, query, client)
    participation = Participation.objects.get(pk=client.session["participation"])
    participation.locale = link.study.locales.get(country="FR")
    participation.country = "FR"
    participation.save(update_fields=["locale", "country"])
    end_participation(participation=participation, outcome=outcome)
    return client


def exit_on(page: str) -> str:
    found = re.search(r'href="([^"]+)" rel="noreferrer" data-exit', page)
    assert found, "no way back on the page"
    return html.unescape(found[1])


WORDS = {
    Outcome.COMPLETE: "Thank you, you are done",
    Outcome.SCREENED_OUT: "Thank you for your time",
    Outcome.QUOTA_FULL: "all places are taken",
    Outcome.QUALITY: "The study has ended for you",
    Outcome.WITHDRAWN: "You have left the study",
}


@pytest.mark.parametrize("outcome", list(Outcome))
def test_each_outcome_has_its_words_its_code_its_exit_and_its_pay(
    study: Study, vendor: Vendor, outcome: Outcome
) -> None:
    study.locales.filter(country="FR").update(
        pay=Decimal("12.50"), short_pay=Decimal("0.75"), currency="EUR"
    )
    codes = {str(each): f"CODE{each.upper()}" for each in Outcome}
    link = make_link(study, vendor, codes=codes, exits=EVERY_EXIT)
    client = ended(link, outcome)
    page = client.get(reverse("here"), follow=True).content.decode()
    assert WORDS[outcome] in page
    assert sum(words in page for words in WORDS.values()) == 1
    assert f"data-completion-code>{codes[outcome]}<" in page
    assert exit_on(page) == f"https://panel.example/{outcome}?c={codes[outcome]}"
    assert "Back to Vendor A" in page
    paid = {Outcome.COMPLETE: "12.50", Outcome.SCREENED_OUT: "0.75", Outcome.QUOTA_FULL: "0.75"}
    assert re.findall(r"\d+\.\d\d", page.partition("<main")[2]) == (
        [paid[outcome]] if outcome in paid else []
    )


def test_whoever_declines_can_leave_with_a_code_and_the_pay_of_a_short_exit(
    study: Study, vendor: Vendor
) -> None:
    study.locales.filter(country="FR").update(
        pay=Decimal("12.50"), short_pay=Decimal("0.75"), currency="EUR"
    )
    walker = Walker(make_link(study, vendor, codes={"withdrawn": "LEFT"}, exits=EVERY_EXIT))
    walker.choose()
    walker.screen()
    declined = walker.consent("no").content.decode()
    assert 'name="leave"' in declined
    page = walker.post("declined", {"leave": "yes"}).content.decode()
    assert "data-completion-code>LEFT<" in page
    assert "0,75" in page
    assert exit_on(page) == "https://panel.example/withdrawn?c=LEFT"
    walker.post("declined")
    assert walker.participation.outcome == "withdrawn"
    assert walker.here() == reverse("finish")


def test_the_pay_is_written_as_the_language_writes_it(study: Study, vendor: Vendor) -> None:
    study.locales.filter(country="FR").update(pay=Decimal("12.50"), currency="EUR")
    client = ended(make_link(study, vendor), Outcome.COMPLETE)
    client.post(reverse("interface-language"), {"language": "fr"})
    assert "12,50" in client.get(reverse("finish")).content.decode()


def test_codes_that_nobody_agreed_are_drawn_for_each_person(study: Study, vendor: Vendor) -> None:
    link = make_link(study, vendor, codes={"complete": "C1ABC"})
    pages = [ended(link, Outcome.SCREENED_OUT, f"pid={who}").get(reverse("finish")) for who in "ab"]
    codes = {code_on(page) for page in pages}
    assert len(codes) == 2
    assert "C1ABC" not in codes


def test_whoever_ended_sees_the_same_page_however_she_comes_back(
    study: Study, vendor: Vendor
) -> None:
    link = make_link(study, vendor, exits=EVERY_EXIT)
    client = ended(link, Outcome.QUOTA_FULL)
    first = client.get(reverse("finish"))
    token = Participation.objects.get().return_token
    Study.objects.filter(pk=study.pk).update(status=Study.Status.CLOSED)
    again = [
        client.get(reverse("finish")),
        arrive(link, "pid=p7", client),
        arrive(link, "pid=p7"),
        Client().post(reverse("come-back", args=[token]), follow=True),
    ]
    for page in again:
        assert code_on(page) == code_on(first)
        assert exit_on(page.content.decode()) == exit_on(first.content.decode())
    assert Participation.objects.get().outcome == Outcome.QUOTA_FULL


def test_prolific_people_go_back_to_prolific_by_their_code(study: Study, vendor: Vendor) -> None:
    link = make_link(study, vendor, convention="prolific", codes={"complete": "C1ABC"})
    page = ended(link, Outcome.COMPLETE, "PROLIFIC_PID=5f2a").get(reverse("finish"))
    text = page.content.decode()
    assert exit_on(text) == "https://app.prolific.com/submissions/complete?cc=C1ABC"
    assert "Back to Prolific" in text
    other = ended(link, Outcome.WITHDRAWN, "PROLIFIC_PID=6f2a").get(reverse("finish"))
    assert "data-exit" not in other.content.decode()


def test_an_exit_is_signed_where_there_is_a_key(study: Study, vendor: Vendor, key: str) -> None:
    link = make_link(
        study,
        vendor,
        convention="panel",
        exits={"screened_out": "https://p.example/out?i={id}&c={code}"},
        codes={"screened_out": "S0"},
        signing_key_variable=VARIABLE,
    )
    client = ended(link, Outcome.SCREENED_OUT, "pid=p%207")
    unsigned = "https://p.example/out?i=p%207&c=S0"
    address = exit_on(client.get(reverse("finish")).content.decode())
    assert address == f"{unsigned}&signature={sign(unsigned, KEY)}"


def test_without_the_key_people_see_their_code_alone_and_the_log_says_why(
    study: Study, vendor: Vendor, caplog: pytest.LogCaptureFixture
) -> None:
    link = make_link(study, vendor, exits=EVERY_EXIT, signing_key_variable=VARIABLE)
    with caplog.at_level(logging.ERROR):
        page = ended(link, Outcome.COMPLETE, "pid=person-7").get(reverse("finish"))
    assert code_on(page)
    assert "data-exit" not in page.content.decode()
    assert VARIABLE in caplog.text
    assert "person-7" not in caplog.text


def test_the_way_back_is_a_link_that_nothing_follows_by_itself(
    study: Study, vendor: Vendor
) -> None:
    page = ended(make_link(study, vendor, exits=EVERY_EXIT), Outcome.COMPLETE).get("/finish/")
    text = page.content.decode()
    assert 'http-equiv="refresh"' not in text
    assert "Refresh" not in page.headers
    assert "<form" not in text.partition("<main")[2].partition("data-exit")[0]


def test_nobody_gets_a_code_before_everything_is_stored(study: Study, vendor: Vendor) -> None:
    client, link = Client(), make_link(study, vendor, codes={"complete": "C1ABC"})
    arrive(link, "pid=p7", client)
    assert "C1ABC" not in client.get(reverse("finish"), follow=True).content.decode()


# -- Kept apart


@pytest.mark.django_db(transaction=True)
def test_no_page_and_no_export_row_holds_an_id(
    study: Study, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = make_link(study, vendor, convention="prolific", codes={"complete": "C1ABC"})
    walker = Walker(link)
    pages: list[str] = []
    original = Client.request

    def recording(self: Client, **request: Any) -> Any:
        response = original(self, **request)
        if "/join/" not in str(request.get("PATH_INFO")):  # the invitation knows its own address
            pages.append(response.content.decode() + str(response.headers))
        return response

    monkeypatch.setattr(Client, "request", recording)
    ids = ("quokka-person", "quokka-study", "quokka-session")
    query = "PROLIFIC_PID={}&STUDY_ID={}&SESSION_ID={}".format(*ids)
    arrive(link, query, walker.client)
    assert ExternalIdentity.objects.get().external_id == ids[0]
    walker.enter()
    walker.finish()
    assert "C1ABC" in pages[-1]
    rows = wide_rows(study, vendor)
    assert len(rows) > 1
    for text in [*pages, *map(str, rows)]:
        assert "quokka" not in text


def test_the_invitation_holds_the_id_in_its_own_address_alone(study: Study, vendor: Vendor) -> None:
    address = reverse("join", args=[make_link(study, vendor).key]) + "?pid=quokka-person"
    page = Client().get(address).content.decode()
    assert page.count("quokka") == page.count(f'name="next" value="{address}"') == 1
    assert settings.SECURE_REFERRER_POLICY == "same-origin"
