"""How the team signs in: one door, limits that hold, second factors, sessions, an issuer."""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AccountChange, User
from accounts.shared_cache import SharedCache
from accounts.signing_in import end_sessions, reset_second_factor
from annotation.models import AuditEntry, RecruitmentLink
from tests.accounts.codes import totp
from tests.accounts.issuer import CLIENT_ID, SECRET, Issuer, issuing

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-test-password"
LOGIN = reverse("account_login")


@pytest.fixture
def ines() -> User:
    return User.objects.create_superuser("ines", email="ines@uni.example", password=PASSWORD)


def sign_in(client: Client, password: str = PASSWORD, name: str = "ines", **headers: Any) -> Any:
    return client.post(LOGIN, {"login": name, "password": password}, **headers)


# ---- one door


def test_the_desks_own_doors_lead_to_the_one_door(client: Client, ines: User) -> None:
    answer = client.get(reverse("admin:index"), follow=True)
    assert answer.redirect_chain[-1][0].startswith(LOGIN)
    assert 'name="login"' in answer.text
    posted = client.post(reverse("admin:login"), {"username": "ines", "password": PASSWORD})
    assert posted.status_code == 405
    assert "_auth_user_id" not in client.session
    away = client.get(reverse("admin:login") + "?next=https://evil.example/")
    assert away["Location"] == LOGIN


def test_a_person_signs_in_and_goes_where_she_wanted(client: Client, ines: User) -> None:
    wanted = reverse("admin:annotation_study_changelist")
    data = {"login": "ines", "password": PASSWORD, "next": wanted}
    assert client.post(LOGIN, data)["Location"] == wanted
    assert client.get(wanted).status_code == 200
    assert 0 < client.session.get_expiry_age() <= settings.STAFF_SESSION_HOURS * 3600
    client.post(reverse("account_logout"))
    assert client.get(wanted).status_code == 302


def test_nobody_signs_up_and_a_deactivated_account_stays_outside(
    client: Client, ines: User
) -> None:
    assert client.get("/account/signup/").status_code == 404
    assert "sign up" not in client.get(LOGIN).text.lower()
    User.objects.update(is_active=False)
    sign_in(client)
    assert "_auth_user_id" not in client.session


# ---- limits


def test_after_five_failures_even_the_right_password_waits_and_is_told_so(
    client: Client, ines: User
) -> None:
    for _attempt in range(5):
        assert "user name or the password is not right" in sign_in(client, "wrong").text
    for door in (client, Client()):  # a new browser changes nothing
        said = sign_in(door).text
        assert "Too many attempts failed. Wait five minutes" in said
    assert "_auth_user_id" not in client.session


def test_an_address_that_tries_many_names_waits_too(client: Client, ines: User) -> None:
    for number in range(20):
        sign_in(client, "wrong", name=f"name-{number}")
    assert "Too many attempts failed" in sign_in(client).text
    assert sign_in(Client(), REMOTE_ADDR="192.0.2.7").status_code == 302


def test_behind_a_proxy_each_person_has_her_own_count(
    client: Client, ines: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "TRUSTED_PROXIES", 1)
    for number in range(20):
        sign_in(client, "wrong", name=f"n{number}", HTTP_X_FORWARDED_FOR="192.0.2.1")
    assert sign_in(Client(), HTTP_X_FORWARDED_FOR="192.0.2.1, 192.0.2.2").status_code == 302
    # An entry that is no address stops nobody and breaks nothing.
    assert sign_in(Client(), HTTP_X_FORWARDED_FOR="nonsense").status_code == 302


def test_counts_are_shared_by_processes_and_signing_in_works_without_redis(
    client: Client, ines: User
) -> None:
    one, two = (SharedCache(settings.REDIS_URL, {"KEY_PREFIX": "plurivox:cache"}) for _n in "ab")
    one.set("count", [1])
    assert two.get("count") == [1] and two.add("count", 2) is False
    away = SharedCache("redis://127.0.0.1:1/0", {})
    away.set("count", [1], 60)
    assert away.get("count") == [1] and away.add("count", 2) is False
    assert away.delete("count") and away.get("count") is None
    caches._connections.default = away  # type: ignore[attr-defined]
    try:
        for _attempt in range(5):
            sign_in(client, "wrong")
        assert "Too many attempts failed" in sign_in(client).text
        away.clear()
        assert sign_in(client).status_code == 302
    finally:
        del caches._connections.default  # type: ignore[attr-defined]


