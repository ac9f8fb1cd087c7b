"""Prints what the page "Preflight" says; exit status 1 while something stops the study."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Phase, Study
from insights.preflight.estimates import read_rates
from insights.preflight.findings import preflight
from insights.preflight.planned import work_of
from insights.preflight.tables import preflight_tables
from insights.tables import as_text

MARKS = {"stop": "STOP", "wait": "LOOK", "ok": "ok  "}


class Command(BaseCommand):
    help = "Says what is not ready, what a study costs and takes, and what it can show."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("study", help="its key")
        parser.add_argument("--phase", default=Phase.MAIN.value, help="main, unless said")
        parser.add_argument(
            "--people-a-day",
            action="append",
            default=[],
            metavar="LOCALE=NUMBER",
            help="such as FR-fr=25: says how long it takes; may be repeated",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        study, phase = Study.objects.filter(key=options["study"]).first(), options["phase"]
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}.")
        if phase not in Phase.values:
            raise CommandError(f"{phase!r} is no phase: use {', '.join(Phase.values)}.")
        try:
            rates = read_rates(study, options["people_a_day"])
        except ValueError as error:
            raise CommandError(f"--people-a-day {error}") from error
        work = work_of(study)
        findings = preflight(study, phase, work)
        for finding in findings:
            self.stdout.write(f"{MARKS[finding.state]}  {finding.part}: {finding.words}")
            if finding.todo:
                self.stdout.write(f"      {finding.todo}")
        for table in preflight_tables(study, work, rates):
            self.stdout.write("\n" + as_text(table))
        stops = sum(finding.stops for finding in findings)
        if stops:
            raise CommandError(f"The study does not open: {stops} of these stop it.")
