"""Says which part of the installation is missing. Exit status 1 where one is."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from insights.health.parts import examine, silent_endpoints


class Command(BaseCommand):
    help = "Says in plain words whether database, broker, worker and provider answer."

    def handle(self, *args: Any, **options: Any) -> None:
        findings = examine(fresh=True)
        for finding in findings:
            mark = "ok     " if finding.ok else "MISSING"
            self.stdout.write(f"{mark} {finding.part}: {finding.words}")
            if finding.part == "provider" and not finding.ok and findings[0].ok:
                self.stdout.write(f"        endpoints: {', '.join(silent_endpoints())}")
        if not all(finding.ok for finding in findings):
            sys.exit(1)
