"""What an export holds, as its readers would read it."""

import csv
import io
import json
from typing import Any

from django.db import connection, transaction

from accounts.models import Vendor
from annotation.models import Conversation, Study
from exports.containers import stream_csv, stream_jsonl
from exports.format import Format
from exports.formats.community_alignment import FORMAT
from exports.pseudonyms import Kind
from exports.scope import Scope


def csv_rows(form: Format, scope: Scope) -> list[dict[str, str]]:
    """The rows of now, inside whatever transaction a test is in."""
    with transaction.atomic(), connection.cursor() as cursor:
        text = b"".join(stream_csv(cursor, form, scope)).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def json_rows(form: Format, scope: Scope) -> list[dict[str, Any]]:
    with transaction.atomic(), connection.cursor() as cursor:
        lines = b"".join(stream_jsonl(cursor, form, scope)).decode().split("\n")
    return [json.loads(line) for line in lines if line]


def wide_rows(study: Study, vendor: Vendor | None = None) -> list[dict[str, str]]:
    """The wide table as this vendor gets it; without one, everybody's."""
    return csv_rows(FORMAT, Scope(study=study, recipient="test", vendor=vendor))


def exported_conversations(study: Study, vendor: Vendor | None = None) -> list[Conversation]:
    """The conversations of the wide table, in the order in which they were opened."""
    scope = Scope(study=study, recipient="test", vendor=vendor)
    numbers = {row["conversation_id"] for row in csv_rows(FORMAT, scope)}
    return [
        conversation
        for conversation in Conversation.objects.order_by("pk")
        if str(scope.pseudonyms.number(Kind.CONVERSATION, conversation.public_id)) in numbers
    ]
