"""The pages on disclosure risk and on personal data, on a phone and at a desk."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, expect

from accounts.models import User
from annotation.models import Explanation, Ranking, Study, Turn
from exports.models import Finding
from exports.tasks.findings import screen_texts
from tests.browser.checks import picture, violations
from tests.conftest import small_study
from tests.exports.privacy.crowds import crowd
from tests.exports.privacy.test_generalise import mixed, row
from tests.processes import Site
from tests.provider import Provider
from tests.recruiting import make_link
from tests.walker import Walker

SIZES = {"phone": (375, 812), "desktop": (1280, 900)}
TEXTS = [
    "Écris à jean.dupont@exemple.fr ou au 06 12 34 56 78, le matin surtout, merci d'avance à toi.",
    "Comme sur www.exemple.fr/une-page, où l'on m'appelle @jean_d depuis des années déjà.",
]


@pytest.fixture
def full_study(empty_database: None, provider: Provider) -> Study:
    """Sixty people with answers, two in a small locale, and one with findings in her texts."""
    study = small_study()
    crowd(study, mixed(60) + [row(country="IT")] * 2)
    vendor = study.participations.all()[0].annotator.vendor
    walker = Walker(make_link(study, vendor))
    walker.enter()
    turn = walker.current_turn(walker.open_kind("pool"))
    walker.rank(turn)
    walker.explain(turn)
    Turn.objects.filter(live=True).update(message=TEXTS[0])
    Explanation.objects.update(text=TEXTS[1])
    Ranking.objects.update(reason="Rien")
    screen_texts()
    return study


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", SIZES)
def test_staff_read_and_decide_at_any_width(
    full_study: Study, browser: Browser, site: Site, artefacts: Path, size: str
) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("ines"))
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height})
    cookie = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": site.address}])
    page = context.new_page()
    for name in ("study-risk", "study-personal-data"):
        page.goto(site.address + reverse(name, args=[full_study.key]))
        picture(page, artefacts / f"{name}-{size}.png")
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{name} is {wide} pixels too wide"
        # Breadcrumbs are Django's own.
        assert [one for one in violations(page) if '<a href="/admin/' not in one] == []
    assert page.locator("mark").count() == 4
    page.get_by_role("button", name="Mask", exact=True).first.click()
    expect(page.locator("body")).to_contain_text("1 decision was stored.")
    assert Finding.objects.filter(verdict="mask").count() == 1
