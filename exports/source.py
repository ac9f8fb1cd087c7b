"""The rows that every format is made of, as named parts of one SQL query.

    WITH people AS (…), talks AS (…), turns AS (…) SELECT …

- `people`: one row per participation that may leave (see `Scope`): participation_id and
  annotator_id (internal), annotator (pseudonym), annotator_number, participation_public_id,
  vendor, wave, phase, country, language, outcome, placements, finished_at, free_text (her words may
  leave), age or age_band, codes and numbers (jsonb by question), refused (jsonb list).
- `talks`: one row per conversation of these people, re-tests included: talk_id (internal),
  conversation, conversation_number, participation_id, ordinal, kind, status, country, language,
  planned_turns, sitting, opened_at, ended_at, occasion (null without a slot), disposition.
- `turns`: one row per stored turn of these conversations: turn_id (internal), talk_id,
  position, kind, message, message_language, message_script, message_pasted, candidate_set_id
  (internal), candidate_set, live, mode, started_at, shown_at, ranking_id (null: not judged),
  chosen_id, acceptable, represents, reason, layout, viewport, submitted_at, seconds_to_judge,
  seconds_waited, explanation (null: none stored; empty: stored without a word),
  explanation_language, explanation_script, explanation_pasted.

`turns` is for reading many at once. A format that begins to answer before everything is read
sorts its conversations first and looks up each one's turns: `finished_talks` and `turns_of`.

Rules that hold for all formats stand here and nowhere else: who may leave, which words, how
exact times and answers are, and under which ids.
"""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise

from accounts.models import Answer, Purpose
from exports.format import Query
from exports.privacy import masks
from exports.pseudonyms import Kind, number_sql, text_sql
from exports.scope import Scope, Variant


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
            **scope.recoding.parameters(),
            "instruments": scope.study.instrument_ids(),
            **_names(scope),
            **scope.pseudonyms.parameters,
            **parameters,
        },
        pseudonyms=scope.pseudonyms,
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
        p.placements,
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
            jsonb_object_agg(q.code, coarse.code) FILTER (WHERE coarse.code <> '') AS codes,
            jsonb_object_agg(q.code, n.number)
                FILTER (WHERE n.number IS NOT NULL AND q.code <> 'age') AS numbers,
            jsonb_agg(q.code ORDER BY q.code) FILTER (WHERE n.status = '{Answer.Status.REFUSED}')
                AS refused
        FROM accounts_answer n
        JOIN accounts_question q ON q.id = n.question_id
        LEFT JOIN accounts_option o ON o.id = n.option_id
        CROSS JOIN LATERAL (SELECT coalesce(
            %(recoded)s::jsonb -> (q.code || ':' || p.country) ->> o.code,
            %(recoded)s::jsonb -> q.code ->> o.code, o.code) AS code) coarse
        WHERE n.annotator_id = p.annotator_id AND q.instrument_id = ANY(%(instruments)s)
            AND NOT q.code = ANY(%(dropped)s)
            AND NOT coalesce(%(blanked)s::jsonb -> q.code @> to_jsonb(p.id), false)
    ) said ON NOT p.id = ANY(%(suppressed)s)
    WHERE p.study_id = %(study)s AND p.phase = %(phase)s
        AND (%(vendor)s::bigint IS NULL OR a.vendor_id = %(vendor)s)
        AND p.withdrawn_at IS NULL AND p.excluded_at IS NULL AND NOT p.id = ANY(%(left_out)s)
        {_only(scope, "p.id", "people")}
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
        chosen = " ".join(
            f"WHEN width_bucket(said.age, ARRAY{groups}) = {place} THEN '{name}'"
            for place, name in enumerate(age_band_names(groups), start=1)
        )
        age = f"NULL::integer AS age, CASE {chosen} END AS age_band"
    return f"""{age},
        coalesce(said.codes, '{{}}') AS codes, coalesce(said.numbers, '{{}}') AS numbers,
        coalesce(said.refused, '[]') AS refused"""


