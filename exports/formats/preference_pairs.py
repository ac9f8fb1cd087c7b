"""Pairs of responses, one preferred to the other, as TRL's preference trainers load them.

Conversational preference data with an explicit prompt: `prompt` is the chosen path up to and
with the turn's message, `chosen` and `rejected` are one assistant message each.
https://huggingface.co/docs/trl/dataset_formats#preference

Which pairs of a turn's responses are rows:

- both ranked, on different ranks: yes (`ranks`). Equal ranks: no, also where the person
  picked one of the tied to continue;
- left without a rank: only below the chosen one (`chosen`); never in rating mode, where an
  untouched control is no answer;
- in mode `best_worst` the worst is below every other (`worst`);
- two identical texts: never.

Turns on which no response was acceptable give pairs like any other: the order holds, and
`acceptable` says so. The same goes for planned re-tests and `retest`.
"""

from dataclasses import replace

from exports.format import Column, Format, Query, Type
from exports.formats import meanings, shared
from exports.privacy import masks
from exports.scope import Scope
from exports.source import candidate_sql, turns_of, with_source, without_faults

BASIS = {
    "ranks": "both ranked, on different ranks",
    "chosen": "the chosen one, above one left without a rank",
    "worst": "one neither best nor worst, above the worst",
}
COLUMNS = (
    Column("prompt", Type.MESSAGES, "the conversation so far along the chosen path, ending with "
           "the turn's message; the instruction to the model is not part of it"),
    Column("chosen", Type.MESSAGES, "the preferred response: one assistant message"),
    Column("rejected", Type.MESSAGES, "the other response: one assistant message"),
    shared.CONVERSATION_ID,
    shared.TURN,
    shared.KIND,
    shared.RETEST,
    shared.ANNOTATOR_ID,
    shared.COUNTRY,
    shared.LANGUAGE,
    shared.WAVE,
    shared.PHASE,
    Column("status", Type.TEXT, "how the conversation ended; a judged turn counts however it did",
           meanings.CONVERSATION_STATUS),
    Column("mode", Type.TEXT, "what the turn asked", meanings.MODE),
    Column("basis", Type.TEXT, "why the first is held to be preferred", BASIS),
    Column("chosen_continued", Type.BOOLEAN,
           "the preferred response is the one that continued the conversation"),
    Column("rank_difference", Type.INTEGER, "rank of the other less rank of the preferred; ranks "
           "count from 1 and ties share one (1, 2, 2, 4); empty: one has no rank"),
    Column("score_margin", Type.INTEGER, "score of the preferred less score of the other, 1 to "
           "100; empty outside rating mode"),
    Column("pairs_in_turn", Type.INTEGER, "rows of this format that this turn gives; its inverse "
           "weighs every turn alike"),
    Column("responses", Type.INTEGER, "responses that were shown"),
    shared.ACCEPTABLE,
    shared.REPRESENTS,
    shared.SET_ID,
    shared.SAMPLER,
    shared.SAMPLER_VERSION,
    Column("is_live", Type.BOOLEAN, "the set was made for this turn alone"),
    Column("chosen_id", Type.TEXT, "pseudonym of the preferred response"),
    Column("rejected_id", Type.TEXT, "pseudonym of the other response"),
    Column("chosen_letter", Type.TEXT, "letter under which the preferred response was shown"),
    Column("rejected_letter", Type.TEXT, "letter under which the other response was shown"),
    Column("is_canned", Type.BOOLEAN, "one of the two is a demonstration text, not a model's"),
)  # fmt: skip

SHOWN_SQL = f"""
    SELECT c.id, {candidate_sql("c.id")} AS pseudonym,
        {masks.RESPONSE} AS text, g.canned, k.rank, k.score,
        {shared.letter_sql("s.position")} AS letter
    FROM annotation_showncandidate s
    JOIN candidates_candidate c ON c.id = s.candidate_id
    JOIN candidates_generation g ON g.id = c.generation_id
    JOIN annotation_rankedcandidate k
        ON k.ranking_id = turn.ranking_id AND k.candidate_id = s.candidate_id
    WHERE s.turn_id = turn.turn_id"""
