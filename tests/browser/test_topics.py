"""Topics and themes in a real browser: accessible with suggestions and sheets on the page."""

from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect

from accounts.models import User
from annotation.actions.topics import add_topic
from annotation.models import Explanation, Study
from candidates.models import Prompt
from insights.coding_models import ThemeCoding, ThemeSheet
from insights.figures.catalogue import figures_of
from insights.figures.computing import compute_figures
from insights.figures.figure import Options
from insights.topics.suggesting import make_suggestion, request_suggestion
from insights.topics.theming import draw_sheet
from tests.browser.checks import picture
from tests.browser.test_desk_look import desk, study  # noqa: F401
from tests.insights.topics.test_topics_page import plant
from tests.processes import Site

pytestmark = pytest.mark.django_db(transaction=True)


def coded_sheet(study: Study, by: User) -> ThemeSheet:  # noqa: F811
    sheet = draw_sheet(
        study=study, phase="main", size=50, coders=("Ada", "Bo"), language="",
        released_only=False, by=by,
    )  # fmt: skip
    for number, item in enumerate(sheet.items.all()):
        for coder in (0, 1):
            themes = ["warmth"] if number % 2 else ["facts", "length"][coder:]
            ThemeCoding.objects.create(item=item, coder=coder, themes=themes)
    return sheet


@pytest.mark.parametrize("width", [1280, 360])
def test_topics_and_themes_are_accessible_and_a_suggestion_is_accepted(
    study: Study,  # noqa: F811
    browser: Browser,
    site: Site,
    artefacts: Path,
    width: int,
) -> None:
    plant(study)
    with desk(browser, site, width=width) as seen:
        by = User.objects.get()
        suggestion = request_suggestion(study=study, clusters=5, by=by)
        make_suggestion(suggestion.pk)
        first = Prompt.objects.filter(key="planted-0")
        add_topic(study=study, prompts=[first.get().pk], topic="by-hand", by=by)
        assert Explanation.objects.exclude(text="").exists()
        coded_sheet(study, by)
        seen.open(reverse("study-topics", args=[study.key]))
        picture(seen.page, artefacts / f"topics-{width}.png")
        seen.page.get_by_role("textbox", name="Topic", exact=True).first.fill("accepted")
        seen.page.get_by_role("button", name="Give it to the ticked prompts").first.click()
        expect(seen.page.locator("body")).to_contain_text("accepted was given to")
        seen.look()
        assert first.get().topics[0] == "by-hand"
        assert Prompt.objects.filter(topics__contains=["accepted"]).count() >= 10
        seen.page.get_by_role("link", name="Themes of explanations").click()
        expect(seen.page.locator("body")).to_contain_text("Krippendorff")
        seen.look()
        picture(seen.page, artefacts / f"themes-{width}.png")
        assert not seen.wrong, "\n".join(sorted(set(seen.wrong)))


@pytest.mark.parametrize("group", ["preferences", "diversity"])
def test_pages_of_the_models_are_accessible(
    study: Study,  # noqa: F811
    browser: Browser,
    site: Site,
    artefacts: Path,
    group: str,
) -> None:
    with desk(browser, site, width=1280) as seen:
        address = f"{reverse('study-figures', args=[study.key])}?group={group}"
        seen.open(address)
        for options in {figure.chosen(Options()) for figure in figures_of(group)}:
            compute_figures(study.pk, "main", options)
        seen.open(address)
        picture(seen.page, artefacts / f"figures-{group}.png")
        assert "could not be computed" not in seen.page.locator("body").inner_text()
        assert not seen.wrong, "\n".join(sorted(set(seen.wrong)))
