"""Prints what a release would generalise and lose. Exit status 1 where k cannot be reached."""

import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from annotation.models import Study
from exports.models import Tier
from exports.privacy.generalise import plan_recoding
from exports.privacy.tables import as_text


class Command(BaseCommand):
    help = "Prints the re-identification risk of a study's people, before and after recoding."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("study", help="its key")
        parser.add_argument("--tier", choices=Tier.values, default=Tier.PUBLIC.value)
        parser.add_argument("--k", type=int, help="smallest group")
        parser.add_argument("--l", type=int, help="fewest answers of a group")
        parser.add_argument(
            "--special", action="append", default=[], help="a special category that leaves"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(key=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}.")
        settings = {name: options[name] for name in ("k", "l") if options[name] is not None}
        settings["special"] = options["special"]
        try:
            _recoding, report = plan_recoding(
                study=study,
                tier=options["tier"],
                settings=settings | {"special": options["special"]},
            )
        except ValidationError as error:
            raise CommandError(error.messages[0]) from error
        self.stdout.write(as_text(report))
        if report.shortfall:
            sys.exit(1)
