"""manage.py import_dataset: a published dataset, or exports of ours, as a closed study."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.models import Mode
from exports.actions.importing import import_dataset, import_dialogues
from exports.formats import FORMATS
from exports.importers import community_alignment, own, prism, prism_rules
from exports.importers.records import Problem, Tally
from exports.importers.tables import find_tables

WIDE = ("community-alignment", "community-alignment-44")
FOLDER = "release"
SHOWN = 20  # problems printed; the number of all follows


class Command(BaseCommand):
    help = "Reads a published dataset, or exports of ours, into a closed study; or checks it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "path", type=Path, help="a file; for prism and release the folder of its files"
        )
        parser.add_argument("--format", required=True, choices=(*FORMATS, FOLDER))
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
        name, path = options["format"], options["path"]
        if name == "prism":
            yield from prism_rules.find_problems(path, published=options["published"])
        elif name in WIDE:
            rows = community_alignment.read_file(path, FORMATS[name])
            yield from community_alignment.find_problems(rows)
        else:
            yield from own.find_problems(_tables(options))

    def _import(self, options: dict[str, Any]) -> None:
        key, name, path = options["key"], options["format"], options["path"]
        if not key:
            raise CommandError("Say under which key the study is made: --key everyday-2025.")
        tally, title = Tally(), options["title"] or f"{name}: {path.name}"
        if name == "prism":
            dialogues = prism.read_dialogues(path, tally)
            import_dialogues(key=key, title=title, dialogues=dialogues, mode=Mode.RATING)
        elif name in WIDE:
            rows = community_alignment.read_file(path, FORMATS[name])
            dialogues = community_alignment.read_dialogues(rows, tally)
            import_dialogues(key=key, title=title, dialogues=dialogues)
        else:
            dataset = own.read_dataset(_tables(options), tally)
            import_dataset(key=key, title=title, dataset=dataset)
        self.stdout.write(f"Study {key}: {tally}")


def _tables(options: dict[str, Any]) -> dict[str, Path]:
    name, path = options["format"], options["path"]
    return find_tables(path) if name == FOLDER else {name: path}
