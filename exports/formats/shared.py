"""Columns and parts of queries that several formats share."""

from exports.format import Column, Type
from exports.formats import meanings

CONVERSATION_ID = Column("conversation_id", Type.TEXT, "pseudonym of the conversation")
ANNOTATOR_ID = Column("annotator_id", Type.TEXT, "pseudonym of the annotator")
TURN = Column("turn", Type.INTEGER, "place of the turn in its conversation, from 1")
KIND = Column("kind", Type.TEXT, "who wrote the conversation's first message", meanings.KIND)
RETEST = Column(
    "is_retest", Type.BOOLEAN, "a planned, blind repeat of a set that this person had judged before"
)
COUNTRY = Column("country", Type.TEXT, "country she lives in, ISO 3166-1 alpha-2", personal=True)
LANGUAGE = Column("language", Type.TEXT, "study language of the locale, BCP 47 in lower case")
WAVE = Column("wave", Type.INTEGER, "number of the collection wave")
PHASE = Column("phase", Type.TEXT, "what the participation was for", meanings.PHASE)
SET_ID = Column("candidate_set_id", Type.TEXT, "pseudonym of the candidate set")
SAMPLER = Column("sampler", Type.TEXT, "key of the sampler that made the set: the arm")
SAMPLER_VERSION = Column("sampler_version", Type.INTEGER, "its version")
PROMPT_KEY = Column("prompt_key", Type.TEXT, "key of the pool's prompt; missing: not of the pool")
PROMPT_VERSION = Column(
    "prompt_version", Type.INTEGER, "version of the prompt's text in this language"
)
ACCEPTABLE = Column(
    "acceptable", Type.TEXT, "answer to: is any response acceptable?", meanings.OPINION
)
REPRESENTS = Column(
    "represents", Type.TEXT, "answer to: does any response represent you?", meanings.OPINION
)

# Every conversation with what is needed of its person, in the order of export; its turns are
# looked up row by row, so that the first row leaves before all is read.
TALKS = """(
    SELECT talks.*, people.annotator, people.wave, people.phase, people.free_text,
        nullif(people.country, '') AS lives_in
    FROM talks JOIN people USING (participation_id)
    ORDER BY talks.conversation_number OFFSET 0
)"""


def told(status: str) -> str:
    """SQL of a conversation's status as it leaves: see `meanings.CONVERSATION_STATUS`."""
    return f"CASE {status} WHEN 'helped' THEN 'broke_off' ELSE {status} END"


STATUS = told("talk.status")


def letter_sql(position: str) -> str:
    """SQL of the letter under which a place on the page (from 0) was shown."""
    return f"chr(65 + {position})"
