"""Loads the demonstration study: texts, candidate sets that the worker generates, slots,
a researcher, a vendor with its join link and its token. Safe to repeat."""

import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from accounts.models import User, Vendor
from annotation.actions.definition import apply_study
from annotation.actions.link import create_recruitment_link
from annotation.actions.pool import request_pool
from annotation.actions.study import open_study
from annotation.models import Phase, Study
from candidates.models import CandidateSet
from exports.actions.tokens import create_token
from exports.formats import community_alignment
from exports.models import ApiToken, hash_token

DEFINITION = Path(__file__).resolve().parents[2] / "everyday_questions.yaml"


class Command(BaseCommand):
    help = "Loads the demonstration study and writes its facts to a file."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--facts", type=Path, required=True)
        parser.add_argument("--wait", type=int, default=300, help="seconds for the worker")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["facts"]
        known = json.loads(path.read_text()) if path.exists() else {}
        study = self._study()
        if study.status == Study.Status.DRAFT:
            self._wait_for_sets(study, options["wait"])
            added = open_study(study=study)
            self.stdout.write(f"{added} slots planned")
        vendor, _created = Vendor.objects.get_or_create(
            key="demo-vendor", defaults={"name": "Demo vendor"}
        )
        facts = {
            **self._researcher(known),
            **self._vendor(study, vendor, known),
        }
        _write_private(path, json.dumps(facts, indent=2) + "\n")

    def _study(self) -> Study:
        """The study of the file; one that was loaded from an older file stays as it is."""
        definition = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))
        try:
            return apply_study(definition)
        except ValidationError as error:
            stored = Study.objects.filter(key=definition["study"]["key"]).first()
            if stored is None:
                raise CommandError(" ".join(error.messages)) from error
            self.stdout.write("The demo's texts have changed since: ./run demo --reset loads them.")
            return stored

    def _wait_for_sets(self, study: Study, seconds: int) -> None:
        wanted = [item.pk for item in request_pool(study=study)]
        deadline = time.monotonic() + seconds
        while True:
            sets = CandidateSet.objects.filter(pk__in=wanted)
            ready = sets.ready().count()
            failed = sets.filter(status=CandidateSet.Status.FAILED).first()
            self.stdout.write(f"{ready} of {len(wanted)} candidate sets ready")
            if ready == len(wanted):
                return
            if failed:
                raise CommandError(f"A candidate set failed: {'; '.join(failed.reasons)}")
            if time.monotonic() > deadline:
                raise CommandError(
                    f"Only {ready} of {len(wanted)} candidate sets were ready after {seconds} s. "
                    "Check the worker and the provider with ./run doctor, then start again."
                )
            time.sleep(0.3)

    def _researcher(self, known: dict[str, str]) -> dict[str, str]:
        name = "researcher"
        password = known.get("researcher_password", "")
        user = User.objects.filter(username=name).first()
        if user is None or not password or not user.check_password(password):
            password = secrets.token_urlsafe(12)
            user = user or User(username=name, is_staff=True, is_superuser=True)
            user.set_password(password)
            user.save()
        return {
            "researcher_url": settings.SITE_URL + reverse("admin:index"),
            "researcher_username": name,
            "researcher_password": password,
        }

    def _vendor(self, study: Study, vendor: Vendor, known: dict[str, str]) -> dict[str, str]:
        link = create_recruitment_link(study=study, vendor=vendor, phase=Phase.MAIN)
        token = known.get("vendor_token", "")
        if not ApiToken.objects.valid().filter(token_hash=hash_token(token)).exists():
            token = create_token(
                vendor=vendor, study=study, name="demo", fields=community_alignment.FORMAT.names
            )
        return {
            "join_url": settings.SITE_URL + reverse("join", args=[link.key]),
            "export_url": settings.SITE_URL + reverse("export-community-alignment"),
            "vendor_token": token,
        }


def _write_private(path: Path, text: str) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    temporary.rename(path)
