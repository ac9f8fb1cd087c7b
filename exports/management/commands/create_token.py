"""Makes a token of the vendors' API, and prints it once. The same options make another."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Vendor
from annotation.models import Study
from exports.access.token_fields import ordinary_fields, special_fields
from exports.actions.tokens import create_token
from exports.models import Access

DAYS = 365


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", help="key of the study it opens")
        parser.add_argument("vendor", help="key of the vendor whose people it shows")
        parser.add_argument("--name", required=True, help="what it is for, for your own lists")
        parser.add_argument("--access", choices=Access.values, default=Access.DATA.value)
        parser.add_argument(
            "--field",
            action="append",
            metavar="NAME",
            help="a column that carries values; again for more (all but special categories)",
        )
        parser.add_argument(
            "--special-field",
            action="append",
            default=[],
            metavar="NAME",
            help="a column of a special category, beside the others; again for more",
        )
        parser.add_argument(
            "--address",
            action="append",
            default=[],
            metavar="NETWORK",
            help="an address or network it may be used from; again for more (anywhere)",
        )
        parser.add_argument("--days", type=int, default=DAYS, help=f"until it ends ({DAYS})")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["days"] < 1:
            raise CommandError("A token lasts for one day at least: say --days 1 or more.")
        try:
            token = create_token(
                vendor=_find(Vendor, options["vendor"]),
                study=_find(Study, options["study"]),
                name=options["name"],
                access=Access(options["access"]),
                fields=_fields(options["field"], options["special_field"]),
                addresses=options["address"],
                expires_at=timezone.now() + timedelta(days=options["days"]),
            )
        except ValidationError as error:
            raise CommandError(error.messages[0]) from None
        self.stderr.write("This is shown once and stored nowhere: hand it over safely.")
        self.stdout.write(token)


def _find(model: Any, key: str) -> Any:
    found = model.objects.filter(key=key).first()
    if found is None:
        keys = ", ".join(model.objects.order_by("key").values_list("key", flat=True)) or "none"
        name = model._meta.verbose_name
        raise CommandError(f"There is no {name} “{key}”. There are: {keys}.")
    return found


def _fields(named: list[str] | None, special: list[str]) -> list[str]:
    known = {"field": ordinary_fields(), "special-field": special_fields()}
    for option, names in (("field", named or []), ("special-field", special)):
        unknown = sorted(set(names) - set(known[option]))
        if unknown:
            raise CommandError(f"No format has a column {unknown[0]} for --{option}.")
    return sorted({*(known["field"] if named is None else named), *special})
