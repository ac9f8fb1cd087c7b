"""Stores the prompts of a file in a pool. Importing the same file again changes nothing."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from candidates.actions.prompts import store_prompts
from candidates.models import PromptPool
from candidates.pools.reading import read_pool


class Command(BaseCommand):
    help = "Stores prompts from a .csv or .jsonl file, or a folder that datasets saved."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--pool", required=True, help="its key; a new one is made")

    def handle(self, *args: Any, **options: Any) -> None:
        file, pool = options["file"], options["pool"]
        try:
            PromptPool(key=pool).clean_fields()
        except ValidationError as error:
            raise CommandError(f"The pool's key {pool!r}: {error.messages[0]}") from error
        try:
            rows = read_pool(file, languages=[code for code, _name in settings.LANGUAGES])
        except ValidationError as error:
            raise CommandError(error.messages[0]) from error
        try:
            stored = store_prompts(pool_key=pool, rows=rows)
        except ValidationError as error:
            raise CommandError(f"{file}: {error.messages[0]}") from error
        self.stdout.write(
            f"{pool}: {stored.new} texts new, {stored.changed} with a new note (stage, topics "
            f"or original), {stored.unchanged} stored already."
        )