PAIRS_SQL = f"""LATERAL (
    WITH shown AS MATERIALIZED ({SHOWN_SQL})
    SELECT jsonb_build_array(jsonb_build_object('role', 'assistant', 'content', better.text))
            AS chosen,
        jsonb_build_array(jsonb_build_object('role', 'assistant', 'content', worse.text))
            AS rejected,
        held.basis, better.id = turn.chosen_id AS chosen_continued,
        worse.rank - better.rank AS rank_difference, better.score - worse.score AS score_margin,
        count(*) OVER () AS pairs_in_turn, (SELECT count(*) FROM shown) AS responses,
        better.pseudonym AS chosen_id, worse.pseudonym AS rejected_id,
        better.letter AS chosen_letter, worse.letter AS rejected_letter,
        better.canned OR worse.canned AS is_canned
    FROM shown AS better CROSS JOIN shown AS worse
    CROSS JOIN LATERAL (SELECT CASE
        WHEN better.rank < worse.rank THEN 'ranks'
        WHEN better.id = turn.chosen_id AND worse.rank IS NULL AND turn.mode <> 'rating'
            THEN 'chosen'
        WHEN turn.mode = 'best_worst' AND better.rank IS NULL AND worse.rank > 1 THEN 'worst'
    END AS basis) AS held
    WHERE held.basis IS NOT NULL AND btrim(better.text) <> btrim(worse.text) AND {{only}}
    OFFSET 0
)"""
MADE_SQL = """LATERAL (
    SELECT sampler.key AS sampler, sampler.version AS sampler_version
    FROM candidates_candidateset m JOIN candidates_sampler sampler ON sampler.id = m.sampler_id
    WHERE m.id = turn.candidate_set_id
    OFFSET 0
)"""


def _path_sql(scope: Scope) -> str:
    """What came before the turn, through the same rules and masks as the turn itself."""
    earlier = turns_of(scope, "talk", "t.position < turn.position AND r.id IS NOT NULL")
    return f"""LATERAL (
    SELECT coalesce(jsonb_agg(said.message ORDER BY before.position, said.part), '[]') AS earlier
    FROM {earlier} AS before
    JOIN candidates_candidate best ON best.id = before.chosen_id
    CROSS JOIN LATERAL (VALUES
        (0, jsonb_build_object('role', 'user', 'content', before.message)),
        (1, jsonb_build_object('role', 'assistant', 'content', {masks.CHOSEN}))
    ) AS said (part, message)
    OFFSET 0
)"""


def query(scope: Scope) -> Query:
    return _query(scope, only="true")


def query_chosen(scope: Scope) -> Query:
    return _query(scope, only="better.id = turn.chosen_id")


def _query(scope: Scope, only: str) -> Query:
    return with_source(
        scope,
        f"""SELECT path.earlier || jsonb_build_object('role', 'user', 'content', turn.message)
                AS prompt,
            pair.chosen AS chosen, pair.rejected AS rejected,
            talk.conversation AS conversation_id, turn.position AS turn, talk.kind AS kind,
            coalesce(talk.occasion, 0) > 0 AS is_retest, talk.annotator AS annotator_id,
            talk.lives_in AS country, talk.language AS language, talk.wave AS wave,
            talk.phase AS phase, {shared.STATUS} AS status, turn.mode AS mode,
            pair.basis AS basis, pair.chosen_continued AS chosen_continued,
            pair.rank_difference AS rank_difference, pair.score_margin AS score_margin,
            pair.pairs_in_turn AS pairs_in_turn, pair.responses AS responses,
            turn.acceptable AS acceptable, turn.represents AS represents,
            turn.candidate_set AS candidate_set_id, made.sampler AS sampler,
            made.sampler_version AS sampler_version, turn.live AS is_live,
            pair.chosen_id AS chosen_id, pair.rejected_id AS rejected_id,
            pair.chosen_letter AS chosen_letter, pair.rejected_letter AS rejected_letter,
            pair.is_canned AS is_canned
        FROM {shared.TALKS} AS talk
        CROSS JOIN {turns_of(scope, "talk", "r.id IS NOT NULL")} AS turn
        CROSS JOIN {MADE_SQL} AS made
        CROSS JOIN {_path_sql(scope)} AS path
        CROSS JOIN {PAIRS_SQL.format(only=only)} AS pair
        WHERE {without_faults(scope, "talk")}
        ORDER BY talk.conversation_number, turn.position, pair.chosen_letter,
            pair.rejected_letter""",
    )


FORMAT = Format(
    name="preference-pairs",
    title="Preference pairs",
    row="Two responses to one turn of one conversation, the first preferred to the second by one "
    "person.",
    columns=COLUMNS,
    query=query,
    not_carried="Ties, opinions in words, explanations and times; the instruction that was sent "
    "to the model (in `candidates`).",
)
FORMAT_CHOSEN = replace(
    FORMAT,
    name="preference-pairs-chosen",
    title="Preference pairs: the chosen one against the rest",
    row="The response that continued a conversation and one below it, for one turn and person.",
    query=query_chosen,
    not_carried=f"The order among those not chosen. {FORMAT.not_carried}",
)
