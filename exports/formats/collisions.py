"""Refusing numbers that would name two things."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection

from exports.pseudonyms import Kind, number_sql
from exports.scope import Scope


def refuse_equal_numbers(scope: Scope) -> None:
    """Raises ValidationError where two things of a study would have one number of 52 bits: with
    a million conversations once in 9,000 studies."""
    things = f"""SELECT {number_sql(Kind.CONVERSATION, "c.public_id")} AS number
            FROM annotation_conversation c
            JOIN annotation_participation p ON p.id = c.participation_id
            WHERE p.study_id = %(study)s AND p.phase = %(phase)s"""
    people = f"""SELECT {number_sql(Kind.ANNOTATOR, "a.public_id")} AS number
            FROM accounts_annotator a
            JOIN annotation_participation p ON p.annotator_id = a.id
            WHERE p.study_id = %(study)s AND p.phase = %(phase)s"""
    known: dict[str, Any] = {
        "study": scope.study.pk,
        "phase": scope.phase,
        **scope.pseudonyms.parameters,
    }
    with connection.cursor() as cursor:
        scope.pseudonyms.hand_over(cursor)
        for numbers in (people, things):
            cursor.execute(f"SELECT count(*) > count(DISTINCT number) FROM ({numbers}) AS n", known)
            if cursor.fetchone()[0]:
                raise ValidationError(
                    "Two ids would be the same number: export this study in another format."
                )
