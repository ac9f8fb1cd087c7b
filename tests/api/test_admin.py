"""Tokens in the dashboard: made, shown in one answer, revoked."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.models import RecruitmentLink, Role
from exports.models import ApiToken
from tests.api.conftest import Program
from tests.team import signed_in

pytestmark = pytest.mark.django_db
ADD = reverse("admin:exports_apitoken_add")
LIST = reverse("admin:exports_apitoken_changelist")


def form(link: RecruitmentLink, **changes: str) -> dict[str, str]:
    day = timezone.localdate() + timedelta(days=30)
    return {
        "vendor": str(link.vendor_id),
        "study": str(link.study_id),
        "name": "nightly",
        "access": "data",
        "fields_kept": "turn",
        "addresses": "192.0.2.0/24\n\n198.51.100.7",
        "expires_on": day.isoformat(),
    } | changes


def test_a_token_is_shown_once_after_it_is_made(link: RecruitmentLink) -> None:
    client = signed_in(link.study, Role.RESEARCHER)
    assert 'name="vendor"' in client.get(ADD).text
    page = client.post(ADD, form(link))
    found = re.search(r'id="secret">(plv_[\w-]+)<', page.text)
    assert found
    assert "no-store" in page["Cache-Control"]
    opened = Client(REMOTE_ADDR="192.0.2.9").get(
        "/api/v1/studies/", headers={"Authorization": f"Bearer {found[1]}"}
    )
    assert opened.status_code == 200
    token = ApiToken.objects.get()
    assert token.fields == ["turn"]
    assert token.addresses == ["192.0.2.0/24", "198.51.100.7/32"]
    assert token.created_by is not None and token.expires_at is not None
    for address in (LIST, reverse("admin:exports_apitoken_change", args=[token.pk])):
        text = client.get(address).text
        assert found[1] not in text and token.token_hash not in text
        assert token.start in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"addresses": "192.0.2.0/33"}, "is no address and no network"),
        ({"expires_on": "2020-01-01"}, "a day that is still to come"),
        ({"name": ""}, "required"),
        ({"fields_kept": "nonsense"}, "nonsense"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_made(
    link: RecruitmentLink, changes: dict[str, str], words: str
) -> None:
    page = signed_in(link.study, Role.RESEARCHER).post(ADD, form(link, **changes))
    assert page.status_code == 422
    assert words in page.text
    assert not ApiToken.objects.exists()


def test_who_may_not_make_tokens_makes_none(link: RecruitmentLink) -> None:
    client = signed_in(link.study, Role.REVIEWER)
    assert client.get(ADD).status_code == 403
    assert client.post(ADD, form(link)).status_code == 403
    assert not ApiToken.objects.exists()


def test_tokens_are_revoked_from_the_list_by_who_may(data: Program) -> None:
    chosen = {"action": "revoke", "_selected_action": str(data.token.pk)}
    signed_in(data.token.study, Role.REVIEWER, "rita").post(LIST, chosen)
    assert data.token.revoked_at is None
    client = signed_in(data.token.study, Role.RESEARCHER)
    page = client.post(LIST, chosen, follow=True)
    assert "1 token is revoked" in page.text and "revoked" in client.get(LIST).text
    assert data.get("studies/").status_code == 401
