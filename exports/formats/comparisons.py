"""One row per judged turn: texts in the order shown, the whole ranking, everything asked.

Lists have one element per candidate, in the order in which she saw them, for any number.
"""

from django.db.models import TextChoices

from accounts.models import Question
from annotation.models import Mode, Phase
from annotation.models.conversation import Layout, Opinion, Viewport
from candidates.models import Sampler
from exports.format import Column, Format, Query, Type
from exports.privacy.masks import RESPONSE
from exports.scope import Scope
from exports.source import candidate_sql, finished_talks, turns_of, with_source, without_faults

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def said(choices: type[TextChoices]) -> dict[str, str]:
    """What each code means, in English."""
    return {value: value.replace("_", " ") for value in choices.values}


# Every row that holds a judgement begins with these: where it stands, and how it came about.
PLACE = (
    Column("conversation_id", Type.TEXT, "pseudonym of the conversation"),
    Column("turn", Type.INTEGER, "place of the turn in its conversation, from 1"),
    Column(
        "kind",
        Type.TEXT,
        "who wrote the conversation's first message; only turn 1 of a pool conversation overlaps",
        {"pool": "the study's pool", "own": "the annotator"},
    ),
    Column(
        "is_retest",
        Type.BOOLEAN,
        "she had judged this prompt before; counts for no overlap and no figure but stability",
    ),
    Column("annotator_id", Type.TEXT, "pseudonym of the annotator"),
    Column("candidate_set_id", Type.TEXT, "pseudonym of the set of responses"),
    Column("phase", Type.TEXT, "what the participation was for", said(Phase)),
    Column("wave", Type.INTEGER, "number of the wave of collection"),
)
PLACE_SQL = """talk.conversation AS conversation_id, turn.position AS turn, talk.kind AS kind,
            coalesce(talk.occasion, 0) > 0 AS is_retest, talk.annotator AS annotator_id,
            turn.candidate_set AS candidate_set_id, talk.phase AS phase, talk.wave AS wave"""

