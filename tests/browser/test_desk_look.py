"""The desk as its people see it: every page in a real browser, light and dark, wide and narrow,
in English and Hindi, without a word of complaint from the browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.template import engines
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, reverse
from playwright.sync_api import Browser, Page, expect

from accounts.models import User, Vendor
from annotation.models import Ranking, Role, Study, Turn
from annotation.review.looking import review_work
from annotation.templatetags.desk import PAGES
from insights.charts import Chart, HeatCell, HeatMap, HeatRow, Kind, Series, heat
from insights.tables import Row, Table
from tests.browser.checks import picture, violations
from tests.conftest import small_study
from tests.made_once import Once
from tests.processes import Site
from tests.provider import Provider
from tests.recruiting import make_link
from tests.team import signed_in
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)
HERE = Path(__file__).resolve().parent
LOOKS = [
    pytest.param(1280, "light", "en", id="desk"),
    pytest.param(360, "dark", "en", id="phone-dark"),
    pytest.param(360, "light", "hi", id="phone-hindi"),
]
POLICY = "default-src 'self'; object-src 'none'; img-src 'self' data:; base-uri 'none'"
# A page is too wide when it can be moved sideways as a whole.
TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"


@pytest.fixture
def study(once: Once, empty_database: None, provider: Provider) -> Study:
    """One person finished in a hurry, asked for help and reported a problem."""
    return once(make_busy_study)


def make_busy_study() -> Study:
    study = small_study()
    walker = Walker(make_link(study, Vendor.objects.create(key="panel", name="Panel")))
    walker.enter()
    walker.finish()
    mine = Turn.objects.filter(conversation__participation=walker.participation)
    for turn in mine.filter(shown_at__isnull=False):
        assert turn.shown_at
        Ranking.objects.filter(turn=turn).update(submitted_at=turn.shown_at + timedelta(seconds=3))
    review_work(participation=walker.participation)
    walker.post("help-desk", {"text": "Où sont mes réponses ?", "study": study.pk, "page": ""})
    return study


class Desk:
    """A browser of somebody of the team; keeps what the browser complains about."""

    def __init__(self, page: Page, address: str, *, of_looks: bool = False) -> None:
        self.page = page
        self.of_looks = of_looks
        self.address = address
        self.wrong: list[str] = []
        page.on("console", lambda message: self._heard(message.type, message.text))
        page.on("pageerror", lambda error: self.wrong.append(f"{page.url}: {error}"))

    def _heard(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.wrong.append(f"{self.page.url}: {text}")

    def turn(self, width: int, scheme: Any) -> None:
        """To another width and the colours of another device."""
        self.page.set_viewport_size({"width": width, "height": 800})
        self.page.emulate_media(color_scheme=scheme)
        self.of_looks = width < 1280
        root = self.page.locator("html.dark" if scheme == "dark" else "html:not(.dark)")
        if self.page.url != "about:blank":
            expect(root).to_have_count(1)

    def open(self, path: str) -> None:
        answer = self.page.goto(self.address + path, wait_until="load")
        assert answer and answer.ok, f"{path}: {answer and answer.status}"
        self.look()

    def look(self) -> None:
        """Notes what is inaccessible, and whether the page is wider than the screen."""
        found = violations(self.page, of_looks=self.of_looks)
        wide = self.page.evaluate(TOO_WIDE)
        if wide > 0:
            found.append(f"{wide} pixels too wide")
        self.wrong += [f"{self.page.url}: {fault}" for fault in found]


@contextmanager
def desk(
    browser: Browser, site: Site, *, width: int = 1280, scheme: Any = "light", language: str = "en"
) -> Iterator[Desk]:
    client = Client()
    user = User.objects.filter(username="ines").first() or User.objects.create_superuser(
        "ines", "ines@example.org", "a-long-test-password", first_name="Inês", last_name="Duarte"
    )
    client.force_login(user)
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    cookies = {"sessionid": client.cookies["sessionid"].value, "django_language": language}
    context.add_cookies(
        [{"name": name, "value": value, "url": site.address} for name, value in cookies.items()]
    )
    # Markup is the same at every width; what the width and the colours change is looked at.
    yield Desk(context.new_page(), site.address, of_looks=width < 1280)
    context.close()


def admin_pages() -> Iterator[str]:
    """The first page, and of each model its list, a record, and the form for another."""
    yield reverse("admin:index")
    yield reverse("study-new")
    yield reverse("audit")
    for model, page in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        record = model._default_manager.first()
        if record is not None:
            yield reverse(f"{name}_change", args=[record.pk])
            yield reverse(f"{name}_history", args=[record.pk])
        request = RequestFactory().get("/")
        request.user = User.objects.get()
        if page.has_add_permission(request):
            yield reverse(f"{name}_add")


def study_pages(study: Study) -> Iterator[str]:
    for name, _words, _right in PAGES:
        try:
            yield reverse(name, args=[study.key])
        except NoReverseMatch:
            continue


@pytest.mark.parametrize("language", ["en", "hi"])
def test_every_page_of_the_desk_is_accessible_whole_and_quiet(
    study: Study, browser: Browser, site: Site, artefacts: Path, language: str
) -> None:
    """Opened on a phone; in English the phone is dark, and the page then grows light and wide."""
    looks = {"en": [(360, "dark"), (1280, "light")], "hi": [(360, "light")]}[language]
    with desk(browser, site, language=language) as seen:
        for path in [*admin_pages(), *study_pages(study)]:
            seen.turn(*looks[0])
            seen.open(path)
            for width, scheme in looks[1:]:
                seen.turn(width, scheme)
                seen.look()
            name = path.strip("/").replace("/", "-")
            picture(seen.page, artefacts / f"desk-{language}-{name}.png")
        assert not seen.wrong, "\n".join(sorted(set(seen.wrong)))


def test_somebody_finds_her_way_with_the_keyboard_and_on_a_phone(
    study: Study, browser: Browser, site: Site, artefacts: Path
) -> None:
    with desk(browser, site, width=360) as seen:
        find_the_way(seen, artefacts)


def find_the_way(seen: Desk, artefacts: Path) -> None:
    seen.open(reverse("admin:index"))
    menu = seen.page.get_by_role("navigation", name="The desk")
    expect(menu).to_be_hidden()
    seen.page.get_by_role("button", name="Menu").press("Enter")
    expect(menu).to_be_visible()
    seen.look()
    picture(seen.page, artefacts / "desk-menu.png")
    seen.page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    seen.page.get_by_role("button", name="Menu").press("Enter")
    menu.locator("summary", has_text="Prompts and samplers").press("Enter")
    menu.get_by_role("link", name="Budgets").press("Enter")
    seen.page.wait_for_url(f"**{reverse('admin:candidates_budget_changelist')}")
    seen.page.get_by_role("button", name="Menu").press("Enter")
    menu.locator(".account summary").press("Enter")
    menu.get_by_role("button", name="Dark").press("Enter")
    expect(seen.page.locator("html")).to_contain_class("dark")
    expect(menu.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    seen.look()
    picture(seen.page, artefacts / "desk-menu-dark.png")
    seen.page.reload()
    expect(seen.page.locator("html")).to_contain_class("dark")
    assert not seen.wrong, "\n".join(sorted(set(seen.wrong)))


def test_lists_are_searched_filtered_and_acted_on(
    study: Study, browser: Browser, site: Site, artefacts: Path
) -> None:
    with desk(browser, site) as seen:
        seen.open(reverse("admin:candidates_candidateset_changelist"))
        page = seen.page
        page.get_by_role("button", name="Filters").click()
        expect(page.locator("#changelist-filter")).to_be_visible()
        picture(page, artefacts / "desk-filters.png")
        seen.look()
        page.locator("#changelist-filter").get_by_role("link", name="ready").first.click()
        page.wait_for_url("**status**")
        page.locator("#searchbar").fill("no such prompt")
        page.keyboard.press("Enter")
        page.wait_for_url("**no+such+prompt**")
        seen.look()
        seen.open(reverse("admin:candidates_candidateset_changelist"))
        page.locator("input.action-select").first.check()
        page.locator("#changelist-actions").wait_for(state="visible")
        picture(page, artefacts / "desk-action.png")
        seen.look()
        page.locator("#changelist-actions select").select_option("try_again")
        page.locator("#changelist-actions").get_by_role("button", name="Run").click()
        page.get_by_text("are being tried again").wait_for()
        seen.open(reverse("admin:annotation_study_change", args=[study.pk]))
        page.locator("#tabs-items a").nth(1).click()
        page.locator("#locales-group").wait_for()
        picture(page, artefacts / "desk-tabs.png")
        seen.look()
        assert not seen.wrong, "\n".join(sorted(set(seen.wrong)))


def test_only_what_somebody_may_open_is_named(study: Study) -> None:
    """Nothing to staff without a role; to a viewer her study, and nobody's records."""
    page = signed_in(study, None).get(reverse("admin:index")).content.decode()
    assert "Nothing here is yours to see yet" in page
    assert reverse("admin:annotation_study_changelist") not in page
    page = signed_in(study, Role.VIEWER, "vera").get(reverse("admin:index")).content.decode()
    assert reverse("study-watch", args=[study.key]) in page
    assert reverse("admin:annotation_study_changelist") in page
    assert reverse("admin:annotation_conversation_changelist") not in page
    assert reverse("study-help", args=[study.key]) not in page
    page = signed_in(study, Role.REVIEWER, "rosa").get(reverse("admin:index")).content.decode()
    assert reverse("study-help", args=[study.key]) in page


