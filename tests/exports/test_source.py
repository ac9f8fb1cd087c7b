"""The rows every format reads, and the ids under which they leave."""

import json

import pytest

from annotation.models import RecruitmentLink
from exports.containers import stream_csv, stream_jsonl
from exports.formats.comparisons import FORMAT
from exports.pseudonyms import Kind
from exports.scope import Scope
from exports.snapshot import snapshot
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)


def test_postgres_computes_the_same_pseudonyms_as_python(link: RecruitmentLink) -> None:
    walker = Walker(link)
    walker.enter()
    walker.finish()
    scope = Scope(study=link.study, recipient="researchers")
    with snapshot() as cursor:
        rows = [
            json.loads(line) for line in b"".join(stream_jsonl(cursor, FORMAT, scope)).splitlines()
        ]
        text = b"".join(stream_csv(cursor, FORMAT, scope)).decode()
    person = walker.participation.annotator
    assert {row["annotator_id"] for row in rows} == {
        scope.pseudonyms.text(Kind.ANNOTATOR, person.public_id)
    }
    assert len(text.splitlines()) == len(rows) + 1
