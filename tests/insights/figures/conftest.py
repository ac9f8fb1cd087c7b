"""Who looks at figures."""

import pytest
from django.test import Client

from accounts.models import User


@pytest.fixture
def researcher(client: Client) -> Client:
    user = User.objects.create_superuser("researcher", password="a-long-test-password")
    client.force_login(user)
    return client
