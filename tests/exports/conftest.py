import pytest

from annotation.actions.definition import apply_study
from annotation.actions.pool import request_pool
from annotation.actions.study import open_study
from annotation.models import Study
from candidates.generation import complete_candidate_set
from tests.definitions import small_definition
from tests.provider import Provider


@pytest.fixture
def study(empty_database: None, provider: Provider) -> Study:
    """One locale only: these tests commit, so that each makes its study anew."""
    definition = small_definition()
    locales = definition["study"]["locales"]
    definition["study"]["locales"] = [item for item in locales if item["country"] == "FR"]
    study = apply_study(definition)
    for candidate_set in request_pool(study=study):
        complete_candidate_set(candidate_set.pk)
    open_study(study=study)
    return study
