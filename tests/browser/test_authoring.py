"""A small study is written from nothing in the pages, at a desk; then looked at on a phone."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, expect

from accounts.models import User
from annotation.actions.pool import request_pool
from annotation.authoring.steps import STEPS
from annotation.models import Study, StudyDraft
from candidates.generation import complete_candidate_set
from demo.library import MARKS
from tests.browser.checks import picture, violations
from tests.processes import Site
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = {
    "en": "Morning and evening",
    "fr": "Le matin et le soir",
    "it": "La mattina e la sera",
    "pt-br": "De manhã e à noite",
    "hi": "सुबह और शाम, हर दिन",
}
# What the demo's provider tells the language of its answers by.
ASKED_OF_THE_MODEL = {language: f"{words}: {MARKS[language]}" for language, words in WORDS.items()
                      if language in MARKS}  # fmt: skip
PROMPTS = """key,language,text
tea,fr,Thé ou café le matin ?
tea,hi,सुबह चाय या कॉफ़ी?
walk,fr,"Marcher seul, ou à plusieurs ?"
walk,hi,"अकेले चलना, या साथ में?"
"""


class Desk:
    """Somebody of the team at the pages of one draft."""

    def __init__(self, context: BrowserContext, site: Site, key: str) -> None:
        self.page: Page = context.new_page()
        self.site, self.key = site, key

    def go(self, slug: str, part: str = "") -> None:
        address = reverse("study-write-step", args=[self.key, slug])
        self.page.goto(self.site.address + address + (f"?part={part}" if part else ""))

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.locator(f'[name="{name.replace("__", "-")}"]').fill(value)

    def write_texts(self, texts: Mapping[str, str] = WORDS) -> None:
        """Every empty text of the page, in its language."""
        for language, words in texts.items():
            for cell in self.page.locator(f'textarea[lang="{language}"]').all():
                if not cell.input_value():
                    cell.fill(words)

    def save(self) -> None:
        self.page.get_by_role("button", name="Save", exact=True).click()
        expect(self.page.get_by_text("Saved.", exact=True)).to_be_visible()

    def texts_of(self, slug: str, *parts: str) -> None:
        for part in ("", *parts):
            self.go(slug, part)
            self.write_texts()
            self.save()


def context_of(browser: Browser, site: Site, width: int, height: int) -> BrowserContext:
    client = Client()
    client.force_login(User.objects.get(username="ines"))
    context = browser.new_context(viewport={"width": width, "height": height})
    cookie = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": site.address}])
    return context


def begin(context: BrowserContext, site: Site) -> Desk:
    desk = Desk(context, site, "mornings")
    desk.page.goto(site.address + reverse("study-new"))
    desk.fill(key="mornings")
    desk.page.get_by_role("button", name="Begin", exact=True).click()
    expect(desk.page.get_by_role("heading", name="Write the study")).to_be_visible()
    return desk


def write_places_and_texts(desk: Desk) -> None:
    desk.go("basics")
    desk.fill(locales__0__country="fr", locales__1__country="IN")
    desk.page.locator('[name="locales-0-language"]').select_option("fr")
    desk.page.locator('[name="locales-1-language"]').select_option("hi")
    desk.save()
    desk.texts_of("texts")
    desk.go("consent")
    desk.fill(ethics_approval="Board 7", controller="A university", contact="ines@example.org",
              provider="A provider", withdrawal_days="30", retained_until="2030-12-31")  # fmt: skip
    desk.page.locator('[name="purposes"][value="train_models"]').check()
    desk.save()
    desk.texts_of("consent")


def write_the_work(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "prompts.csv"
    file.write_text(PROMPTS, encoding="utf-8")
    desk.go("prompts")
    desk.page.locator('[name="file"]').set_input_files(file)
    desk.save()
    expect(desk.page.get_by_role("heading", name="2 prompts")).to_be_visible()
    desk.go("samplers")
    desk.fill(samplers__0__key="draws", samplers__0__n="4", samplers__0__words_min="60",
              samplers__0__words_max="160")  # fmt: skip
    desk.page.locator('[name="samplers-0-strategy"]').select_option("nc_default")
    desk.save()
    desk.go("samplers", "draws")
    desk.write_texts(ASKED_OF_THE_MODEL)
    desk.save()
    desk.texts_of("samplers", "draws")
    desk.go("targets")
    desk.fill(locales__0__target="3", locales__1__target="4", locales__0__people="25",
              locales__1__people="25", locales__0__core_target="6", core="tea")  # fmt: skip
    desk.save()


def write_people_and_rules(desk: Desk) -> None:
    desk.go("screening")
    desk.fill(questions__0__code="gender", questions__0__codes="female male")
    desk.save()
    desk.texts_of("screening", "gender")
    desk.texts_of("closing")
    desk.go("quotas")
    desk.fill(
        table="country,gender,share\nFR,female,0.52\nFR,male,0.48\nIN,female,0.5\nIN,male,0.5"
    )
    desk.save()
    expect(desk.page.get_by_text("FR: 25 people in all cells, 25 planned")).to_be_visible()
    desk.go("pay")
    desk.fill(locales__0__pay="5.50", locales__0__currency="EUR", locales__1__pay="200",
              locales__1__currency="INR", expected_minutes="20")  # fmt: skip
    desk.save()
    desk.go("rules")
    desk.fill(exclusion_rules="Nobody by a program.", analysis_plan="As planned.", alike="0.9")
    desk.save()


def test_a_study_is_written_from_nothing_stored_and_opened(
    empty_database: None, browser: Browser, site: Site, provider: Provider, artefacts: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    User.objects.create_superuser("ines")
    desk = begin(context_of(browser, site, 1400, 900), site)
    expect(desk.page.get_by_text("25 texts missing")).to_be_visible()
    write_places_and_texts(desk)
    write_the_work(desk, tmp_path)
    write_people_and_rules(desk)
    desk.page.goto(site.address + reverse("study-write", args=["mornings"]))
    picture(desk.page, artefacts / "authoring-overview.png")
    expect(desk.page.get_by_text("done", exact=True)).to_have_count(len(STEPS))
    desk.page.get_by_role("button", name="Store the study").click()
    expect(desk.page.get_by_text("The study mornings is stored.")).to_be_visible()
    study = Study.objects.get(key="mornings")
    assert Study.objects.get(title_hi=WORDS["hi"]) == study
    assert sorted(study.quotas.values_list("key", "target")) == [
        ("fr-female", 13), ("fr-male", 12), ("in-female", 13), ("in-male", 12),
    ]  # fmt: skip
    assert (study.core, study.pool_sampler.key, study.withdrawal_days) == (["tea"], "draws", 30)
    assert study.flag_thresholds == {"alike": 0.9}
    look_at_every_step(desk, artefacts, "desktop")
    look_on_a_phone(context_of(browser, site, 390, 844), site, artefacts)
    open_the_study(desk, study)


def open_the_study(desk: Desk, study: Study) -> None:
    """Its responses are made, nothing stops it any more, and it opens."""
    for candidate_set in request_pool(study=study):
        complete_candidate_set(candidate_set.pk)
    desk.page.goto(desk.site.address + reverse("study-preflight", args=[study.key]))
    expect(desk.page.locator("main")).to_contain_text("Nothing stops it.")
    desk.page.get_by_role("link", name="Open it").click()
    desk.page.get_by_label("Phase:", exact=True).select_option("main")
    heading = desk.page.get_by_role("heading", name="Open", exact=True)
    part = desk.page.locator("section", has=heading)
    part.get_by_label("Why").first.fill("All is read.")
    part.get_by_role("button", name="Open this phase", exact=True).click()
    expect(desk.page.locator("main")).to_contain_text("It is open")
    study.refresh_from_db()
    assert study.is_open


def look_at_every_step(desk: Desk, artefacts: Path, size: str) -> None:
    found = []
    for step in STEPS:
        desk.go(step.slug)
        picture(desk.page, artefacts / f"authoring-{step.slug}-{size}.png")
        wide = desk.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        found += [f"{step.slug} is {wide} pixels too wide"] if wide > 0 else []
        # Breadcrumbs are Django's own.
        seen = [one for one in violations(desk.page) if '<a href="/admin/' not in one]
        found += [f"{step.slug}: {one}" for one in seen]
    assert found == [], size


def look_on_a_phone(context: BrowserContext, site: Site, artefacts: Path) -> None:
    """One language at a time stands beside the source; each can be chosen, without a script."""
    desk = Desk(context, site, "mornings")
    draft = StudyDraft.objects.get(key="mornings")
    desk.go("texts")
    shown = desk.page.locator("textarea:visible")
    expect(shown).to_have_count(2 * 5)
    desk.page.locator('.show-language [value="hi"]').check()
    expect(shown).to_have_count(2 * 5)
    title = desk.page.locator('textarea[name="text:study.title:hi"]')
    expect(title).to_be_visible()
    picture(desk.page, artefacts / "authoring-texts-hindi.png")
    title.fill("एक और शीर्षक")
    desk.save()
    draft.refresh_from_db()
    assert draft.definition["study"]["title"]["hi"] == "एक और शीर्षक"
    assert draft.definition["study"]["title"]["it"] == WORDS["it"]
    look_at_every_step(desk, artefacts, "phone")
