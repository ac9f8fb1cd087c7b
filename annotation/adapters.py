"""What happens to accounts of the team stands in the audit.

Not noted here is what the database announces itself from the rows (migration 0018): a sign-in,
what an account may, and a second factor that an administrator took away.
"""

from accounts.adapters import AccountAdapter
from accounts.models import User
from annotation.actions.audit import record
from annotation.models import AuditEntry


class AuditedAccountAdapter(AccountAdapter):
    def note(self, what: str, *, user: User, by: User | None, why: str = "") -> None:
        kind = AuditEntry.Kind(what)
        record(kind=kind, what=f"account {user.get_username()}", by=by, why=why)