def age_band_names(lowest: Sequence[int]) -> list[str]:
    """The names of age groups by their lowest ages: `18-34`, …, `55+`."""
    return [f"{low}-{high - 1}" for low, high in pairwise(lowest)] + [f"{lowest[-1]}+"]


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
    WHERE true {_only(scope, "c.id", "talks")}
)"""


def _turns(scope: Scope) -> str:
    return f"""turns AS (
    SELECT {_turn_columns(scope, "people.free_text")}
    {TURN_TABLES}
    JOIN annotation_conversation c ON c.id = t.conversation_id
    JOIN people ON people.participation_id = c.participation_id
    WHERE {_may_leave("people.free_text", "c.kind")}
        {_only(scope, "t.id", "turns")}
)"""


def _names(scope: Scope) -> dict[str, list[int]]:
    if scope.only is None:
        return {}
    return {f"only_{which}": list(keys) for which, keys in asdict(scope.only).items()}


def _only(scope: Scope, column: str, which: str) -> str:
    """The condition that keeps to the `turns`, `talks` or `people` a scope names, if it does."""
    return "" if scope.only is None else f"AND {column} = ANY(%(only_{which})s::bigint[])"


TURN_TABLES = """FROM annotation_turn t
    LEFT JOIN annotation_ranking r ON r.turn_id = t.id
    LEFT JOIN annotation_explanation e ON e.turn_id = t.id"""

# Her last act was done and the set was not ready: see `Turn.waited`.
WAITED = """(
            SELECT greatest(0, extract(epoch FROM m.ready_at - greatest(t.started_at, (
                SELECT be.written_at FROM annotation_turn b
                JOIN annotation_explanation be ON be.turn_id = b.id
                WHERE b.conversation_id = t.conversation_id AND b.position = t.position - 1
            ))))::double precision
            FROM candidates_candidateset m
            WHERE m.id = t.candidate_set_id AND m.ready_at IS NOT NULL)"""


def _turn_columns(scope: Scope, free_text: str, kind: str = "c.kind") -> str:
    return f"""t.id AS turn_id, t.conversation_id AS talk_id, t.position, {kind} AS kind,
        {masks.MESSAGE} AS message,
        t.detected_language AS message_language, t.script AS message_script,
        t.pasted AS message_pasted, t.candidate_set_id,
        {text_sql(Kind.CANDIDATE_SET, "t.candidate_set_id")} AS candidate_set,
        t.live, t.mode, {scope.time_sql("t.started_at")} AS started_at,
        {scope.time_sql("t.shown_at")} AS shown_at, r.id AS ranking_id, r.chosen_id, r.acceptable,
        r.represents, CASE WHEN {free_text} THEN {masks.REASON} END AS reason,
        r.layout, r.viewport,
        {scope.time_sql("r.submitted_at")} AS submitted_at,
        extract(epoch FROM r.submitted_at - t.shown_at)::double precision AS seconds_to_judge,
        {WAITED} AS seconds_waited,
        CASE WHEN {free_text} THEN {masks.EXPLANATION} END AS explanation,
        CASE WHEN {free_text} THEN e.detected_language END AS explanation_language,
        CASE WHEN {free_text} THEN e.script END AS explanation_script,
        CASE WHEN {free_text} THEN e.pasted END AS explanation_pasted"""


def _may_leave(free_text: str, kind: str) -> str:
    """A turn's words may leave: without that purpose only a pool conversation's first."""
    return f"({free_text} OR (t.position = 1 AND {kind} = 'pool'))"


def finished_talks(*, retests: bool) -> str:
    """A subquery: finished conversations with their people's columns, in the order of export.

    The order is that of the pseudonyms, so that no row tells when it came about. It is found
    before any turn is read: what follows is looked up row by row, and the first byte is soon.
    """
    return f"""(
    SELECT talks.talk_id, talks.conversation, talks.conversation_number, talks.ordinal, talks.kind,
        talks.planned_turns, talks.sitting, talks.language, talks.occasion, talks.disposition,
        people.participation_id, people.annotator, people.annotator_number, people.vendor,
        people.wave, people.phase, people.country, people.free_text, people.age, people.age_band,
        people.codes, people.numbers, people.refused
    FROM talks JOIN people USING (participation_id)
    WHERE talks.status = 'finished' {"" if retests else "AND coalesce(talks.occasion, 0) = 0"}
    ORDER BY talks.conversation_number OFFSET 0
)"""


def turns_of(scope: Scope, talk: str, condition: str = "true") -> str:
    """A LATERAL subquery: the columns of `turns` for one row of `finished_talks`."""
    return f"""LATERAL (
    SELECT {_turn_columns(scope, f"{talk}.free_text", f"{talk}.kind")}
    {TURN_TABLES}
    WHERE t.conversation_id = {talk}.talk_id AND {_may_leave(f"{talk}.free_text", f"{talk}.kind")}
        AND {condition} {_only(scope, "t.id", "turns")}
    ORDER BY t.position OFFSET 0
)"""


def without_faults(scope: Scope, talk: str) -> str:
    """A condition: the full variant takes every conversation, the filtered one those without
    a gap, each turn judged, with all its responses there, not empty and not alike, and each
    message of hers in her language as far as that is known."""
    if scope.variant == Variant.FULL:
        return "true"
    return f"""(
        SELECT count(*) = max(t.position) AND bool_and(shown.whole AND r.id IS NOT NULL
            AND t.detected_language IN ('', {talk}.language))
        {TURN_TABLES}
        JOIN candidates_candidateset made ON made.id = t.candidate_set_id
        JOIN candidates_sampler sampler ON sampler.id = made.sampler_id
        CROSS JOIN LATERAL (
            SELECT count(DISTINCT nullif(btrim(regexp_replace(c.text, '\\s+', ' ', 'g')), ''))
                = sampler.n AND count(*) = sampler.n AS whole
            FROM annotation_showncandidate s JOIN candidates_candidate c ON c.id = s.candidate_id
            WHERE s.turn_id = t.id
        ) AS shown
        WHERE t.conversation_id = {talk}.talk_id)"""


def candidate_sql(column: str) -> str:
    """SQL of a candidate's pseudonym, from a column that holds its key."""
    return text_sql(Kind.CANDIDATE, column)
