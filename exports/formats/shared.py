"""Columns and parts of queries that several formats share."""

from exports.formats import meanings
from exports.formats.base import Column, Type

CONVERSATION_ID = Column("conversation_id", Type.TEXT, "pseudonym of the conversation")
ANNOTATOR_ID = Column("annotator_id", Type.TEXT, "pseudonym of the annotator")
TURN = Column("turn", Type.INTEGER, "place of the turn in its conversation, from 1")
KIND = Column("kind", Type.TEXT, "who wrote the conversation's first message", meanings.KIND)
RETEST = Column(
    "retest", Type.BOOLEAN, "a planned, blind repeat of a set that this person had judged before"
)
COUNTRY = Column("country", Type.TEXT, "country of the locale, ISO 3166-1 alpha-2")
LANGUAGE = Column("language", Type.TEXT, "study language of the locale, BCP 47 in lower case")
WAVE = Column("wave", Type.INTEGER, "number of the collection wave")
PHASE = Column("phase", Type.TEXT, "what the participation was for", meanings.PHASE)
SET_ID = Column("candidate_set_id", Type.TEXT, "pseudonym of the candidate set")
ARM = Column("arm", Type.TEXT, "sampler and version that made the set, such as `nc v1`")
ACCEPTABLE = Column(
    "acceptable", Type.TEXT, "answer to: is any response acceptable?", meanings.OPINION
)
REPRESENTS = Column(
    "represents", Type.TEXT, "answer to: does any response represent you?", meanings.OPINION
)

# Further parts after people, talks and turns. A message as JSON text is written once and put
# together as text: a window of texts costs less than a window of growing structures.
SAID = """,
said AS (
    SELECT turns.*,
        json_build_object('role', 'user', 'content', turns.message)::text AS asked,
        json_build_object('role', 'assistant', 'content', best.text)::text AS answered
    FROM turns LEFT JOIN candidates_candidate best ON best.id = turns.chosen_id
)"""
PATHS = (
    SAID
    + """,
paths AS (
    SELECT said.*,
        string_agg(asked || ',' || answered, ',') OVER (
            PARTITION BY talk_id ORDER BY position
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before
    FROM said
)"""
)
PROMPT = "('[' || coalesce(paths.before || ',', '') || paths.asked || ']')::jsonb"


def arm_sql(sampler: str) -> str:
    """SQL of the name and version of a sampler."""
    return f"{sampler}.key || ' v' || {sampler}.version"


def letter_sql(position: str) -> str:
    """SQL of the letter under which a place on the page (from 0) was shown."""
    return f"chr(65 + {position})"
