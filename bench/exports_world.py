"""A finished study of the published dataset's size, made by rows in some minutes.

3,600 people with 25 conversations each (17 of the pool, 8 of their own), 233,100 judged turns,
four responses each of the demo's own texts (117 to 126 words, with a number, so that no two are
alike), explanations on 44 of 100. Rows have keys that follow from their places, so that
`generate_series` can make them: conversation n, its turn 4n + position, the set of that turn.
"""

import yaml
from django.db import connection, transaction

from accounts.models import Vendor
from annotation.actions.definition import apply_study
from annotation.models import (
    Conversation,
    Explanation,
    Grant,
    RankedCandidate,
    Ranking,
    ShownCandidate,
    Slot,
    Study,
    Turn,
)
from bench.world import TEXTS, UNCHECKED, make_people, without_indexes
from candidates.models import Candidate, CandidateSet, Generation
from tests.definitions import small_definition

EACH, OF_POOL = 25, 17  # conversations of one person
PROMPTS = 800  # in each language: 13 people of a country judge each
LIVE = 1_000_000  # keys of live sets begin here
FILLED = (Slot, Grant, Conversation, CandidateSet, Generation, Candidate, Turn, ShownCandidate,
          Ranking, RankedCandidate, Explanation)  # fmt: skip

# Conversation n of `people`, and how many turns it has: 8, 47, 23 and 22 of 100 have 1 to 4.
MADE = f"""WITH talk AS (
    SELECT n, n %% {EACH} AS ordinal, p.*, n %% {EACH} < {OF_POOL} AS pooled,
        1 + (n * 7919 %% 100 >= 8)::int + (n * 7919 %% 100 >= 55)::int
            + (n * 7919 %% 100 >= 78)::int AS turns,
        p.first_set + (p.place * {OF_POOL} + n %% {EACH}) %% {PROMPTS} AS pool_set
    FROM generate_series(0, %(conversations)s - 1) n JOIN bench_people p ON p.person = n / {EACH}
), turn AS (
    SELECT talk.*, position, 4 * n + position AS id,
        CASE WHEN pooled AND position = 1 THEN pool_set ELSE {LIVE} + 4 * n + position END AS made
    FROM talk, generate_series(1, turns) position
)"""

