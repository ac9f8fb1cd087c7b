"""Chooses again from the record of every grant and names each that differs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.dealing.records import count_recorded, count_unrecorded, find_unexplained
from annotation.models import Phase, Study


class Command(BaseCommand):
    help = "Confirms every grant as allowed by its recorded state; exit status 1 if one is not."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--study", help="its key; default: every study")
        parser.add_argument("--phase", choices=Phase.values, help="default: every phase")

    def handle(self, *args: Any, **options: Any) -> None:
        studies = Study.objects.order_by("key")
        if options["study"]:
            studies = studies.filter(key=options["study"])
            if not studies:
                raise CommandError(f"There is no study {options['study']!r}.")
        phases = [options["phase"]] if options["phase"] else Phase.values
        different = sum(self._replay(study, phase) for study in studies for phase in phases)
        if different:
            raise CommandError(f"{different} grants differ from what their record gives.")

    def _replay(self, study: Study, phase: str) -> int:
        recorded, old = count_recorded(study, phase), count_unrecorded(study, phase)
        different = 0
        for found in find_unexplained(study, phase):
            different += 1
            self.stdout.write(f"grant {found.grant} ({found.prompt}): {found.why}")
        if recorded or old or different:
            self.stdout.write(
                f"{study} {phase}: {recorded} records, {different} grants differ; "
                f"{old} grants from before records were kept."
            )
        return different
