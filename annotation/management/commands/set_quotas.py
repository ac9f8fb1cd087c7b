"""Puts a table of cells in the place of a study's cells. Prints what would happen, unless told
to do it; a study that is running keeps every judgement and everybody who is at work."""

import secrets
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from annotation.actions.cells import find_cells
from annotation.actions.replan import Change, preview, replan_cells
from annotation.cells.tables import CellFault, read_table
from annotation.models import Study


class Command(BaseCommand):
    help = "Replaces a study's cells by those of a table. Without --apply it changes nothing."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("study", help="its key")
        parser.add_argument("table", type=Path, help="a CSV with country, questions, share")
        parser.add_argument("--apply", action="store_true", help="do it")
        parser.add_argument("--why", default="", help="kept in the study's log")
        parser.add_argument("--by", default="", help="who decided so: a user's name")

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(key=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}.")
        try:
            cells = {"table": read_table(options["table"])}
            self._print(study, find_cells(study=study, cells=cells))
            self._change(study, cells, options)
        except CellFault as fault:
            raise CommandError(str(fault)) from fault
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error

    def _print(self, study: Study, cells: list[dict[str, Any]]) -> None:
        before = dict(study.quotas.values_list("key", "target"))
        width = max(len(key) for key in [*before, *(cell["key"] for cell in cells)])
        self.stdout.write(f"{'cell':{width}}  people now  then")
        for cell in cells:
            key = cell["key"]
            self.stdout.write(f"{key:{width}}  {before.pop(key, 0):10}  {cell['target']:4}")
        for key, target in before.items():
            self.stdout.write(f"{key:{width}}  {target:10}  goes")

    def _change(self, study: Study, cells: Any, options: dict[str, Any]) -> None:
        if not options["apply"]:
            change = preview(lambda: _try(study, cells))
            self.stdout.write(
                f"{change.relabelled} free places would want others, {change.people} people "
                "would be counted elsewhere. Nothing was changed: add --apply, --why and --by."
            )
            return
        by = User.objects.filter(username=options["by"]).first()
        if by is None:
            raise CommandError(f"There is no user {options['by']!r}: say --by whom.")
        change = replan_cells(study=study, cells=cells, by=by, why=options["why"])
        self.stdout.write(
            f"{change.relabelled} free places want others now, {change.people} people "
            "are counted elsewhere."
            if change.record
            else "The study has these cells already; nothing was changed."
        )


def _try(study: Study, cells: Any) -> Change:
    """As somebody who is taken back with all the rest."""
    nobody = User.objects.create(username=f"preview-{secrets.token_hex(8)}")
    return replan_cells(study=study, cells=cells, by=nobody, why="a preview")
