"""Somebody who explains for a while does not wait for the next answers."""

import pytest
from playwright.sync_api import Browser, expect

from accounts.models import Vendor
from annotation.actions.definition import apply_study
from annotation.actions.link import create_recruitment_link
from annotation.actions.pool import request_pool
from annotation.actions.study import open_study
from annotation.models import Phase, Turn
from candidates.models import CandidateSet
from tests.definitions import small_definition
from tests.processes import Site, Worker, wait_until
from tests.provider import Provider
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)
LATENCY, EXPLAINING = 8, 20
HELD = 600  # until it is told otherwise: however slow this machine is, nothing comes before that


def test_explaining_for_twenty_seconds_hides_a_provider_of_eight(
    worker: Worker, site: Site, browser: Browser, provider: Provider
) -> None:
    study = apply_study(
        small_definition(prompts=1, pool_conversations=1, own_conversations=0, turn_lengths={2: 1})
    )
    sets = request_pool(study=study)
    wait_until(lambda: CandidateSet.objects.ready().count() == len(sets))
    open_study(study=study)
    vendor = Vendor.objects.create(key="vendor", name="Vendor")
    walker = Walker(create_recruitment_link(study=study, vendor=vendor, phase=Phase.MAIN))
    walker.enter()
    conversation = walker.open()
    provider.be_slow(HELD)

    page = browser.new_page()
    page.clock.install()
    page.goto(f"{site.address}/return/{walker.participation.return_token}/")
    page.locator("main form button").click()
    expect(page.locator("#ranking.is-live")).to_be_visible()
    page.wait_for_load_state()
    for place, answer in enumerate(page.locator("[data-answer]").all(), start=1):
        answer.locator(f'input[value="{place}"]').check(force=True)
    page.locator('input[name="acceptable"][value="yes"]').check()
    page.locator('input[name="represents"][value="yes"]').check()
    page.locator('textarea[name="next_message"]').fill("Et ensuite ?")
    page.locator("#ranking > button").click()
    expect(page.locator(".stored")).to_be_visible()
    # The explanation is asked for while a worker makes the next answers.
    expect(page.locator(".next-answers.waiting")).to_be_visible()
    following = Turn.objects.select_related("candidate_set").get(
        conversation=conversation, position=2
    )
    assert following.candidate_set.status == "pending"
    provider.be_slow(LATENCY)
    wait_until(lambda: CandidateSet.objects.ready().filter(pk=following.candidate_set_id).exists())
    page.clock.fast_forward(EXPLAINING * 1000)
    expect(page.locator(".next-answers")).not_to_have_class("next-answers waiting")
    page.locator('textarea[name="text"]').fill("Elle est plus humaine.")
    page.locator(".card > button").click()
    # No waiting page in between: the next thing she sees is the next four answers.
    expect(page.locator("[data-answer]")).to_have_count(4)
    assert page.locator(".next-answers").count() == 0
    following.refresh_from_db()
    following.candidate_set.refresh_from_db()
    assert following.waited() == 0
    page.close()
