import pytest

from annotation.actions.definition import apply_study
from annotation.actions.pool import request_pool
from annotation.actions.study import open_study
from annotation.models import RecruitmentLink, Study
from candidates.generation import complete_candidate_set
from tests.definitions import small_definition
from tests.made_once import Once
from tests.provider import Provider
from tests.walker import Walker, finished


@pytest.fixture
def study(once: Once, empty_database: None, provider: Provider) -> Study:
    """One locale only: these tests commit, so that each begins with little."""
    return once(make_french_study)


def make_french_study() -> Study:
    definition = small_definition()
    locales = definition["study"]["locales"]
    definition["study"]["locales"] = [item for item in locales if item["country"] == "FR"]
    study = apply_study(definition)
    for candidate_set in request_pool(study=study):
        complete_candidate_set(candidate_set.pk)
    open_study(study=study)
    return study


@pytest.fixture(name="finished")
def one_who_finished(once: Once, link: RecruitmentLink) -> Walker:
    return once(finished, link)
