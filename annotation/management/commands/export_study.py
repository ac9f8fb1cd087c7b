"""Prints a study's whole definition as the YAML file that apply_study reads."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.authoring.study_file import to_yaml
from annotation.definition.rendering import definition_of
from annotation.models import Study


class Command(BaseCommand):
    help = "Prints a study's definition as YAML. Applying it to the same study changes nothing."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("study", help="its key")

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(key=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}.")
        self.stdout.write(to_yaml(definition_of(study)), ending="")
