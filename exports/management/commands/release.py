"""Builds a release of a study, here and now."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from exports.actions.releasing import request_release
from exports.models import Release, State, Tier
from exports.naming import find_study
from exports.release.building import build_release
from exports.release.tiers import LICENCES
from exports.scope import Times


class Command(BaseCommand):
    help = "Builds the next version of a study's release, and prints where its archive lies."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("study", help="its key")
        parser.add_argument("--tier", default=Tier.PUBLIC.value, help=", ".join(Tier.values))
        parser.add_argument(
            "--formats",
            nargs="+",
            default=[],
            metavar="FORMAT[.CONTAINER]",
            help="default: all that the study fits, as parquet",
        )
        parser.add_argument("--licence", default="", help=f"{', '.join(LICENCES)}, LicenseRef-…")
        parser.add_argument("--times", default="", help=f"{', '.join(Times)}; default: the tier's")
        parser.add_argument("--phase", default="", help="main, unless said")

    def handle(self, *args: Any, **options: Any) -> None:
        names = ("tier", "formats", "licence", "times", "phase")
        try:
            release = request_release(
                study=find_study(options["study"]),
                enqueue=False,
                **{name: options[name] for name in names},
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        build_release(release.pk)
        self._say(Release.objects.select_related("study").get(pk=release.pk))

    def _say(self, release: Release) -> None:
        if release.state == State.FAILED:
            raise CommandError(release.error)
        if release.state != State.READY:
            self.stdout.write(f"{release} is being written by a worker already.")
            return
        for name, rows in release.rows.items():
            self.stdout.write(f"{name}: {rows} rows")
        if release.is_empty:
            self.stdout.write("Nothing matches: the files are valid and hold no rows.")
        self.stdout.write(f"{settings.EXPORTS_DIR / release.name}\nsha256 {release.sha256}")
