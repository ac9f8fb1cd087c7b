"""Who looks at figures; and people who are dealt the same each time."""

from collections.abc import Iterator

import pytest
from django.test import Client

from accounts.models import User
from tests.same_deals import same_deals


@pytest.fixture
def dealt_alike(empty_database: None) -> Iterator[None]:
    with same_deals(seed=1):
        yield


@pytest.fixture
def researcher(client: Client) -> Client:
    user = User.objects.create_superuser("researcher", password="a-long-test-password")
    client.force_login(user)
    return client
