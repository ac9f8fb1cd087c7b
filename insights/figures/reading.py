"""Reads the judgements of a study into arrays, some thousand at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import islice
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Q, QuerySet

from annotation.models import Conversation, Grant, Study, Turn
from annotation.models.conversation import Opinion
from candidates.models import Prompt
from insights.figures.figure import Options, Turns
from insights.figures.judgements import (
    CANT_SAY,
    NO,
    NOT_ASKED,
    NOT_OFFERED,
    YES,
    Judgements,
    Rows,
    chosen_rows,
)
from insights.figures.locks import is_locked
from insights.figures.reading_people import read_people
from insights.figures.reading_sets import read_sets
from insights.figures.sample import read_sample
from insights.statistics.arrays import Ints

SOME = 5000
OPINIONS = {Opinion.YES: YES, Opinion.NO: NO, Opinion.CANT_SAY: CANT_SAY}
TURNS = {
    Turns.FIRST.value: Q(position=1, conversation__kind=Conversation.Kind.POOL),
    Turns.LATER.value: Q(position__gt=1, conversation__kind=Conversation.Kind.POOL),
    Turns.OWN.value: Q(conversation__kind=Conversation.Kind.OWN),
    Turns.ALL.value: Q(),
}
COUNTED = Q(grant=None) | Q(grant__disposition=Grant.Disposition.COMPLETED)
COLUMNS = (
    "pk", "conversation__participation", "candidate_set", "conversation__locale",
    "conversation__grant__prompt", "position", "mode", "conversation__grant__occasion",
    "ranking__acceptable", "ranking__represents", "shown_at", "ranking__submitted_at",
)  # fmt: skip
# Of each turn: the candidates' positions in the set by place on the page, their ranks, the
# position of the chosen one, and the words of the explanation.
DETAILS = """
SELECT s.turn_id, array_agg(k.position ORDER BY s.position),
    array_agg(coalesce(m.rank, 0) ORDER BY s.position),
    max(k.position) FILTER (WHERE k.id = r.chosen_id),
    (SELECT CASE WHEN btrim(e.text) = '' THEN 0
        ELSE cardinality(regexp_split_to_array(btrim(e.text), '\\s+')) END
     FROM annotation_explanation e WHERE e.turn_id = s.turn_id)
FROM annotation_showncandidate s
JOIN candidates_candidate k ON k.id = s.candidate_id
JOIN annotation_ranking r ON r.turn_id = s.turn_id
LEFT JOIN annotation_rankedcandidate m ON m.ranking_id = r.id AND m.candidate_id = k.id
WHERE s.turn_id = ANY(%s)
GROUP BY s.turn_id
"""


def read_judgements(study: Study, phase: str, options: Options) -> Judgements:
    """Everything that figures need, as the rows say it in the caller's transaction.

    Call it inside `snapshot()`, so that all of it is of one moment. Memory: some 400 bytes a
    judgement of four candidates.
    """
    locales = {one.pk: str(one) for one in study.locales.order_by("pk")}
    people = read_people(study, phase, list(locales), excluded=options.excluded)
    rows = _joined(list(_blocks(_turns(study, phase, options))))
    set_keys, rows["judged_set"] = np.unique(rows["judged_set"], return_inverse=True)
    rows["person"] = np.searchsorted(people.key, rows["person"])
    rows["locale"] = np.searchsorted(np.array(list(locales), dtype=np.int64), rows["locale"])
    prompts = dict(Prompt.objects.filter(pool=study.pool).order_by("pk").values_list("pk", "key"))
    prompt_keys = np.array(list(prompts), dtype=np.int64)
    found = np.searchsorted(prompt_keys, rows["prompt"])
    rows["prompt"] = np.where(rows["prompt"] < 0, -1, found)
    sets, arrays = read_sets(set_keys), Rows(**rows)
    if options.arm:
        arrays = chosen_rows(arrays, sets.arm[arrays.judged_set] == options.arm)
    return Judgements(
        study=study,
        phase=phase,
        locales=tuple(locales.values()),
        prompts=tuple(prompts.values()),
        prompt_key=prompt_keys,
        core=np.isin(list(prompts.values()), study.core),
        rows=chosen_rows(arrays, arrays.occasion == 0),
        sets=sets,
        people=people,
        retests=chosen_rows(arrays, arrays.occasion > 0),
        sample=read_sample(study, phase),
        locked=is_locked(study, phase),
    )


def _turns(study: Study, phase: str, options: Options) -> QuerySet[Turn, tuple[Any, ...]]:
    """The judged turns that count: of completed places, re-tests too, and own conversations."""
    conversations = Conversation.objects.not_withdrawn().filter(
        COUNTED, participation__study=study, participation__phase=phase
    )
    if not options.excluded:
        conversations = conversations.released()
    return (
        Turn.objects.filter(
            TURNS[options.turns], conversation__in=conversations, ranking__isnull=False
        )
        .order_by("pk")
        .values_list(*COLUMNS)
    )


def _blocks(turns: QuerySet[Turn, tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """Columns of `Rows`, some thousand turns at a time, with the database's own keys in them."""
    stream = turns.iterator(chunk_size=SOME)
    while some := list(islice(stream, SOME)):
        yield _block(some)


