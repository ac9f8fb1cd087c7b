"""Computes and prints every figure of a study, as its pages show them."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Phase, Study
from insights.figures.catalogue import FIGURES
from insights.figures.computing import compute_figures
from insights.figures.figure import Options, Turns
from insights.figures.sections import Section, request_all, stored
from insights.figures.showing import csv_of
from insights.tables import as_text


class Command(BaseCommand):
    help = "Computes the figures of a study here, stores them, and prints them."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("study", help="its key")
        parser.add_argument("--phase", default=Phase.MAIN.value, help="main, unless said")
        parser.add_argument("--turns", default=Turns.FIRST.value, choices=Turns.values)
        parser.add_argument("--excluded", action="store_true", help="with people left out")
        parser.add_argument("--arm", default="", help="a sampler, such as “diverse v1”")
        parser.add_argument("--csv", type=Path, metavar="DIR", help="a CSV of each, there")

    def handle(self, *args: Any, **options: Any) -> None:
        study, phase = Study.objects.filter(key=options["study"]).first(), options["phase"]
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}.")
        if phase not in Phase.values:
            raise CommandError(f"{phase!r} is no phase: use {', '.join(Phase.values)}.")
        chosen = Options(options["turns"], options["excluded"], options["arm"])
        request_all(study=study, phase=phase, options=chosen, figures=FIGURES, enqueue=False)
        for one in {figure.chosen(chosen) for figure in FIGURES}:
            compute_figures(study.pk, phase, one)
        self.stdout.write(f"{study}, phase {phase}, {Turns(chosen.turns).label}\n")
        self.stdout.write(f"frozen plan {study.plan_hash or 'none'}\n")
        for figure in FIGURES:
            self._show(stored(study, phase, chosen, figure), options["csv"])

    def _show(self, section: Section, folder: Path | None) -> None:
        figure = section.figure
        if section.table is None or section.result is None:
            why = section.row.sentence if section.row else ""
            words = "locked until the study is closed" if section.locked else why or "not computed"
            self.stdout.write(f"\n{figure.title}: {words}\n")
            return
        result, row = section.result, section.row
        self.stdout.write("\n" + as_text(section.table))
        self.stdout.write(
            f"{result.people} people, {result.judgements} judgements, {result.sets} sets; "
            f"interval: {figure.unit.value}; data version {row.version if row else '–'}\n"
        )
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{figure.key}.csv").write_text(csv_of(result), encoding="utf-8")
