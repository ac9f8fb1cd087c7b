"""Static files as they are served: own scripts and styles without comments and blanks, and
what one page always needs in one file.

It happens at `collectstatic`, from the files as they are written; nobody runs a build.
"""

from collections.abc import Iterator
from typing import Any

import rcssmin
import rjsmin
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

# In the order in which the page would load them one by one.
BUNDLES = {
    "js/conversation.js": [
        "js/page.js",
        "js/opening.js",
        "js/order.js",
        "js/board.js",
        "js/rating.js",
        "js/ranking.js",
        "js/paste.js",
        "js/exposure.js",
        "js/message.js",
        "js/save-state.js",
        "js/draft.js",
        "js/sending.js",
    ],
}
MINIFIERS = {".js": rjsmin.jsmin, ".css": rcssmin.cssmin}
OWN = ("js/", "css/")


class BundledStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Small, bundled, named by content, and compressed."""

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        if not dry_run:
            small = {name: self._minify(name, *paths[name]) for name in paths if is_own(name)}
            for bundle, parts in BUNDLES.items():
                small[bundle] = "\n;\n".join(small[part] for part in parts)
            for name, content in small.items():
                self.delete(name)
                self.save(name, ContentFile(content.encode()))
                paths[name] = (self, name)
        yield from super().post_process(paths, dry_run, **options)

    def _minify(self, name: str, storage: Any, path: str) -> str:
        with storage.open(path) as source:
            text: str = MINIFIERS[name[name.rindex(".") :]](source.read().decode())
        return text


def is_own(name: str) -> bool:
    """Whether the file was written here; what came from elsewhere stays as it came."""
    return name.startswith(OWN) and name.endswith(tuple(MINIFIERS))
