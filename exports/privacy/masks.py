"""Texts without what a person decided to mask, as SQL for `exports.source`.

A masked place is replaced by its kind in brackets, `[e-mail]`, in everything that leaves. A
decision about a text that has changed since is void: the text's hash tells. The same words are
replaced wherever else they stand in that conversation, in what she wrote and in what was written
for it: in any case of letters, and whether an accent is part of its letter or follows it (such
texts leave in Unicode's form NFC).
"""

# The conversations with a mask: found once for a whole query; then a turn of another one costs
# one look into a hash table.
MASKED = """SELECT m.conversation_id FROM exports_finding f
        JOIN annotation_turn m ON m.id = f.turn_id WHERE f.verdict = 'mask'"""
# Words are searched for as they are, not read as a pattern; names as whole words.
PATTERN = r"""CASE words.kind WHEN 'name' THEN '(?<![[:alnum:]])' ELSE '' END
                || regexp_replace(words.word, '([][\\.^$*+?()|\u007b\u007d])', '\\\1', 'g')
                || CASE words.kind WHEN 'name' THEN '(?![[:alnum:]])' ELSE '' END"""


def _masked(part: str, text: str, condition: str = "true") -> str:
    """SQL of one text of `annotation_turn t`."""
    return f"""CASE WHEN {condition} AND t.conversation_id IN ({MASKED})
        THEN {_without_words(_places(part, text), "= t.conversation_id")} ELSE {text} END"""


def _places(part: str, text: str) -> str:
    """SQL of the text without its places, in order; of two that overlap stays no rest."""
    return f"""coalesce((
            SELECT string_agg(
                substr({text}, past + 1, greatest(start - past, 0)) || '[' || kind || ']',
                '' ORDER BY start, id) || substr({text}, max(upto) + 1)
            FROM (SELECT f.id, f.start, f.start + f.length AS upto, f.kind,
                    coalesce(max(f.start + f.length) OVER (ORDER BY f.start, f.id
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS past
                FROM exports_finding f
                WHERE f.turn_id = t.id AND f.part = '{part}' AND f.verdict = 'mask'
                    AND f.text_sha256 = encode(sha256(convert_to({text}, 'UTF8')), 'hex')
            ) places), {text})"""


def _without_words(text: str, conversation: str) -> str:
    """SQL of a text without what is masked in a conversation; the longest words go first."""
    return f"""(
        WITH RECURSIVE words AS (
            SELECT row_number() OVER (ORDER BY length(word) DESC, word) AS n, word, kind
            FROM (SELECT normalize(substr(own.text, f.start + 1, f.length), NFC) AS word,
                    min(f.kind) AS kind
                FROM exports_finding f
                JOIN annotation_turn said ON said.id = f.turn_id
                LEFT JOIN annotation_ranking judged ON judged.turn_id = said.id
                LEFT JOIN annotation_explanation why ON why.turn_id = said.id
                CROSS JOIN LATERAL (SELECT CASE f.part WHEN 'message' THEN said.message
                    WHEN 'reason' THEN judged.reason ELSE why.text END AS text) own
                WHERE f.verdict = 'mask' AND said.conversation_id {conversation}
                    AND f.text_sha256 = encode(sha256(convert_to(own.text, 'UTF8')), 'hex')
                GROUP BY 1) masked
        ), step (n, text) AS (
            SELECT 0::bigint, normalize({text}, NFC) UNION ALL
            SELECT words.n, regexp_replace(step.text, {PATTERN}, '[' || words.kind || ']', 'gi')
            FROM step JOIN words ON words.n = step.n + 1
        ) SELECT step.text FROM step ORDER BY step.n DESC LIMIT 1)"""


# Beside `annotation_turn t`, `annotation_ranking r` and `annotation_explanation e`. A message of
# the pool is the study's own.
MESSAGE = _masked("message", "t.message", "t.live")
REASON = _masked("reason", "r.reason")
EXPLANATION = _masked("explanation", "e.text")


def without_echoes(text: str, set_id: str) -> str:
    """SQL of a text that goes with a set made for somebody's message: its context, a request,
    a response."""
    return f"""CASE WHEN {set_id} IN (
            SELECT later.candidate_set_id FROM annotation_turn later
            WHERE later.live AND later.conversation_id IN ({MASKED})) THEN {
        _without_words(
            text,
            f"IN (SELECT later.conversation_id FROM annotation_turn later "
            f"WHERE later.live AND later.candidate_set_id = {set_id})",
        )
    } ELSE {text} END"""


# Responses: of `candidates_candidate c`, and of the chosen one, `candidates_candidate best`.
RESPONSE = without_echoes("c.text", "c.candidate_set_id")
CHOSEN = without_echoes("best.text", "best.candidate_set_id")
