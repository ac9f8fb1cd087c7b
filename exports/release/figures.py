"""A study's own figures for its datasheet, counted in the snapshot that the data came from.

Those about data count what this very release holds, through the parts of `exports.source`;
those about the collection count what was collected in its phase.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.backends.utils import CursorWrapper

from accounts.models import Purpose
from exports.formats.shared import told
from exports.scope import Scope
from exports.source import with_source

Row = dict[str, Any]

# Judgements that can overlap: the first turn of pool conversations, no planned re-tests.
FIRST = """first AS (
    SELECT talks.country, talks.language, talks.participation_id, turns.candidate_set_id,
        turns.chosen_id
    FROM turns JOIN talks USING (talk_id)
    WHERE turns.position = 1 AND talks.kind = 'pool' AND turns.ranking_id IS NOT NULL
        AND coalesce(talks.occasion, 0) = 0
)"""

RELEASED: Mapping[str, str] = {
    "people": """
        SELECT people.country, people.language, count(*) AS people,
            count(*) FILTER (WHERE people.free_text) AS own_words,
            count(*) FILTER (WHERE EXISTS (
                SELECT FROM accounts_consent c
                WHERE c.annotator_id = people.annotator_id AND c.purpose = %(train_models)s
                    AND c.document_id = %(consent_document)s
                    AND c.given AND c.withdrawn_at IS NULL)) AS training
        FROM people GROUP BY 1, 2 ORDER BY 1, 2""",
    "conversations": f"""
        SELECT talks.kind, {told("talks.status")} AS status, count(*) AS conversations
        FROM talks GROUP BY 1, 2 ORDER BY 1, 2""",
    "judgements": """
        SELECT talks.kind, turns.position, count(*) AS judgements
        FROM turns JOIN talks USING (talk_id)
        WHERE turns.ranking_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2""",
    "overlap": f"""
        , {FIRST}, planned AS (
            SELECT s.candidate_set_id, l.country, l.language, count(*) AS places
            FROM annotation_slot s JOIN annotation_studylocale l ON l.id = s.locale_id
            WHERE l.study_id = %(study)s AND s.phase = %(phase)s AND s.status <> 'void'
            GROUP BY 1, 2, 3
        ), judged AS (
            SELECT candidate_set_id, country, language,
                count(DISTINCT participation_id) AS judges
            FROM first GROUP BY 1, 2, 3
        )
        SELECT country, language, count(*) AS sets, max(places) AS target,
            count(*) FILTER (WHERE judges >= places) AS reached,
            round(avg(coalesce(judges, 0)), 2) AS judges
        FROM planned LEFT JOIN judged USING (candidate_set_id, country, language)
        GROUP BY 1, 2 ORDER BY 1, 2""",
    # Of a set with n judges of whom n_c chose c: sum n_c (n_c - 1) / (n (n - 1)) is the
    # unbiased chance that two of its judges, drawn without replacement, chose alike.
    "agreement": f"""
        , {FIRST}, picks AS (
            SELECT candidate_set_id, country, language, chosen_id, count(*) AS n
            FROM first GROUP BY 1, 2, 3, 4
        ), sets AS (
            SELECT country, language, sum(n) AS judges, sum(n * (n - 1)) AS alike
            FROM picks GROUP BY candidate_set_id, country, language HAVING sum(n) >= 2
        )
        SELECT country, language, count(*) AS sets,
            round(avg(alike::numeric / (judges * (judges - 1))), 3) AS chance
        FROM sets GROUP BY 1, 2 ORDER BY 1, 2""",
    "demographics": """
        SELECT people.country, said.question, said.answer, count(*) AS people
        FROM people CROSS JOIN LATERAL (
            SELECT key AS question, value AS answer FROM jsonb_each_text(people.codes)
            UNION ALL SELECT key, 'preferred not to say'
                FROM jsonb_array_elements_text(people.refused) AS key
            UNION ALL SELECT 'age', coalesce(people.age_band, people.age / 10 * 10 || ' to '
                || people.age / 10 * 10 + 9)
                WHERE people.age_band IS NOT NULL OR people.age IS NOT NULL
        ) AS said
        WHERE said.answer <> '' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
    "samplers": """
        SELECT m.key || ' v' || m.version AS sampler, m.strategy, turns.live,
            count(DISTINCT turns.candidate_set_id) AS sets, count(*) AS turns
        FROM turns JOIN candidates_candidateset s ON s.id = turns.candidate_set_id
        JOIN candidates_sampler m ON m.id = s.sampler_id
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
    "models": """
        SELECT g.model_returned AS model, g.canned, count(*) AS responses
        FROM (SELECT DISTINCT candidate_set_id FROM turns) AS used
        JOIN candidates_candidate c USING (candidate_set_id)
        JOIN candidates_generation g ON g.id = c.generation_id
        GROUP BY 1, 2 ORDER BY 1, 2""",
}

COLLECTED: Mapping[str, str] = {
    "taking_part": """
        SELECT count(*) AS began, count(*) FILTER (WHERE declined_at IS NOT NULL) AS declined,
            count(*) FILTER (WHERE outcome = 'complete') AS complete,
            count(*) FILTER (WHERE withdrawn_at IS NOT NULL) AS withdrew,
            count(*) FILTER (WHERE excluded_at IS NOT NULL) AS excluded
        FROM annotation_participation WHERE study_id = %(study)s AND phase = %(phase)s""",
    "turned_away": """
        SELECT outcome, sum(people) AS people FROM annotation_screeningcount
        WHERE study_id = %(study)s AND phase = %(phase)s GROUP BY 1 ORDER BY 1""",
    "dispositions": """
        SELECT coalesce(nullif(g.disposition, ''), 'under way') AS disposition,
            count(*) AS grants
        FROM annotation_grant g JOIN annotation_participation p ON p.id = g.participation_id
        WHERE p.study_id = %(study)s AND p.phase = %(phase)s GROUP BY 1 ORDER BY 1""",
    "moderation": """
        SELECT m.outcome, m.source, count(*) AS messages
        FROM annotation_moderation m
        JOIN annotation_conversation c ON c.id = m.conversation_id
        JOIN annotation_participation p ON p.id = c.participation_id
        WHERE p.study_id = %(study)s AND p.phase = %(phase)s GROUP BY 1, 2 ORDER BY 1, 2""",
}

LAST_ACT = """
    SELECT max(at) FROM (
        SELECT greatest(p.started_at, p.finished_at, p.withdrawn_at, p.excluded_at, c.opened_at,
            c.ended_at, t.started_at, t.shown_at, r.submitted_at, e.written_at) AS at
        FROM annotation_participation p
        LEFT JOIN annotation_conversation c ON c.participation_id = p.id
        LEFT JOIN annotation_turn t ON t.conversation_id = c.id
        LEFT JOIN annotation_ranking r ON r.turn_id = t.id
        LEFT JOIN annotation_explanation e ON e.turn_id = t.id
        WHERE p.study_id = %(study)s AND p.phase = %(phase)s
        UNION ALL
        SELECT greatest(n.decided_at, n.withdrawn_at)
        FROM accounts_consent n JOIN annotation_participation p USING (annotator_id)
        WHERE p.study_id = %(study)s AND p.phase = %(phase)s
            AND n.document_id = %(consent_document)s
        UNION ALL
        SELECT max(at) FROM annotation_frozenplan WHERE study_id = %(study)s
    ) AS acts"""


@dataclass(frozen=True)
class Figures:
    """Rows by the name of their figure, each a dict by column."""

    released: Mapping[str, list[Row]]
    collected: Mapping[str, list[Row]]

    @property
    def people(self) -> int:
        return sum(row["people"] for row in self.released["people"])

    @property
    def judgements(self) -> int:
        return sum(row["judgements"] for row in self.released["judgements"])

    @property
    def canned(self) -> int:
        """Responses in it that the demonstration provider gave."""
        return sum(row["responses"] for row in self.released["models"] if row["canned"])


def count_figures(cursor: CursorWrapper, scope: Scope) -> Figures:
    """Everything the datasheet says in numbers."""
    return Figures(
        released={name: _rows(cursor, select, scope) for name, select in RELEASED.items()},
        collected={
            name: _rows(cursor, select, scope, sourced=False) for name, select in COLLECTED.items()
        },
    )


def last_act(cursor: CursorWrapper, scope: Scope) -> tuple[Any, Any]:
    """When the last of what the data hold happened: exactly, and as it may leave.

    Both None without any act; the second also where no times leave.
    """
    cursor.execute(
        f"SELECT at, {scope.time_sql('at')} FROM ({LAST_ACT}) AS last (at)", _parameters(scope)
    )
    exactly, told = cursor.fetchone()
    return exactly, told


def _rows(cursor: CursorWrapper, select: str, scope: Scope, *, sourced: bool = True) -> list[Row]:
    if sourced:
        with_source(scope, select, train_models=Purpose.TRAIN_MODELS).execute(cursor)
    else:
        cursor.execute(select, _parameters(scope))
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _parameters(scope: Scope) -> dict[str, Any]:
    return {
        "study": scope.study.pk,
        "phase": scope.phase,
        "consent_document": scope.study.consent_document_id,
    }
