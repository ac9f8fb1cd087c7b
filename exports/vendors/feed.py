"""The change feed: what was stored of one vendor's people in one study, in an order that holds.

Changes are delivered in the order (epoch, transaction, id) and only below the oldest
transaction that may still write (`pg_snapshot_xmin`): whatever commits later gets a higher
place, so that nothing is skipped and nothing comes out of order.

People who did not agree to take part are not told of, and nobody's outcome is: a rare one would
tell who she is among those whom people endpoints name.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.backends.utils import CursorWrapper

from exports.models import ApiToken
from exports.scope import Scope, Times
from exports.snapshot import snapshot
from exports.vendors.cursors import Place
from exports.vendors.items import Found, shape

PAGE = 2_000  # items read at a time, in one short transaction
# What is told of people who agreed to take part, whether or not they took that back.
TOLD = """kind <> 'finished' AND (conversation_id IS NOT NULL OR EXISTS (
    SELECT FROM annotation_participation p JOIN accounts_consent n USING (annotator_id)
    WHERE p.id = annotation_change.participation_id AND n.document_id = %(document)s
        AND n.purpose = 'take_part' AND n.given))"""


class LogFromElsewhere(Exception):
    """The log was stamped by another cluster and nobody has begun a new epoch here."""


@dataclass(frozen=True)
class Page:
    """Items as lines of JSON, where they end, and whether more is there already."""

    lines: list[str]
    end: Place
    more: bool


def scope_of(token: ApiToken) -> Scope:
    """What a token's vendor may have: ids as in every export to it, main phase.

    Times by the day, in rows as in items: a finer one would let a vendor match a pseudonym
    with whom it sent, or was told of, at that moment.
    """
    return Scope(
        study=token.study,
        recipient=f"vendor:{token.vendor.key}",
        vendor=token.vendor,
        fields=frozenset(token.fields),
        times=Times.DAY,
    )


def read_page(scope: Scope, after: Place, limit: int) -> Page:
    """At most `limit` items after a place, from one snapshot. Raises LogFromElsewhere.

    A repeat gives the same items, each as its rows stand then.
    """
    with snapshot() as cursor:
        found = _find(cursor, scope, after, limit + 1)
        more, found = len(found) > limit, found[:limit]
        if not found:
            return Page([], after, more=False)
        lines = shape(cursor, scope, found)
    return Page(lines, Place(*found[-1][:3]), more)


def read_pages(scope: Scope, after: Place, limit: int | None = None) -> Iterator[Page]:
    """Page after page up to the newest, at most `limit` items. At least one, maybe empty."""
    left = limit
    while True:
        page = read_page(scope, after, PAGE if left is None else min(PAGE, left))
        yield page
        left = None if left is None else left - len(page.lines)
        if not page.more or left == 0:
            return
        after = page.end


def _find(cursor: CursorWrapper, scope: Scope, after: Place, limit: int) -> list[Found]:
    """The next changes below the oldest running writer."""
    cursor.execute(
        """SELECT coalesce((SELECT max(number) FROM annotation_changeepoch), 0),
            pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint
        FROM pg_current_snapshot() s"""
    )
    epoch, oldest, unborn = cursor.fetchone()
    parameters = {
        "study": scope.study.pk,
        "vendor": scope.vendor.pk if scope.vendor else None,
        "phase": scope.phase,
        "epoch": epoch,
        "document": scope.study.consent_document_id,
    }
    whose = "study_id = %(study)s AND vendor_id = %(vendor)s AND phase = %(phase)s"
    cursor.execute(
        f"""SELECT transaction FROM annotation_change WHERE {whose} AND epoch = %(epoch)s
        ORDER BY epoch DESC, transaction DESC LIMIT 1""",
        parameters,
    )
    newest = cursor.fetchone()
    if newest and newest[0] >= unborn:
        raise LogFromElsewhere
    cursor.execute(
        f"""SELECT epoch, transaction, id, turn_id, conversation_id, participation_id
        FROM annotation_change
        WHERE {whose} AND (epoch, transaction) < (%(epoch)s, %(oldest)s)
            AND (epoch, transaction, id) > (%(e)s, %(t)s, %(c)s) AND {TOLD}
        ORDER BY epoch, transaction, id LIMIT %(limit)s""",
        parameters
        | {"oldest": oldest, "limit": limit}
        | {"e": after.epoch, "t": after.transaction, "c": after.change},
    )
    return list(cursor.fetchall())