def test_a_study_has_stages_and_each_stage_its_pages(study: Study) -> None:
    client = signed_in(study, Role.RESEARCHER)
    page = client.get(reverse("study-pace", args=[study.key])).content.decode()
    stages, pages = page.split('class="stages"')[1].split('class="stage-pages"')
    for name in ("study-write", "study-watch", "study-review", "study-figures", "study-risk"):
        assert reverse(name, args=[study.key]) in stages
    assert f'{reverse("study-pace", args=[study.key])}" aria-current="page"' in pages
    assert reverse("study-overlap", args=[study.key]) in pages
    assert reverse("study-help", args=[study.key]) not in pages.split("</nav>")[0]


# -- Pictures, and the vocabulary of own pages

CHARTS = [
    Chart(
        Kind.BARS,
        "How often each answer came first, by locale",
        ["A", "B", "C", "D"],
        [
            Series("FR-fr", [0.31, 0.22, 0.27, 0.2], [0.2, 0.1, 0.2, 0.1], [0.4, 0.3, 0.4, 0.3]),
            Series("IT-it", [0.25, None, 0.3, 0.21]),
            Series("IN-hi", [0.25, 0.25, 0.2, 0.3]),
        ],
        unit="share",
        lowest=0,
        lines=[("chance", 0.25)],
    ),
    Chart(
        Kind.BARS,
        "People turned away, by reason",
        ["no place left for her", "the country is not in the study", "has taken part before"],
        [Series("people", [12, 4, 7])],
        unit="people",
    ),
    Chart(
        Kind.LINES,
        "Judgements by day",
        [f"{day} May" for day in range(1, 15)],
        [
            Series("FR-fr", [day * 1.5 for day in range(14)]),
            Series("IT-it", [None, None, *[14 - day for day in range(12)]]),
        ],
        unit="judgements",
    ),
    Chart(
        Kind.POINTS,
        "Agreement within locales, with 95 % intervals",
        ["FR-fr", "IT-it", "BR-pt-br"],
        [
            Series("alpha", [0.31, 0.4, 0.1], [0.2, 0.35, None], [0.42, 0.48, None]),
            Series("split half", [0.35, 0.38, 0.2], [0.3, 0.3, 0.1], [0.4, 0.45, 0.3]),
        ],
        lowest=0,
        highest=1,
        lines=[("chance", 0.0)],
    ),
]
PAINTED = """canvas => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const pen = copy.getContext("2d", { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  const pixels = pen.getImageData(0, 0, canvas.width, canvas.height).data;
  const colours = new Set();
  for (let at = 0; at < pixels.length; at += 4) {
    const [red, green, blue, cover] = pixels.slice(at, at + 4);
    if (cover > 250) colours.add((red << 16) + (green << 8) + blue);
  }
  return [...colours];
}"""


