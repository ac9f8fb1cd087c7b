"""The rows that every format is made of, as named parts of one SQL query.

    WITH people AS (…), talks AS (…), turns AS (…) SELECT …

- `people`: one row per participation that may leave (see `Scope`): participation_id and
  annotator_id (internal), annotator (pseudonym), annotator_number, participation_public_id,
  vendor, wave, phase, country, language, outcome, finished_at, free_text (her words may
  leave), age or age_band, codes and numbers (jsonb by question), refused (jsonb list).
- `talks`: one row per conversation of these people, re-tests included: talk_id (internal),
  conversation, conversation_number, participation_id, ordinal, kind, status, country, language,
  planned_turns, sitting, opened_at, ended_at, occasion (null without a slot), disposition.
- `turns`: one row per stored turn of these conversations: turn_id (internal), talk_id,
  position, kind, message, candidate_set_id (internal), candidate_set, live, mode, started_at,
  shown_at, ranking_id (null: not judged), chosen_id, acceptable, represents, reason, layout,
  viewport, submitted_at, explanation (null: none stored; empty: stored without a word).

Rules that hold for all formats stand here and nowhere else: who may leave, which words, how
exact times and answers are, and under which ids.
"""

import json
from itertools import pairwise

from accounts.models import Answer, Purpose
from exports.formats.base import Query
from exports.pseudonyms import Kind, number_sql, text_sql
from exports.scope import Scope


def with_source(scope: Scope, select: str, **parameters: object) -> Query:
    """A query whose `select` may read `people`, `talks` and `turns`."""
    parts = ",\n".join((_people(scope), _talks(scope), _turns(scope)))
    return Query(
        sql=f"WITH {parts}\n{select}",
        parameters={
            "study": scope.study.pk,
            "phase": scope.phase,
            "vendor": scope.vendor.pk if scope.vendor else None,
            "consent_document": scope.study.consent_document_id,
            "take_part": Purpose.TAKE_PART,
            "purposes": [str(purpose) for purpose in scope.purposes],
            "free_text_purpose": scope.free_text_purpose,
            "recoded": json.dumps(scope.recoding.codes, sort_keys=True, default=dict),
            "suppressed": sorted(scope.recoding.suppressed),
            "instruments": [scope.study.quota_instrument_id, scope.study.closing_instrument_id],
            **scope.pseudonyms.parameters,
            **parameters,
        },
    )


def _people(scope: Scope) -> str:
    allowed = """EXISTS (
            SELECT FROM accounts_consent c
            WHERE c.annotator_id = p.annotator_id AND c.document_id = %(consent_document)s
              AND c.purpose = {purpose} AND c.given AND c.withdrawn_at IS NULL)"""
    return f"""people AS (
    SELECT p.id AS participation_id, p.annotator_id, p.public_id AS participation_public_id,
        {text_sql(Kind.ANNOTATOR, "a.public_id")} AS annotator,
        {number_sql(Kind.ANNOTATOR, "a.public_id")} AS annotator_number,
        v.key AS vendor, w.number AS wave, p.phase, p.country, l.language, p.outcome,
        {scope.time_sql("p.finished_at")} AS finished_at,
        (%(free_text_purpose)s::text IS NULL OR {allowed.format(purpose="%(free_text_purpose)s")})
            AS free_text,
        {_answers(scope)}
    FROM annotation_participation p
    JOIN accounts_annotator a ON a.id = p.annotator_id
    JOIN accounts_vendor v ON v.id = a.vendor_id
    JOIN annotation_wave w ON w.id = p.wave_id
    LEFT JOIN annotation_studylocale l ON l.id = p.locale_id
    LEFT JOIN LATERAL (
        SELECT max(n.number) FILTER (WHERE q.code = 'age') AS age,
            jsonb_object_agg(q.code, coalesce(%(recoded)s::jsonb -> q.code ->> o.code, o.code))
                FILTER (WHERE o.id IS NOT NULL) AS codes,
            jsonb_object_agg(q.code, n.number)
                FILTER (WHERE n.number IS NOT NULL AND q.code <> 'age') AS numbers,
            jsonb_agg(q.code ORDER BY q.code) FILTER (WHERE n.status = '{Answer.Status.REFUSED}')
                AS refused
        FROM accounts_answer n
        JOIN accounts_question q ON q.id = n.question_id
        LEFT JOIN accounts_option o ON o.id = n.option_id
        WHERE n.annotator_id = p.annotator_id AND q.instrument_id = ANY(%(instruments)s)
    ) said ON NOT p.id = ANY(%(suppressed)s)
    WHERE p.study_id = %(study)s AND p.phase = %(phase)s
        AND (%(vendor)s::bigint IS NULL OR a.vendor_id = %(vendor)s)
        AND p.withdrawn_at IS NULL AND p.excluded_at IS NULL
        AND {allowed.format(purpose="%(take_part)s")}
        AND NOT EXISTS (
            SELECT FROM unnest(%(purposes)s::text[]) AS wanted (purpose)
            WHERE NOT {allowed.format(purpose="wanted.purpose")})
)"""


