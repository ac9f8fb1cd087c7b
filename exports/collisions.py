"""Refusing numbers that would name two things."""

from django.core.exceptions import ValidationError
from django.db import connection

from exports.pseudonyms import Kind, number_sql
from exports.scope import Scope


def refuse_equal_numbers(scope: Scope) -> None:
    """Raises ValidationError where two things of a study would have one number of 52 bits: with
    a million conversations once in 9,000 studies."""
    with connection.cursor() as cursor:
        for kind, table in ((Kind.CONVERSATION, "c"), (Kind.ANNOTATOR, "a")):
            cursor.execute(
                f"""SELECT count(number) > count(DISTINCT number) FROM (
                    SELECT DISTINCT {table}.id, {number_sql(kind, f"{table}.public_id")} AS number
                    FROM annotation_participation p
                    JOIN accounts_annotator a ON a.id = p.annotator_id
                    JOIN annotation_conversation c ON c.participation_id = p.id
                    WHERE p.study_id = %(study)s AND p.phase = %(phase)s
                ) AS numbers""",
                {"study": scope.study.pk, "phase": scope.phase, **scope.pseudonyms.parameters},
            )
            if cursor.fetchone()[0]:
                raise ValidationError(
                    "Two ids would be the same number: export this study in another format."
                )