def wait_for_colour(page: Page, colour: int) -> None:
    """Until the first picture is painted in this colour."""
    painted = f"({PAINTED})(document.querySelector('figure.picture canvas'))"
    page.wait_for_function(f"() => {painted}.includes({colour})")


def vocabulary(study: Study) -> str:
    """A page with every class of docs/desk-style.md, as somebody of the team would get it."""
    request = RequestFactory().get(f"/studies/{study.key}/look/")
    request.user = User.objects.get(username="ines")
    body = [Row(["FR-fr", "12"]), Row(["IT-it", "3"], True)]
    shown = [(chart, Table(f"{chart.title}: figures", ["Locale", "n"], body)) for chart in CHARTS]
    rows = [
        HeatRow(f"row {n}", [HeatCell(f"{n * m}", heat(n * m, 100)) for m in range(11)])
        for n in range(0, 11, 2)
    ]
    tints = HeatMap("Overlap by set and locale", "Set", [str(m) for m in range(11)], rows)
    text = (HERE / "desk_vocabulary.html").read_text("utf-8")
    context = {"study": study, "shown": shown, "map": tints}
    page: str = engines["django"].from_string(text).render(context, request)
    return page


def serve(seen: Desk, study: Study) -> None:
    """The page at an address of the site, with the site's policy."""
    headers = {"content-security-policy": POLICY, "content-type": "text/html; charset=utf-8"}
    seen.page.route("**/look/", lambda r: r.fulfill(body=vocabulary(study), headers=headers))
    seen.open(f"/studies/{study.key}/look/")
    for drawn in seen.page.locator("figure.picture").all():
        drawn.and_(seen.page.locator(".drawn")).wait_for()