def _answers(scope: Scope) -> str:
    """Her answers as this recipient may have them; without groups her age is a number."""
    groups = list(scope.recoding.age_bands)
    if not groups:
        age = "said.age, NULL::text AS age_band"
    else:
        names = [f"{low}-{high - 1}" for low, high in pairwise(groups)] + [f"{groups[-1]}+"]
        chosen = " ".join(
            f"WHEN width_bucket(said.age, ARRAY{groups}) = {place} THEN '{name}'"
            for place, name in enumerate(names, start=1)
        )
        age = f"NULL::integer AS age, CASE {chosen} END AS age_band"
    return f"""{age},
        coalesce(said.codes, '{{}}') AS codes, coalesce(said.numbers, '{{}}') AS numbers,
        coalesce(said.refused, '[]') AS refused"""


def _talks(scope: Scope) -> str:
    return f"""talks AS (
    SELECT c.id AS talk_id,
        {text_sql(Kind.CONVERSATION, "c.public_id")} AS conversation,
        {number_sql(Kind.CONVERSATION, "c.public_id")} AS conversation_number,
        c.participation_id, c.ordinal, c.kind, c.status, l.country, l.language, c.planned_turns,
        c.sitting, {scope.time_sql("c.opened_at")} AS opened_at,
        {scope.time_sql("c.ended_at")} AS ended_at, g.occasion, g.disposition
    FROM annotation_conversation c
    JOIN people ON people.participation_id = c.participation_id
    JOIN annotation_studylocale l ON l.id = c.locale_id
    LEFT JOIN annotation_grant g ON g.id = c.grant_id
)"""


def _turns(scope: Scope) -> str:
    """Turns whose words may leave: without that purpose only a pool conversation's first."""
    return f"""turns AS (
    SELECT t.id AS turn_id, t.conversation_id AS talk_id, t.position, c.kind, t.message,
        t.candidate_set_id, {text_sql(Kind.CANDIDATE_SET, "t.candidate_set_id")} AS candidate_set,
        t.live, t.mode, {scope.time_sql("t.started_at")} AS started_at,
        {scope.time_sql("t.shown_at")} AS shown_at, r.id AS ranking_id, r.chosen_id, r.acceptable,
        r.represents, CASE WHEN people.free_text THEN r.reason END AS reason, r.layout, r.viewport,
        {scope.time_sql("r.submitted_at")} AS submitted_at,
        CASE WHEN people.free_text THEN e.text END AS explanation
    FROM annotation_turn t
    JOIN annotation_conversation c ON c.id = t.conversation_id
    JOIN people ON people.participation_id = c.participation_id
    LEFT JOIN annotation_ranking r ON r.turn_id = t.id
    LEFT JOIN annotation_explanation e ON e.turn_id = t.id
    WHERE people.free_text OR (t.position = 1 AND c.kind = 'pool')
)"""
