"""Who signs in beside staff."""

import pytest
from django.test import Client

from accounts.models import User, Vendor
from annotation.actions.team import add_vendor_manager


@pytest.fixture
def manager(vendor: Vendor) -> Client:
    """A browser in which the vendor's manager is signed in."""
    user = User.objects.create_user("max")
    add_vendor_manager(vendor=vendor, user=user, by=None, why="their contact")
    client = Client()
    client.force_login(user)
    return client
