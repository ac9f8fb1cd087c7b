"""Erases data about people of studies whose last day of keeping is over. Repeating is safe."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.retention import ErasuresFailedError, erase_each


class Command(BaseCommand):
    help = "Erases data about people once the day is over until which they are kept."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for study, erased in erase_each():
                said = ", ".join(f"{number} {name}" for name, number in erased.items())
                self.stdout.write(f"{study}: {said or 'nothing left'}.")
        except ErasuresFailedError as error:
            raise CommandError(f"{error} Run it again once its cause is mended.") from error
