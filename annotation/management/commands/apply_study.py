"""Stores a study's definition from its YAML file. Applying it again changes nothing."""

from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from annotation.actions.authoring import apply_file
from annotation.cells.tables import CellFault, with_tables


class Command(BaseCommand):
    help = "Stores a study's definition (texts, instruments, samplers, prompts) from a file."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            definition = yaml.safe_load(options["file"].read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise CommandError(f"{options['file']} cannot be read as YAML: {error}") from error
        if not isinstance(definition, dict):
            raise CommandError(f"{options['file']} holds no study definition.")
        try:
            study = apply_file(definition=with_tables(definition, options["file"].parent))
        except CellFault as fault:
            raise CommandError(str(fault)) from fault
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{study} is stored.")
