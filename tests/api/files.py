"""Exports with a file, as a worker would leave them."""

import hashlib
import random
from pathlib import Path

from django.utils import timezone

from exports.models import Export, State
from tests.api.conftest import Program, Response

BODY = random.Random(6).randbytes(300_001)


def ask(program: Program, **changes: str) -> Response:
    return program.post("exports/", {"format": "comparisons", "container": "csv"} | changes)


def export_of(response: Response) -> Export:
    return Export.objects.get(public_id=response.json()["id"])


def finish(export: Export, folder: Path, body: bytes = BODY) -> Export:
    """Puts a file there and says so."""
    export.name = f"{export.public_id}.{export.container}"
    (folder / export.name).write_bytes(body)
    export.state, export.size, export.rows = State.READY, len(body), {export.format: 7}
    export.sha256 = hashlib.sha256(body).hexdigest()
    export.data_until = export.finished_at = timezone.now()
    export.save()
    return export
