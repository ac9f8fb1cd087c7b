import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from django.db import connection, transaction

from annotation.models import Conversation, Participation, Turn
from exports.containers import Container, write
from exports.formats import FORMATS
from exports.pseudonyms import Kind
from exports.scope import Scope
from exports.validators.problems import Row
from exports.validators.reading import read_rows
from tests.exports.formats.scene import Scene, make_scene


class Exported:
    """Reads formats of the scene back from files, and finds rows by what they are about."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self.scene = scene
        self.folder = folder

    def scope(self, **changes: Any) -> Scope:
        options: dict[str, Any] = {"study": self.scene.study, "recipient": "researchers"}
        return Scope(**(options | changes))

    def rows(
        self, name: str, container: Container = Container.JSONL, **changes: Any
    ) -> list[dict[str, Any]]:
        path = self.folder / f"{name}.{container}"
        with connection.cursor() as cursor, path.open("wb") as file:
            count = write(cursor, FORMATS[name], self.scope(**changes), container, file)
        found = [dict(row) for row in read_rows(path, FORMATS[name], container)]
        assert len(found) == count
        return found

    def of_turn(self, name: str, turn: Turn, **changes: Any) -> list[dict[str, Any]]:
        conversation = Conversation.objects.get(pk=turn.conversation_id)
        wanted = self.conversation_id(conversation, **changes)
        return [
            row
            for row in self.rows(name, **changes)
            if row["conversation_id"] == wanted and row["turn"] == turn.position
        ]

    def conversation_id(self, conversation: Conversation, **changes: Any) -> str:
        pseudonyms = self.scope(**changes).pseudonyms
        return pseudonyms.text(Kind.CONVERSATION, conversation.public_id)

    def annotator_id(self, name: str, **changes: Any) -> str:
        person = self.participation(name).annotator
        return self.scope(**changes).pseudonyms.text(Kind.ANNOTATOR, person.public_id)

    def of_person(self, format_name: str, name: str, **changes: Any) -> list[dict[str, Any]]:
        wanted = self.annotator_id(name, **changes)
        return [row for row in self.rows(format_name, **changes) if row["annotator_id"] == wanted]

    def participation(self, name: str) -> Participation:
        return self.scene.people[name].participation


def structure(row: Row, name: str) -> Any:
    return json.loads(row[name])


@pytest.fixture(scope="package")
def scene(
    django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker
) -> Iterator[Scene]:
    """Made once for all tests of this folder, in one transaction that is rolled back after them."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_scene()
        transaction.set_rollback(True)


@pytest.fixture
def exported(scene: Scene, db: None, tmp_path: Path) -> Exported:
    return Exported(scene, tmp_path)
