"""Writes one format of a study to a file, or to standard output."""

import os
import secrets
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from annotation.models import Phase
from exports.actions.exporting import note_export_by_command
from exports.containers import Container
from exports.files.exporting import plan_hash_of, scope_for, write_rows
from exports.files.readme import readme
from exports.files.writing import Sink, new_part, words_of
from exports.models import Export
from exports.naming import (
    find_container,
    find_format,
    find_phase,
    find_study,
    find_times,
    find_variant,
    find_vendor,
)
from exports.scope import Times, Variant


class Command(BaseCommand):
    help = "Writes one format of a study to a file, or to standard output."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("study", help="its key")
        parser.add_argument("format", help="such as comparisons; a wrong name lists them all")
        parser.add_argument("--container", default=Container.CSV.value, help=", ".join(Container))
        parser.add_argument("--vendor", help="its key: only its people, under its pseudonyms")
        parser.add_argument("--variant", default=Variant.FULL.value, help=", ".join(Variant))
        parser.add_argument("--phase", default=Phase.MAIN.value, help="main, unless said")
        parser.add_argument("--times", default=Times.EXACT.value, help=", ".join(Times))
        parser.add_argument("--out", type=Path, help="default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            asked = self._find(options)
            note_export_by_command(
                study=asked["scope"].study,
                format=asked["form"].name,
                container=asked["container"],
            )
            if options["out"]:
                rows, moment = _write_file(options["out"], asked)
            else:
                rows, moment = write_rows(**asked, file=cast(BinaryIO, Sink(sys.stdout.buffer)))
        except BrokenPipeError:
            # Whoever read has enough; nothing more may be written, at exit neither.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return
        except (ValidationError, OSError) as fault:
            raise CommandError(words_of(fault)) from fault
        note = "" if rows else " Nothing matches: the file is valid and holds no rows."
        self.stderr.write(f"{rows} rows, data until {moment:%Y-%m-%d %H:%M:%S} UTC.{note}")

    def _find(self, options: dict[str, Any]) -> dict[str, Any]:
        scope = scope_for(
            study=find_study(options["study"]),
            vendor=find_vendor(options["vendor"]) if options["vendor"] else None,
            variant=find_variant(options["variant"]),
            phase=find_phase(options["phase"]),
            times=find_times(options["times"]),
        )
        return {
            "scope": scope,
            "form": find_format(options["format"]),
            "container": find_container(options["container"]),
        }


def _write_file(path: Path, asked: dict[str, Any]) -> tuple[int, datetime]:
    """The file, and beside it what it holds."""
    if not path.parent.is_dir():
        raise ValidationError(f"There is no folder {path.parent}.")
    with new_part(path.parent, f"{path.name}.{secrets.token_hex(4)}") as part:
        rows, moment = write_rows(**asked, file=part.file)
        sha256 = part.seal().sha256
        part.publish(path)
    scope, form = asked["scope"], asked["form"]
    made = Export(
        study=scope.study,
        vendor=scope.vendor,
        format=form.name,
        container=asked["container"],
        options={name: str(getattr(scope, name)) for name in ("variant", "phase", "times")},
        name=path.name,
        rows={form.name: rows},
        data_until=moment,
        sha256=sha256,
        plan_hash=plan_hash_of(scope.study, until=moment),
    )
    beside = path.with_name(f"{path.name}.README.md")
    with new_part(path.parent, f"{beside.name}.{secrets.token_hex(4)}") as part:
        part.file.write(readme(made).encode())
        part.seal()
        part.publish(beside)
    return rows, moment