def test_to_empty_the_cache_leaves_the_workers_queue_alone() -> None:
    import redis

    client = redis.Redis.from_url(settings.REDIS_URL)
    client.set("not-of-the-cache", "1")
    caches["default"].set("of-the-cache", 1)
    caches["default"].clear()
    assert caches["default"].get("of-the-cache") is None
    assert client.getdel("not-of-the-cache") == b"1"


# ---- second factors


def with_totp(user: User) -> str:
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    TOTP.activate(user, secret)
    return secret


def test_without_a_second_factor_the_desk_is_closed_and_the_own_account_open(
    client: Client, ines: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "STAFF_TWO_FACTOR", True)
    sign_in(client)
    answer = client.get(reverse("admin:index"), follow=True)
    assert answer.redirect_chain == [(reverse("mfa_index"), 302)]
    assert "Set up a second factor first" in answer.text


def test_a_prefix_that_a_request_names_leads_nobody_round_the_second_factor(
    client: Client, ines: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "STAFF_TWO_FACTOR", True)
    sign_in(client)
    answer = client.get("/admin/", SCRIPT_NAME="/elsewhere")
    assert answer.status_code == 302
    assert answer["Location"].endswith("/account/two-factor/")


def test_an_authenticator_app_is_set_up_and_asked_for(
    client: Client, ines: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "STAFF_TWO_FACTOR", True)
    sign_in(client)
    setup = reverse("mfa_activate_totp")
    asked = client.get(setup, follow=True)
    confirmed = client.post(asked.redirect_chain[-1][0], {"password": PASSWORD}, follow=True)
    found = re.search(r'value="([A-Z2-7]{32})"', confirmed.text)
    assert found, confirmed.text
    secret = found[1]
    assert client.post(setup, {"code": "000000"}).status_code == 200
    done = client.post(setup, {"code": totp(secret)}, follow=True)
    assert done.redirect_chain[-1][0] == reverse("mfa_view_recovery_codes")
    codes = re.findall(r"\b[0-9a-f]{8}\b|\b\d{8}\b", done.text)
    assert len(codes) >= 10
    assert client.get(reverse("admin:index")).status_code == 200

    other = Client()
    assert sign_in(other)["Location"].startswith(reverse("mfa_authenticate"))
    assert "_auth_user_id" not in other.session
    assert other.get(reverse("admin:index")).status_code == 302
    assert "Incorrect code" in other.post(reverse("mfa_authenticate"), {"code": "123"}).text
    other.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert other.get(reverse("admin:index")).status_code == 200
    again = Client()
    sign_in(again)
    again.post(reverse("mfa_authenticate"), {"code": codes[0]})  # a recovery code is good once
    assert "_auth_user_id" not in again.session


