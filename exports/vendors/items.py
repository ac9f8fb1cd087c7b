"""Changes as the items of the feed. PostgreSQL shapes them.

A judged turn carries its row of the format `comparisons` as it stands at the moment of
delivery; what may not leave any more carries none.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db.backends.utils import CursorWrapper

from exports.containers import exact_columns
from exports.formats import comparisons
from exports.formats.shared import told
from exports.pseudonyms import Kind, text_sql
from exports.scope import Only, Scope
from exports.vendors.cursors import CURSOR_JOINS_SQL, CURSOR_SQL

# Epoch, transaction, id; turn, conversation, participation.
Found = tuple[int, int, int, Any, Any, int]


def shape(cursor: CursorWrapper, scope: Scope, found: Sequence[Found]) -> list[str]:
    """The item of each change as a line of JSON, in their order."""
    only = replace(scope, only=_what_was_judged(found))
    rows = comparisons.FORMAT.query(only)
    columns = exact_columns(comparisons.FORMAT, only)
    rows.pseudonyms.hand_over(cursor)
    cursor.execute(
        f"""WITH judged AS MATERIALIZED (
            SELECT q.conversation_id AS talk, q.turn AS position, row_to_json(r) AS row
            FROM ({rows.sql}) AS q CROSS JOIN LATERAL (SELECT {columns}) AS r
        ), page AS (
            {_changes(scope)}
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


def _what_was_judged(found: Sequence[Found]) -> Only:
    """The turns among these changes, whose rows their items carry."""
    of_turns = [one for one in found if one[3] is not None]
    return Only(
        turns=tuple({turn for _e, _t, _c, turn, _talk, _person in of_turns}),
        talks=tuple({talk for *_place, talk, _person in of_turns}),
        people=tuple({person for *_place, person in of_turns}),
    )


def _changes(scope: Scope) -> str:
    """SQL of the changes, with what this recipient may read of each: ids, day, why no row."""
    return f"""SELECT c.*, {text_sql(Kind.CHANGE, "c.id")} AS public_id, {CURSOR_SQL} AS cursor,
                to_char({scope.time_sql("c.at")} AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day,
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
            {CURSOR_JOINS_SQL}
            WHERE c.id = ANY(%(changes)s)"""
