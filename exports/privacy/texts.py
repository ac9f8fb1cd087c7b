"""What people wrote in a turn, what of it was screened, and what waits for a person.

Pure reads. Texts are a turn's message where she wrote it (`live`), the reason of her ranking
and her explanation; those of rehearsals, of people who withdrew and of those left out stay
inside and are not looked at.
"""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Q, QuerySet

from annotation.models import Study
from exports.models import Finding
from exports.privacy import personal_data

# A turn's texts under their names, as Finding.Part has them, and their common hash.
TEXTS = """FROM annotation_turn t
    JOIN annotation_conversation c ON c.id = t.conversation_id
    JOIN annotation_participation p ON p.id = c.participation_id
    JOIN annotation_studylocale l ON l.id = c.locale_id
    JOIN annotation_study s ON s.id = p.study_id
    LEFT JOIN annotation_ranking r ON r.turn_id = t.id
    LEFT JOIN annotation_explanation e ON e.turn_id = t.id
    CROSS JOIN LATERAL (SELECT CASE WHEN t.live THEN t.message ELSE '' END AS message,
        coalesce(r.reason, '') AS reason, coalesce(e.text, '') AS explanation) own
    CROSS JOIN LATERAL (SELECT encode(sha256(convert_to(
        concat_ws(chr(31), own.message, own.reason, own.explanation), 'UTF8')), 'hex')
        AS sha256) whole
    LEFT JOIN exports_screening done ON done.turn_id = t.id"""
MAY_LEAVE = "s.rehearsal_of_id IS NULL AND p.withdrawn_at IS NULL AND p.excluded_at IS NULL"
# Never, by other rules, or before the texts became what they are. Empty texts have nothing.
WAITS = f"""{MAY_LEAVE} AND (
    (done.id IS NULL AND (own.message <> '' OR own.reason <> '' OR own.explanation <> ''))
    OR done.texts_sha256 <> whole.sha256 OR done.rules <> %(rules)s)"""


@dataclass(frozen=True)
class OwnTexts:
    """Her texts of one turn, by part; empty where she wrote none."""

    turn_id: int
    country: str
    language: str
    texts: dict[str, str]
    sha256: str  # of all together


def turns_to_screen(*, after: int = 0, limit: int = 200) -> list[int]:
    """Ids of turns whose texts are to be checked, ascending, above `after`."""
    return [
        row[0]
        for row in _read(
            f"SELECT t.id {TEXTS} WHERE t.id > %(after)s AND {WAITS} ORDER BY t.id LIMIT %(limit)s",
            after=after,
            limit=limit,
        )
    ]


def read_texts(turn_ids: list[int]) -> list[OwnTexts]:
    """Her texts of these turns, as they stand now."""
    rows = _read(
        f"""SELECT t.id, p.country, l.language, own.message, own.reason, own.explanation,
            whole.sha256 {TEXTS} WHERE t.id = ANY(%(turns)s) ORDER BY t.id""",
        turns=turn_ids,
    )
    return [
        OwnTexts(
            turn_id=turn,
            country=country,
            language=language,
            texts={"message": message, "reason": reason, "explanation": explanation},
            sha256=sha256,
        )
        for turn, country, language, message, reason, explanation, sha256 in rows
    ]


def unscreened(study: Study) -> int:
    """Turns of the study whose texts are still to be checked."""
    rows = _read(f"SELECT count(*) {TEXTS} WHERE s.id = %(study)s AND {WAITS}", study=study.pk)
    return int(rows[0][0])


def findings_of(study: Study) -> QuerySet[Finding]:
    """Those in texts of people who may leave."""
    person = "turn__conversation__participation"
    return Finding.objects.filter(
        Q(**{f"{person}__study": study})
        & Q(**{f"{person}__withdrawn_at": None, f"{person}__excluded_at": None})
    )


def undecided(study: Study) -> int:
    """Findings that wait for a person."""
    return findings_of(study).filter(verdict="").count()


def check_decided(study: Study) -> None:
    """Raises ValidationError, one sentence, while findings wait for a person."""
    if waiting := undecided(study):
        raise ValidationError(
            f"{waiting} places in people's texts may be personal data and wait for a decision: "
            f"decide them at {_page_of(study)} first."
        )


def check_texts(study: Study) -> None:
    """Raises ValidationError, one sentence, while a release would hold what nobody looked at."""
    check_decided(study)
    if waiting := unscreened(study):
        raise ValidationError(
            f"The texts of {waiting} turns were not checked for personal data yet: a worker does "
            f"it within minutes, or press “Check now” at {_page_of(study)}."
        )


def _page_of(study: Study) -> str:
    return f"/studies/{study.key}/personal-data/"


def _read(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"rules": personal_data.VERSION} | parameters)
        return list(cursor.fetchall())
