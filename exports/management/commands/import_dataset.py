"""manage.py import_dataset: a published dataset, or an export of ours, as a closed study."""

import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import pyarrow
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.models import Mode
from exports.actions.importing import import_dialogues
from exports.importers import community_alignment, comparisons, prism, prism_rules
from exports.importers.records import Problem, Tally

FORMATS = ("community-alignment", "comparisons", "prism")
READERS: dict[str, Any] = {
    "community-alignment": community_alignment,
    "comparisons": comparisons,
}
SHOWN = 20  # problems printed; the number of all follows


class Command(BaseCommand):
    help = "Reads a published dataset, or an export of ours, into a closed study; or checks it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="a file; for prism the folder of its files")
        parser.add_argument("--format", required=True, choices=FORMATS)
        parser.add_argument("--key", default="", help="of the study that is made")
        parser.add_argument("--title", default="")
        parser.add_argument("--check", action="store_true", help="only say what breaks a rule")
        parser.add_argument(
            "--published", action="store_true", help="ask for the published release's counts too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["check"]:
                self._check(options)
            else:
                self._import(options)
        except ValidationError as error:
            raise CommandError(error.messages[0]) from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{options['path']} is not UTF-8.") from error
        except OSError as error:
            why = error.strerror or "it is cut or of another kind"
            raise CommandError(f"{options['path']} cannot be read: {why}.") from error

    def _check(self, options: dict[str, Any]) -> None:
        problems = self._problems(options)
        shown = list(islice(problems, SHOWN))
        for problem in shown:
            self.stdout.write(str(problem))
        number = len(shown) + sum(1 for _ in problems)
        if number:
            raise CommandError(f"{number} problems found.")
        self.stdout.write("No problem found.")

    def _problems(self, options: dict[str, Any]) -> Iterator[Problem]:
        if options["format"] == "prism":
            yield from prism_rules.find_problems(options["path"], published=options["published"])
            return
        with _open(options["path"]) as file:
            if options["format"] == "comparisons":  # what reads through is sound
                list(comparisons.read_dialogues(comparisons.read_rows(file), Tally()))
            else:
                yield from community_alignment.find_problems(community_alignment.read_rows(file))

    def _import(self, options: dict[str, Any]) -> None:
        key = options["key"]
        if not key:
            raise CommandError("Say under which key the study is made: --key everyday-2025.")
        tally, title = Tally(), options["title"] or f"{options['format']}: {options['path'].name}"
        if options["format"] == "prism":
            dialogues = prism.read_dialogues(options["path"], tally)
            import_dialogues(key=key, title=title, dialogues=dialogues, mode=Mode.RATING)
        else:
            with _open(options["path"]) as file:
                layout = READERS[options["format"]]
                dialogues = layout.read_dialogues(layout.read_rows(file), tally)
                import_dialogues(key=key, title=title, dialogues=dialogues)
        self.stdout.write(f"Study {key}: {tally}")


def _open(path: Path) -> TextIO:
    """As text, whatever compression our own exports gave it."""
    kind = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
    raw = pyarrow.CompressedInputStream(str(path), kind) if kind else path.open("rb")
    return io.TextIOWrapper(raw, encoding="utf-8", newline="")