@pytest.mark.parametrize(("width", "scheme", "language"), LOOKS)
def test_the_vocabulary_of_own_pages_holds_everywhere(
    study: Study,
    browser: Browser,
    site: Site,
    artefacts: Path,
    width: int,
    scheme: str,
    language: str,
) -> None:
    with desk(browser, site, width=width, scheme=scheme, language=language) as seen:
        serve(seen, study)
        seen.look()
        file = artefacts / f"vocabulary-{width}-{scheme}-{language}.png"
        picture(seen.page, file)
        assert not seen.wrong, "\n".join(sorted(set(seen.wrong)))


def test_pictures_are_drawn_named_and_drawn_again_when_the_colours_change(
    study: Study, browser: Browser, site: Site, artefacts: Path
) -> None:
    with desk(browser, site) as seen:
        serve(seen, study)
        page = seen.page
        canvases = page.locator("figure.picture canvas")
        expect(canvases).to_have_count(len(CHARTS))
        for number, chart in enumerate(CHARTS):
            named = page.get_by_role("img", name=f"{chart.title} The same figures are in the table")
            assert named.count() == 1
            colours = canvases.nth(number).evaluate(PAINTED)
            assert len(colours) > 20, f"{chart.title} is blank"
            assert 0x0072B2 in colours  # the first series
        page.locator("nav .account summary").click()
        page.get_by_role("button", name="Dark").click()
        wait_for_colour(page, 0x56B4E9)
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert 0x0072B2 in canvases.first.evaluate(PAINTED)
        picture(page, artefacts / "vocabulary-print.png")
        expect(page.locator("#nav-sidebar")).to_be_hidden()
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        page.emulate_media(media="screen")
        assert 0x56B4E9 in canvases.first.evaluate(PAINTED)
        assert not seen.wrong, "\n".join(sorted(set(seen.wrong)))


def test_a_picture_in_a_swapped_part_is_drawn(study: Study, browser: Browser, site: Site) -> None:
    with desk(browser, site) as seen:
        serve(seen, study)
        page = seen.page
        part = render_to_string("desk/chart.html", {"chart": CHARTS[1], "id": "swapped"})
        page.route("**/part/", lambda r: r.fulfill(body=part, content_type="text/html"))
        page.evaluate("htmx.ajax('GET', '/part/', {target: 'figure.picture', swap: 'outerHTML'})")
        page.locator("figure.picture.drawn[data-chart='swapped-data']").wait_for()
        wait_for_colour(page, 0x0072B2)
        assert not seen.wrong, "\n".join(sorted(set(seen.wrong)))


def test_a_tint_is_deepest_for_the_most_and_none_for_no_figure() -> None:
    assert [heat(value, 20) for value in (0, 1, 19.9, 20)] == [0, 0, 9, 10]
    assert heat(None, 20) is None
    assert heat(3, 0) == 0
