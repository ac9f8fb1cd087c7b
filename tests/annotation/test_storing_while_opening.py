"""Storing a draft, opening and closing at one moment: whoever comes second sees the first."""

import threading
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from accounts.models import User
from annotation.actions.authoring import draft_of, start_draft
from annotation.actions.definition import apply_study
from annotation.actions.pool import request_pool
from annotation.actions.running import close_study
from annotation.actions.study import open_study
from annotation.models import Study, StudyDraft
from candidates.generation import complete_candidate_set
from tests.definitions import small_definition
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)


def meanwhile(first: Callable[[], Any], second: Callable[[], Any]) -> list[str]:
    """Begins the second while the first has not committed yet; what refused the second."""
    refused: list[str] = []
    done = threading.Event()

    def act() -> None:
        try:
            second()
        except ValidationError as error:
            refused.extend(error.messages)
        finally:
            connection.close()
            done.set()

    other = threading.Thread(target=act)
    with transaction.atomic():
        first()
        other.start()
        assert not done.wait(1)  # it waits for this transaction, however long it takes
    other.join()
    return refused


@pytest.fixture
def draft_study(provider: Provider) -> tuple[Study, dict[str, Any]]:
    definition = small_definition(key="a-draft")
    study = apply_study(definition)
    for candidate_set in request_pool(study=study):
        complete_candidate_set(candidate_set.pk)
    return study, definition


def test_a_draft_that_is_stored_while_the_study_opens_does_not_change_it(
    draft_study: tuple[Study, dict[str, Any]],
) -> None:
    study, definition = draft_study
    changed = deepcopy(definition)
    changed["study"]["title"] = dict.fromkeys(changed["study"]["title"], "Another")
    refused = meanwhile(lambda: open_study(study=study), lambda: apply_study(changed))
    assert len(refused) == 1 and "has opened" in refused[0]
    stored = Study.objects.get(pk=study.pk)
    assert stored.is_open
    assert stored.title == definition["study"]["title"]["en"]


def test_a_study_that_opens_while_it_is_stored_opens_as_it_was_stored(
    draft_study: tuple[Study, dict[str, Any]],
) -> None:
    study, definition = draft_study
    changed = deepcopy(definition)
    changed["study"]["seed"] = definition["study"]["seed"] + 1
    meanwhile(lambda: apply_study(changed), lambda: open_study(study=study))
    assert study.frozen_plans.get().definition["study"]["seed"] == changed["study"]["seed"]
    assert study.seed == changed["study"]["seed"]  # its places were drawn by it


def test_a_study_that_closes_is_not_opened_again_by_who_plans_what_has_become_ready(
    study: Study,
) -> None:
    lead = User.objects.create(username="lead", is_staff=True)
    again = Study.objects.get(pk=study.pk)
    refused = meanwhile(
        lambda: close_study(study=study, by=lead, why="It is over.", typed=study.key),
        lambda: open_study(study=again),
    )
    assert refused and "closed" in refused[0]
    assert Study.objects.get(pk=study.pk).status == Study.Status.CLOSED


def test_two_who_look_at_a_study_without_a_draft_at_once_find_one(study: Study) -> None:
    meanwhile(
        lambda: draft_of(study=study, by=None),
        lambda: draft_of(study=Study.objects.get(pk=study.pk), by=None),
    )
    assert StudyDraft.objects.filter(key=study.key).count() == 1


def test_of_two_who_begin_a_study_of_one_key_at_once_the_second_is_told(study: Study) -> None:
    ines = User.objects.create(username="ines", is_staff=True)

    def begin() -> None:
        start_draft(key="one-key", definition=small_definition(key="one-key"), by=ines)

    assert meanwhile(begin, begin) == ["There is a study “one-key” already."]
