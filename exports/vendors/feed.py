"""The change feed: what was stored of one vendor's people in one study, in an order that holds.

Changes are delivered in the order (epoch, transaction, id) and only below the oldest
transaction that may still write (`pg_snapshot_xmin`): whatever commits later gets a higher
place, so that nothing is skipped and nothing comes out of order. A cursor is a place in this
order under the recipient's key: it fits its own study and recipient alone, and does not say how
many transactions lie between two items, which would tell the time of day.

People who did not agree to take part are not told of, and nobody's outcome is: a rare one would
tell who she is among those whom people endpoints name.

PostgreSQL shapes the items. A judged turn carries its row of the format `comparisons` as it
stands at the moment of delivery; what may not leave any more carries none.
"""

import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from django.db.backends.utils import CursorWrapper

from exports.containers import exact_columns
from exports.formats import comparisons
from exports.formats.shared import told
from exports.models import ApiToken
from exports.pseudonyms import Kind, text_sql
from exports.scope import Only, Scope, Times
from exports.snapshot import snapshot

PAGE = 2_000  # items read at a time, in one short transaction
PAD_DIGITS = 32
CURSOR_PATTERN = re.compile(r"([0-9]{1,5})\.([0-9a-f]{32})\.([0-9a-f]{24})")
# What is told of people who agreed to take part, whether or not they took that back.
TOLD = """kind <> 'finished' AND (conversation_id IS NOT NULL OR EXISTS (
    SELECT FROM annotation_participation p JOIN accounts_consent n USING (annotator_id)
    WHERE p.id = annotation_change.participation_id AND n.document_id = %(document)s
        AND n.purpose = 'take_part' AND n.given))"""


# Epoch, transaction, id; turn, conversation, participation.
Found = tuple[int, int, int, Any, Any, int]


class UnknownCursor(ValueError):
    """The cursor was not given out to this recipient of this study."""


class LogFromElsewhere(Exception):
    """The log was stamped by another cluster and nobody has begun a new epoch here."""


@dataclass(frozen=True, order=True)
class Place:
    """A place in the order of changes; the first one, before everything, by default."""

    epoch: int = 0
    transaction: int = 0
    change: int = 0

    @classmethod
    def read(cls, cursor: str, scope: Scope) -> Self:
        """The place that a cursor stands for. Raises UnknownCursor."""
        found = CURSOR_PATTERN.fullmatch(cursor)
        if found is None:
            raise UnknownCursor
        epoch, hidden, check = found.groups()
        numbers = int(hidden, 16) ^ int(_pad(scope, check), 16)
        place = cls(int(epoch), *divmod(numbers, 1 << 64))
        if not hmac.compare_digest(place._check(scope), check):
            raise UnknownCursor
        return place

    def cursor(self, scope: Scope) -> str:
        """The epoch; transaction and id, hidden; and a check of all three. `_shape` computes the
        same in PostgreSQL."""
        check = self._check(scope)
        numbers = (self.transaction << 64) + self.change
        return f"{self.epoch}.{numbers ^ int(_pad(scope, check), 16):032x}.{check}"

    def _check(self, scope: Scope) -> str:
        return scope.pseudonyms.text(Kind.CURSOR, f"{self.epoch}.{self.transaction}.{self.change}")


def _pad(scope: Scope, check: str) -> str:
    """What hides the two numbers of the cursor with this check: 128 bits that its key gives."""
    return scope.pseudonyms.text(Kind.CURSOR, check, digits=PAD_DIGITS)


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
        lines = _shape(cursor, scope, found)
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


def _shape(cursor: CursorWrapper, scope: Scope, found: Sequence[Found]) -> list[str]:
    of_turns = [one for one in found if one[3] is not None]
    only = replace(
        scope,
        only=Only(
            turns=tuple({turn for _e, _t, _c, turn, _talk, _person in of_turns}),
            talks=tuple({talk for *_place, talk, _person in of_turns}),
            people=tuple({person for *_place, person in of_turns}),
        ),
    )
    rows = comparisons.FORMAT.query(only)
    columns = exact_columns(comparisons.FORMAT, only)
    day = scope.time_sql("c.at")
    rows.pseudonyms.hand_over(cursor)
    place = "c.epoch || '.' || c.transaction || '.' || c.id"
    hidden = [
        f"lpad(to_hex({number} # ('x' || substr(pad, {start}, 16))::bit(64)::bigint), 16, '0')"
        for number, start in (("c.transaction", 1), ("c.id", 17))
    ]
    cursor.execute(
        f"""WITH judged AS MATERIALIZED (
            SELECT q.conversation_id AS talk, q.turn AS position, row_to_json(r) AS row
            FROM ({rows.sql}) AS q CROSS JOIN LATERAL (SELECT {columns}) AS r
        ), page AS (
            SELECT c.*, {text_sql(Kind.CHANGE, "c.id")} AS public_id,
                c.epoch || '.' || {" || ".join(hidden)} || '.' || checked AS cursor,
                to_char({day} AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day,
                {text_sql(Kind.ANNOTATOR, "a.public_id")} AS annotator,
                {text_sql(Kind.CONVERSATION, "k.public_id")} AS talk, t.position,
                CASE WHEN c.kind = 'conversation' THEN {told("k.status")} END AS state,
                CASE WHEN p.withdrawn_at IS NOT NULL THEN 'withdrawn'
                    WHEN p.excluded_at IS NOT NULL THEN 'excluded'
                    WHEN k.status <> 'finished' THEN 'unfinished' ELSE 'not_released' END AS reason
            FROM annotation_change c
            JOIN annotation_participation p ON p.id = c.participation_id
            JOIN accounts_annotator a ON a.id = p.annotator_id
            LEFT JOIN annotation_conversation k ON k.id = c.conversation_id
            LEFT JOIN annotation_turn t ON t.id = c.turn_id
            CROSS JOIN LATERAL (SELECT {text_sql(Kind.CURSOR, place)} AS checked OFFSET 0) AS checks
            CROSS JOIN LATERAL (
                SELECT {text_sql(Kind.CURSOR, "checked", PAD_DIGITS)} AS pad OFFSET 0
            ) AS pads
            WHERE c.id = ANY(%(changes)s)
        )
        SELECT row_to_json(item)::text
        FROM page LEFT JOIN judged USING (talk, position) CROSS JOIN LATERAL (
            SELECT page.public_id AS id, page.cursor, page.kind, page.day AS at,
                page.annotator AS annotator_id, page.talk AS conversation_id,
                page.position AS turn, page.state, judged.row,
                CASE WHEN page.turn_id IS NOT NULL AND judged.row IS NULL THEN page.reason END
                    AS reason
        ) AS item
        ORDER BY page.epoch, page.transaction, page.id""",
        {**rows.parameters, "changes": [change for _e, _t, change, *_what in found]},
    )
    return [line for (line,) in cursor.fetchall()]