CONVERSATION = (
    Column("country", Type.TEXT, "country she lives in, ISO 3166-1", personal=True),
    Column("language", Type.TEXT, "language she works in"),
    Column("planned_turns", Type.INTEGER, "turns the conversation was planned to have"),
    Column("place_in_plan", Type.INTEGER, "place of the conversation in her plan, from 0"),
    Column("sitting", Type.INTEGER, "her sitting, from 1; a pause of an hour begins another"),
    Column("occasion", Type.INTEGER, "0: counts, later ones: re-tests; missing: own prompt"),
    Column("disposition", Type.TEXT, "how the place in the pool ended; missing: own prompt"),
)
SHOWN = (
    Column("prompt_key", Type.TEXT, "key of the pool's prompt; missing: her own message"),
    Column("prompt_language", Type.TEXT, "language of the pool's text"),
    Column("prompt_version", Type.INTEGER, "version of the pool's text"),
    Column("message", Type.TEXT, "the message that the responses answer"),
    Column("message_language", Type.TEXT, "detected, of a message she wrote; empty: not clear"),
    Column("message_script", Type.TEXT, "of a message she wrote, ISO 15924"),
    Column("message_pasted", Type.INTEGER, "characters pasted into it; missing: not measured"),
    Column(
        "set_origin",
        Type.TEXT,
        "how the set came about",
        {
            "native": "made ahead, in this language",
            "parallel": "made ahead, translated from another language's set",
            "live": "made for this turn alone",
        },
    ),
    Column("sampler", Type.TEXT, "key of the sampler: the arm"),
    Column("sampler_version", Type.INTEGER, "its version"),
    Column("strategy", Type.TEXT, "how it makes sets", said(Sampler.Strategy)),
    Column("endpoint", Type.TEXT, "key of the sampler's model endpoint"),
    Column("models", Type.TEXTS, "models as the endpoint named them, in the order shown"),
    Column("letters", Type.TEXTS, "letters in the order shown"),
    Column("candidate_ids", Type.TEXTS, "pseudonyms of the candidates, in the order shown"),
    Column("responses", Type.TEXTS, "their texts, in the order shown"),
)
JUDGED = (
    Column("mode", Type.TEXT, "what the turn asked", said(Mode)),
    Column("ranks", Type.INTEGERS, "in the order shown: 1 is best, equal: tied; null: none"),
    Column("scores", Type.INTEGERS, "in the order shown, 0 to 100; null: none"),
    Column("chosen", Type.TEXT, "letter of the response that continued the conversation"),
    Column("chosen_id", Type.TEXT, "its pseudonym"),
    Column("has_ties", Type.BOOLEAN, "at least two responses have the same rank"),
    Column("is_first_tied", Type.BOOLEAN, "the chosen one shares rank 1"),
    Column("acceptable", Type.TEXT, "is any response acceptable?", said(Opinion)),
    Column("represents", Type.TEXT, "does any response represent her?", said(Opinion)),
    Column("reason", Type.TEXT, "what she added to these answers", personal=True),
    Column(
        "explanation",
        Type.TEXT,
        "why she chose so; missing: not asked; empty: asked, nothing written",
        personal=True,
    ),
    Column("explanation_language", Type.TEXT, "detected; empty: not clear"),
    Column("explanation_script", Type.TEXT, "ISO 15924"),
    Column("explanation_pasted", Type.INTEGER, "characters pasted; missing: not measured"),
    Column("started_at", Type.TIME, "the message was there"),
    Column("shown_at", Type.TIME, "the responses were first on a page"),
    Column("submitted_at", Type.TIME, "the judgement was stored"),
    Column("seconds_waited", Type.NUMBER, "seconds with nothing to do but wait for responses"),
    Column("seconds_to_judge", Type.NUMBER, "seconds from the first look to the judgement"),
    Column("layout", Type.TEXT, "how the responses stood; empty: not measured", said(Layout)),
    Column("viewport", Type.TEXT, "width of the window; empty: not measured", said(Viewport)),
)
PERSON = (
    Column("age", Type.INTEGER, "years", personal=True),
    Column("age_band", Type.TEXT, "group of years, where a release has groups", personal=True),
    Column("gender", Type.TEXT, "code of her answer", personal=True),
    Column("education", Type.TEXT, "code of her answer, after ISCED 2011", personal=True),
    Column("politics", Type.TEXT, "code of her answer", personal=True, special=True),
    Column("ethnicity", Type.TEXT, "code of her answer", personal=True, special=True),
    Column(
        "refused",
        Type.TEXTS,
        "codes of questions she preferred not to answer; of a special category only where their "
        "answers may leave",
        personal=True,
    ),
)
COLUMNS = (*PLACE, *CONVERSATION, *SHOWN, *JUDGED, *PERSON)

# Looked up row by row: joined at once, they would have to be read before the first row leaves.
MADE_SQL = """CROSS JOIN LATERAL (
            SELECT m.parallel_to_id, sampler.key AS sampler, sampler.version AS sampler_version,
                sampler.strategy, endpoint.key AS endpoint, prompt.key AS prompt_key,
                text.language AS prompt_language, text.version AS prompt_version
            FROM candidates_candidateset m
            JOIN candidates_sampler sampler ON sampler.id = m.sampler_id
            JOIN candidates_modelendpoint endpoint ON endpoint.id = sampler.endpoint_id
            LEFT JOIN candidates_prompttext text ON text.id = m.prompt_text_id
            LEFT JOIN candidates_prompt prompt ON prompt.id = text.prompt_id
            WHERE m.id = turn.candidate_set_id
            OFFSET 0
        ) AS made"""
