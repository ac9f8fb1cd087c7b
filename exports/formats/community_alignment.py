"""The wide table of the Community Alignment release: 45 columns, one row a conversation.

Columns and labels: https://huggingface.co/datasets/facebook/community-alignment-dataset.
A slot (a to d) is the letter under which the person saw the response, so that letters
in explanations stay true. Not carried: ranks below the first, opinions, times, how a
candidate was made. Pool and own turns share the columns; only turn 1 can overlap.
"""

import json
from collections.abc import Mapping

from django.core.exceptions import ValidationError

from annotation.models import Study
from exports.format import Column, Format, Query, Type
from exports.formats import labels
from exports.formats.balance import find_balanced
from exports.formats.collisions import refuse_equal_numbers
from exports.privacy.masks import RESPONSE
from exports.scope import Scope
from exports.source import finished_talks, turns_of, with_source, without_faults

TURNS = ("first", "second", "third", "fourth")
SLOTS = "abcd"
TURN_COLUMNS = (
    "prompt",
    "responses",
    *(f"response_{slot}" for slot in SLOTS),
    "preferred_response",
    "feedback",
)
CANNED_NOTE = "[Demonstration: canned texts, no model was asked]\n\n"


def _turn_columns(turn: str) -> tuple[Column, ...]:
    responses = (
        Column(
            f"{turn}_turn_response_{slot}",
            Type.TEXT,
            f"the response that she saw under the letter {slot.upper()}",
        )
        for slot in SLOTS
    )
    preferred = {f"response_{slot}": f"the one under the letter {slot.upper()}" for slot in SLOTS}
    return (
        Column(f"{turn}_turn_prompt", Type.TEXT, f"the message of the {turn} turn"),
        Column(
            f"{turn}_turn_responses",
            Type.TEXT,
            "the responses in the order shown, each below a heading with its letter",
        ),
        *responses,
        Column(
            f"{turn}_turn_preferred_response",
            Type.TEXT,
            "the response that continued the conversation: rank 1, or her pick among equals",
            preferred,
        ),
        Column(f"{turn}_turn_feedback", Type.TEXT, "why she chose so; missing: nothing written"),
    )


def _same(values: Mapping[str, str]) -> dict[str, str]:
    """Labels that explain themselves."""
    return {label: label for label in dict.fromkeys(values.values())}


COLUMNS = (
    Column("conversation_id", Type.INTEGER, "pseudonym of the conversation, below 2**52"),
    Column("assigned_lang", Type.TEXT, "language she works in", labels=_same(labels.LANGUAGE)),
    Column("annotator_id", Type.INTEGER, "pseudonym of the annotator, below 2**52"),
    *(column for turn in TURNS for column in _turn_columns(turn)),
    Column("annotator_age", Type.TEXT, "age group in years", personal=True),
    Column("annotator_gender", Type.TEXT, "gender", labels=_same(labels.GENDER), personal=True),
    Column(
        "annotator_education_level",
        Type.TEXT,
        "highest level of education",
        labels=_same(labels.EDUCATION),
        personal=True,
    ),
    Column(
        "annotator_political",
        Type.TEXT,
        "place between left and right",
        labels=_same(labels.POLITICS | {"refused": labels.PREFER_NOT_TO_SAY}),
        personal=True,
        special=True,
    ),
    Column(
        "annotator_ethnicity",
        Type.TEXT,
        "ethnic group, from her country's own list",
        personal=True,
        special=True,
    ),
    Column(
        "annotator_country",
        Type.TEXT,
        "country she lives in",
        labels=_same(labels.COUNTRY),
        personal=True,
    ),
    Column(
        "is_pregenerated_first_prompt",
        Type.BOOLEAN,
        "true: a prompt of the pool opened it, false: her own",
    ),
    Column(
        "in_balanced_subset",
        Type.BOOLEAN,
        "its annotator is among as many people of every age group and gender of her country",
    ),
    Column(
        "in_balanced_subset_10",
        Type.BOOLEAN,
        "the same, and ten or more such people judged its first prompt",
    ),
    Column("wave", Type.INTEGER, "number of the wave of collection"),
)


OTHERWISE = "export this study as comparisons or conversations."


def check_study(study: Study) -> None:
    """Raises ValidationError where a study does not fit into four turns of four."""
    if {study.pool_sampler.n, study.live_sampler.n} != {len(SLOTS)}:
        raise ValidationError(f"This format holds exactly four candidates a turn: {OTHERWISE}")
    if max(int(turns) for turns in study.turn_lengths) > len(TURNS):
        raise ValidationError(f"This format holds at most four turns a conversation: {OTHERWISE}")


