"""A small study that people have been at, and a researcher who watches it."""

import pytest
from django.test import Client
from django.utils import translation

from accounts.models import User
from annotation.models import RecruitmentLink
from tests.made_once import Once
from tests.walker import Walker


@pytest.fixture(autouse=True)
def in_english() -> None:
    """Whatever language the test before ended in."""
    translation.activate("en")


@pytest.fixture
def researcher(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("researcher", password="a-long-password"))
    return client


@pytest.fixture
def people(once: Once, link: RecruitmentLink) -> list[Walker]:
    """One who finished, one in the middle of a conversation, one at the door, one who declined."""
    people = once(four_people, link)
    translation.activate("en")  # the researcher's; people's pages were French
    return people


def four_people(link: RecruitmentLink) -> list[Walker]:
    finished, at_work, at_the_door, declined = (Walker(link) for _person in range(4))
    finished.enter()
    finished.finish()
    at_work.enter()
    conversation = at_work.open_kind("pool")
    at_work.rank(at_work.current_turn(conversation))
    at_the_door.choose()
    declined.choose()
    declined.screen()
    declined.consent("no")
    return [finished, at_work, at_the_door, declined]
