"""A panel's server is called by ours, signed, and its list is compared with our outcomes."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import Vendor
from annotation.actions.link import create_recruitment_link
from annotation.actions.participation import end_participation
from annotation.models import Outcome, Participation, Phase, RecruitmentLink, Study
from annotation.recruitment.conventions import add_signature, signed_part
from exports.models import Delivery
from tests.conftest import small_study
from tests.exports.receiver import Receiver, receiving
from tests.exports.test_webhooks import let_time_pass, send_all
from tests.provider import Provider
from tests.walker import Walker

pytestmark = pytest.mark.django_db
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def study(db: None, provider: Provider) -> Study:
    return small_study()


@pytest.fixture
def receiver(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
    monkeypatch.setenv("PANEL_KEY", KEY)
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def panel(receiver: Receiver, study: Study, vendor: Vendor) -> RecruitmentLink:
    return create_recruitment_link(
        study=study,
        vendor=vendor,
        phase=Phase.MAIN,
        convention="panel",
        codes={"complete": "C1"},
        signing_key_variable="PANEL_KEY",
        callbacks={
            "complete": f"{receiver.address}/s2s?status=1&id={{id}}&code={{code}}",
            "quota_full": f"{receiver.address}/s2s?status=3&id={{id}}",
        },
    )


def ended(link: RecruitmentLink, external_id: str, outcome: Outcome | None) -> Participation:
    walker = Walker(link)
    walker.join(external_id)
    if outcome:
        end_participation(participation=walker.participation, outcome=outcome)
    return walker.participation


def test_each_outcome_calls_its_own_address_signed_once(
    panel: RecruitmentLink, receiver: Receiver
) -> None:
    ended(panel, "worker 17", Outcome.COMPLETE)
    ended(panel, "worker 18", Outcome.QUOTA_FULL)
    ended(panel, "worker 19", Outcome.SCREENED_OUT)  # no address was agreed
    ended(panel, "worker 20", None)
    send_all()
    send_all()
    assert [request.method for request in receiver.received] == ["GET", "GET"]
    sent = [parse_qs(urlsplit(request.path).query) for request in receiver.received]
    assert [(item["status"], item["id"]) for item in sent] == [
        (["1"], ["worker 17"]),
        (["3"], ["worker 18"]),
    ]
    assert sent[0]["code"] == ["C1"]
    for request in receiver.received:
        whole = receiver.address + request.path
        vouched = signed_part(whole, KEY)
        assert vouched is not None and add_signature(vouched, KEY) == whole
        assert signed_part(whole.replace("status=", "status=9"), KEY) is None


def test_a_panel_that_is_away_is_called_again(panel: RecruitmentLink, receiver: Receiver) -> None:
    receiver.status = 500
    ended(panel, "worker 17", Outcome.COMPLETE)
    send_all()
    receiver.status = 200
    let_time_pass()
    send_all()
    assert len(receiver.received) == 2 and len(set(receiver.ids)) == 1
    row = Delivery.objects.get()
    assert row.delivered_at and "worker" not in str(row.__dict__)


def test_without_the_key_nothing_is_sent_unsigned(
    panel: RecruitmentLink, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PANEL_KEY")
    ended(panel, "worker 17", Outcome.COMPLETE)
    send_all()
    assert receiver.received == []
    assert "PANEL_KEY is not set" in Delivery.objects.get().last_answer
    monkeypatch.setenv("PANEL_KEY", KEY)
    let_time_pass()
    send_all()
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    ("callbacks", "variable", "said"),
    [
        ({"complete": "https://panel.example.org/s2s?id={id}"}, "", "is signed"),
        ({"complete": "http://panel.example.org/s2s"}, "PANEL_KEY", "whole https address"),
        ({"complete": "https://panel.example.org/{name}"}, "PANEL_KEY", "only {code} and {id}"),
        ({"done": "https://panel.example.org/"}, "PANEL_KEY", "no outcome"),
    ],
)
def test_a_callback_that_could_not_work_is_refused(
    study: Study, vendor: Vendor, callbacks: dict[str, str], variable: str, said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        create_recruitment_link(
            study=study,
            vendor=vendor,
            phase=Phase.MAIN,
            convention="panel",
            signing_key_variable=variable,
            callbacks=callbacks,
        )
    assert said in refused.value.messages[0]


def reconciled(link: RecruitmentLink, path: Path, *options: str) -> dict[str, tuple[str, ...]]:
    out = io.StringIO()
    call_command("reconcile", link.key, str(path), *options, stdout=out, stderr=io.StringIO())
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    return {row["id"]: (row["verdict"], row["theirs"], row["ours"]) for row in rows}


def test_a_panels_list_is_compared_person_by_person(panel: RecruitmentLink, tmp_path: Path) -> None:
    ended(panel, "a", Outcome.COMPLETE)
    ended(panel, "b", Outcome.COMPLETE)
    ended(panel, "c", Outcome.QUOTA_FULL)
    ended(panel, "d", None)
    ended(panel, "=1+1", None)
    ended(panel, "＝1+1", None)
    path = tmp_path / "panel.csv"
    path.write_text(
        "ID,Status\na,APPROVED\nb,RETURNED\nd,TIMED-OUT\nz,approved\nc,full\n", "utf-8-sig"
    )
    assert reconciled(panel, path, "--status", "full=quota_full") == {
        "a": ("agree", "complete", "complete"),
        "b": ("differing", "withdrawn", "complete"),
        "c": ("agree", "quota_full", "quota_full"),
        "d": ("agree", "unfinished", "unfinished"),
        "z": ("theirs only", "complete", ""),
        "'=1+1": ("ours only", "", "unfinished"),
        "'＝1+1": ("ours only", "", "unfinished"),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,state\na,b\n", "columns id and status"),
        ("", "columns id and status"),
        ("id,status\na,nobody knows\n", "Line 2"),
        ("id,status\n,approved\n", "no id"),
        ("id,status\na,approved\na,returned\n", "two statuses"),
    ],
)
def test_a_file_that_is_not_understood_is_refused_in_one_sentence(
    panel: RecruitmentLink, tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "panel.csv"
    path.write_text(text)
    with pytest.raises(CommandError, match=said):
        reconciled(panel, path)


def test_an_unknown_link_file_or_outcome_is_said(panel: RecruitmentLink, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        reconciled(panel, tmp_path / "none.csv")
    path = tmp_path / "panel.csv"
    path.write_text("id,status\na,x\n")
    with pytest.raises(CommandError, match="is no outcome"):
        reconciled(panel, path, "--status", "x=done")
    with pytest.raises(CommandError, match="no link"):
        call_command("reconcile", "nosuch", str(path))
    path.write_bytes(b"id,status\n\xff\xfe,approved\n")
    with pytest.raises(CommandError, match="UTF-8"):
        reconciled(panel, path)
