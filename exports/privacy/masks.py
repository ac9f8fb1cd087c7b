"""Texts without what a person decided to mask, as SQL for `exports.source`.

A masked place is replaced by its kind in brackets, `[e-mail]`, in everything that leaves. A
decision about a text that has changed since is void: the text's hash tells.
"""

MASK = "mask"


def _masked(part: str, text: str) -> str:
    """SQL of one text with its masks, null where it has none.

    Places are taken in order; what overlaps with the one before is not repeated.
    """
    return f"""(
        SELECT string_agg(substr({text}, past + 1, greatest(start - past, 0)) || '[' || kind || ']',
                '' ORDER BY start) || substr({text}, max(upto) + 1)
        FROM (SELECT f.start, f.start + f.length AS upto, f.kind,
                coalesce(max(f.start + f.length) OVER (ORDER BY f.start, f.id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS past
            FROM exports_finding f
            WHERE f.turn_id = t.id AND f.part = '{part}' AND f.verdict = '{MASK}'
                AND f.text_sha256 = encode(sha256(convert_to({text}, 'UTF8')), 'hex')) places
        )"""


# Beside `annotation_turn t`, `annotation_ranking r` and `annotation_explanation e`. Most turns
# have no mask: one look into an index of findings tells.
JOIN = f"""LEFT JOIN LATERAL (
        SELECT {_masked("message", "t.message")} AS message,
            {_masked("reason", "r.reason")} AS reason,
            {_masked("explanation", "e.text")} AS explanation
        FROM (SELECT FROM exports_finding f
            WHERE f.turn_id = t.id AND f.verdict = '{MASK}' LIMIT 1) masked_at_all
    ) masked ON true"""
MESSAGE = "coalesce(masked.message, t.message)"
REASON = "coalesce(masked.reason, r.reason)"
EXPLANATION = "coalesce(masked.explanation, e.text)"
