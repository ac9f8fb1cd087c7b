"""The one way into the audit: called by every act of the team, in the act's own transaction."""

from accounts.models import User
from annotation.models import AuditEntry, Study

MOST_CHARACTERS = 500  # of `what`


def record(
    *,
    kind: AuditEntry.Kind,
    what: str,
    by: User | None,
    study: Study | None = None,
    why: str = "",
) -> AuditEntry:
    """Writes down for good that somebody did something, and returns the line.

    Call it where the act is done and only when something was done, inside its transaction, so
    that neither is stored without the other. A second call writes a second line. `what` holds
    public ids and figures alone, such as "prompt en-014: 12 places voided": never a person's
    words, name or recruitment id.
    """
    return AuditEntry.objects.create(
        kind=kind, what=what[:MOST_CHARACTERS], by=by, study=study, why=why.strip()
    )
