"""Compares a panel's file of ids and statuses with our outcomes, as CSV."""

import io
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from annotation.models import RecruitmentLink
from exports.vendors.reconciling import compare, read_statuses, write


class Command(BaseCommand):
    help = "Prints who agrees, who differs, and whom only one side knows. Changes nothing."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("link", help="its key: the part of its address after /join/")
        parser.add_argument("file", type=Path, help="CSV with the columns id and status")
        parser.add_argument(
            "--status",
            action="append",
            default=[],
            metavar="WORD=OUTCOME",
            help="what a word of the panel means; may be repeated",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        link = RecruitmentLink.objects.filter(key=options["link"]).first()
        if link is None:
            raise CommandError(f"There is no link {options['link']!r}.")
        words = dict(text.rpartition("=")[::2] for text in options["status"])
        try:
            with options["file"].open(encoding="utf-8-sig", newline="") as file:
                theirs = read_statuses(file, words=words)
        except OSError as fault:
            raise CommandError(f"{options['file']} cannot be read.") from fault
        except ValidationError as fault:
            raise CommandError(" ".join(fault.messages)) from fault
        compared = io.StringIO()
        counts = Counter(write(compare(link=link, theirs=theirs), compared))
        self.stdout.write(compared.getvalue(), ending="")
        said = ", ".join(f"{verdict.value} {number}" for verdict, number in sorted(counts.items()))
        self.stderr.write(said or "Nobody on either side.")
