"""What holds in every format: coarse times, and nobody who withdrew."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.models import User
from annotation.actions.withdrawal import withdraw
from annotation.models import Explanation, Participation, Ranking, RecruitmentLink, Study, Turn
from exports import formats
from exports.actions.findings import decide_findings
from exports.containers import stream_csv, stream_jsonl
from exports.format import Format, Type
from exports.models import Finding
from exports.pseudonyms import Kind
from exports.scope import Scope, Times
from exports.tasks.findings import screen_texts
from tests.walker import Walker

pytestmark = pytest.mark.django_db

FORMATS: Mapping[str, Format] = formats.FORMATS
WORDS = "Une phrase que personne d'autre n'écrit"


def rows(form: Format, scope: Scope) -> list[dict[str, Any]]:
    """What a format yields; a study that it refuses gives nothing at all."""
    try:
        form.check(scope.study)
    except ValidationError:
        return []
    with connection.cursor() as cursor:
        lines = b"".join(stream_jsonl(cursor, form, scope)).decode().splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (Times.EXACT, "2026-11-21T13:45:59.123456+00:00"),
        (Times.HOUR, "2026-11-21T13:00:00+00:00"),
        (Times.DAY, "2026-11-21T00:00:00+00:00"),
        (Times.WEEK, "2026-11-16T00:00:00+00:00"),  # the Monday
        (Times.MONTH, "2026-11-01T00:00:00+00:00"),
        (Times.NONE, None),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_a_time_is_as_exact_as_the_recipient_may_have_it(
    study: Study, times: Times, expected: str | None, zone: str
) -> None:
    scope = Scope(study=study, recipient="x", times=times)
    moment = "'2026-11-21T13:45:59.123456Z'::timestamptz"
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL TIME ZONE '{zone}'")
        cursor.execute(f"SELECT extract(epoch FROM {scope.time_sql(moment)})::float")
        (value,) = cursor.fetchone()
    assert value == (expected and datetime.fromisoformat(expected).timestamp())


def others_and_one(link: RecruitmentLink) -> tuple[Walker, Walker]:
    """Two people through the whole study; the second wrote something of her own."""
    walkers = (Walker(link), Walker(link))
    for walker in walkers:
        walker.enter()
    walkers[0].finish()
    turn = walkers[1].current_turn(walkers[1].open_kind("pool"))
    walkers[1].rank(turn, next_message=WORDS)
    walkers[1].explain(turn, WORDS)
    return walkers


def test_no_time_of_any_format_is_more_exact_than_allowed(
    link: RecruitmentLink, subtests: pytest.Subtests
) -> None:
    walker = Walker(link)
    walker.enter()
    walker.finish()
    to_the_day = Scope(study=link.study, recipient="x", times=Times.DAY)
    without = Scope(study=link.study, recipient="x", times=Times.NONE)
    for name, form in FORMATS.items():
        times = [column.name for column in form.columns if column.type == Type.TIME]
        with subtests.test(name):
            for row in rows(form, to_the_day):
                found = [row[key] for key in times]
                assert all(it is None or it.endswith("T00:00:00.000000Z") for it in found)
            for row in rows(form, without):
                assert all(row[key] is None for key in times)


def test_who_withdrew_is_in_no_later_export(
    link: RecruitmentLink, subtests: pytest.Subtests
) -> None:
    stays, goes = others_and_one(link)
    scope = Scope(study=link.study, recipient="x")
    withdraw(participation=goes.participation)
    people = {"comparisons", "rankings", "annotators", "community-alignment", "conversations"}
    assert people <= set(FORMATS)
    for name, form in FORMATS.items():
        with subtests.test(name):
            text = everything(form, scope)
            assert not [trace for trace in traces(goes.participation, scope) if trace in text]
            if name in people:  # the test looks for what is there while she stays
                assert any(trace in text for trace in traces(stays.participation, scope))


def test_what_is_masked_is_in_no_format(link: RecruitmentLink, subtests: pytest.Subtests) -> None:
    walker = Walker(link)
    walker.enter()
    walker.finish()
    address = "jean.masque@exemple.fr"
    for turn in Turn.objects.filter(live=True).select_related("candidate_set"):
        before = turn.message
        turn.message = f"{before} {address}"
        turn.save()
        context = json.dumps(turn.candidate_set.context, ensure_ascii=False)
        context = context.replace(before, turn.message)
        turn.candidate_set.context = json.loads(context)
        turn.candidate_set.save()
    Ranking.objects.update(reason=f"Demandez à {address}")
    Explanation.objects.update(text=f"Comme me l'écrit {address}")
    scope = Scope(study=link.study, recipient="x")
    for name in ("conversations", "candidates"):
        assert address in everything(FORMATS[name], scope)
    screen_texts()
    ids = list(Finding.objects.values_list("pk", flat=True))
    by = User.objects.create_user("ines", is_staff=True)
    assert decide_findings(study=link.study, findings=ids, verdict="mask", by=by) > 6
    for name, form in FORMATS.items():
        with subtests.test(name):
            assert address not in everything(form, scope)


def everything(form: Format, scope: Scope) -> str:
    """Every text of a format, in both its plain containers."""
    try:
        form.check(scope.study)
    except ValidationError:
        return ""
    with connection.cursor() as cursor:
        return (
            b"".join(stream_jsonl(cursor, form, scope)) + b"".join(stream_csv(cursor, form, scope))
        ).decode()


def traces(person: Participation, scope: Scope) -> list[str]:
    """Whatever could show that she is in a file: ids as its recipient knows them, and words."""
    known = scope.pseudonyms
    found = [(Kind.ANNOTATOR, person.annotator.public_id)]
    found += [(Kind.CONVERSATION, one.public_id) for one in person.conversations.all()]
    return [
        *(known.text(kind, public_id) for kind, public_id in found),
        *(str(known.number(kind, public_id)) for kind, public_id in found),
        person.public_id,
        person.annotator.public_id,
        WORDS,
    ]
