"""What became of every place that was given to somebody: nothing vanishes.

A grant of somebody whose rows may not leave (she withdrew, was excluded, or did not allow
what this recipient needs) stays as a row that says which set, where, and how it ended, and
nothing by which it could be told whose it was: no ids, no times, no place in the filling.
Where a release leaves out everybody of a locale, such a row does not say which set and where
either: in a locale of one person the rows would be the list of what she was given.

The cells that a place was wanted for, and the probability that follows from them, tell of a
person's answers, also of special categories: both leave as these do, only where listed.
"""

from exports.format import Column, Format, Query, Type
from exports.formats import meanings, shared
from exports.privacy.recoding import Recoding
from exports.pseudonyms import Kind, text_sql
from exports.scope import Scope
from exports.source import with_source

NOT_SAID = "empty: a release leaves the person out"

COLUMNS = (
    Column("grant_id", Type.TEXT, "pseudonym of the grant; empty: the person's rows may not leave"),
    shared.ANNOTATOR_ID,
    shared.CONVERSATION_ID,
    Column("left_out", Type.BOOLEAN, "the person's rows may not leave: the row only counts"),
    Column("prompt_key", Type.TEXT, f"key of the pool's prompt; {NOT_SAID}"),
    Column("candidate_set_id", Type.TEXT, f"pseudonym of the candidate set; {NOT_SAID}"),
    shared.SAMPLER,
    shared.SAMPLER_VERSION,
    Column("country", Type.TEXT, "country of the place's locale, ISO 3166-1 alpha-2; "
           f"{NOT_SAID}"),
    Column("language", Type.TEXT, "study language of the locale, BCP 47 in lower case; "
           f"{NOT_SAID}"),
    shared.PHASE,
    Column("is_retest", Type.BOOLEAN, "a planned re-test, which takes no place"),
    Column("disposition", Type.TEXT, "how it ended; empty: it has not", meanings.DISPOSITION),
    Column("reason", Type.TEXT, "what she gave as the reason; empty: nothing, or a release"),
    Column("granted_at", Type.TIME, "when the place was given"),
    Column("renewed_at", Type.TIME, "when the lease was last renewed"),
    Column("ended_at", Type.TIME, "when it ended"),
    Column("probability", Type.NUMBER, "with which the rule gives this place, given what was open; "
           "empty: no record of the choice was kept, or a release; it follows from her cells",
           special=True),
    Column("rule", Type.INTEGER, "version of the dealing rule"),
    Column("slot_ordinal", Type.INTEGER, "which of the set's places in this locale, from 0; it "
           "sets the order shown"),
    Column("batch", Type.INTEGER, "random replicate batch of the prompt, from 0; filled one after "
           "another"),
    Column("stratum", Type.TEXT, "cells whose judgement was wanted first; empty: anybody's, or "
           "answers leave coarser than the cells are", personal=True, special=True),
)  # fmt: skip

SELECT = """,
shown AS (SELECT DISTINCT country, language FROM people),
given AS (
SELECT {grant} AS grant_id, people.annotator AS annotator_id,
    talks.conversation AS conversation_id, people.participation_id IS NULL AS left_out,
    CASE WHEN NOT hidden THEN prompt.key END AS prompt_key,
    CASE WHEN NOT hidden THEN {set_id} END AS candidate_set_id, sampler.key AS sampler,
    sampler.version AS sampler_version, CASE WHEN NOT hidden THEN locale.country END AS country,
    CASE WHEN NOT hidden THEN locale.language END AS language, p.phase, g.occasion > 0 AS is_retest,
    nullif(g.disposition, '') AS disposition,
    CASE WHEN %(free_text_purpose)s::text IS NULL THEN nullif(g.reason, '') END AS reason,
    {granted_at} AS granted_at, {renewed_at} AS renewed_at, {ended_at} AS ended_at,
    {probability} AS probability, deal.rule, known_slot.ordinal AS slot_ordinal, known_slot.batch,
    {stratum} AS stratum
FROM annotation_grant g
JOIN annotation_participation p ON p.id = g.participation_id
JOIN accounts_annotator a ON a.id = p.annotator_id
JOIN annotation_slot slot ON slot.id = g.slot_id
JOIN annotation_studylocale locale ON locale.id = slot.locale_id
JOIN candidates_candidateset made ON made.id = slot.candidate_set_id
JOIN candidates_sampler sampler ON sampler.id = made.sampler_id
JOIN candidates_prompt prompt ON prompt.id = g.prompt_id
LEFT JOIN people ON people.participation_id = g.participation_id
LEFT JOIN annotation_grant known ON known.id = g.id AND people.participation_id IS NOT NULL
LEFT JOIN annotation_slot known_slot ON known_slot.id = known.slot_id
LEFT JOIN annotation_deal deal ON deal.grant_id = known.id
LEFT JOIN annotation_conversation c ON c.grant_id = known.id
LEFT JOIN talks ON talks.talk_id = c.id
CROSS JOIN LATERAL (SELECT {hidden} AS hidden) of_the_row
WHERE p.study_id = %(study)s AND p.phase = %(phase)s
    AND (%(vendor)s::bigint IS NULL OR a.vendor_id = %(vendor)s)
)
SELECT * FROM given
ORDER BY prompt_key COLLATE "C", country, language COLLATE "C", candidate_set_id, left_out,
    slot_ordinal, is_retest, grant_id, coalesce(disposition, '') COLLATE "C",
    sampler COLLATE "C", sampler_version
"""
# By what a row says, never by what is hidden in it: its neighbours would tell.
HIDDEN = """(g.participation_id = ANY(%(left_out)s) OR people.participation_id IS NULL
        AND NOT EXISTS (SELECT FROM shown
            WHERE (shown.country, shown.language) = (locale.country, locale.language)))"""


def query(scope: Scope) -> Query:
    coarser = scope.recoding != Recoding()
    return with_source(
        scope,
        SELECT.format(
            grant=text_sql(Kind.GRANT, "known.id"),
            set_id=text_sql(Kind.CANDIDATE_SET, "made.id"),
            granted_at=scope.time_sql("known.granted_at"),
            renewed_at=scope.time_sql("known.renewed_at"),
            ended_at=scope.time_sql("known.ended_at"),
            probability="NULL::float8" if coarser else "deal.probability",
            hidden=HIDDEN if coarser else "false",
            stratum="NULL::text" if coarser else "nullif(known_slot.stratum, '')",
        ),
    )


FORMAT = Format(
    name="dispositions",
    title="Dispositions",
    row="One place given to one person, or given again for a re-test.",
    columns=COLUMNS,
    query=query,
    not_carried="The open places that the rule looked at (kept in the database, table "
    "annotation_deal); places that nobody was given; conversations of people's own prompts, which "
    "need no place.",
)
