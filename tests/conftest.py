"""Real parts for every test: PostgreSQL, the broker, the provider over HTTP."""

import os
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import TypeVar

import hypothesis
import pytest
import pytest_django
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.cache import caches
from django.db import connection
from django.test import TransactionTestCase
from django.utils import translation
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from accounts import shared_cache
from accounts.models import Vendor
from annotation.actions.definition import apply_study
from annotation.actions.link import create_recruitment_link
from annotation.actions.pool import request_pool
from annotation.actions.study import open_study
from annotation.models import Phase, RecruitmentLink, Study
from annotation.queries import kept
from candidates.generation import complete_candidate_set
from exports.access import allowance
from tests.definitions import small_definition
from tests.kept_rows import empty_database, keep_rows, put_back_rows
from tests.made_once import Once
from tests.processes import Site, Worker
from tests.provider import Provider

ROOT = Path(__file__).resolve().parent.parent
Made = TypeVar("Made")
# A lease that no machine stalls through; where somebody is killed it is short.
LONG_LEASE_SECONDS = 180

# Every run tries the same cases, and none of them against the clock.
hypothesis.settings.register_profile(
    "same-cases",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("same-cases")


@pytest.fixture
def provider() -> Iterator[Provider]:
    """The demo provider that ./run test started, well-behaved before and after."""
    provider = Provider(os.environ["OPENAI_BASE_URL"].removesuffix("/v1"))
    provider.behave()
    yield provider
    provider.behave()


@pytest.fixture(autouse=True)
def _each_test_begins_in_english() -> Iterator[None]:
    """A page that was asked for in another language leaves it in the thread."""
    translation.activate(settings.LANGUAGE_CODE)
    yield
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(scope="session", autouse=True)
def _passwords_are_hashed_quickly() -> None:
    """A million rounds are for attackers; these passwords are in the repository."""
    PBKDF2PasswordHasher.iterations = 1000


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_listed_once() -> Iterator[None]:
    """Each test's client makes the middleware anew, which would look at 450 files each time."""
    listed: dict[tuple[str, str], dict[str, StaticFile]] = {}
    look = WhiteNoiseMiddleware.update_files_dictionary

    def look_once(server: WhiteNoiseMiddleware, root: str, prefix: str) -> None:
        if (root, prefix) not in listed:
            look(server, root, prefix)
            listed[root, prefix] = dict(server.files)
        server.files |= listed[root, prefix]

    WhiteNoiseMiddleware.update_files_dictionary = look_once
    yield
    WhiteNoiseMiddleware.update_files_dictionary = look


@pytest.fixture(scope="session", autouse=True)
def _a_redis_that_is_slow_is_not_away() -> None:
    """A page waits half a second for it and goes on without. A machine that stands still for a
    moment is no fault: nothing is then left uncounted, or kept from the test before."""
    shared_cache.PATIENCE_SECONDS = allowance.PATIENCE_SECONDS = 60.0


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    """Medians that are told for a minute are measured anew in each test, rows of studies and
    people are read anew, and nobody has failed to sign in."""
    caches["process"].clear()
    caches["default"].clear()
    kept._kept.clear()  # else it would be full, and forget, in the middle of some test


@pytest.fixture(scope="module")
def once() -> Once:
    """What tests of a module begin with, made once and put back."""
    return Once()


def make_vendor() -> Vendor:
    return Vendor.objects.create(key="vendor-a", name="Vendor A")


@pytest.fixture
def vendor(db: None, request: pytest.FixtureRequest) -> Vendor:
    return _made(request, make_vendor)


def _made(request: pytest.FixtureRequest, make: Callable[..., Made], *of: Hashable) -> Made:
    """Made anew, unless the test puts back what builds on it."""
    if "once" not in request.fixturenames:
        return make(*of)
    once: Once = request.getfixturevalue("once")
    return once(make, *of)


def make_small_study() -> None:
    """A small open study whose sets were generated through the provider, in this process."""
    study = apply_study(small_definition())
    for candidate_set in request_pool(study=study):
        complete_candidate_set(candidate_set.pk)
    open_study(study=study)


def small_study() -> Study:
    """The one that was made at first, put back where the database was emptied since."""
    if not Study.objects.filter(key="everyday-questions").exists():
        put_back_rows()
    return Study.objects.get(key="everyday-questions")


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker
) -> None:
    """Makes the small study once: tests in transactions all see it and change nothing.

    Tests that commit empty the database; those which need the study put it back.
    """
    with django_db_blocker.unblock():
        _let_tests_empty_the_database()
        make_small_study()
        keep_rows()
    TransactionTestCase._fixture_teardown = lambda _: empty_database()  # type: ignore[attr-defined]  # Django's own is slow


def _let_tests_empty_the_database() -> None:
    """The audit refuses to be emptied; tests that commit empty everything after them."""
    with connection.cursor() as cursor:
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER DATABASE {name} SET plurivox.emptying_everything = 'on'")
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # connections that are made from now on have the setting


@pytest.fixture
def study(db: None, provider: Provider) -> Study:
    return small_study()


def make_link(study: Study, vendor: Vendor) -> RecruitmentLink:
    return create_recruitment_link(study=study, vendor=vendor, phase=Phase.MAIN)


@pytest.fixture
def link(study: Study, vendor: Vendor, request: pytest.FixtureRequest) -> RecruitmentLink:
    return _made(request, make_link, study, vendor)


@pytest.fixture(name="empty_database")
def nothing_stored(
    request: pytest.FixtureRequest, transactional_db: None, web_process: Site
) -> None:
    """For tests that commit and make a study of their own."""
    web_process.pause()
    empty_database()
    if "site" in request.fixturenames and web_process.is_running():
        web_process.start()


@pytest.fixture
def worker(empty_database: None) -> Iterator[Worker]:
    """A real worker process with beat, on the tests' database and broker."""
    with Worker.running(lease=LONG_LEASE_SECONDS) as worker:
        yield worker


@pytest.fixture(scope="session")
def web_process(django_db_setup: None) -> Iterator[Site]:
    """One web process for all tests; it starts with the first that asks for it."""
    site = Site.at_a_free_port()
    yield site
    site.end()


@pytest.fixture
def site(transactional_db: None, web_process: Site) -> Iterator[Site]:
    """The pages, served by a real web process on the tests' database."""
    web_process.start()
    yield web_process
    web_process.pause()


@pytest.fixture(scope="session")
def artefacts() -> Path:
    """Where screenshots go; they are looked at and not committed."""
    path = ROOT / ".data" / "artefacts"
    path.mkdir(parents=True, exist_ok=True)
    return path
