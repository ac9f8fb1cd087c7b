"""One row per judged turn: texts in the order shown, the whole ranking, everything asked."""

from exports.formats.base import Column, Format, Query, Type
from exports.scope import Scope
from exports.source import with_source

COLUMNS = (
    Column("conversation_id", Type.TEXT, "pseudonym of the conversation"),
    Column("turn", Type.INTEGER, "place of the turn in its conversation, from 1"),
    Column("kind", Type.TEXT, "who wrote the conversation's first message"),
    Column("annotator_id", Type.TEXT, "pseudonym of the annotator"),
)


def query(scope: Scope) -> Query:
    return with_source(
        scope,
        """SELECT talks.conversation AS conversation_id, turns.position AS turn, talks.kind,
            people.annotator AS annotator_id
        FROM turns JOIN talks USING (talk_id) JOIN people USING (participation_id)
        WHERE turns.ranking_id IS NOT NULL
        ORDER BY 1, 2""",
    )


FORMAT = Format(
    name="comparisons",
    title="Comparisons",
    row="One judged turn of one conversation.",
    columns=COLUMNS,
    query=query,
    not_carried="",
)