SHOWN_SQL = f"""CROSS JOIN LATERAL (
            SELECT json_agg({RESPONSE} ORDER BY s.position) AS responses,
                json_agg(substr('{LETTERS}', s.position + 1, 1) ORDER BY s.position) AS letters,
                json_agg({candidate_sql("c.id")} ORDER BY s.position) AS candidate_ids,
                json_agg(g.model_returned ORDER BY s.position) AS models,
                json_agg(k.rank ORDER BY s.position) AS ranks,
                json_agg(k.score ORDER BY s.position) AS scores,
                substr('{LETTERS}', 1 + max(s.position)
                    FILTER (WHERE s.candidate_id = turn.chosen_id), 1) AS chosen,
                count(k.rank) > count(DISTINCT k.rank) AS has_ties,
                count(*) FILTER (WHERE k.rank = 1) > 1 AS is_first_tied
            FROM annotation_showncandidate s
            JOIN candidates_candidate c ON c.id = s.candidate_id
            JOIN candidates_generation g ON g.id = c.generation_id
            LEFT JOIN annotation_rankedcandidate k
                ON k.ranking_id = turn.ranking_id AND k.candidate_id = s.candidate_id
            WHERE s.turn_id = turn.turn_id
        ) AS shown"""


CHOSEN_ID_SQL = candidate_sql("turn.chosen_id")


def query(scope: Scope) -> Query:
    return with_source(
        scope,
        f"""SELECT {PLACE_SQL}, talk.country AS country, talk.language AS language,
            talk.planned_turns AS planned_turns, talk.ordinal AS place_in_plan,
            talk.sitting AS sitting, talk.occasion AS occasion, talk.disposition AS disposition,
            made.prompt_key AS prompt_key, made.prompt_language AS prompt_language,
            made.prompt_version AS prompt_version, turn.message AS message,
            turn.message_language AS message_language, turn.message_script AS message_script,
            turn.message_pasted AS message_pasted,
            CASE WHEN turn.live THEN 'live' WHEN made.parallel_to_id IS NULL THEN 'native'
                ELSE 'parallel' END AS set_origin,
            made.sampler AS sampler, made.sampler_version AS sampler_version,
            made.strategy AS strategy, made.endpoint AS endpoint,
            shown.*, turn.mode AS mode, {CHOSEN_ID_SQL} AS chosen_id,
            turn.acceptable AS acceptable, turn.represents AS represents, turn.reason AS reason,
            turn.explanation AS explanation, turn.explanation_language AS explanation_language,
            turn.explanation_script AS explanation_script,
            turn.explanation_pasted AS explanation_pasted, turn.started_at AS started_at,
            turn.shown_at AS shown_at, turn.submitted_at AS submitted_at,
            turn.seconds_waited AS seconds_waited, turn.seconds_to_judge AS seconds_to_judge,
            turn.layout AS layout, turn.viewport AS viewport,
            talk.age AS age, talk.age_band AS age_band, talk.codes ->> 'gender' AS gender,
            talk.codes ->> 'education' AS education, talk.codes ->> 'politics' AS politics,
            talk.codes ->> 'ethnicity' AS ethnicity, talk.refused - %(withheld)s::text[] AS refused
        FROM {finished_talks(retests=True)} AS talk
        CROSS JOIN {turns_of(scope, "talk", "r.id IS NOT NULL")} AS turn
        {MADE_SQL}
        {SHOWN_SQL}
        WHERE {without_faults(scope, "talk")}
        ORDER BY talk.conversation_number, turn.position""",
        withheld=withheld(scope),
    )


def withheld(scope: Scope) -> list[str]:
    """Codes of special categories whose answers this recipient may not have: that somebody
    would not answer such a question tells of her too."""
    if scope.fields is None or "special_answers" in scope.fields:
        return []
    instruments = [scope.study.quota_instrument_id, scope.study.closing_instrument_id]
    special = Question.objects.filter(instrument__in=instruments, special_category=True)
    return sorted(set(special.values_list("code", flat=True)) - scope.fields)


FORMAT = Format(
    name="comparisons",
    title="Comparisons",
    row="One judged turn of one finished conversation, planned re-tests included and marked.",
    columns=COLUMNS,
    query=query,
    not_carried="The messages before this turn (conversations), what each response was made of "
    "(rankings, candidates), unfinished conversations (dispositions), her other answers "
    "(annotators).",
)
