"""manage.py import_dataset: a published dataset, or an export of ours, as a closed study."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.models import Mode
from exports.actions.importing import import_dialogues
from exports.importers import community_alignment, prism, prism_rules
from exports.importers.records import Problem, Tally

SHOWN = 20  # problems printed; the number of all follows


class Command(BaseCommand):
    help = "Reads a published dataset, or an export of ours, into a closed study; or checks it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="a file; for prism the folder of its files")
        parser.add_argument("--format", required=True, choices=["community-alignment", "prism"])
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
        except OSError as error:
            raise CommandError(f"{options['path']} cannot be read: {error.strerror}.") from error

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
        with _rows(options["path"]) as rows:
            yield from community_alignment.find_problems(rows)

    def _import(self, options: dict[str, Any]) -> None:
        key = options["key"]
        if not key:
            raise CommandError("Say under which key the study is made: --key everyday-2025.")
        tally, title = Tally(), options["title"] or f"{options['format']}: {options['path'].name}"
        if options["format"] == "prism":
            dialogues = prism.read_dialogues(options["path"], tally)
            import_dialogues(key=key, title=title, dialogues=dialogues, mode=Mode.RATING)
        else:
            with _rows(options["path"]) as rows:
                dialogues = community_alignment.read_dialogues(rows, tally)
                import_dialogues(key=key, title=title, dialogues=dialogues)
        self.stdout.write(f"Study {key}: {tally}")


@contextmanager
def _rows(path: Path) -> Iterator[Iterator[community_alignment.Row]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield community_alignment.read_rows(file)
