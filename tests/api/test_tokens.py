"""Tokens: made, shown once, used from where they may be, ended, and never asked too much of."""

import io
from datetime import timedelta

import pytest
import pytest_django
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from annotation.models import RecruitmentLink
from exports.access.allowance import _limiter
from exports.actions.tokens import create_token, revoke_token
from exports.format import Column, Format, Type
from exports.formats import FORMATS
from exports.models import Access, ApiToken
from tests.api.conftest import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def politics(monkeypatch: pytest.MonkeyPatch) -> None:
    """A format with a column of a special category."""
    columns = (
        Column("turn", Type.INTEGER, "place"),
        Column("party", Type.TEXT, "what she votes", special=True),
    )
    form = Format("votes", "Votes", "One vote.", columns, FORMATS["comparisons"].query, "")
    monkeypatch.setattr("exports.access.token_fields.FORMATS", {**FORMATS, "votes": form})


def make(link: RecruitmentLink, *options: str) -> str:
    """The command; returns what it prints for programs."""
    out = io.StringIO()
    keys = (link.study.key, link.vendor.key)
    call_command(
        "create_token", *keys, "--name", "test", *options, stdout=out, stderr=io.StringIO()
    )
    return out.getvalue().strip()


def test_the_command_prints_a_token_that_opens_the_study(link: RecruitmentLink) -> None:
    secret = make(link)
    found = Client().get("/api/v1/studies/", headers={"Authorization": f"Bearer {secret}"})
    assert found.json()["items"][0]["key"] == link.study.key
    token = ApiToken.objects.get()
    assert secret not in str(ApiToken.objects.values())
    assert secret.startswith(token.start) and len(token.start) < 12
    assert token.expires_at is not None
    assert token.expires_at - timezone.now() > timedelta(days=364)


@pytest.mark.usefixtures("politics")
def test_special_categories_leave_only_where_they_are_named(link: RecruitmentLink) -> None:
    make(link)
    assert "party" not in ApiToken.objects.get().fields
    assert {"turn", "annotator_id"} <= set(ApiToken.objects.get().fields)
    make(link, "--special-field", "party")
    assert "party" in ApiToken.objects.order_by("-pk")[0].fields
    make(link, "--field", "turn")
    assert ApiToken.objects.order_by("-pk")[0].fields == ["turn"]
    with pytest.raises(CommandError, match="party"):
        make(link, "--field", "party")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--field", "nonsense"], "No format has a column nonsense"),
        (["--days", "0"], "one day at least"),
        (["--address", "10.0.0.0/33"], "no address and no network"),
        (["--address", "10.0.0.1/8"], "no address and no network"),
    ],
)
def test_the_command_says_in_one_sentence_what_is_wrong(
    link: RecruitmentLink, options: list[str], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        make(link, *options)
    assert not ApiToken.objects.exists()


def test_the_command_names_the_studies_and_vendors_there_are(link: RecruitmentLink) -> None:
    with pytest.raises(CommandError, match=link.study.key):
        call_command("create_token", "nothing", link.vendor.key, "--name", "x")
    with pytest.raises(CommandError, match=link.vendor.key):
        call_command("create_token", link.study.key, "nobody", "--name", "x")


def test_a_token_is_used_from_its_networks_alone(
    link: RecruitmentLink, settings: pytest_django.Settings
) -> None:
    program = Program(link, addresses=["192.0.2.0/24", "2001:db8::/32"])
    for address in ("192.0.2.77", "2001:db8::1", "::ffff:192.0.2.1"):
        assert program.get("studies/", REMOTE_ADDR=address).status_code == 200
    for address in ("192.0.3.1", "::ffff:192.0.3.1", "", "nonsense"):
        response = program.get("studies/", REMOTE_ADDR=address)
        assert response.status_code == 403
        said = f"from your address ({address or 'unknown'}): ask the research team"
        assert said in response.json()["detail"]


def test_a_header_about_the_address_is_believed_only_of_own_proxies(
    link: RecruitmentLink, settings: pytest_django.Settings
) -> None:
    program = Program(link, addresses=["192.0.2.0/24"])
    said = {"X-Forwarded-For": "192.0.2.1, 203.0.113.9"}
    assert program.get("studies/", said, REMOTE_ADDR="203.0.113.9").status_code == 403
    settings.TRUSTED_PROXIES = 1
    assert program.get("studies/", said).status_code == 403
    assert program.get("studies/", {"X-Forwarded-For": "1.1.1.1, 192.0.2.1"}).status_code == 200
    settings.TRUSTED_PROXIES = 2
    assert program.get("studies/", said).status_code == 200
    assert program.get("studies/").status_code == 403


def test_expired_and_revoked_tokens_look_like_unknown_ones(data: Program) -> None:
    assert data.get("studies/").status_code == 200
    unknown = Client().get("/api/v1/studies/", headers={"Authorization": "Bearer plv_x"})
    ApiToken.objects.update(expires_at=timezone.now())
    assert data.get("studies/").content == unknown.content
    ApiToken.objects.update(expires_at=None)
    revoke_token(token=data.token)
    assert data.get("studies/").content == unknown.content
    first = data.token.revoked_at
    revoke_token(token=data.token)
    assert data.token.revoked_at == first


def test_the_last_use_is_kept_to_the_minute(
    data: Program, django_assert_num_queries: pytest_django.DjangoAssertNumQueries
) -> None:
    assert data.token.last_used_at is None
    data.get("studies/")
    first = data.token.last_used_at
    assert first is not None
    data.get("studies/")
    assert data.token.last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    data.get("studies/")
    assert data.token.last_used_at > first - timedelta(minutes=1)


def test_a_token_asks_so_often_a_minute_and_others_do_not_wait(
    data: Program, people: Program, settings: pytest_django.Settings
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3
    answers = [data.get("studies/") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert answers[-1]["Content-Type"] == "application/problem+json"
    assert people.get("people/").status_code == 200


def test_an_address_fails_so_often_and_a_good_token_is_still_let_in(
    data: Program, settings: pytest_django.Settings
) -> None:
    settings.API_FAILURES_PER_MINUTE = 3
    wrong = {"Authorization": "Bearer plv_x"}
    answers = [Client().get("/api/v1/studies/", headers=wrong) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    elsewhere = Client(REMOTE_ADDR="192.0.2.1").get("/api/v1/studies/", headers=wrong)
    assert elsewhere.status_code == 401
    assert data.get("studies/").status_code == 200


def test_a_flushed_redis_begins_a_new_minute(
    data: Program, settings: pytest_django.Settings
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1
    assert [data.get("studies/").status_code for _ in range(2)] == [200, 429]
    _limiter().storage.reset()
    assert data.get("studies/").status_code == 200


def test_without_redis_nobody_is_stopped(data: Program, settings: pytest_django.Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.API_REQUESTS_PER_MINUTE = 1
    _limiter.cache_clear()
    try:
        assert [data.get("studies/").status_code for _ in range(3)] == [200, 200, 200]
    finally:
        _limiter.cache_clear()


def test_a_token_opens_its_study_even_with_no_column_at_all(link: RecruitmentLink) -> None:
    secret = create_token(
        vendor=link.vendor, study=link.study, name="x", fields=[], access=Access.DATA
    )
    found = Client().get("/api/v1/studies/", headers={"Authorization": f"Bearer {secret}"})
    assert found.status_code == 200
