"""After a restore: begins a new epoch of the log of changes, so that the feed goes on."""

from typing import Any

from django.core.management.base import BaseCommand

from annotation.actions.log import restamp_changes


class Command(BaseCommand):
    help = "Run once after the database was restored, before the site opens (docs/feed.md)."

    def handle(self, *args: Any, **options: Any) -> None:
        stamped = restamp_changes()
        self.stdout.write(f"A new epoch of the change feed begins; {stamped} changes go into it.")
