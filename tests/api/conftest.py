"""Vendors, their tokens, and their programs, which speak HTTP to the real views."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import Vendor
from annotation.actions.link import create_recruitment_link
from annotation.models import Phase, RecruitmentLink, Study
from exports.access.allowance import _limiter
from exports.actions.tokens import create_token
from exports.formats import FORMATS
from exports.models import Access, ApiToken, hash_token

# The test client's answers carry more than their declared type says.
Response = Any
ALL_FIELDS = sorted({name for form in FORMATS.values() for name in form.names})


class Program:
    """A vendor's program with one token."""

    def __init__(self, link: RecruitmentLink, access: Access = Access.DATA, **options: Any) -> None:
        self.study, self.vendor = link.study, link.vendor
        options = {"name": "test", "fields": ALL_FIELDS, "access": access} | options
        self.secret = create_token(vendor=self.vendor, study=self.study, **options)
        self.client = Client()

    @property
    def token(self) -> ApiToken:
        return ApiToken.objects.get(token_hash=hash_token(self.secret))

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}

    def get(self, path: str, headers: dict[str, str] | None = None, **extra: Any) -> Response:
        return self.client.get(_path(path), headers=self.headers | (headers or {}), **extra)

    def head(self, path: str, **extra: Any) -> Response:
        return self.client.head(_path(path), headers=self.headers, **extra)

    def post(
        self, path: str, data: Any, headers: dict[str, str] | None = None, **extra: Any
    ) -> Response:
        options = {"content_type": "application/json"} | extra
        return self.client.post(
            _path(path), data, headers=self.headers | (headers or {}), **options
        )


def _path(path: str) -> str:
    """Within the API's version, or as an answer gave it."""
    whole = path.removeprefix(settings.SITE_URL)
    return whole if whole.startswith("/api/") else f"/api/v1/{whole}"


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    """Every test has the whole allowance of its minute."""
    _limiter().storage.reset()
    yield
    _limiter().storage.reset()


@pytest.fixture
def data(link: RecruitmentLink) -> Program:
    return Program(link)


@pytest.fixture
def people(link: RecruitmentLink) -> Program:
    return Program(link, Access.PEOPLE)


@pytest.fixture
def their_link(study: Study) -> RecruitmentLink:
    vendor = Vendor.objects.create(key="vendor-b", name="Vendor B")
    return create_recruitment_link(study=study, vendor=vendor, phase=Phase.MAIN)
