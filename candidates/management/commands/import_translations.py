"""Stores parallel sets from a CSV of translated candidates, or advances their stages."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from candidates.actions.parallel import read_translations, store_translations


class Command(BaseCommand):
    help = "Stores translated candidates: a CSV with handle, language, text, stage."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            number = store_translations(read_translations(options["file"]))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{number} parallel sets stored or advanced.")
