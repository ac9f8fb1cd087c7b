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

from exports.formats import meanings, shared
from exports.formats.base import Column, Format, Query, Type
from exports.pseudonyms import Kind, text_sql
from exports.scope import Scope
from exports.source import with_source

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
    shared.ARM,
    Column("live", Type.BOOLEAN, "the set was made for this turn alone"),
    Column("chosen_id", Type.TEXT, "pseudonym of the preferred response"),
    Column("rejected_id", Type.TEXT, "pseudonym of the other response"),
    Column("chosen_letter", Type.TEXT, "letter under which the preferred response was shown"),
    Column("rejected_letter", Type.TEXT, "letter under which the other response was shown"),
    Column("canned", Type.BOOLEAN, "one of the two is a demonstration text, not a model's"),
)  # fmt: skip

SELECT = """
SELECT {prompt} AS prompt,
    jsonb_build_array(jsonb_build_object('role', 'assistant', 'content', won.text)) AS chosen,
    jsonb_build_array(jsonb_build_object('role', 'assistant', 'content', lost.text)) AS rejected,
    talks.conversation AS conversation_id, paths.position AS turn, talks.kind,
    coalesce(talks.occasion, 0) > 0 AS retest, people.annotator AS annotator_id,
    talks.country, talks.language, people.wave, people.phase, paths.mode, held.basis,
    better.candidate_id = paths.chosen_id AS chosen_continued,
    worse.rank - better.rank AS rank_difference, better.score - worse.score AS score_margin,
    count(*) OVER (PARTITION BY paths.turn_id) AS pairs_in_turn,
    (SELECT count(*) FROM annotation_showncandidate s WHERE s.turn_id = paths.turn_id)
        AS responses,
    paths.acceptable, paths.represents, paths.candidate_set AS candidate_set_id,
    {arm} AS arm, paths.live, {won_id} AS chosen_id, {lost_id} AS rejected_id,
    {won_letter} AS chosen_letter, {lost_letter} AS rejected_letter,
    won_by.canned OR lost_by.canned AS canned
FROM paths
JOIN talks USING (talk_id)
JOIN people USING (participation_id)
JOIN annotation_rankedcandidate better ON better.ranking_id = paths.ranking_id
JOIN annotation_rankedcandidate worse ON worse.ranking_id = paths.ranking_id
CROSS JOIN LATERAL (SELECT CASE
    WHEN better.rank < worse.rank THEN 'ranks'
    WHEN better.candidate_id = paths.chosen_id AND worse.rank IS NULL
        AND paths.mode <> 'rating' THEN 'chosen'
    WHEN paths.mode = 'best_worst' AND better.rank IS NULL AND worse.rank > 1 THEN 'worst'
END AS basis) AS held
JOIN candidates_candidate won ON won.id = better.candidate_id
JOIN candidates_candidate lost ON lost.id = worse.candidate_id
JOIN candidates_generation won_by ON won_by.id = won.generation_id
JOIN candidates_generation lost_by ON lost_by.id = lost.generation_id
JOIN candidates_candidateset made ON made.id = paths.candidate_set_id
JOIN candidates_sampler sampler ON sampler.id = made.sampler_id
JOIN annotation_showncandidate won_at
    ON won_at.turn_id = paths.turn_id AND won_at.candidate_id = won.id
JOIN annotation_showncandidate lost_at
    ON lost_at.turn_id = paths.turn_id AND lost_at.candidate_id = lost.id
WHERE held.basis IS NOT NULL AND btrim(won.text) <> btrim(lost.text){only}
ORDER BY conversation_id, turn, chosen_letter, rejected_letter"""


def query(scope: Scope) -> Query:
    return _query(scope)


def query_chosen(scope: Scope) -> Query:
    return _query(scope, only=" AND better.candidate_id = paths.chosen_id")


def _query(scope: Scope, only: str = "") -> Query:
    return with_source(
        scope,
        shared.PATHS
        + SELECT.format(
            prompt=shared.PROMPT,
            arm=shared.arm_sql("sampler"),
            won_id=text_sql(Kind.CANDIDATE, "won.handle"),
            lost_id=text_sql(Kind.CANDIDATE, "lost.handle"),
            won_letter=shared.letter_sql("won_at.position"),
            lost_letter=shared.letter_sql("lost_at.position"),
            only=only,
        ),
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
