"""Who fetched which file."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from annotation.actions.audit import record
from annotation.models import AuditEntry
from exports.models import ApiToken, Export, Release

ONE_DOWNLOAD = timedelta(hours=1)  # parts asked for in this time are one


def note_download(
    *,
    file: Export | Release,
    by: User | None = None,
    token: ApiToken | None = None,
    first_byte: int = 0,
) -> None:
    """Notes that a file is sent: to somebody of the team, or to a token's program.

    Each beginning is noted. A later part, asked for by range, is noted where nothing of the file
    was noted for the same recipient in the last hour: a download that resumes is one line, and
    nobody fetches all but the first byte without any.
    """
    kind = "release" if isinstance(file, Release) else "export"
    whose = f", token {token.start}… of {token.vendor.key}" if token else ""
    what = f"{kind} {file.public_id}: {file.name}{whose}"
    noted = AuditEntry.objects.filter(
        kind=AuditEntry.Kind.FILE_DOWNLOADED, what=what, by=by, study=file.study
    )
    if first_byte and noted.filter(at__gt=timezone.now() - ONE_DOWNLOAD).exists():
        return
    record(kind=AuditEntry.Kind.FILE_DOWNLOADED, what=what, by=by, study=file.study)
