"""One row per ranked candidate: its rank, where it stood, and how it was made."""

from annotation.models import Mode
from candidates.models import Candidate, Sampler
from exports.format import Column, Format, Query, Type
from exports.formats.comparisons import LETTERS, MADE_SQL, PLACE, PLACE_SQL, said
from exports.scope import Scope
from exports.source import candidate_sql, finished_talks, turns_of, with_source, without_faults

COLUMNS = (
    *PLACE,
    Column("candidate_id", Type.TEXT, "pseudonym of the candidate"),
    Column("mode", Type.TEXT, "what the turn asked", said(Mode)),
    Column("rank", Type.INTEGER, "1 is best, equal ranks are ties; missing: given none"),
    Column("score", Type.INTEGER, "0 to 100; missing: not asked, or the control never touched"),
    Column("is_chosen", Type.BOOLEAN, "it continued the conversation"),
    Column("is_tied", Type.BOOLEAN, "another response of the turn has the same rank"),
    Column("place_shown", Type.INTEGER, "place on the page, from 1"),
    Column("letter", Type.TEXT, "letter on the page"),
    Column("candidates_shown", Type.INTEGER, "responses on the page"),
    Column("visible_seconds", Type.NUMBER, "in view before the ranking; missing: not measured"),
    Column("place_in_set", Type.INTEGER, "place in the set, from 0; the same for everybody"),
    Column("source", Type.TEXT, "how the response was made", said(Candidate.Source)),
    Column("pole", Type.TEXT, "the value pole it was steered to; empty: none"),
    Column("generation_index", Type.INTEGER, "place in the raw answer, from 0"),
    Column("model", Type.TEXT, "model as the endpoint named it"),
    Column("endpoint", Type.TEXT, "key of the endpoint that answered"),
    Column("is_canned", Type.BOOLEAN, "a demonstration text: no model was asked"),
    Column("sampler", Type.TEXT, "key of the sampler: the arm"),
    Column("sampler_version", Type.INTEGER, "its version"),
    Column("strategy", Type.TEXT, "how it makes sets", said(Sampler.Strategy)),
    Column("response_language", Type.TEXT, "language of the response"),
    Column("is_translated", Type.BOOLEAN, "translated from another language's response"),
    Column("characters", Type.INTEGER, "length of the text in characters"),
    Column("words", Type.INTEGER, "length of the text in words, between white space"),
)


# White space as str.split knows it, as far as texts hold it; regular expressions are slower.
SPACED = "translate(c.text, E'\\n\\r\\t\\u00a0\\u202f', '     ')"
WORDS = f"cardinality(array_remove(string_to_array({SPACED}, ' '), ''))"


def query(scope: Scope) -> Query:
    return with_source(
        scope,
        f"""SELECT {PLACE_SQL}, turn.mode AS mode, shown.*, made.sampler AS sampler,
            made.sampler_version AS sampler_version, made.strategy AS strategy
        FROM {finished_talks(retests=True)} AS talk
        CROSS JOIN {turns_of(scope, "talk", "r.id IS NOT NULL")} AS turn
        {MADE_SQL}
        CROSS JOIN LATERAL (
            SELECT {candidate_sql("c.id")} AS candidate_id, k.rank, k.score,
                c.id = turn.chosen_id AS is_chosen,
                k.rank IS NOT NULL AND count(*) OVER (PARTITION BY k.rank) > 1 AS is_tied,
                s.position + 1 AS place_shown,
                substr('{LETTERS}', s.position + 1, 1) AS letter,
                count(*) OVER () AS candidates_shown, k.visible_seconds,
                c.position AS place_in_set, c.source, c.pole, c.generation_index,
                g.model_returned AS model, answered.key AS endpoint, g.canned AS is_canned,
                c.language AS response_language, c.translated_from_id IS NOT NULL AS is_translated,
                char_length(c.text) AS characters, {WORDS} AS words
            FROM annotation_showncandidate s
            JOIN candidates_candidate c ON c.id = s.candidate_id
            JOIN candidates_generation g ON g.id = c.generation_id
            JOIN candidates_modelendpoint answered ON answered.id = g.endpoint_id
            LEFT JOIN annotation_rankedcandidate k
                ON k.ranking_id = turn.ranking_id AND k.candidate_id = s.candidate_id
            WHERE s.turn_id = turn.turn_id
            OFFSET 0
        ) AS shown
        WHERE {without_faults(scope, "talk")}
        ORDER BY talk.conversation_number, turn.position, shown.place_shown""",
    )


FORMAT = Format(
    name="rankings",
    title="Rankings",
    row="One candidate of one judged turn; joined with others by conversation and turn, by "
    "candidate, by candidate set and by annotator.",
    columns=COLUMNS,
    query=query,
    not_carried="Texts, opinions, explanations, times and answers (comparisons, candidates, "
    "annotators), and the messages before this turn (conversations).",
)
