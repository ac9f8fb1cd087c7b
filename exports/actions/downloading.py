"""Who fetched which file."""

from accounts.models import User
from annotation.actions.audit import record
from annotation.models import AuditEntry
from exports.models import ApiToken, Export, Release


def note_download(
    *, file: Export | Release, by: User | None = None, token: ApiToken | None = None
) -> None:
    """Notes that a file begins to be sent: to somebody of the team, or to a token's program.

    Each beginning is noted; later parts of the same file, asked for by range, are not.
    """
    kind = "release" if isinstance(file, Release) else "export"
    whose = f", token {token.start}… of {token.vendor.key}" if token else ""
    what = f"{kind} {file.public_id}: {file.name}{whose}"
    record(kind=AuditEntry.Kind.FILE_DOWNLOADED, what=what, by=by, study=file.study)
