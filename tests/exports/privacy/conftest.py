import pytest

from annotation.models import Study
from tests.conftest import small_study
from tests.provider import Provider


@pytest.fixture
def study(db: None, provider: Provider) -> Study:
    """The whole small study: these tests need all its locales, and do not commit."""
    return small_study()
