"""Every format of ours, in every container, against its own validator."""

import pytest

from exports.containers import Container
from exports.validators import VALIDATORS
from tests.exports.formats.conftest import Rows

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", VALIDATORS)
def test_every_container_holds_the_same_valid_rows(name: str, rows: Rows) -> None:
    first = rows(name)
    assert len(first) > 5
    assert list(VALIDATORS[name](first)) == []
    for container in (Container.CSV, Container.JSONL_GZ, Container.JSONL_ZST, Container.PARQUET):
        assert rows(name, container) == first, container
