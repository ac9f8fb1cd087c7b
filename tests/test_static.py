"""Static files as they are served: bundled in order, small, and nothing lost."""

import re
from pathlib import Path

import rjsmin
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage

from config.static import BUNDLES, is_own

ROOT = Path(__file__).resolve().parent.parent
SERVED = Path(settings.STATIC_ROOT)


def served(name: str) -> str:
    """What a browser is given under this name."""
    named: str = staticfiles_storage.stored_name(name)  # type: ignore[attr-defined]
    return (SERVED / named).read_text("utf-8")


def test_a_bundle_holds_its_parts_whole_and_in_order() -> None:
    for bundle, parts in BUNDLES.items():
        parted = [rjsmin.jsmin((ROOT / "static" / part).read_text("utf-8")) for part in parts]
        assert served(bundle) == "\n;\n".join(parted)


def test_a_page_that_loads_a_bundle_loads_none_of_its_parts() -> None:
    templates = ROOT / "templates" / "annotation"
    files = "partials/conversation_files.html"
    loaded = set(re.findall(r"{% static '(js/[^']+)' %}", (templates / files).read_text("utf-8")))
    for page in ("conversation.html", "conversations.html"):
        text = (templates / page).read_text("utf-8")
        assert f'{{% block scripts %}}{{% include "annotation/{files}" %}}' in text
        assert "js/" not in text
    assert "js/conversation.js" in loaded
    assert not loaded & set(BUNDLES["js/conversation.js"])


def test_what_came_from_elsewhere_is_served_as_it_came() -> None:
    [htmx] = (ROOT / "static" / "vendor" / "htmx").glob("*.js")
    name = f"vendor/htmx/{htmx.name}"
    assert not is_own(name)
    assert served(name) == htmx.read_text("utf-8")
