"""Erases data about people of studies whose last day of keeping is over. Repeating is safe."""

from typing import Any

from django.core.management.base import BaseCommand

from annotation.retention import erase_personal_data, studies_past_retention


class Command(BaseCommand):
    help = "Erases data about people once the day is over until which they are kept."

    def handle(self, *args: Any, **options: Any) -> None:
        for study in studies_past_retention():
            erased = erase_personal_data(study=study)
            said = ", ".join(f"{number} {name}" for name, number in erased.items())
            self.stdout.write(f"{study}: {said or 'nothing left'}.")
