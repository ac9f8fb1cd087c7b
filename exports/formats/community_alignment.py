"""The wide CSV of the Community Alignment release: 45 columns, one row a conversation.

Columns and labels: https://huggingface.co/datasets/facebook/community-alignment-dataset.
A slot (a to d) is the letter under which the person saw the response, so that letters
in explanations stay true. Not carried: ranks below the first, opinions, times, how a
candidate was made. Pool and own turns share the columns; only turn 1 can overlap.
"""

import csv
import io
from collections.abc import Iterator, Sequence

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Prefetch, QuerySet

from accounts.models import Answer, Vendor
from annotation.models import Conversation, Phase, ShownCandidate, Study, Turn
from candidates.models import Generation
from exports.formats import labels
from exports.pseudonyms import Kind, Pseudonyms

NAME = "community-alignment"
TURNS = ("first", "second", "third", "fourth")
SLOTS = "abcd"
TURN_COLUMNS = (
    "prompt",
    "responses",
    *(f"response_{slot}" for slot in SLOTS),
    "preferred_response",
    "feedback",
)
COLUMNS = (
    "conversation_id",
    "assigned_lang",
    "annotator_id",
    *(f"{turn}_turn_{column}" for turn in TURNS for column in TURN_COLUMNS),
    "annotator_age",
    "annotator_gender",
    "annotator_education_level",
    "annotator_political",
    "annotator_ethnicity",
    "annotator_country",
    "is_pregenerated_first_prompt",
    "in_balanced_subset",
    "in_balanced_subset_10",
    "wave",
)
CANNED_NOTE = "[Demonstration: canned texts, no model was asked]\n\n"


def check_study(study: Study) -> None:
    """Raises ValidationError where a study does not fit into four turns of four."""
    if {study.pool_sampler.n, study.live_sampler.n} != {len(SLOTS)}:
        raise ValidationError("This format holds exactly four candidates a turn.")
    if max(int(turns) for turns in study.turn_lengths) > len(TURNS):
        raise ValidationError("This format holds at most four turns a conversation.")


def stream_csv(*, study: Study, vendor: Vendor, fields: Sequence[str]) -> Iterator[str]:
    """Lines of the CSV: finished conversations of the vendor's people, in a fixed order.

    All rows come from one read-only snapshot; memory does not grow with their number.
    Columns that are not among `fields` leave empty.
    """
    conversations = finished_conversations(study, vendor)
    pseudonyms = Pseudonyms.of(study_key=study.key, recipient=f"vendor:{vendor.key}")
    yield _line(COLUMNS)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for conversation in _with_everything(conversations).iterator(chunk_size=200):
            person = conversation.participation.annotator
            row = make_row(
                conversation,
                conversation_id=pseudonyms.number(Kind.CONVERSATION, conversation.public_id),
                annotator_id=pseudonyms.number(Kind.ANNOTATOR, person.public_id),
            )
            yield _line([row[name] if name in fields else "" for name in COLUMNS])


def finished_conversations(study: Study, vendor: Vendor) -> QuerySet[Conversation]:
    """What this format holds: the main phase, finished, of people who may leave.

    No planned re-tests: it has no column to mark them, and they count for no overlap.
    """
    return (
        Conversation.objects.released()
        .without_retests()
        .filter(
            participation__study=study,
            participation__annotator__vendor=vendor,
            participation__phase=Phase.MAIN,
            status=Conversation.Status.FINISHED,
        )
    )


def _with_everything(conversations: QuerySet[Conversation]) -> QuerySet[Conversation]:
    answers = Answer.objects.select_related("question", "option")
    generations = Generation.objects.only("candidate_set_id", "canned")
    return (
        conversations.order_by("pk")
        .select_related("participation__wave", "participation__annotator", "locale")
        .prefetch_related(
            Prefetch("participation__annotator__answers", queryset=answers),
            Prefetch(
                "turns",
                queryset=Turn.objects.select_related("ranking", "explanation", "candidate_set")
                .order_by("position")
                .prefetch_related(
                    Prefetch("shown", ShownCandidate.objects.select_related("candidate")),
                    Prefetch("candidate_set__generations", queryset=generations),
                ),
            ),
        )
    )


def make_row(
    conversation: Conversation, *, conversation_id: int, annotator_id: int
) -> dict[str, object]:
    """One conversation under the release's column names; what is missing is empty."""
    row: dict[str, object] = dict.fromkeys(COLUMNS, "")
    row |= {
        "conversation_id": conversation_id,
        "assigned_lang": labels.LANGUAGE[conversation.locale.language],
        "annotator_id": annotator_id,
        "is_pregenerated_first_prompt": conversation.kind == Conversation.Kind.POOL,
        "in_balanced_subset": False,
        "in_balanced_subset_10": False,
        "wave": conversation.participation.wave.number,
    }
    for name, turn in zip(TURNS, conversation.turns.all(), strict=False):
        row |= {f"{name}_turn_{column}": value for column, value in _turn(turn).items()}
    return row | _person(conversation)


def _turn(turn: Turn) -> dict[str, str]:
    shown = list(turn.shown.all())
    preferred = next(row for row in shown if row.candidate_id == turn.ranking.chosen_id)
    texts = "\n\n".join(f"# Response {row.letter}:\n{row.candidate.text}" for row in shown)
    return {
        "prompt": turn.message,
        "responses": (CANNED_NOTE if _is_canned(turn) else "") + texts,
        **{f"response_{row.letter.lower()}": row.candidate.text for row in shown},
        "preferred_response": f"response_{preferred.letter.lower()}",
        "feedback": turn.explanation.text if hasattr(turn, "explanation") else "",
    }


def _is_canned(turn: Turn) -> bool:
    return any(generation.canned for generation in turn.candidate_set.generations.all())


def _person(conversation: Conversation) -> dict[str, str]:
    participation = conversation.participation
    country = participation.country
    answers = {answer.question.code: answer for answer in participation.annotator.answers.all()}
    codes = {
        code: answer.option.code for code, answer in answers.items() if answer.option is not None
    }
    refused = {code for code, a in answers.items() if a.status == Answer.Status.REFUSED}
    age = answers.get("age")
    politics = labels.POLITICS.get(codes.get("politics", ""), "")
    ethnicity = codes.get("ethnicity", "")
    return {
        "annotator_age": labels.age_label(age.number if age else None),
        "annotator_gender": labels.GENDER.get(codes.get("gender", ""), ""),
        "annotator_education_level": labels.EDUCATION.get(codes.get("education", ""), ""),
        "annotator_political": labels.PREFER_NOT_TO_SAY if "politics" in refused else politics,
        "annotator_ethnicity": (
            labels.PREFER_NOT_TO_SAY
            if "ethnicity" in refused
            else labels.ethnicity_label(country, ethnicity)
        ),
        "annotator_country": labels.COUNTRY.get(country, country.lower()),
    }


def _line(values: Sequence[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(values)
    return buffer.getvalue()
