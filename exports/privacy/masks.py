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
