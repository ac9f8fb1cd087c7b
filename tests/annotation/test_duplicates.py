"""Two people from one address are flagged and never stopped; the address is forgotten."""

import logging
import threading
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.addresses import client_address
from accounts.models import User, Vendor
from annotation.actions.arrival import note_arrival
from annotation.actions.participation import join_study
from annotation.models import ArrivalHash, Flag, Participation, RecruitmentLink, Study
from annotation.recruitment.arrivals import arrival_digest
from tests.recruiting import arrive, make_link

HOME, ELSEWHERE = "8.8.4.4", "9.9.9.9"


# -- The address and its hash


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "1.1.1.1", "10.0.0.9"),
        (1, "1.1.1.1, 8.8.4.4", "8.8.4.4"),
        (2, "1.1.1.1, 8.8.4.4, 10.0.0.2", "8.8.4.4"),
        (1, "8.8.4.4", "8.8.4.4"),
        (2, "8.8.4.4", ""),
        (1, "", ""),
    ],
)
def test_the_header_is_believed_as_far_as_the_deployment_says(
    proxies: int, forwarded: str, expected: str
) -> None:
    meta = {"REMOTE_ADDR": "10.0.0.9", "HTTP_X_FORWARDED_FOR": forwarded}
    assert client_address(meta, trusted_proxies=proxies) == expected


def test_a_hash_belongs_to_one_study_one_site_and_one_address(settings: Settings) -> None:
    def digest(address: str = HOME, study: str = "one") -> str:
        return arrival_digest(study_key=study, address=address)

    first = digest()
    assert len(first) == 64
    assert first == digest()
    assert first not in (digest(ELSEWHERE), digest(study="two"))
    settings.SECRET_KEY = "another"
    assert first != digest()


def test_an_ipv6_home_is_its_network_and_a_mapped_address_is_itself() -> None:
    def digest(address: str) -> str:
        return arrival_digest(study_key="one", address=address)

    assert digest("2a01:e0a:1:2::3") == digest("2a01:e0a:1:2:ffff::9") != digest("2a01:e0a:1:3::3")
    assert digest(f"::ffff:{HOME}") == digest(HOME)


@pytest.mark.parametrize("address", ["", "unknown", "10.1.2.3", "172.18.0.1", "127.0.0.1", "::1"])
def test_what_says_nothing_about_a_person_has_no_hash(address: str) -> None:
    assert arrival_digest(study_key="one", address=address) == ""


# -- Over HTTP


@pytest.fixture
def checked(study: Study, vendor: Vendor) -> RecruitmentLink:
    Study.objects.filter(pk=study.pk).update(check_duplicates=True)
    study.refresh_from_db()
    return make_link(study, vendor)


def come(link: RecruitmentLink, external_id: str, address: str = HOME, **headers: Any) -> None:
    response = arrive(link, f"pid={external_id}", REMOTE_ADDR=address, **headers)
    assert response.status_code == 200


def flags() -> list[tuple[str, dict[str, int]]]:
    return list(Flag.objects.order_by("participation").values_list("kind", "evidence"))


@pytest.mark.django_db
def test_two_people_from_one_address_are_both_flagged_and_both_go_on(
    checked: RecruitmentLink,
) -> None:
    other = make_link(checked.study, Vendor.objects.create(key="vendor-b", name="Vendor B"))
    come(checked, "one")
    assert flags() == []
    come(checked, "far", ELSEWHERE)
    assert flags() == []
    come(other, "two")
    assert flags() == [("duplicate", {"same_address": 1})] * 2
    come(checked, "three")
    assert flags() == [("duplicate", {"same_address": 2})] * 3
    assert Participation.objects.filter(finished_at=None, excluded_at=None).count() == 4


@pytest.mark.django_db
def test_one_person_who_comes_again_is_no_duplicate(checked: RecruitmentLink) -> None:
    come(checked, "one")
    come(checked, "one")
    come(checked, "one", ELSEWHERE)
    come(checked, "far", ELSEWHERE)
    assert flags() == []
    assert ArrivalHash.objects.count() == 2


@pytest.mark.django_db
def test_a_study_that_does_not_check_keeps_no_hash(link: RecruitmentLink) -> None:
    come(link, "one")
    come(link, "two")
    assert not ArrivalHash.objects.exists()
    assert not Flag.objects.exists()


@pytest.mark.django_db
def test_a_made_up_header_changes_nothing(checked: RecruitmentLink, settings: Settings) -> None:
    come(checked, "one", HTTP_X_FORWARDED_FOR="1.1.1.1")
    come(checked, "two", HTTP_X_FORWARDED_FOR="2.2.2.2")
    assert len(flags()) == 2
    settings.TRUSTED_PROXIES = 1
    come(checked, "three", "10.0.0.2", HTTP_X_FORWARDED_FOR=f"1.1.1.1, {ELSEWHERE}")
    come(checked, "four", "10.0.0.2", HTTP_X_FORWARDED_FOR=f"2.2.2.2, {ELSEWHERE}")
    assert flags() == [("duplicate", {"same_address": 1})] * 4


@pytest.mark.django_db
def test_a_flag_that_was_decided_on_stays_as_it_was(checked: RecruitmentLink) -> None:
    come(checked, "one")
    come(checked, "two")
    Flag.objects.update(
        decision=Flag.Decision.KEPT,
        reason="two students of one hall",
        decided_by=User.objects.create_user("r"),
        decided_at=timezone.now(),
    )
    come(checked, "three")
    assert [evidence["same_address"] for _kind, evidence in flags()] == [1, 1, 2]


@pytest.mark.django_db
def test_the_address_is_neither_stored_nor_logged(
    checked: RecruitmentLink, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        come(checked, "one")
        come(checked, "two")
    assert ArrivalHash.objects.count() == 2
    assert HOME not in caplog.text
    for model in apps.get_models():
        assert HOME not in str(list(model._default_manager.values())), model


@pytest.mark.django_db(transaction=True)
def test_of_two_who_arrive_at_once_the_second_waits_and_sees_the_first(
    link: RecruitmentLink,
) -> None:
    one, two = (join_study(link=link, external_id=who) for who in ("one", "two"))
    second_done = threading.Event()

    def arrive_second() -> None:
        note_arrival(participation=two, digest="d" * 64)
        connection.close()
        second_done.set()

    second = threading.Thread(target=arrive_second)
    with transaction.atomic():
        note_arrival(participation=one, digest="d" * 64)
        second.start()
        assert not second_done.wait(1)  # it waits for this transaction, however long it takes
    second.join()
    assert flags() == [("duplicate", {"same_address": 1})] * 2
