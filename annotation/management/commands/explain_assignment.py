"""Says in words why a person was given a set."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.dealing.records import facts_of
from annotation.dealing.why import explain
from annotation.models import Grant


class Command(BaseCommand):
    help = "Says why a person was given a set: what was open, the rule, the draw, and its end."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("id", help="number of a grant, or public id of a conversation")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("\n".join(explain(facts_of(self._find(options["id"])))))

    def _find(self, name: str) -> Grant:
        """A public id first: it may consist of digits too."""
        grants = Grant.objects.select_related(
            "slot__candidate_set__sampler", "slot__locale", "participation__study", "prompt"
        )
        grant = grants.filter(conversation__public_id=name).first()
        if grant is None and name.isdecimal() and len(name) < 19:
            grant = grants.filter(pk=int(name)).first()
        if grant is None:
            raise CommandError(
                f"No grant has the number {name!r} and no pool conversation this public id."
            )
        return grant
