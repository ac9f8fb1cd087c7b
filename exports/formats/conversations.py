"""Whole dialogues: one row a conversation, with its chosen path and everything shown on the way."""

from exports.format import Column, Format, Query, Type
from exports.formats import meanings, shared
from exports.privacy import masks
from exports.scope import Scope
from exports.source import candidate_sql, turns_of, with_source, without_faults

COLUMNS = (
    shared.CONVERSATION_ID,
    shared.ANNOTATOR_ID,
    shared.KIND,
    shared.RETEST,
    shared.COUNTRY,
    shared.LANGUAGE,
    shared.WAVE,
    shared.PHASE,
    Column("status", Type.TEXT, "how it ended", meanings.CONVERSATION_STATUS),
    Column("skip_reason", Type.TEXT, "what she gave as the reason to leave it; empty: nothing, or "
           "a release, for which nobody looks at it"),
    Column("place_in_plan", Type.INTEGER, "place of the conversation in the person's plan, from 0"),
    Column("sitting", Type.INTEGER, "sitting of this person, from 1; a pause of an hour begins "
           "another"),
    Column("planned_turns", Type.INTEGER, "turns that were planned"),
    Column("done_turns", Type.INTEGER, "turns whose judgement is stored, whether or not their "
           "words may leave"),
    shared.PROMPT_KEY,
    shared.PROMPT_VERSION,
    Column("sampler", Type.TEXT, "key of the sampler of the first turn's set: the arm"),
    Column("sampler_version", Type.INTEGER, "its version"),
    Column("live_sampler", Type.TEXT, "key of the sampler of sets made in the conversation"),
    Column("live_sampler_version", Type.INTEGER, "its version"),
    Column("opened_at", Type.TIME, "when it was opened"),
    Column("ended_at", Type.TIME, "when it ended"),
    Column("words_withheld", Type.BOOLEAN, "the person's own words may not leave here: of a pool "
           "conversation only the first turn is given, of her own none"),
    Column("messages", Type.MESSAGES, "the dialogue along the chosen path; it ends with her "
           "message where the last turn was not judged"),
    Column("turns", Type.JSON, "list of turns, each with turn, mode, is_live, candidate_set_id, "
           "sampler, sampler_version, message, shown_at, submitted_at, acceptable, represents, "
           "reason, explanation (null: none stored, empty: left empty) and responses: in the order "
           "shown, each with letter, candidate_id, text, rank, score, is_chosen, visible_seconds"),
)  # fmt: skip

RESPONSES_SQL = f"""LATERAL (
        SELECT coalesce(json_agg(json_build_object(
            'letter', {shared.letter_sql("s.position")}, 'candidate_id', {candidate_sql("c.id")},
            'text', {masks.RESPONSE}, 'rank', k.rank, 'score', k.score,
            'is_chosen', c.id = turn.chosen_id, 'visible_seconds', k.visible_seconds)
            ORDER BY s.position), '[]') AS shown
        FROM annotation_showncandidate s
        JOIN candidates_candidate c ON c.id = s.candidate_id
        LEFT JOIN annotation_rankedcandidate k
            ON k.ranking_id = turn.ranking_id AND k.candidate_id = s.candidate_id
        WHERE s.turn_id = turn.turn_id
    )"""
TURN_JSON = """json_build_object(
            'turn', turn.position, 'mode', turn.mode, 'is_live', turn.live,
            'candidate_set_id', turn.candidate_set, 'sampler', sampler.key,
            'sampler_version', sampler.version, 'message', turn.message,
            'shown_at', turn.shown_at, 'submitted_at', turn.submitted_at,
            'acceptable', turn.acceptable, 'represents', turn.represents,
            'reason', turn.reason, 'explanation', turn.explanation,
            'responses', responses.shown)"""
# A message as JSON text is written once and put together as text, which costs least.
ASKED = "json_build_object('role', 'user', 'content', turn.message)::text"
ANSWERED = f"',' || json_build_object('role', 'assistant', 'content', {masks.CHOSEN})::text"


def _told(scope: Scope) -> str:
    return f"""LATERAL (
    SELECT ('[' || coalesce(string_agg({ASKED} || CASE WHEN best.id IS NULL THEN '' ELSE
            {ANSWERED} END, ',' ORDER BY turn.position), '') || ']')::jsonb AS messages,
        coalesce(json_agg({TURN_JSON} ORDER BY turn.position), '[]')::text AS turns,
        max(sampler.key) FILTER (WHERE turn.position = 1) AS sampler,
        max(sampler.version) FILTER (WHERE turn.position = 1) AS sampler_version
    FROM {turns_of(scope, "talk")} AS turn
    JOIN candidates_candidateset made ON made.id = turn.candidate_set_id
    JOIN candidates_sampler sampler ON sampler.id = made.sampler_id
    LEFT JOIN candidates_candidate best ON best.id = turn.chosen_id
    CROSS JOIN {RESPONSES_SQL} AS responses
    OFFSET 0
)"""


STORED_SQL = """LATERAL (
    SELECT c.skip_reason, live.key AS live_sampler, live.version AS live_sampler_version,
        prompt.key AS prompt_key, text.version AS prompt_version,
        (SELECT count(*) FROM annotation_turn t JOIN annotation_ranking r ON r.turn_id = t.id
            WHERE t.conversation_id = c.id) AS done_turns
    FROM annotation_conversation c
    JOIN candidates_sampler live ON live.id = c.sampler_id
    LEFT JOIN annotation_grant g ON g.id = c.grant_id
    LEFT JOIN annotation_slot slot ON slot.id = g.slot_id
    LEFT JOIN candidates_candidateset opening ON opening.id = slot.candidate_set_id
    LEFT JOIN candidates_prompttext text ON text.id = opening.prompt_text_id
    LEFT JOIN candidates_prompt prompt ON prompt.id = text.prompt_id
    WHERE c.id = talk.talk_id
    OFFSET 0
)"""


def query(scope: Scope) -> Query:
    return with_source(
        scope,
        f"""SELECT talk.conversation AS conversation_id, talk.annotator AS annotator_id,
            talk.kind AS kind, coalesce(talk.occasion, 0) > 0 AS is_retest,
            talk.lives_in AS country, talk.language AS language, talk.wave AS wave,
            talk.phase AS phase, {shared.STATUS} AS status,
            CASE WHEN %(free_text_purpose)s::text IS NULL THEN nullif(stored.skip_reason, '') END
                AS skip_reason,
            talk.ordinal AS place_in_plan, talk.sitting AS sitting,
            talk.planned_turns AS planned_turns, stored.done_turns AS done_turns,
            stored.prompt_key AS prompt_key, stored.prompt_version AS prompt_version,
            told.sampler AS sampler, told.sampler_version AS sampler_version,
            stored.live_sampler AS live_sampler,
            stored.live_sampler_version AS live_sampler_version, talk.opened_at AS opened_at,
            talk.ended_at AS ended_at, NOT talk.free_text AS words_withheld,
            told.messages AS messages, told.turns AS turns
        FROM {shared.TALKS} AS talk
        CROSS JOIN {STORED_SQL} AS stored
        CROSS JOIN {_told(scope)} AS told
        WHERE {without_faults(scope, "talk")}
        ORDER BY talk.conversation_number""",
    )


FORMAT = Format(
    name="conversations",
    title="Conversations",
    row="One conversation of one person, finished or not.",
    columns=COLUMNS,
    query=query,
    not_carried="How the responses were made (in `candidates`), the person's answers about "
    "herself (in `annotators`), what became of the place (in `dispositions`).",
)
