"""Reads the sets that were judged: arm, language, and what their candidates look like."""

import numpy as np
from django.db import connection

from insights.figures.judgements import Sets
from insights.statistics.arrays import Ints

SOME = 5000
# A list is a line that begins with a bullet or a number; a heading begins with # or is a whole
# line in bold. Words are parted by white space.
QUERY = r"""
SELECT s.id, coalesce(s.parallel_to_id, s.id), s.language, m.key || ' v' || m.version,
    s.parallel_to_id IS NOT NULL OR EXISTS (
        SELECT FROM candidates_candidateset o
        WHERE o.parallel_to_id = s.id AND o.status = 'ready'),
    s.control, m.anchor,
    (s.measures -> 'lexical' ->> 'mean')::float, (s.measures -> 'semantic' ->> 'mean')::float,
    max(k.position) + 1,
    array_agg(k.position ORDER BY k.position), array_agg(k.source::text ORDER BY k.position),
    array_agg(k.pole::text ORDER BY k.position),
    array_agg(cardinality(regexp_split_to_array(btrim(k.text), '\s+')) ORDER BY k.position),
    array_agg(k.text ~ '(^|\n)\s*([-*•]|[0-9]+[.)])\s' ORDER BY k.position),
    array_agg(k.text ~ '(^|\n)(#+\s|\*\*[^*\n]+\*\*:?\s*(\n|$))' ORDER BY k.position)
FROM candidates_candidateset s
JOIN candidates_sampler m ON m.id = s.sampler_id
JOIN candidates_candidate k ON k.candidate_set_id = s.id
WHERE s.id = ANY(%s)
GROUP BY s.id, m.key, m.version, m.anchor ORDER BY s.id
"""


def read_sets(keys: Ints) -> Sets:
    """The sets with these keys, (s,) sorted, in that order. A judged set has candidates."""
    rows = []
    for start in range(0, keys.size, SOME):
        with connection.cursor() as cursor:
            cursor.execute(QUERY, [keys[start : start + SOME].tolist()])
            rows += cursor.fetchall()
    shape = (len(rows), max((row[9] for row in rows), default=1))
    source, pole = np.full(shape, "", dtype="U12"), np.full(shape, "", dtype="U40")
    words = np.full(shape, -1, dtype=np.int64)
    lists, headings = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    for row, found in enumerate(rows):
        for array, values in zip((source, pole, words, lists, headings), found[11:], strict=True):
            array[row, found[10]] = values
    return Sets(
        key=keys,
        stimulus=np.unique([row[1] for row in rows], return_inverse=True)[1].astype(np.int64),
        language=np.array([row[2] for row in rows], dtype="U10"),
        arm=np.array([row[3] for row in rows], dtype=np.str_),
        parallel=np.array([row[4] for row in rows], dtype=np.bool_),
        control=np.array([row[5] for row in rows], dtype=np.bool_),
        anchored=np.array([row[6] for row in rows], dtype=np.bool_),
        lexical=np.array([row[7] for row in rows], dtype=np.float64),
        semantic=np.array([row[8] for row in rows], dtype=np.float64),
        source=source,
        pole=pole,
        words=words,
        lists=lists,
        headings=headings,
    )
