"""Rows that counted nowhere go, with all that refers to them: previews, copies for rehearsals.

What refers to a row is found by following every reference, so that a table that is added later
is cleared too.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.contrib.sessions.models import Session
from django.db import connection, models, transaction

from annotation.middleware import SESSION_KEY
from annotation.models import Participation

SOME = 5000

Found = dict[type[models.Model], set[Any]]


@transaction.atomic
def remove_rows(roots: Found) -> int:
    """Removes these rows and every row that refers to one of them; returns how many went.

    The caller has made sure that they belong to a preview or a rehearsal. A second call finds
    none.
    """
    found = _all_that_refers_to(roots)
    gone = _end_sessions(found.get(Participation, set()))
    with connection.cursor() as cursor:
        # The database lets go of records that are otherwise never deleted, here only.
        cursor.execute("SET LOCAL plurivox.removing_rehearsal = 'on'")
    # Foreign keys are looked at when the transaction ends, so that no order is needed.
    for model, keys in found.items():
        for some in _in_parts(keys):
            rows = model._base_manager.filter(pk__in=some)
            gone += rows._raw_delete(rows.db)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL plurivox.removing_rehearsal = 'off'")
    return gone


def _all_that_refers_to(roots: Found) -> Found:
    """These rows and every row that refers to one of them, directly or through others."""
    found: Found = defaultdict(set)
    new: Found = {model: set(keys) for model, keys in roots.items() if keys}
    while new:
        for model, keys in new.items():
            found[model] |= keys
        further: Found = defaultdict(set)
        for model, keys in new.items():
            for relation in _relations_to(model):
                for some in _in_parts(keys):
                    rows = relation.related_model._base_manager.filter(
                        **{f"{relation.field.attname}__in": some}
                    )
                    further[relation.related_model].update(rows.values_list("pk", flat=True))
        new = {model: keys - found[model] for model, keys in further.items()}
        new = {model: keys for model, keys in new.items() if keys}
    return dict(found)


def _relations_to(model: type[models.Model]) -> list[Any]:
    return [
        field
        for field in model._meta.get_fields(include_hidden=True)
        if field.auto_created and not field.concrete and (field.one_to_many or field.one_to_one)
    ]


def _in_parts(keys: Iterable[Any]) -> Iterable[list[Any]]:
    ordered = sorted(keys)
    for start in range(0, len(ordered), SOME):
        yield ordered[start : start + SOME]


def _end_sessions(people: set[Any]) -> int:
    """Sessions of the copy's people: they name a participation, in a form no query reads."""
    theirs = [
        session.pk
        for session in Session.objects.iterator(chunk_size=500)
        if session.get_decoded().get(SESSION_KEY) in people
    ]
    return Session.objects.filter(pk__in=theirs).delete()[0]
