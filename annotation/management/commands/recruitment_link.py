"""Makes the address a vendor hands out, and prints it. The same options find it again."""

import os
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Vendor
from annotation.actions.link import create_recruitment_link
from annotation.models import Convention, Phase, RecruitmentLink, Study, Wave
from annotation.recruitment.conventions import PROLIFIC_PLACEHOLDERS
from annotation.recruitment.passage import join_address


class Command(BaseCommand):
    help = "Makes a vendor's recruitment link and prints the address to hand out."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("study", help="its key")
        parser.add_argument("vendor", help="its key")
        parser.add_argument("--phase", default=Phase.MAIN.value, help="main, unless said")
        parser.add_argument("--wave", type=int, help="its number; the latest, unless said")
        parser.add_argument("--convention", default=Convention.PLAIN.value)
        for name, what in (
            ("code", "completion code"),
            ("exit", "address of the way back"),
            ("callback", "address that this server itself calls"),
        ):
            parser.add_argument(
                f"--{name}",
                action="append",
                default=[],
                metavar="OUTCOME=" + name.upper(),
                help=f"{what} of one outcome; may be repeated",
            )
        parser.add_argument("--signing-key-variable", default="", metavar="NAME")
        parser.add_argument("--signed-entry", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(key=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}.")
        vendor = Vendor.objects.filter(key=options["vendor"]).first()
        if vendor is None:
            raise CommandError(f"There is no vendor {options['vendor']!r}: add it as staff first.")
        if options["phase"] not in Phase.values:
            raise CommandError(f"{options['phase']!r} is no phase: use {', '.join(Phase.values)}.")
        variable = options["signing_key_variable"]
        try:
            link = create_recruitment_link(
                study=study,
                vendor=vendor,
                phase=options["phase"],
                wave=_find_wave(study, options["wave"]),
                convention=options["convention"],
                codes=_by_outcome("code", options["code"]),
                exits=_by_outcome("exit", options["exit"]),
                callbacks=_by_outcome("callback", options["callback"]),
                signing_key_variable=variable,
                signed_entry=options["signed_entry"],
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if variable and not os.environ.get(variable):
            self.stderr.write(f"Note: {variable} is not set here; the web process needs it.")
        self.stdout.write(_address_of(link))


def _find_wave(study: Study, number: int | None) -> Wave | None:
    if number is None:
        return None
    wave = study.waves.filter(number=number).first()
    if wave is None:
        raise CommandError(f"The study {study} has no wave {number}.")
    return wave


def _by_outcome(option: str, given: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in given:
        outcome, equals, value = text.partition("=")
        if not equals or not value:
            raise CommandError(f"--{option} is written OUTCOME=VALUE, not {text!r}.")
        if outcome in pairs:
            raise CommandError(f"--{option} is given twice for {outcome}.")
        pairs[outcome] = value
    return pairs


def _address_of(link: RecruitmentLink) -> str:
    """With the placeholders that the service or the vendor fills in for each person."""
    address = join_address(link)
    if link.convention == Convention.PROLIFIC:
        return f"{address}?{PROLIFIC_PLACEHOLDERS}"
    if link.convention == Convention.PANEL or link.signed_entry:
        return f"{address}?pid=ID" + ("&signature=SIGNATURE" if link.signed_entry else "")
    return address  # CloudResearch and MTurk add their ids by themselves