def test_the_database_holds_no_secret_of_a_second_factor_in_clear(
    client: Client, ines: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = with_totp(ines)
    recovery = RecoveryCodes.activate(ines)
    stored = {row.type: row.data for row in Authenticator.objects.all()}
    assert secret not in str(stored) and len(stored) == 2
    codes = [totp(secret), totp(""), recovery.get_unused_codes()[0]]
    page = reverse("mfa_authenticate")
    with monkeypatch.context() as other:
        other.setattr(settings, "SECRET_KEY", "a key that this database has never seen before")
        assert sign_in(client)["Location"].startswith(page)
        for code in codes:  # also that of an empty secret, which anybody could reckon
            assert "Incorrect code" in client.post(page, {"code": code}).text
        assert "_auth_user_id" not in client.session
    door = Client()
    sign_in(door)
    door.post(page, {"code": totp(secret)})
    assert "_auth_user_id" in door.session


def test_secrets_that_stood_in_clear_are_sealed_and_go_on_working(
    client: Client, ines: User
) -> None:
    migration = import_module("accounts.migrations.0004_sealed_second_factors")
    secret = with_totp(ines)
    codes = RecoveryCodes.activate(ines).get_unused_codes()
    migration.unseal_all(apps, None)
    clear = {row.type: row.data for row in Authenticator.objects.all()}
    assert clear["totp"]["secret"] == secret
    migration.seal_all(apps, None)
    sealed = {row.type: row.data for row in Authenticator.objects.all()}
    assert secret not in str(sealed) and clear["recovery_codes"]["seed"] not in str(sealed)
    for code in (totp(secret), codes[0]):
        door = Client()
        sign_in(door)
        door.post(reverse("mfa_authenticate"), {"code": code})
        assert "_auth_user_id" in door.session


def test_guessing_codes_is_stopped(client: Client, ines: User) -> None:
    secret = with_totp(ines)
    sign_in(client)
    page = reverse("mfa_authenticate")
    for _attempt in range(5):
        client.post(page, {"code": "000000"})
    assert "Too many attempts failed" in client.post(page, {"code": totp(secret)}).text


def test_an_administrator_takes_a_lost_second_factor_away_and_it_is_written_down(
    client: Client, ines: User
) -> None:
    jo = User.objects.create_user("jo", password=PASSWORD, is_staff=True)
    hers = Client()
    sign_in(hers, name="jo")
    with_totp(jo)
    client.force_login(ines)
    page = reverse("admin:accounts_user_second_factor", args=[jo.pk])
    assert page in client.get(reverse("admin:accounts_user_change", args=[jo.pk])).text
    assert client.post(page, {"why": ""}).status_code == 422
    assert Authenticator.objects.filter(user=jo).exists()
    client.post(page, {"why": "She lost her phone; I called her."})
    assert not Authenticator.objects.filter(user=jo).exists()
    row = AccountChange.objects.get()
    assert (row.user, row.by, row.why) == (jo, ines, "She lost her phone; I called her.")
    assert hers.get(reverse("your-account")).status_code == 302  # her sessions have ended
    assert "I called her" in client.get(page).text


def test_a_second_factor_is_not_reset_without_a_reason(ines: User) -> None:
    with pytest.raises(ValidationError, match="Say why"):
        reset_second_factor(user=ines, by=ines, why=" ")
    assert not AccountChange.objects.exists()


# ---- sessions


def test_a_session_is_listed_and_ended_from_another_browser(client: Client, ines: User) -> None:
    elsewhere = Client(headers={"user-agent": "Firefox on the train"})
    sign_in(elsewhere)
    sign_in(client)
    page = reverse("usersessions_list")
    said = client.get(page).text
    assert "Firefox on the train" in said and "this one" in said
    row = UserSession.objects.get(user_agent="Firefox on the train")
    assert "1 session was ended." in client.post(page, {"session": row.pk}, follow=True).text
    assert elsewhere.get(reverse("admin:index")).status_code == 302
    assert client.get(reverse("admin:index")).status_code == 200


def test_all_others_end_at_once_and_nobody_elses(client: Client, ines: User) -> None:
    User.objects.create_superuser("jo", password=PASSWORD)
    others = [Client(), Client()]
    jo = Client()
    for one in (*others, client):
        sign_in(one)
    sign_in(jo, name="jo")
    client.post(
        reverse("usersessions_list"), {"session": UserSession.objects.get(user__username="jo").pk}
    )
    assert jo.get(reverse("your-account")).status_code == 200
    client.post(reverse("usersessions_list"))
    assert [one.get(reverse("your-account")).status_code for one in (*others, client, jo)] == [
        *(302, 302, 200, 200),
    ]


def test_a_new_password_ends_what_was_signed_in_elsewhere(client: Client, ines: User) -> None:
    elsewhere, new = Client(), "x-another-long-one"
    sign_in(elsewhere)
    sign_in(client)
    data = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    client.post(reverse("account_change_password"), data)
    assert elsewhere.get(reverse("your-account")).status_code == 302
    assert sign_in(Client(), new).status_code == 302


def test_a_session_that_looks_at_a_study_as_annotators_do_is_still_listed_and_ends(
    client: Client, ines: User, link: RecruitmentLink
) -> None:
    elsewhere = Client(headers={"user-agent": "Firefox on the train"})
    sign_in(elsewhere)
    elsewhere.post(reverse("join", args=[link.key]))
    assert elsewhere.get(reverse("your-account")).status_code == 200
    sign_in(client)
    row = UserSession.objects.get(
        user_agent="Firefox on the train", session_key=elsewhere.session.session_key
    )
    client.post(reverse("usersessions_list"), {"session": row.pk})
    assert elsewhere.get(reverse("your-account")).status_code == 302


def test_what_happens_to_accounts_stands_in_the_audit(client: Client, ines: User) -> None:
    sign_in(client, "wrong")
    sign_in(client, "a-password-typed-as-a-name", name="a-password-typed-as-a-name")
    sign_in(client)
    end_sessions(user=ines, by=ines)
    with_totp(ines)
    reset_second_factor(user=ines, by=ines, why="She lost her phone.")
    lines = AuditEntry.objects.exclude(kind="account:made").order_by("pk")
    assert [line.kind for line in lines] == [
        *("sign-in:refused", "sign-in:done", "session:ended", "factor:removed"),
    ]
    assert {line.what for line in lines} == {"account ines"}
    assert lines[3].why == "She lost her phone." and lines[0].by is None


# ---- annotators


def test_annotators_pages_ask_nothing_about_accounts(link: RecruitmentLink) -> None:
    client = Client()
    with CaptureQueriesContext(connection) as asked:
        client.get(reverse("join", args=[link.key]))
    tables = (
        "accounts_user",
        "mfa_",
        "usersessions",
        "account_email",
        "socialaccount",
        "teammember",
    )
    assert not [query for query in asked.captured_queries if any(t in query["sql"] for t in tables)]


# ---- an issuer


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    with issuing() as running:
        app = {
            "provider_id": "issuer", "name": "the university", "client_id": CLIENT_ID,
            "secret": SECRET, "settings": {"server_url": running.address},
        }  # fmt: skip
        providers = {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}
        monkeypatch.setattr(settings, "SOCIALACCOUNT_PROVIDERS", providers, raising=False)
        yield running


def through(client: Client, issuer: Issuer, **claims: Any) -> Any:
    """Follows the link to the issuer, which confirms these claims, and comes back."""
    issuer.claims = {"sub": "person-1", **claims}
    start = client.get(reverse("openid_connect_login", args=["issuer"]))
    asked = parse_qs(urlsplit(start["Location"]).query)
    back = {"state": asked["state"][0], "code": "a-code"}
    return client.get(reverse("openid_connect_callback", args=["issuer"]), back, follow=True)


def test_a_known_verified_address_signs_in(client: Client, ines: User, issuer: Issuer) -> None:
    assert "Sign in through the university" in client.get(LOGIN).text
    through(client, issuer, email="Ines@uni.example", email_verified=True)
    assert client.session["_auth_user_id"] == str(ines.pk)
    (sent,) = [sent for path, sent in issuer.asked if path == "/token"]
    assert "code_verifier" in sent
    ines.refresh_from_db()
    assert ines.check_password(PASSWORD)  # her own password stays


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "stranger@uni.example", "email_verified": True},
        {"email": "ines@uni.example", "email_verified": False},
        {"email": "ines@uni.example", "email_verified": "false"},
        {"email": "ines@uni.example"},
        {},
    ],
)
def test_who_is_unknown_or_not_verified_stays_outside(
    client: Client, ines: User, issuer: Issuer, claims: dict[str, Any]
) -> None:
    answer = through(client, issuer, **claims)
    assert answer.status_code == 403 and "There is no account for this address" in answer.text
    assert "_auth_user_id" not in client.session
    assert User.objects.count() == 1