def query(scope: Scope) -> Query:
    """Finished conversations without planned re-tests: the layout cannot mark these, and
    they count for no overlap."""
    refuse_equal_numbers(scope)
    balanced = find_balanced(scope)
    turns = ",\n".join(_turn_values(name) for name in TURNS)
    looked_up = "\n".join(
        _turn_tables(scope, name, position) for position, name in enumerate(TURNS, start=1)
    )
    return with_source(
        scope,
        f"""SELECT talk.conversation_number AS conversation_id,
            {_label("language", "talk.language")} AS assigned_lang,
            talk.annotator_number AS annotator_id,
            {turns},
            {_age_label()} AS annotator_age,
            {_label("gender", "talk.codes ->> 'gender'")} AS annotator_gender,
            {_label("education", "talk.codes ->> 'education'")} AS annotator_education_level,
            {_or_refused("politics", _label("politics", "talk.codes ->> 'politics'"))}
                AS annotator_political,
            {_or_refused("ethnicity", ETHNICITY)} AS annotator_ethnicity,
            coalesce(%(labels)s::jsonb -> 'country' ->> talk.country, lower(talk.country))
                AS annotator_country,
            talk.kind = 'pool' AS is_pregenerated_first_prompt,
            talk.participation_id = ANY(%(balanced)s) AS in_balanced_subset,
            talk.kind = 'pool' AND talk.participation_id = ANY(%(balanced_10)s)
                AND first.prompt_text_id = ANY(%(prompts_10)s) AS in_balanced_subset_10,
            talk.wave AS wave
        FROM {finished_talks(retests=False)} AS talk
        {looked_up}
        WHERE first.turn_id IS NOT NULL AND {without_faults(scope, "talk")}
        ORDER BY talk.conversation_number""",
        labels=json.dumps(LABELS),
        canned_note=CANNED_NOTE,
        balanced=sorted(balanced.people),
        balanced_10=sorted(balanced.people_10),
        prompts_10=sorted(balanced.prompts_10),
    )


LABELS = {
    "age": labels.AGE_GROUPS,
    "language": labels.LANGUAGE,
    "country": labels.COUNTRY,
    "gender": labels.GENDER,
    "education": labels.EDUCATION,
    "politics": labels.POLITICS,
    "ethnicity": labels.ETHNICITY,
}
ETHNICITY = (
    "coalesce(%(labels)s::jsonb -> 'ethnicity' -> talk.country ->> (talk.codes ->> 'ethnicity'), "
    "talk.codes ->> 'ethnicity')"
)


def _label(name: str, code: str) -> str:
    """A code's label; a code that has none stays as it is."""
    return f"coalesce(%(labels)s::jsonb -> '{name}' ->> ({code}), {code})"


def _or_refused(question: str, label: str) -> str:
    refused = f"talk.refused ? '{question}'"
    return f"CASE WHEN {refused} THEN '{labels.PREFER_NOT_TO_SAY}' ELSE {label} END"


def _age_label() -> str:
    bands = [f"talk.age <= {oldest} THEN '{label}'" for oldest, label in labels.AGE_BANDS]
    bands.append(f"talk.age IS NOT NULL THEN '{labels.OLDEST_BAND}'")
    told = _label("age", "talk.codes ->> 'age'")  # imported people gave a group, not years
    group = f"coalesce(talk.age_band, {told})"
    return f"CASE WHEN {' WHEN '.join(bands)} ELSE {group} END"


def _turn_values(turn: str) -> str:
    return ", ".join(f"{turn}.{name} AS {turn}_turn_{name}" for name in TURN_COLUMNS)


def _turn_tables(scope: Scope, name: str, position: int) -> str:
    """What one turn of a conversation adds, as one LATERAL row."""
    texts = ", ".join(
        f"max({RESPONSE}) FILTER (WHERE s.position = {place}) AS response_{slot}"
        for place, slot in enumerate(SLOTS)
    )
    headed = ", ".join(
        f"E'# Response {slot.upper()}:\\n' || shown.response_{slot}" for slot in SLOTS
    )
    return f"""LEFT JOIN LATERAL (
        SELECT turn.turn_id, turn.message AS prompt, made.prompt_text_id,
            CASE WHEN canned.yes THEN %(canned_note)s ELSE '' END
                || concat_ws(E'\\n\\n', {headed}) AS responses,
            shown.*, nullif(turn.explanation, '') AS feedback
        FROM {turns_of(scope, "talk", f"t.position = {position}")} AS turn
        JOIN candidates_candidateset made ON made.id = turn.candidate_set_id
        CROSS JOIN LATERAL (
            SELECT {texts}, 'response_' || substr('{SLOTS}', 1 + max(s.position)
                FILTER (WHERE s.candidate_id = turn.chosen_id), 1) AS preferred_response
            FROM annotation_showncandidate s JOIN candidates_candidate c ON c.id = s.candidate_id
            WHERE s.turn_id = turn.turn_id
        ) AS shown
        CROSS JOIN LATERAL (
            SELECT EXISTS (SELECT FROM candidates_generation g
                WHERE g.candidate_set_id = made.id AND g.canned) AS yes
        ) AS canned
        OFFSET 0
    ) AS {name} ON true"""


FORMAT = Format(
    name="community-alignment",
    title="Community Alignment",
    row="One finished conversation of up to four turns; no planned re-tests.",
    columns=COLUMNS,
    query=query,
    not_carried="Ranks below the first, ties, the two opinions, times, generation order and other "
    "provenance, re-tests, and every id by which rows of other formats could be joined.",
    check=check_study,
)
FORMAT_WITHOUT_WAVE = Format(
    name="community-alignment-44",
    title="Community Alignment, as its first version was",
    row=FORMAT.row,
    columns=COLUMNS[:-1],
    query=query,
    not_carried=FORMAT.not_carried + " The wave.",
    check=check_study,
)
