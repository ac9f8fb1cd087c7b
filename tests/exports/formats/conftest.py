from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from django.db import connection, transaction

from exports.containers import Container, write
from exports.formats import FORMATS
from exports.scope import Scope
from exports.validators.problems import Row
from exports.validators.reading import read_rows
from tests.exports.formats.scene import Scene, make_scene

Rows = Callable[..., list[Row]]


@pytest.fixture(scope="module")
def scene(
    django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker
) -> Iterator[Scene]:
    """Made once for all tests of a file, in one transaction that is rolled back after them."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_scene()
        transaction.set_rollback(True)


@pytest.fixture
def rows(scene: Scene, tmp_path: Path) -> Rows:
    """Rows of a format as read back from a file, by default for the researchers as JSON Lines."""

    def read(name: str, container: Container = Container.JSONL, **scope: Any) -> list[Row]:
        options = {"study": scene.study, "recipient": "researchers"} | scope
        path = tmp_path / f"{name}.{container}"
        with connection.cursor() as cursor, path.open("wb") as file:
            count = write(cursor, FORMATS[name], Scope(**options), container, file)
        found = list(read_rows(path, FORMATS[name], container))
        assert len(found) == count
        return found

    return read