def test_an_address_that_was_taken_from_her_account_opens_it_no_more(
    client: Client, ines: User, issuer: Issuer
) -> None:
    through(client, issuer, email="ines@uni.example", email_verified=True)
    User.objects.update(email="other@uni.example")
    later = Client()
    assert through(later, issuer, email="ines@uni.example", email_verified=True).status_code == 403
    assert "_auth_user_id" not in later.session


def test_two_accounts_with_one_address_open_neither(
    client: Client, ines: User, issuer: Issuer
) -> None:
    User.objects.create_user("jo", email="ines@uni.example")
    answer = through(client, issuer, email="ines@uni.example", email_verified=True)
    assert answer.status_code == 403


def test_the_issuer_does_not_replace_the_second_factor(
    client: Client, ines: User, issuer: Issuer
) -> None:
    with_totp(ines)
    answer = through(client, issuer, email="ines@uni.example", email_verified=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("mfa_authenticate"))
    assert "_auth_user_id" not in client.session


def test_a_signed_in_account_is_not_joined_to_somebody_elses_identity(
    client: Client, ines: User, issuer: Issuer
) -> None:
    jo = User.objects.create_user("jo", email="jo@uni.example", is_staff=True)
    client.force_login(jo)
    issuer.claims = {"sub": "p", "email": "ines@uni.example", "email_verified": True}
    start = client.get(reverse("openid_connect_login", args=["issuer"]) + "?process=connect")
    asked = parse_qs(urlsplit(start["Location"]).query)
    back = {"state": asked["state"][0], "code": "a-code"}
    client.get(reverse("openid_connect_callback", args=["issuer"]), back)
    assert not SocialAccount.objects.filter(user=jo).exists()


def test_without_its_settings_there_is_no_issuer(client: Client) -> None:
    assert "Sign in through" not in client.get(LOGIN).text
    assert client.get(reverse("openid_connect_login", args=["issuer"])).status_code == 404
