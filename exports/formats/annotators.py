"""Who judged: one row a person, each answer as code and label.

An answer is empty where the question was not reached, or where this recipient may not have
it; its `_status` tells an answer, a refusal and, outside releases, a question that was not
shown apart.
"""

from accounts.models import Purpose
from exports.format import Column, Format, Query, Type
from exports.formats import meanings, shared
from exports.privacy.recoding import Recoding
from exports.scope import Scope
from exports.source import with_source

CHOICES = {  # the codes that published datasets have columns for, and which are special
    "gender": ("gender", False),
    "education": ("highest education, ISCED 2011", False),
    "politics": ("place between left (0) and right (10)", True),
    "ethnicity": ("ethnic group, by the country's list", True),
}


def _choice_columns(question: str, meaning: str, special: bool) -> tuple[Column, ...]:
    return (
        Column(question, Type.TEXT, f"{meaning}: code of the answer", personal=True,
               special=special),
        Column(f"{question}_label", Type.TEXT, "the same, as offered in English; empty where the "
               "code is a coarser one", personal=True, special=special),
        Column(f"{question}_status", Type.TEXT, "whether there is an answer, and why not",
               meanings.ANSWER, personal=True, special=special),
    )  # fmt: skip


COLUMNS = (
    shared.ANNOTATOR_ID,
    Column("country", Type.TEXT, "where she lives, as she says, ISO 3166-1 alpha-2", personal=True),
    Column("language", Type.TEXT, "her study language, BCP 47 in lower case"),
    Column("vendor", Type.TEXT, "key of the vendor that recruited her; only where this column is "
           "asked for by name"),
    shared.WAVE,
    shared.PHASE,
    Column("outcome", Type.TEXT, "how her part ended; empty: it has not, or a vendor's own "
           "export", meanings.OUTCOME),
    Column("finished_on", Type.TIME, "day on which her part ended, or a longer span's first; "
           "empty: it has not, or a vendor's own export"),
    *(Column(f"consent_{purpose}", Type.TEXT, f"whether she allowed: {meaning}; empty: not asked",
             meanings.CONSENT) for purpose, meaning in meanings.PURPOSE.items()),
    Column("age", Type.INTEGER, "age in years; empty where ages leave as groups", personal=True),
    Column("age_band", Type.TEXT, "age group in years, where ages leave as groups",
           personal=True),
    Column("age_status", Type.TEXT, "whether there is an answer, and why not", meanings.ANSWER,
           personal=True),
    *(column for question, (meaning, special) in CHOICES.items()
      for column in _choice_columns(question, meaning, special)),
    Column("answers", Type.JSON, "every answer that is not of a special category: by question "
           "code its status, code, label and number", personal=True),
    Column("special_answers", Type.JSON, "the same for questions of special categories",
           personal=True, special=True),
    Column("placements", Type.JSON, "where each further questionnaire stood for her, by its key: "
           "start, between or closing; empty where the study has none"),
    Column("conversations", Type.INTEGER, "conversations she opened, re-tests left out"),
    Column("finished_conversations", Type.INTEGER, "those of them that are finished"),
    Column("skipped_conversations", Type.INTEGER, "those that she would rather not answer"),
    Column("retests", Type.INTEGER, "planned re-tests she finished"),
    Column("judgements", Type.INTEGER, "turns she judged, re-tests included"),
    Column("explanations", Type.INTEGER, "turns she explained with at least one word"),
)  # fmt: skip

