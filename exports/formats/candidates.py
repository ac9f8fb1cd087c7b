"""Where every candidate came from, and every call that gave none: refusals are rows too.

The study's pool sets are here whether or not anybody saw them; a live set is here where the
turn it was made for may leave.
"""

from exports.format import Column, Format, Query, Type
from exports.formats import meanings, shared
from exports.privacy import masks
from exports.pseudonyms import Kind, text_sql
from exports.scope import Scope
from exports.source import candidate_sql, with_source

RESULT = {
    "candidate": "the row is a candidate",
    "refused": "a call of an attempt that failed the checks",
    "error": "a call that failed",
    "not_kept": "a call none of whose texts was kept",
    "none": "a set for which no call is stored",
}
COLUMNS = (
    Column("result", Type.TEXT, "what the row is", RESULT),
    shared.SET_ID,
    Column("refused_for", Type.TEXT, "of a refused attempt: pseudonym of the set it was made for"),
    Column("parallel_to", Type.TEXT, "of a set of translations: pseudonym of the native set"),
    Column("set_status", Type.TEXT, "status of the set", meanings.SET_STATUS),
    Column("is_live", Type.BOOLEAN, "the set was made for one turn of one conversation"),
    shared.PROMPT_KEY,
    shared.PROMPT_VERSION,
    Column("prompt_stage", Type.TEXT, "how far the prompt's text was reviewed", meanings.STAGE),
    shared.LANGUAGE,
    shared.SAMPLER,
    shared.SAMPLER_VERSION,
    Column("replicate", Type.INTEGER, "which of several sets of one prompt text and sampler"),
    Column("context", Type.MESSAGES, "the messages that were to be answered, oldest first"),
    Column("judgements", Type.INTEGER, "stored judgements of the set that may leave here"),
    Column("reasons", Type.TEXTS, "why the attempt was refused or the set failed; of a ready set: "
           "why the threshold of diversity was not met, which its being a control allowed"),
    Column("measures", Type.JSON, "diversity, length and form of the set, by name"),
    Column("is_control", Type.BOOLEAN, "drawn to skip the threshold of diversity"),
    Column("candidate_id", Type.TEXT, "pseudonym of the candidate; empty: no candidate"),
    Column("position", Type.INTEGER, "place in the set, from 0; not the order shown"),
    Column("text", Type.TEXT, "the candidate"),
    Column("source", Type.TEXT, "by which way it was made", meanings.SOURCE),
    Column("pole", Type.TEXT, "value pole it was steered to; empty: none"),
    Column("generation_index", Type.INTEGER, "place in the answer of its call, from 0"),
    Column("candidate_language", Type.TEXT, "language of the candidate"),
    Column("translated_from", Type.TEXT, "pseudonym of the candidate that it translates"),
    Column("stage", Type.TEXT, "how far its translation was reviewed; empty: native",
           meanings.STAGE),
    Column("call_id", Type.TEXT, "pseudonym of the call; candidates of one call share it, and "
           "figures of a call are counted once for each call_id"),
    Column("attempt", Type.INTEGER, "attempt at the set for which the call was made, from 0"),
    Column("part", Type.TEXT, "what the call was for", meanings.PART),
    Column("draw", Type.INTEGER, "which of several calls like it, from 0"),
    Column("endpoint", Type.TEXT, "key of the endpoint"),
    Column("model_returned", Type.TEXT, "model that the endpoint says answered"),
    Column("request", Type.JSON, "messages and parameters as sent"),
    Column("answer", Type.TEXT, "the answer untouched, where no candidate holds its text"),
    Column("parse_result", Type.TEXT, "how many responses were found in the answer"),
    Column("finish_reason", Type.TEXT, "why the model stopped, in the endpoint's words"),
    Column("prompt_tokens", Type.INTEGER, "tokens sent"),
    Column("completion_tokens", Type.INTEGER, "tokens answered"),
    Column("latency_ms", Type.INTEGER, "milliseconds until the answer was complete"),
    Column("cost", Type.NUMBER, "price of the call, in the currency of the endpoint's prices"),
    Column("is_canned", Type.BOOLEAN, "a demonstration text, not a model's"),
    Column("error", Type.TEXT, "what went wrong with the call; empty: nothing"),
    Column("called_at", Type.TIME, "when the call ended"),
)  # fmt: skip

