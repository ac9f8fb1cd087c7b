"""Figures of a played rehearsal: they come by themselves, are drawn, and read at any width."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Locator, Page, expect

from accounts.models import User
from annotation.models import Phase, Study
from insights.figures.catalogue import FIGURES, GROUPS
from insights.figures.computing import compute_figures
from insights.figures.figure import Options
from insights.figures.sections import request_all
from rehearsal import stage
from tests.browser.checks import picture, violations
from tests.insights.figures.sql_twins import sql
from tests.processes import Site
from tests.provider import Provider
from tests.rehearsal.rehearsing import prepared

SIZES = {"phone": (375, 812), "desktop": (1280, 900)}


@pytest.fixture
def played(empty_database: None, provider: Provider) -> Study:
    rehearsal = prepared(28, target=11)
    stage.play_directly(rehearsal, processes=1)
    stage.settle(rehearsal)
    return rehearsal.study


def compute(study: Study) -> None:
    for options in {figure.chosen(Options()) for figure in FIGURES}:
        some = [figure for figure in FIGURES if figure.chosen(Options()) == options]
        request_all(
            study=study, phase=Phase.REHEARSAL, options=options, figures=some, enqueue=False
        )
        compute_figures(study.pk, Phase.REHEARSAL, options)


@pytest.mark.django_db(transaction=True)
def test_figures_appear_when_they_are_computed_and_are_read_at_any_width(
    played: Study, browser: Browser, site: Site, artefacts: Path
) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("ines"))
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site.address}
    address = f"{site.address}{reverse('study-figures', args=[played.key])}?phase=rehearsal"
    page = opened(browser, cookie, SIZES["desktop"])
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(address)
    alike = page.locator("#figure-choose-alike")
    expect(alike).to_contain_text("is being computed")
    picture(page, artefacts / "figures-waiting.png")
    compute(played)
    expect(alike.locator("table")).to_be_visible(timeout=60_000)
    expect(page.locator("main")).not_to_contain_text("is being computed", timeout=60_000)
    picture(page, artefacts / "figures-come.png")
    assert errors == []
    expect(alike.locator("figure.picture.drawn canvas")).to_be_visible(timeout=60_000)
    check_figures_read_off_the_page(alike, played)
    for size, viewport in SIZES.items():
        page = opened(browser, cookie, viewport)
        for group in GROUPS:
            page.goto(f"{address}&group={group}")
            page.wait_for_load_state("networkidle")
            picture(page, artefacts / f"figures-{group}-{size}.png")
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{group} is {wide} pixels too wide"
            # Breadcrumbs are Django's own.
            assert [one for one in violations(page) if '<a href="/admin/' not in one] == []
            assert page.locator("h1").count() == 1
    page.emulate_media(color_scheme="dark")
    picture(page, artefacts / "figures-dark.png")
    page.emulate_media(color_scheme="light", media="print")
    expect(page.locator(".figure-choices").first).to_be_hidden()
    expect(page.locator(".figure-of-study table").first).to_be_visible()
    picture(page, artefacts / "figures-print.png")


def check_figures_read_off_the_page(alike: Locator, study: Study) -> None:
    """How often two people choose alike, of everybody and of each locale, as SQL counts pairs."""
    pairs = """SELECT a.locale, 100 * avg(alike) FROM (
        SELECT a.locale, avg((a.chosen_id = b.chosen_id)::int) AS alike
        FROM judged a JOIN judged b ON a.candidate_set_id = b.candidate_set_id
            AND a.locale_id = b.locale_id AND a.participation_id <> b.participation_id
        GROUP BY a.locale, a.candidate_set_id) a GROUP BY ROLLUP (a.locale)"""
    rows = [row.inner_text() for row in alike.locator("tbody tr").all()]
    for name, expected in sql(pairs, study):
        [row] = [row for row in rows if (name or "everybody") in row]
        people = int(row.split("\t")[2])
        assert people < 20 or f"{expected:.1f} %" in row.replace("\xa0", " "), (row, expected)
    assert any("%" in row for row in rows)


def opened(browser: Browser, cookie: dict[str, str], viewport: tuple[int, int]) -> Page:
    width, height = viewport
    context = browser.new_context(viewport={"width": width, "height": height})
    context.add_cookies([cookie])  # type: ignore[list-item]
    return context.new_page()
