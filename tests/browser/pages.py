"""Every page an annotator can meet, reached the way people reach it.

An explorer walks through a study over HTTP and has each page looked at in a browser
that shares its session, so that checks of whole pages see all of them.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext

from annotation.models import RecruitmentLink
from tests.walker import Walker

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = ROOT / "templates" / "annotation"
FRAMES = {"page"}  # extended by pages, never shown themselves


def page_templates() -> set[str]:
    """The names of the templates that make whole pages."""
    return {path.stem for path in TEMPLATES.glob("*.html")} - FRAMES


class Explorer(Walker):
    """A walker that shows each page it comes to, once, under a name that tells its state."""

    def __init__(
        self, link: RecruitmentLink, *, country: str, language: str, look: Callable[[str, str], Any]
    ) -> None:
        super().__init__(link, country=country, language=language)
        self.client.cookies["django_language"] = language
        self.look = look
        self.met: set[str] = set()

    def post(self, name: str, data: dict[str, Any] | None = None, *args: Any) -> Any:
        return self.meet(super().post(name, data, *args))

    def get(self, name: str, *args: Any, query: str = "") -> Any:
        return self.meet(self.client.get(reverse(name, args=args) + query, follow=True))

    def meet(self, response: Any) -> Any:
        """Has the page of a response looked at, where it is new and can be fetched again."""
        if response.request["REQUEST_METHOD"] != "GET":
            return response
        whole = [
            name.removeprefix("annotation/").removesuffix(".html")
            for template in response.templates
            if (name := template.name or "").startswith("annotation/") and "/partials/" not in name
        ]
        if not whole or self._name(whole[0], response) in self.met:
            return response
        self.met.add(self._name(whole[0], response))
        query = response.request.get("QUERY_STRING", "")
        self.look(self._name(whole[0], response), response.request["PATH_INFO"] + f"?{query}")
        return response

    @staticmethod
    def _name(template: str, response: Any) -> str:
        """The template, and what it says on this page."""
        parts = [template]
        for key in ("step", "mode", "outcome", "reason"):
            value = response.context.get(key) if response.context else None
            if isinstance(value, str) and value:
                parts.append(value)
        turn = response.context.get("turn") if response.context else None
        if turn is not None:
            parts.append(turn.mode)
        return "-".join(parts)

    def lend_session(self, context: BrowserContext, address: str) -> None:
        """Gives a browser this person's session and language."""
        names = ("sessionid", "django_language")
        context.add_cookies(
            [
                {"name": name, "value": self.client.cookies[name].value, "path": "/",
                 "domain": urlsplit(address).hostname or ""}
                for name in names if name in self.client.cookies
            ]
        )  # fmt: skip


def new_context(browser: Browser, *, width: int, dark: bool = False) -> BrowserContext:
    return browser.new_context(
        viewport={"width": width, "height": 740},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
