"""Prints the tables of the page "Pace and pay": one phase of one study."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Phase, Study
from insights.fieldwork.pace_tables import pace_tables
from insights.tables import as_text


class Command(BaseCommand):
    help = "Prints minutes, pay for an hour, and when each locale and cell closes."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("study", help="its key")
        parser.add_argument("--phase", default=Phase.MAIN.value, help="main, unless said")

    def handle(self, *args: Any, **options: Any) -> None:
        study, phase = Study.objects.filter(key=options["study"]).first(), options["phase"]
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}.")
        if phase not in Phase.values:
            raise CommandError(f"{phase!r} is no phase: use {', '.join(Phase.values)}.")
        self.stdout.write(f"{study}, phase {phase}\n")
        for table in pace_tables(study, phase):
            self.stdout.write("\n" + as_text(table))
