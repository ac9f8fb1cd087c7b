"""Lists texts that a pool lacks, and stale translations. Exit status 1 where there are any."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from candidates.models import PromptPool
from candidates.pools.gaps import find_gaps


class Command(BaseCommand):
    help = "Lists missing and stale texts of the prompts in use, by prompt and language."

    def add_arguments(self, parser: Any) -> None:
        known = [code for code, _name in settings.LANGUAGES]
        parser.add_argument("--pool", required=True)
        parser.add_argument(
            "--languages", nargs="+", default=known, choices=known, help="default: all"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        pool = PromptPool.objects.filter(key=options["pool"]).first()
        if pool is None:
            raise CommandError(f"There is no pool {options['pool']!r}.")
        gaps = find_gaps(pool, languages=options["languages"])
        for gap in gaps:
            self.stdout.write(f"{gap}.")
        if gaps:
            sys.exit(1)
        self.stdout.write(f"{pool} lacks nothing in {', '.join(options['languages'])}.")
