"""Whole dialogues: one row a conversation, with its chosen path and everything shown on the way."""

from exports.formats import meanings, shared
from exports.formats.base import Column, Format, Query, Type
from exports.pseudonyms import Kind, text_sql
from exports.scope import Scope
from exports.source import with_source

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
           "it may not leave"),
    Column("ordinal", Type.INTEGER, "place of the conversation in the person's plan, from 0"),
    Column("sitting", Type.INTEGER, "sitting of this person, from 1; a pause of an hour begins "
           "another"),
    Column("planned_turns", Type.INTEGER, "turns that were planned"),
    Column("done_turns", Type.INTEGER, "turns whose judgement is stored, whether or not their "
           "words may leave"),
    Column("prompt", Type.TEXT, "key of the pool's prompt; empty: her own"),
    Column("prompt_version", Type.INTEGER, "version of the prompt's text in this language"),
    Column("opening_arm", Type.TEXT, "sampler and version of the first turn's set"),
    Column("live_arm", Type.TEXT, "sampler and version of the sets made in the conversation"),
    Column("opened_at", Type.TIME, "when it was opened"),
    Column("ended_at", Type.TIME, "when it ended"),
    Column("words_withheld", Type.BOOLEAN, "the person's own words may not leave here: of a pool "
           "conversation only the first turn is given, of her own none"),
    Column("messages", Type.MESSAGES, "the dialogue along the chosen path; it ends with her "
           "message where the last turn was not judged"),
    Column("turns", Type.JSON, "list of turns, each with turn, mode, live, candidate_set_id, arm, "
           "message, shown_at, submitted_at, acceptable, represents, reason, explanation (null: "
           "none stored, empty: left empty) and responses: in the order shown, each with letter, "
           "candidate_id, text, rank, score, chosen, visible_seconds"),
)  # fmt: skip

SELECT = """,
shown AS (
    SELECT turns.turn_id, json_agg(json_build_object(
        'letter', {letter}, 'candidate_id', {candidate}, 'text', c.text, 'rank', r.rank,
        'score', r.score, 'chosen', c.id = turns.chosen_id,
        'visible_seconds', r.visible_seconds) ORDER BY s.position) AS responses
    FROM turns
    JOIN annotation_showncandidate s ON s.turn_id = turns.turn_id
    JOIN candidates_candidate c ON c.id = s.candidate_id
    LEFT JOIN annotation_rankedcandidate r
        ON r.ranking_id = turns.ranking_id AND r.candidate_id = c.id
    GROUP BY turns.turn_id
),
told AS (
    SELECT said.talk_id,
        ('[' || string_agg(said.asked || CASE WHEN said.chosen_id IS NULL THEN '' ELSE
            ',' || said.answered END, ',' ORDER BY said.position) || ']')::jsonb AS messages,
        json_agg(json_build_object(
            'turn', said.position, 'mode', said.mode, 'live', said.live,
            'candidate_set_id', said.candidate_set, 'arm', {arm}, 'message', said.message,
            'shown_at', said.shown_at, 'submitted_at', said.submitted_at,
            'acceptable', said.acceptable, 'represents', said.represents, 'reason', said.reason,
            'explanation', said.explanation,
            'responses', coalesce(shown.responses, '[]')) ORDER BY said.position)::text AS turns,
        max({arm}) FILTER (WHERE said.position = 1) AS opening_arm
    FROM said
    JOIN candidates_candidateset made ON made.id = said.candidate_set_id
    JOIN candidates_sampler sampler ON sampler.id = made.sampler_id
    LEFT JOIN shown ON shown.turn_id = said.turn_id
    GROUP BY said.talk_id
)
SELECT talks.conversation AS conversation_id, people.annotator AS annotator_id, talks.kind,
    coalesce(talks.occasion, 0) > 0 AS retest, talks.country, talks.language, people.wave,
    people.phase, CASE talks.status WHEN 'helped' THEN 'broke_off' ELSE talks.status END AS status,
    CASE WHEN people.free_text THEN nullif(stored.skip_reason, '') END AS skip_reason,
    talks.ordinal, talks.sitting, talks.planned_turns,
    (SELECT count(*) FROM annotation_turn t JOIN annotation_ranking r ON r.turn_id = t.id
        WHERE t.conversation_id = talks.talk_id) AS done_turns,
    prompt.key AS prompt, prompt_text.version AS prompt_version, told.opening_arm,
    {live_arm} AS live_arm, talks.opened_at, talks.ended_at,
    NOT people.free_text AS words_withheld,
    coalesce(told.messages, '[]') AS messages, coalesce(told.turns, '[]') AS turns
FROM talks
JOIN people USING (participation_id)
JOIN annotation_conversation stored ON stored.id = talks.talk_id
JOIN candidates_sampler live_sampler ON live_sampler.id = stored.sampler_id
LEFT JOIN annotation_grant granted ON granted.id = stored.grant_id
LEFT JOIN annotation_slot slot ON slot.id = granted.slot_id
LEFT JOIN candidates_candidateset opening ON opening.id = slot.candidate_set_id
LEFT JOIN candidates_prompttext prompt_text ON prompt_text.id = opening.prompt_text_id
LEFT JOIN candidates_prompt prompt ON prompt.id = prompt_text.prompt_id
LEFT JOIN told ON told.talk_id = talks.talk_id
ORDER BY conversation_id"""


def query(scope: Scope) -> Query:
    return with_source(
        scope,
        shared.SAID
        + SELECT.format(
            letter=shared.letter_sql("s.position"),
            candidate=text_sql(Kind.CANDIDATE, "c.handle"),
            arm=shared.arm_sql("sampler"),
            live_arm=shared.arm_sql("live_sampler"),
        ),
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
