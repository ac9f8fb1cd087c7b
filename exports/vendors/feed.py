"""The change feed: what was stored of one vendor's people in one study, in an order that holds.

Changes are delivered in the order (epoch, transaction, id) and only below the oldest
transaction that may still write (`pg_snapshot_xmin`): whatever commits later gets a higher
place, so that nothing is skipped and nothing comes out of order. A cursor is a place in this
order with a keyed check over it: it fits its own study and recipient alone.

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
CURSOR_PATTERN = re.compile(r"(\d{1,5}\.\d{1,19}\.\d{1,19})\.([0-9a-f]{24})")


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
        expected = scope.pseudonyms.text(Kind.CURSOR, found[1])
        if not hmac.compare_digest(expected, found[2]):
            raise UnknownCursor
        return cls(*map(int, found[1].split(".")))

    def cursor(self, scope: Scope) -> str:
        place = f"{self.epoch}.{self.transaction}.{self.change}"
        return f"{place}.{scope.pseudonyms.text(Kind.CURSOR, place)}"


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
            AND (epoch, transaction, id) > (%(e)s, %(t)s, %(c)s)
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
    cursor.execute(
        f"""WITH judged AS MATERIALIZED (
            SELECT q.conversation_id AS talk, q.turn AS position, row_to_json(r) AS row
            FROM ({rows.sql}) AS q CROSS JOIN LATERAL (SELECT {columns}) AS r
        ), page AS (
            SELECT c.*, {text_sql(Kind.CHANGE, "c.id")} AS public_id,
                {place} || '.' || {text_sql(Kind.CURSOR, place)} AS cursor,
                to_char({day} AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day,
                {text_sql(Kind.ANNOTATOR, "a.public_id")} AS annotator,
                {text_sql(Kind.CONVERSATION, "k.public_id")} AS talk, t.position,
                CASE c.kind WHEN 'conversation' THEN {told("k.status")}
                    WHEN 'finished' THEN p.outcome END AS state,
                CASE WHEN p.withdrawn_at IS NOT NULL THEN 'withdrawn'
                    WHEN p.excluded_at IS NOT NULL THEN 'excluded'
                    WHEN k.status <> 'finished' THEN 'unfinished' ELSE 'not_released' END AS reason
            FROM annotation_change c
            JOIN annotation_participation p ON p.id = c.participation_id
            JOIN accounts_annotator a ON a.id = p.annotator_id
            LEFT JOIN annotation_conversation k ON k.id = c.conversation_id
            LEFT JOIN annotation_turn t ON t.id = c.turn_id
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
