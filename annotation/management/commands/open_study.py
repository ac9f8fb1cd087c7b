"""Opens a phase of a study: plans its places and lets its people in. Safe to repeat."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from annotation.actions.running import open_phase
from annotation.models import Phase, Slot, Study


class Command(BaseCommand):
    help = "Opens a phase of a study once all its candidate sets are ready."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("study", help="its key")
        parser.add_argument("--phase", default=Phase.MAIN.value, help="main, unless said")

    def handle(self, *args: Any, **options: Any) -> None:
        study, phase = Study.objects.filter(key=options["study"]).first(), options["phase"]
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}.")
        if phase not in Phase.values:
            raise CommandError(f"{phase!r} is no phase: use {', '.join(Phase.values)}.")
        try:
            before = _places(study, phase)
            plan = open_phase(study=study, phase=phase, by=None)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        added = _places(study, phase) - before
        self.stdout.write(f"{study} is open in the phase {phase}: {added} slots were added.")
        self.stdout.write(f"Plan {plan.number}, {plan.at:%Y-%m-%d}: {plan.hash}")


def _places(study: Study, phase: str) -> int:
    return Slot.objects.filter(locale__study=study, phase=phase).count()