# The sets, in the order of export; what is in them is looked up set by set.
SETS_SQL = """,
judged AS (
    SELECT candidate_set_id AS id, count(ranking_id) AS judgements FROM turns GROUP BY 1
),
own AS (
    SELECT s.id FROM candidates_candidateset s
    JOIN candidates_prompttext t ON t.id = s.prompt_text_id
    JOIN candidates_prompt p ON p.id = t.prompt_id
    WHERE p.pool_id = %(pool)s AND s.sampler_id = ANY(%(arms)s) AND s.language = ANY(%(languages)s)
    UNION SELECT slot.candidate_set_id FROM annotation_slot slot
        JOIN annotation_studylocale l ON l.id = slot.locale_id WHERE l.study_id = %(study)s
    UNION SELECT id FROM judged
),
sets AS (
    SELECT s.id, own.id AS made_for, coalesce(judged.judgements, 0) AS judgements,
        row_number() OVER (
        ORDER BY p.key COLLATE "C" NULLS LAST, s.language COLLATE "C", {target},
            s.refused_for_id IS NULL, {set_id}) AS place
    FROM candidates_candidateset s
    JOIN own ON own.id = coalesce(s.refused_for_id, s.id)
    LEFT JOIN judged ON judged.id = s.id
    LEFT JOIN candidates_prompttext t ON t.id = s.prompt_text_id
    LEFT JOIN candidates_prompt p ON p.id = t.prompt_id
)"""
SET_SQL = """LATERAL (
    SELECT {set_id} AS candidate_set_id, {refused_for} AS refused_for,
        {parallel_to} AS parallel_to, s.status AS set_status, s.prompt_text_id IS NULL AS is_live,
        p.key AS prompt_key, t.version AS prompt_version, t.stage AS prompt_stage, s.language,
        sampler.key AS sampler, sampler.version AS sampler_version, s.replicate,
        ({context})::jsonb AS context,
        s.reasons, s.measures::text AS measures, s.control AS is_control
    FROM candidates_candidateset s
    JOIN candidates_sampler sampler ON sampler.id = s.sampler_id
    LEFT JOIN candidates_prompttext t ON t.id = s.prompt_text_id
    LEFT JOIN candidates_prompt p ON p.id = t.prompt_id
    WHERE s.id = sets.id
    OFFSET 0
)"""
# Candidates with their calls, and calls without a candidate in this set; a set with neither
# is one row.
GIVEN_SQL = """LATERAL (
    SELECT c.id AS candidate_id, c.generation_id
    FROM candidates_candidate c WHERE c.candidate_set_id = sets.id
    UNION ALL
    SELECT NULL, g.id
    FROM (SELECT) AS one LEFT JOIN candidates_generation g ON g.candidate_set_id = sets.id
    WHERE NOT EXISTS (
        SELECT FROM candidates_candidate c
        WHERE c.candidate_set_id = sets.id AND (g.id IS NULL OR c.generation_id = g.id))
)"""
CALL_SQL = """LATERAL (
    SELECT {call_id} AS call_id, g.attempt, g.part, g.draw, endpoint.key AS endpoint,
        nullif(g.model_returned, '') AS model_returned, {request} AS request,
        CASE WHEN given.candidate_id IS NULL THEN nullif({raw}, '') END AS answer,
        nullif(g.parse_result, '') AS parse_result,
        nullif(g.finish_reason, '') AS finish_reason, g.prompt_tokens, g.completion_tokens,
        g.latency_ms, g.cost::float8 AS cost, g.canned AS is_canned,
        nullif(g.error, '') AS error, {called_at} AS called_at
    FROM candidates_generation g
    JOIN candidates_modelendpoint endpoint ON endpoint.id = g.endpoint_id
    WHERE g.id = given.generation_id
    OFFSET 0
)"""


def query(scope: Scope) -> Query:
    study = scope.study
    ids = {
        "set_id": text_sql(Kind.CANDIDATE_SET, "s.id"),
        "target": text_sql(Kind.CANDIDATE_SET, "coalesce(s.refused_for_id, s.id)"),
        "refused_for": text_sql(Kind.CANDIDATE_SET, "s.refused_for_id"),
        "parallel_to": text_sql(Kind.CANDIDATE_SET, "s.parallel_to_id"),
        "context": masks.without_echoes("s.context::text", "sets.made_for"),
        "request": masks.without_echoes("g.request::text", "sets.made_for"),
        "raw": masks.without_echoes("g.raw", "sets.made_for"),
        "call_id": text_sql(Kind.GENERATION, "g.id"),
        "called_at": scope.time_sql("g.created_at"),
    }
    return with_source(
        scope,
        SETS_SQL.format(**ids)
        + f"""
        SELECT CASE WHEN c.id IS NOT NULL THEN 'candidate' WHEN call.call_id IS NULL THEN 'none'
                WHEN call.error IS NOT NULL THEN 'error'
                WHEN made.set_status = 'refused' THEN 'refused' ELSE 'not_kept' END AS result,
            made.*, sets.judgements AS judgements, {candidate_sql("c.id")} AS candidate_id,
            c.position AS position, {masks.RESPONSE} AS text, c.source AS source,
            nullif(c.pole, '') AS pole, c.generation_index AS generation_index,
            c.language AS candidate_language,
            {candidate_sql("c.translated_from_id")} AS translated_from,
            nullif(c.stage, '') AS stage, call.*
        FROM (SELECT * FROM sets ORDER BY place OFFSET 0) AS sets
        CROSS JOIN {SET_SQL.format(**ids)} AS made
        CROSS JOIN {GIVEN_SQL} AS given
        LEFT JOIN candidates_candidate c ON c.id = given.candidate_id
        LEFT JOIN {CALL_SQL.format(**ids)} AS call ON true
        ORDER BY sets.place, c.position, call.attempt, call.part COLLATE "C", call.draw,
            call.call_id""",
        pool=study.pool_id,
        arms=[arm.pk for arm in study.arms()],
        languages=sorted(set(study.locales.values_list("language", flat=True))),
    )


FORMAT = Format(
    name="candidates",
    title="Candidates",
    row="One candidate of one set, or one call to a model that gave no candidate.",
    columns=COLUMNS,
    query=query,
    not_carried="Who was shown a candidate, in which order, and what she thought of it (in "
    "`rankings` and `conversations`); the samplers' settings (in the codebook).",
)