STATEMENTS = (
    f"""CREATE TEMP TABLE bench_people AS
    SELECT row_number() OVER (ORDER BY p.id) - 1 AS person, p.id AS participation, p.annotator_id,
        p.locale_id, l.language,
        row_number() OVER (PARTITION BY p.locale_id ORDER BY p.id) - 1 AS place,
        {PROMPTS} * (dense_rank() OVER (ORDER BY l.language) - 1) + 1 AS first_set
    FROM annotation_participation p JOIN annotation_studylocale l ON l.id = p.locale_id
    WHERE p.study_id = %(study)s""",
    """UPDATE accounts_answer n SET status = 'answered', number = 18 + n.annotator_id * 31 %% 60
    FROM accounts_question q WHERE q.id = n.question_id AND q.code = 'age'""",
    """UPDATE accounts_answer n SET status = 'answered', option_id = o.id
    FROM accounts_question q, accounts_option o
    WHERE q.id = n.question_id AND q.code = 'gender' AND o.question_id = q.id
        AND o.code = CASE n.annotator_id / 7 %% 2 WHEN 0 THEN 'female' ELSE 'male' END""",
    """INSERT INTO accounts_answer (annotator_id, question_id, status, option_id, answered_at)
    SELECT p.annotator_id, q.id, 'answered',
        o.options[1 + p.annotator_id %% cardinality(o.options)], now()
    FROM annotation_participation p JOIN accounts_question q ON q.instrument_id = %(closing)s
        AND q.country IN ('', p.country)
    CROSS JOIN LATERAL (SELECT array_agg(id ORDER BY position) AS options FROM accounts_option
        WHERE question_id = q.id) o
    WHERE p.study_id = %(study)s AND o.options IS NOT NULL""",
    f"""INSERT INTO candidates_prompt (id, pool_id, key, topics, retired_why)
    SELECT {LIVE} + n, %(pool)s, 'bench-' || n, '[]', ''
    FROM generate_series(0, {PROMPTS} - 1) n""",
    f"""INSERT INTO candidates_prompttext (id, prompt_id, language, version, text, stage)
    SELECT {LIVE} + first_set + n, {LIVE} + n, language, 1,
        'A question that many people ask themselves, number ' || n, 'adjudicated'
    FROM (SELECT DISTINCT language, first_set FROM bench_people) f,
        generate_series(0, {PROMPTS} - 1) n""",
    f"""INSERT INTO candidates_candidateset (id, prompt_text_id, sampler_id, replicate, language,
        context, context_hash, seed, urgent, status, attempts, rounds, leased_until, reasons,
        measures, control, created_at, ready_at)
    SELECT first_set + n, {LIVE} + first_set + n, %(pool_sampler)s, 0, language, '[]', '', 1,
        false, 'ready', 0, 1, now(), '[]', '{{}}', false, now(), now()
    FROM (SELECT DISTINCT language, first_set FROM bench_people) f,
        generate_series(0, {PROMPTS} - 1) n""",
    f"""{MADE} INSERT INTO candidates_candidateset (id, sampler_id, replicate, language, context,
        context_hash, seed, urgent, status, attempts, rounds, leased_until, reasons, measures,
        control, created_at, ready_at)
    SELECT made, %(live_sampler)s, 0, language, '[]', '', 1, true, 'ready', 0, 1, now(), '[]',
        '{{}}', false, now(), now()
    FROM turn WHERE made >= {LIVE}""",
    """INSERT INTO candidates_generation (id, candidate_set_id, attempt, part, draw, endpoint_id,
        request, raw, model_returned, finish_reason, cost, canned, error, parse_result, created_at)
    SELECT id, id, 1, 'diverse', 0, %(endpoint)s, '{}', '', 'bench', 'stop', 0, false, '', '', now()
    FROM candidates_candidateset""",
    """INSERT INTO candidates_candidate (id, candidate_set_id, position, handle, text, source, pole,
        generation_id, generation_index, language, stage)
    SELECT 4 * s.id + place, s.id, place, 'b' || 4 * s.id + place,
        texts.texts[1 + (s.id + place * 7) %% cardinality(texts.texts)] || s.id || '.' || place,
        'nc', '', s.id, place, s.language, ''
    FROM candidates_candidateset s
    JOIN bench_texts texts USING (language), generate_series(0, 3) place""",
    f"""{MADE} INSERT INTO annotation_slot (id, candidate_set_id, prompt_id, locale_id, phase,
        ordinal, batch, due, stratum, draw, status, holder_id, leased_until, done_at)
    SELECT n, pool_set, {LIVE} + pool_set - first_set, locale_id, 'main', place, 0, 0, '', 0,
        'done', participation, now(), now()
    FROM talk WHERE pooled""",
    """INSERT INTO annotation_grant (id, slot_id, participation_id, annotator_id, prompt_id,
        occasion, granted_at, disposition, reason, ended_at)
    SELECT s.id, s.id, s.holder_id, p.annotator_id, s.prompt_id, 0, now(), 'completed', '', now()
    FROM annotation_slot s JOIN annotation_participation p ON p.id = s.holder_id""",
    f"""{MADE} INSERT INTO annotation_conversation (id, public_id, participation_id, ordinal, kind,
        locale_id, planned_turns, grant_id, sampler_id, status, sitting, skip_reason, opened_at,
        ended_at)
    SELECT n, left(md5(n::text), 16), participation, ordinal,
        CASE WHEN pooled THEN 'pool' ELSE 'own' END, locale_id, turns,
        CASE WHEN pooled THEN n END, %(live_sampler)s, 'finished', 1, '', now(), now()
    FROM talk""",
    f"""{MADE} INSERT INTO annotation_turn (id, conversation_id, position, message,
        candidate_set_id, mode, detected_language, script, live, started_at, shown_at)
    SELECT id, n, position, CASE WHEN made < {LIVE} THEN 'A question that many people ask '
        || 'themselves, number ' || made ELSE 'And if that does not help me, what would you '
        || 'say then? I have thought about it for a while. (' || id || ')' END,
        made, 'ranking', '', '', made >= {LIVE}, now(), now()
    FROM turn""",
    """INSERT INTO annotation_showncandidate (id, turn_id, candidate_id, position)
    SELECT 4 * t.id + place, t.id, 4 * t.candidate_set_id + (place + t.id) %% 4, place
    FROM annotation_turn t, generate_series(0, 3) place""",
    """INSERT INTO annotation_ranking (id, turn_id, submission_key, chosen_id, acceptable,
        represents, reason, layout, viewport, submitted_at)
    SELECT id, id, gen_random_uuid(), 4 * candidate_set_id + id %% 4, 'yes', 'yes', '', 'stacked',
        'desktop', now() + id * interval '1 ms'
    FROM annotation_turn""",
    """INSERT INTO annotation_rankedcandidate (id, ranking_id, candidate_id, rank, visible_seconds)
    SELECT 4 * t.id + place, t.id, 4 * t.candidate_set_id + (place + t.id) %% 4, place + 1, 12.5
    FROM annotation_turn t, generate_series(0, 3) place""",
    """INSERT INTO annotation_explanation (id, turn_id, text, detected_language, script, written_at)
    SELECT id, id, 'B takes my situation seriously and says what I could do today, while the '
        || 'others stay general; D is too long for me.', 'en', 'Latn', now()
    FROM annotation_turn WHERE id * 7 %% 100 < 44""",
)


def make_finished_study(conversations: int) -> Study:
    """A study of that many finished conversations, all of one vendor's people."""
    study = apply_study(small_definition(prompts=1, key="exports"))
    locales = list(study.locales.order_by("pk"))
    for locale in locales:
        make_people(locale, conversations // EACH // len(locales))
    known = {
        "study": study.pk,
        "conversations": conversations // EACH // len(locales) * len(locales) * EACH,
        "closing": study.closing_instrument_id,
        "pool": study.pool_id,
        "pool_sampler": study.pool_sampler_id,
        "live_sampler": study.live_sampler_id,
        "endpoint": study.live_sampler.endpoint_id,
    }
    with without_indexes(*FILLED), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(UNCHECKED)
        cursor.execute("CREATE TEMP TABLE bench_texts (language text, texts text[])")
        cursor.executemany("INSERT INTO bench_texts VALUES (%s, %s)", list(_texts().items()))
        for statement in STATEMENTS:
            cursor.execute(statement, known)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return study


def vendor() -> Vendor:
    return Vendor.objects.get(key="bench")


def _texts() -> dict[str, list[str]]:
    """The demo's responses in every language."""
    return {
        file.stem: [
            text.strip() + "\n\n"
            for voices in yaml.safe_load(file.read_text(encoding="utf-8"))["prompts"].values()
            for text in voices.values()
        ]
        for file in TEXTS.parent.glob("*.yaml")
    }
