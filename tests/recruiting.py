"""For tests of recruitment: a vendor's links, and browsers that come by them."""

from typing import Any
from urllib.parse import urlsplit

from django.test import Client
from django.urls import reverse

from accounts.models import Vendor
from annotation.actions.link import create_recruitment_link
from annotation.models import Phase, RecruitmentLink, Study
from annotation.recruitment.conventions import add_signature
from annotation.recruitment.passage import join_address
from tests.walker import Response

KEY = "0123456789abcdef0123456789abcdef"
VARIABLE = "TEST_PANEL_KEY"


def make_link(study: Study, vendor: Vendor, **options: Any) -> RecruitmentLink:
    return create_recruitment_link(study=study, vendor=vendor, phase=Phase.MAIN, **options)


def arrive(
    link: RecruitmentLink, query: str = "", client: Client | None = None, **headers: Any
) -> Response:
    """Presses the invitation's button, by the address with this query part."""
    address = reverse("join", args=[link.key]) + (f"?{query}" if query else "")
    return (client or Client()).post(address, follow=True, **headers)


def signed_query(link: RecruitmentLink, query: str) -> str:
    return urlsplit(add_signature(f"{join_address(link)}?{query}", KEY)).query
