"""Plays simulated people through a copy of a study, and says whether everything holds."""

import argparse
import json
import signal
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from annotation.models import Study
from insights.preflight.capacity import forecast
from insights.preflight.estimates import read_rates
from rehearsal import report, stage
from rehearsal.copies import copy_key, remove_copy
from rehearsal.defects import KINDS, plant
from rehearsal.servers import Servers, StartError

DEMO = "everyday-questions"


class Command(BaseCommand):
    help = (
        "Rehearses a study: simulated people take part in a marked copy of it, over HTTP, and "
        "their known preferences must come back. Exit status 0 only if every check holds."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--study", default="demo", help="its key; demo: the demo's study")
        parser.add_argument("--annotators", type=int, default=500, help="simulated people")
        parser.add_argument("--seed", type=int, default=1, help="other people with each seed")
        parser.add_argument("--json", type=Path, help="file for every check with its figure")
        parser.add_argument("--site", default="", help="address of running pages; else found")
        parser.add_argument("--threads", type=int, default=stage.THREADS, help="people at once")
        parser.add_argument("--target", type=int, help="people per set and locale, to try out")
        parser.add_argument("--conversations", type=int, help="pool conversations a person")
        parser.add_argument("--turns", type=int, help="turns of each conversation")
        parser.add_argument(
            "--people-a-day",
            action="append",
            default=[],
            metavar="LOCALE=NUMBER",
            help="such as FR-fr=25: says how long it takes; may be repeated",
        )
        parser.add_argument("--in-process", action="store_true", help="same actions, no HTTP")

        parser.add_argument("--processes", type=int, default=2, help="for --in-process")
        parser.add_argument("--remove", nargs="?", const="", metavar="KEY", help="remove a copy")
        parser.add_argument("--faults", action="store_true", help=argparse.SUPPRESS)
        parser.add_argument("--plant", choices=KINDS, help=argparse.SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, _end)  # so that what was started ends too
        try:
            if options["remove"] is not None:
                self._remove(options["remove"] or copy_key(self._study(options), options["seed"]))
                return
            held = self._rehearse(self._study(options), options)
        except (ValidationError, StartError) as error:
            words = error.messages[0] if isinstance(error, ValidationError) else str(error)
            raise CommandError(words) from error
        if not held:
            raise CommandError("The rehearsal does not hold.")

    def _say(self, words: str) -> None:
        """At once, also where the output is a file that somebody watches."""
        self.stdout.write(words)
        self.stdout.flush()

    def _study(self, options: dict[str, Any]) -> Study:
        key = DEMO if options["study"] == "demo" else options["study"]
        study = Study.objects.filter(key=key).first()
        if study is None:
            raise CommandError(f"There is no study {key}: apply its file first.")
        return study

    def _remove(self, key: str) -> None:
        study = Study.objects.filter(key=key).first()
        if study is None:
            raise CommandError(f"There is no study {key}.")
        self._say(f"{key} removed: {remove_copy(study=study)} rows.")

    def _rehearse(self, original: Study, options: dict[str, Any]) -> bool:
        try:
            rates = read_rates(original, options["people_a_day"])
        except ValueError as error:
            raise CommandError(f"--people-a-day {error}") from error
        if Study.objects.filter(key=copy_key(original, options["seed"])).exists():
            raise CommandError(
                f"{copy_key(original, options['seed'])} exists already: remove it with --remove, "
                "or choose another seed."
            )
        with Servers() as servers:
            provider = servers.ensure_provider()
            rehearsal = stage.prepare(
                original,
                seed=options["seed"],
                people=options["annotators"],
                provider=provider,
                changes=_changes(options),
            )
            items = rehearsal.capacities()
            self._say(f"{rehearsal.study.key}, {rehearsal.people} people")
            self._say(report.arithmetic(items))
            lines = forecast(rehearsal.study, rehearsal.people)
            lines += report.in_the_field(items, rates)
            self._say(report.predictions(lines))
            self._play(rehearsal, servers, provider, options)
        self._say(f"Played in {rehearsal.played_seconds:.0f} s")
        stage.settle(rehearsal, processes=options["processes"] if options["in_process"] else 1)
        if options["plant"]:
            self._say(plant(study=rehearsal.study, kind=options["plant"]))
        checks = stage.verdict(rehearsal, faults=options["faults"])
        for name, value in report.figures(rehearsal).items():
            self._say(f"  {name:<20} {value}")
        self._say("\n".join(report.lines_of(checks)))
        if options["json"]:
            found = report.as_json(rehearsal, items, lines, checks)
            options["json"].write_text(json.dumps(found, indent=2, default=float) + "\n")
        held = all(check.holds for check in checks)
        self._say(
            "Everything holds." if held else "NOT everything holds.",
        )
        self._say(f"Remove the copy with: manage.py rehearse --remove {rehearsal.study.key}")
        return held

    def _play(
        self,
        rehearsal: stage.Rehearsal,
        servers: Servers,
        provider: str,
        options: dict[str, Any],
    ) -> None:
        if options["in_process"]:
            self._say("Playing in processes of its own, without HTTP")
            processes = options["processes"]
            stage.play_directly(rehearsal, processes=processes, say=self._say)
            return
        servers.ensure_worker(provider)
        site = servers.ensure_site(options["site"])
        self._say(f"Playing at {site}")
        threads = options["threads"]
        stage.play_over_http(rehearsal, site, threads=threads, say=self._say)


def _end(_number: int, _frame: Any) -> None:
    raise SystemExit(143)


def _changes(options: dict[str, Any]) -> dict[str, Any]:
    """Settings of the copy that differ from the study's own."""
    changes: dict[str, Any] = {}
    if options["target"]:
        changes["target"] = options["target"]
    if options["conversations"] is not None:
        changes["pool_conversations"] = options["conversations"]
    if options["turns"]:
        changes["turn_lengths"] = {str(options["turns"]): 1}
    return changes
