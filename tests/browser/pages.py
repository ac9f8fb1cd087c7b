"""Every page an annotator can meet, reached the way people reach it.

`journey` walks one person through a study over HTTP and hands out each page as it is
met, so that checks which need a browser (accessibility, clipped text) see all of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext

from annotation.models import RecruitmentLink
from tests.processes import Site
from tests.walker import Walker

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = ROOT / "templates" / "annotation"


@dataclass(frozen=True)
class Met:
    """A page: the template that makes it (with a state after a colon), and its address."""

    name: str
    path: str

    @property
    def template(self) -> str:
        return self.name.partition(":")[0]


def page_templates() -> set[str]:
    """The templates of whole pages: all but partials and the shared frames."""
    return {path.stem for path in TEMPLATES.glob("*.html")} - {"page"}


def sign_in(context: BrowserContext, walker: Walker, site: Site, language: str) -> None:
    """Gives a browser the session of a walker, and its language."""
    host = urlsplit(site.address).hostname
    cookies = {"django_language": language}
    if "sessionid" in walker.client.cookies:
        cookies["sessionid"] = walker.client.cookies["sessionid"].value
    context.add_cookies(
        [
            {"name": name, "value": value, "domain": host, "path": "/"}
            for name, value in cookies.items()
        ]
    )


def new_context(browser: Browser, width: int, scheme: str = "light") -> BrowserContext:
    return browser.new_context(
        viewport={"width": width, "height": 740},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )


def path_of(name: str, *args: object) -> str:
    return reverse(name, args=args)


def before_joining(link: RecruitmentLink) -> Iterator[Met]:
    yield Met("welcome", path_of("join", link.key))
    yield Met("no_session", path_of("no-session"))
    yield Met("unknown_link", path_of("come-back", "nobody:signed-this"))