def _block(some: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    key, person, judged_set, locale, prompt, turn, mode, occasion = list(zip(*some, strict=True))[
        :8
    ]
    details = _details(key)
    width = max((max(details[one][0]) + 1 for one in key), default=1)
    order, ranks = (np.full((len(some), width), -1, dtype=np.int64) for _array in range(2))
    for row, one in enumerate(key):
        positions, places = details[one][:2]
        order[row, : len(positions)] = positions
        ranks[row, positions] = places
    return {
        "turn_key": np.array(key, dtype=np.int64),
        "person": np.array(person, dtype=np.int64),
        "judged_set": np.array(judged_set, dtype=np.int64),
        "locale": np.array(locale, dtype=np.int64),
        "prompt": np.array([-1 if one is None else one for one in prompt], dtype=np.int64),
        "turn": np.array(turn, dtype=np.int64),
        "mode": np.array(mode, dtype="U10"),
        "occasion": np.array([one or 0 for one in occasion], dtype=np.int64),
        "ranks": ranks,
        "order": order,
        "chosen": np.array([details[one][2] for one in key], dtype=np.int64),
        "acceptable": _opinions(some, 8),
        "represents": _opinions(some, 9),
        "seconds": np.array([_seconds(*one[10:12]) for one in some], dtype=np.float64),
        "explanation_words": np.array(
            [-1 if details[one][3] is None else details[one][3] for one in key], dtype=np.int64
        ),
    }


def _details(turns: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(DETAILS, [list(turns)])
        return {row[0]: row[1:] for row in cursor.fetchall()}


def _opinions(some: Sequence[tuple[Any, ...]], column: int) -> Ints:
    return np.array([OPINIONS.get(one[column], NOT_ASKED) for one in some], dtype=np.int64)


def _seconds(shown: Any, submitted: Any) -> float:
    return float("nan") if shown is None else float((submitted - shown).total_seconds())


def _joined(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    """One below the other; sets of fewer candidates are filled up with what was not offered."""
    if not blocks:
        wide = np.empty((0, 1), dtype=np.int64)
        empty = {one.name: np.empty(0, dtype=np.int64) for one in fields(Rows)}
        return empty | {"ranks": wide, "order": wide, "mode": np.empty(0, dtype="U10")}
    width = max(block["ranks"].shape[1] for block in blocks)
    for block in blocks:
        for name in ("ranks", "order"):
            lacking = ((0, 0), (0, width - block[name].shape[1]))
            block[name] = np.pad(block[name], lacking, constant_values=NOT_OFFERED)
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
