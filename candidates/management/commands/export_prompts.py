"""Writes a pool's prompts to a file that import_prompts reads back."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from candidates.models import PromptPool
from candidates.pools.rows import rows_of
from candidates.pools.writing import to_csv, to_jsonl

FORMATS = {".csv": to_csv, ".jsonl": to_jsonl}


class Command(BaseCommand):
    help = "Writes every text of the prompts in use to a .csv or .jsonl file."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--pool", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        pool = PromptPool.objects.filter(key=options["pool"]).first()
        if pool is None:
            raise CommandError(f"There is no pool {options['pool']!r}.")
        render = FORMATS.get(file.suffix.lower())
        if render is None:
            raise CommandError(f"{file}: a pool is written to a .csv or .jsonl file.")
        rows = rows_of(pool)
        try:
            file.write_bytes(render(rows).encode())
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"{len(rows)} texts are in {file}.")
