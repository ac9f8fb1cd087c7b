"""Texts without what a person decided to mask, as SQL for `exports.source`.

A masked place is replaced by its kind in brackets, `[e-mail]`, in everything that leaves. A
decision about a text that has changed since is void: the text's hash tells.
"""

# Found once for a whole query; then a turn without a mask costs one look into a hash table.
MASKED_TURNS = "SELECT f.turn_id FROM exports_finding f WHERE f.verdict = 'mask'"


def _masked(part: str, text: str) -> str:
    """SQL of one text of `annotation_turn t`; places in order, of two that overlap no rest."""
    return f"""CASE WHEN t.id IN ({MASKED_TURNS}) THEN coalesce((
            SELECT string_agg(
                substr({text}, past + 1, greatest(start - past, 0)) || '[' || kind || ']',
                '' ORDER BY start, id) || substr({text}, max(upto) + 1)
            FROM (SELECT f.id, f.start, f.start + f.length AS upto, f.kind,
                    coalesce(max(f.start + f.length) OVER (ORDER BY f.start, f.id
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS past
                FROM exports_finding f
                WHERE f.turn_id = t.id AND f.part = '{part}' AND f.verdict = 'mask'
                    AND f.text_sha256 = encode(sha256(convert_to({text}, 'UTF8')), 'hex')
            ) places), {text}) ELSE {text} END"""


# Beside `annotation_turn t`, `annotation_ranking r` and `annotation_explanation e`.
MESSAGE = _masked("message", "t.message")
REASON = _masked("reason", "r.reason")
EXPLANATION = _masked("explanation", "e.text")


def without_echoes(text: str, set_id: str) -> str:
    """SQL of a text that goes with a set made for somebody's message: its context, a request,
    a response. What is masked in the conversation's messages is replaced wherever it stands.
    """
    return f"""CASE WHEN {set_id} IN (
            SELECT later.candidate_set_id FROM exports_finding f
            JOIN annotation_turn said ON said.id = f.turn_id
            JOIN annotation_turn later ON later.conversation_id = said.conversation_id
            WHERE f.verdict = 'mask' AND f.part = 'message' AND later.live) THEN (
        WITH RECURSIVE words AS (
            SELECT row_number() OVER (ORDER BY length(word) DESC, word) AS n, word, kind
            FROM (SELECT substr(said.message, f.start + 1, f.length) AS word, min(f.kind) AS kind
                FROM exports_finding f
                JOIN annotation_turn said ON said.id = f.turn_id
                JOIN annotation_turn later ON later.conversation_id = said.conversation_id
                WHERE f.verdict = 'mask' AND f.part = 'message' AND later.live
                    AND later.candidate_set_id = {set_id}
                    AND f.text_sha256 = encode(sha256(convert_to(said.message, 'UTF8')), 'hex')
                GROUP BY word) masked
        ), step (n, text) AS (
            SELECT 0::bigint, {text} UNION ALL
            SELECT words.n, replace(step.text, words.word, '[' || words.kind || ']')
            FROM step JOIN words ON words.n = step.n + 1
        ) SELECT step.text FROM step ORDER BY step.n DESC LIMIT 1) ELSE {text} END"""


# Responses: of `candidates_candidate c`, and of the chosen one, `candidates_candidate best`.
RESPONSE = without_echoes("c.text", "c.candidate_set_id")
CHOSEN = without_echoes("best.text", "best.candidate_set_id")
