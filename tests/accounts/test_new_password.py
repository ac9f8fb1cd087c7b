"""Who lost her password sets a new one by mail, and nobody learns whose addresses are known."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_django
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tasks import send_new_password
from annotation.models import AuditEntry
from config.celery import app

pytestmark = pytest.mark.django_db
OLD, NEW = "an-old-password-17", "a-new-password-18"
ASK, LOGIN = reverse("account_reset_password"), reverse("account_login")


@pytest.fixture(autouse=True)
def mail_is_sent(settings: pytest_django.Settings) -> Iterator[None]:
    """By a worker, who is this very process here."""
    settings.EMAIL_URL = "smtp://mail.example"
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def ines() -> User:
    return User.objects.create_superuser("ines", email="ines@uni.example", password=OLD)


def ask(email: str, client: Client | None = None) -> Any:
    return (client or Client()).post(ASK, {"email": email}, follow=True)


def link() -> str:
    (sent,) = mail.outbox
    found = re.search(r"https?://\S+", str(sent.body))
    assert found
    return urlsplit(found[0]).path


def set_password(client: Client, address: str) -> Any:
    form = client.get(address, follow=True)
    to = re.search(r'<form method="post" action="([^"]*password/new/[^"]*)"', form.text)
    if to is None:
        return form
    return client.post(to[1], {"password1": NEW, "password2": NEW}, follow=True)


def test_the_link_sets_a_password_once_and_ends_every_session(ines: User) -> None:
    elsewhere = Client()
    elsewhere.force_login(ines)
    assert elsewhere.get(reverse("your-account")).status_code == 200
    ask("INES@uni.example")
    assert mail.outbox[0].to == ["ines@uni.example"]
    address = link()
    client = Client()
    assert set_password(client, address).redirect_chain[-1][0] == LOGIN
    ines.refresh_from_db()
    assert ines.check_password(NEW)
    assert "_auth_user_id" not in client.session  # she signs in, with her second factor
    assert elsewhere.get(reverse("your-account")).status_code == 302
    assert AuditEntry.objects.get(kind="password:reset").what == "account ines"
    assert "has been used" in set_password(Client(), address).text


def test_a_forged_or_old_link_sets_nothing(ines: User, settings: pytest_django.Settings) -> None:
    ask(ines.email)
    address = link()
    assert "has been used" in set_password(Client(), address[:-2] + "x/").text
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "has been used" in set_password(Client(), address).text
    ines.refresh_from_db()
    assert ines.check_password(OLD)


def test_the_answer_is_the_same_for_an_address_that_nobody_has(ines: User) -> None:
    User.objects.create_user("gone", email="gone@uni.example", password=OLD, is_active=False)
    User.objects.create_user("issuer", email="issuer@uni.example")  # has no password to lose
    known = ask(ines.email)
    assert "is on its way" in known.text
    for unknown in ("nobody@uni.example", "gone@uni.example", "issuer@uni.example"):
        answer = ask(unknown)
        assert answer.redirect_chain == known.redirect_chain
        assert without_tokens(answer.text) == without_tokens(known.text)
    assert len(mail.outbox) == 1


def without_tokens(page: str) -> str:
    return re.sub(r'value="[^"]*"', "", page)


def test_who_asks_too_often_waits(ines: User) -> None:
    codes = [ask(ines.email).status_code for _time in range(4)]
    assert codes == [200, 200, 200, 429] and len(mail.outbox) == 3
    codes = [ask(f"nobody-{n}@uni.example").status_code for n in range(5)]
    assert 429 in codes


def test_without_a_mail_server_nothing_of_it_is_there(
    ines: User, settings: pytest_django.Settings
) -> None:
    words = "I have lost my password"
    assert words in Client().get(LOGIN).text
    settings.EMAIL_URL = ""
    assert words not in Client().get(LOGIN).text
    assert ask(ines.email).status_code == 404
    key = reverse("account_reset_password_from_key", args=["1", "unknown"])
    assert Client().get(key).status_code == 404
    assert mail.outbox == []


def test_a_broker_that_is_away_changes_no_answer(
    ines: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app.conf.task_always_eager = False
    with app.connection_for_write("redis://127.0.0.1:1/0", connect_timeout=1) as gone:
        send: Any = send_new_password.apply_async
        monkeypatch.setattr(
            send_new_password,
            "apply_async",
            lambda *args, **options: send(*args, **options, connection=gone),
        )
        answer = ask(ines.email)
    assert answer.status_code == 200 and "is on its way" in answer.text
    assert mail.outbox == [] and "a mail was not sent" in caplog.text
    assert ines.email not in caplog.text
