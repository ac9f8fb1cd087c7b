"""The log of changes after a restore: a new epoch, so that old places in it stay true."""

from django.db import connection, transaction

from annotation.models import ChangeEpoch

# In one epoch ids and transactions grow together, but for writers that overlap. Whoever was
# stamped below an earlier row wrote beside another writer, or in another cluster.
BELOW_AN_EARLIER_ROW = """
SELECT id FROM (
    SELECT id, transaction, max(transaction) OVER (ORDER BY id) AS highest
    FROM annotation_change WHERE epoch = %(earlier)s
) AS row WHERE transaction < highest
"""


@transaction.atomic
def restamp_changes() -> int:
    """Begins a new epoch of the log, and returns how many changes were stamped anew.

    For a database that was restored, before its site opens: numbers of transactions begin anew
    there, or repeat. Everything that was told keeps its place before the new epoch. What was
    written since the restore is told after it, at worst a second time. Waits for running
    writers; new ones wait. A second call begins yet another epoch and harms nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE annotation_change IN SHARE ROW EXCLUSIVE MODE")
        newest = ChangeEpoch.objects.order_by("-number").first()
        earlier = newest.number if newest else 0
        ChangeEpoch.objects.create(number=earlier + 1)
        cursor.execute("SET LOCAL plurivox.restamping_changes = 'on'")
        cursor.execute(
            "UPDATE annotation_change SET epoch = %(earlier)s + 1, "  # noqa: S608
            "transaction = pg_current_xact_id()::text::bigint "
            f"WHERE id IN ({BELOW_AN_EARLIER_ROW})",
            {"earlier": earlier},
        )
        stamped = int(cursor.rowcount)
        cursor.execute("SET LOCAL plurivox.restamping_changes = 'off'")
    return stamped
