"""Makes a new version of a sampler whose thresholds come from a temperature-sampled null."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from candidates.actions.samplers import calibrate_sampler
from candidates.models import Sampler


class Command(BaseCommand):
    help = "Sets a sampler's similarity thresholds per language from ready sets of a null sampler."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("sampler")
        parser.add_argument("--null", required=True, help="a temperature sampler with ready sets")
        parser.add_argument("--quantile", type=float, default=0.05)

    def handle(self, *args: Any, **options: Any) -> None:
        sampler, null = (self._latest(options[name]) for name in ("sampler", "null"))
        try:
            made = calibrate_sampler(sampler=sampler, null=null, quantile=options["quantile"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{made} has these thresholds:")
        for language, found in sorted(made.thresholds.items()):
            values = ", ".join(f"{name} {value:.3f}" for name, value in found.items())
            self.stdout.write(f"  {language}: {values}")

    def _latest(self, key: str) -> Sampler:
        sampler = Sampler.objects.filter(key=key).order_by("-version").first()
        if sampler is None:
            known = ", ".join(Sampler.objects.values_list("key", flat=True).distinct()) or "none"
            raise CommandError(f"There is no sampler {key}. Samplers: {known}.")
        return sampler