SELECT = """,
told AS (
    SELECT people.participation_id, q.code AS question, q.special_category AS special,
        CASE WHEN people.codes ? q.code THEN nullif(people.codes ->> q.code, '')
            WHEN q.code = 'age' THEN people.age_band END AS code,
        CASE WHEN q.code = 'age' THEN people.age
            ELSE (people.numbers ->> q.code)::integer END AS number,
        people.refused ? q.code AS refused, n.status = 'not_shown' AND {whole} AS hidden,
        q.id AS question_id
    FROM people
    JOIN accounts_answer n ON n.annotator_id = people.annotator_id
    JOIN accounts_question q ON q.id = n.question_id AND q.instrument_id = ANY(%(instruments)s)
),
answers AS (
    SELECT told.*, o.label_en AS label,
        CASE WHEN told.code IS NOT NULL OR told.number IS NOT NULL THEN 'answered'
            WHEN told.refused THEN 'refused' WHEN told.hidden THEN 'not_shown' END AS status
    FROM told
    LEFT JOIN accounts_option o ON o.question_id = told.question_id AND o.code = told.code
),
said AS (
    SELECT participation_id, {choices},
        max(status) FILTER (WHERE question = 'age') AS age_status,
        {all_answers} FILTER (WHERE status IS NOT NULL AND NOT special) AS answers,
        {all_answers} FILTER (WHERE status IS NOT NULL AND special) AS special_answers
    FROM answers GROUP BY participation_id
),
allowed AS (
    SELECT people.participation_id, {consents}
    FROM people JOIN accounts_consent c
        ON c.annotator_id = people.annotator_id AND c.document_id = %(consent_document)s
    GROUP BY people.participation_id
),
spoken AS (
    SELECT participation_id,
        count(*) FILTER (WHERE NOT again) AS conversations,
        count(*) FILTER (WHERE NOT again AND status = 'finished') AS finished,
        count(*) FILTER (WHERE NOT again AND status = 'skipped') AS skipped,
        count(*) FILTER (WHERE again AND status = 'finished') AS retests
    FROM (SELECT *, coalesce(occasion, 0) > 0 AS again FROM talks) AS each_talk
    GROUP BY participation_id
),
judged AS (
    SELECT c.participation_id, count(*) AS judgements,
        count(*) FILTER (WHERE btrim(e.text) <> '') AS explanations
    FROM talks JOIN annotation_conversation c ON c.id = talks.talk_id
    JOIN annotation_turn t ON t.conversation_id = c.id
    JOIN annotation_ranking r ON r.turn_id = t.id
    LEFT JOIN annotation_explanation e ON e.turn_id = t.id
    GROUP BY c.participation_id
)
SELECT people.annotator AS annotator_id, nullif(people.country, '') AS country, people.language,
    {vendor} AS vendor, people.wave, people.phase, {outcome} AS outcome,
    {finished_on} AS finished_on, {consent_names},
    people.age, people.age_band, said.age_status, {choice_names},
    coalesce(said.answers, '{{}}')::text AS answers,
    coalesce(said.special_answers, '{{}}')::text AS special_answers,
    nullif(people.placements, '{{}}')::text AS placements,
    coalesce(spoken.conversations, 0) AS conversations,
    coalesce(spoken.finished, 0) AS finished_conversations,
    coalesce(spoken.skipped, 0) AS skipped_conversations,
    coalesce(spoken.retests, 0) AS retests, coalesce(judged.judgements, 0) AS judgements,
    coalesce(judged.explanations, 0) AS explanations
FROM people
LEFT JOIN said USING (participation_id)
LEFT JOIN allowed USING (participation_id)
LEFT JOIN spoken USING (participation_id)
LEFT JOIN judged USING (participation_id)
ORDER BY annotator_id"""
FINISHED_ON = "date_trunc('day', people.finished_at, 'UTC')"
ALL_ANSWERS = """json_object_agg(question, json_build_object('status', status, 'code', code,
            'label', label, 'number', number) ORDER BY question)"""


def query(scope: Scope) -> Query:
    """Where answers are made coarser or cut, nothing tells a question that was not shown from an
    answer that was cut, nor which questions somebody was given. A vendor knows under its own
    ids how and when everybody ended: a rare end on both sides would name a pseudonym."""
    told = scope.vendor is None
    return with_source(
        scope,
        SELECT.format(
            whole="true" if scope.recoding == Recoding() else "false",
            choices=",\n        ".join(_choice_sql(question) for question in CHOICES),
            choice_names=", ".join(
                f"said.{question}{part}"
                for question in CHOICES
                for part in ("", "_label", "_status")
            ),
            all_answers=ALL_ANSWERS,
            consents=",\n        ".join(_consent_sql(purpose) for purpose in Purpose),
            consent_names=", ".join(f"allowed.consent_{purpose}" for purpose in meanings.PURPOSE),
            vendor="people.vendor" if "vendor" in (scope.fields or ()) else "NULL::text",
            outcome="nullif(people.outcome, '')" if told else "NULL::text",
            finished_on=FINISHED_ON if told else "NULL::timestamptz",
        ),
    )


def _choice_sql(question: str) -> str:
    return ", ".join(
        f"max({part}) FILTER (WHERE question = '{question}') AS {name}"
        for part, name in (
            ("code", question), ("label", f"{question}_label"), ("status", f"{question}_status")
        )
    )  # fmt: skip


def _consent_sql(purpose: Purpose) -> str:
    return f"""max(CASE WHEN c.withdrawn_at IS NOT NULL THEN 'taken_back'
            WHEN c.given THEN 'given' ELSE 'declined' END)
            FILTER (WHERE c.purpose = '{purpose}') AS consent_{purpose}"""


FORMAT = Format(
    name="annotators",
    title="Annotators",
    row="One person who takes part.",
    columns=COLUMNS,
    query=query,
    not_carried="Recruitment ids, pay, and what people who withdrew or were left out said.",
)
