"""Where responses stood alarms when it cannot be chance; what people choose never does."""

from datetime import timedelta

import numpy as np
import pytest
from django.core.cache import cache
from django.db.models import F, OuterRef, Subquery
from django.utils import translation

from annotation.dealing.seeds import pool_order
from annotation.models import Phase, RecruitmentLink, ShownCandidate, Turn
from candidates.models import Candidate
from insights import tasks
from insights.statistics.sequences import display_bound
from insights.watch import order
from insights.watch.balance import Standing, display_alarms, standings
from insights.watch.page import BY_NAME, show
from insights.watch.places import FEW, PlaceShares, estimates, place_shares
from tests.walker import Walker

pytestmark = pytest.mark.django_db


def judge(link: RecruitmentLink, people: int, place: int = 0) -> None:
    """So many people judge one conversation of the pool and choose what stands in a place."""
    for _person in range(people):
        walker = Walker(link)
        walker.enter()
        walker.rank(
            walker.current_turn(walker.open_kind("pool")),
            [1 if at == place else 2 for at in range(4)],
        )
    translation.activate("en")


def test_each_response_is_counted_in_the_place_where_it_stood(
    link: RecruitmentLink, people: list[Walker]
) -> None:
    found = standings(link.study, "main")
    pool = [one for one in found if not one.live]
    judged = Turn.objects.filter(
        position=1, live=False, conversation__grant__slot__status="done"
    ).count()
    assert len(pool) == 4
    for one in pool:
        assert one.displays == judged
        for place, count in enumerate(one.counts):
            assert (
                count
                == ShownCandidate.objects.filter(
                    turn__position=1,
                    turn__live=False,
                    turn__conversation__grant__slot__status="done",
                    candidate__position=one.response,
                    position=place,
                ).count()
            )
    live = [one for one in found if one.live]
    assert (
        sum(one.displays for one in live) == ShownCandidate.objects.filter(turn__live=True).count()
    )


def test_orders_as_they_are_dealt_do_not_alarm(link: RecruitmentLink, people: list[Walker]) -> None:
    assert not display_alarms(standings(link.study, "main"))


def test_a_response_that_stands_where_no_square_puts_it_alarms(link: RecruitmentLink) -> None:
    """Both places of every set are judged, so that hardly anything is left to chance."""
    judge(link, 6)
    stored = ShownCandidate.objects.filter(turn__live=False)
    placed = Candidate.objects.filter(pk=OuterRef("candidate")).values("position")
    stored.update(position=F("position") + 10)
    stored.update(position=Subquery(placed))
    wrong = display_alarms(standings(link.study, "main"))
    assert wrong
    assert "stood in place 1" in wrong[0]
    assert order.view(link.study, Phase.MAIN).alarms == wrong


def test_the_squares_leave_what_the_bound_says_and_no_more() -> None:
    """Every way to judge some of a set's places stays within it; one more display does not."""
    places = 10
    rows = [pool_order(n=4, seed=7, ordinal=ordinal) for ordinal in range(places)]
    for done in range(1, places + 1):
        most = min(done, -(-places // 4))
        least = max(0, places // 4 - (places - done))
        for first in range(places - done + 1):
            judged = rows[first : first + done]
            counts = [sum(row[0] == response for row in judged) for response in range(4)]
            assert least <= min(counts)
            assert max(counts) <= most


def test_far_from_the_equal_share_is_wrong_however_many_there_are() -> None:
    random = float(display_bound(np.array(1000 / 4), alpha=1e-5))
    for away, wrong in ((0, []), (random - 1, []), (random + 1, [0])):
        counts = (int(250 + away), 250, 250, int(250 - away))
        one = Standing("arm", True, 0, "default", counts, random, random)
        assert one.wrong[:1] == wrong


def test_shares_of_choices_are_of_people_who_finished(
    link: RecruitmentLink, people: list[Walker]
) -> None:
    found = place_shares(link.study, "main")
    assert found.people == 1
    # She put all in the order of the page, every time.
    assert found.shares.tolist() == [[1.0, 0.0, 0.0, 0.0]]
    assert found.chance.tolist() == [[0.25] * 4]
    (first, *_others) = estimates(found)
    assert (first.share, first.low, first.high) == (1.0, None, None)


def test_choosing_one_place_always_is_an_estimate_and_no_alarm(link: RecruitmentLink) -> None:
    shares = np.tile([1.0, 0.0, 0.0, 0.0], (FEW * 10, 1))
    found = PlaceShares(shares, np.full_like(shares, 0.25))
    first, second, *_others = estimates(found)
    assert first.low is not None
    assert first.low > 0.8
    assert second.high is not None
    assert second.high < 0.2
    assert not order.view(link.study, Phase.MAIN).alarms


def test_a_large_studys_displays_are_counted_by_a_worker_and_the_page_opens_at_once(
    link: RecruitmentLink, people: list[Walker], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the panel shows then is what was counted; nobody counts while it is fresh."""
    study, asked = link.study, []
    at_once = order.view(study, Phase.MAIN)
    assert len(at_once.tables[0].rows) > 4
    monkeypatch.setattr(order, "AT_ONCE", 0)
    monkeypatch.setattr(tasks, "enqueue_order", lambda *which: asked.append(which))
    for _look in range(2):
        shown = show(BY_NAME["order"], study, Phase.MAIN)
        assert (shown.view.waiting, shown.every, shown.view.tables) == (True, 10, ())
    assert asked == [(study.pk, "main")], "one worker is asked"
    tasks.count_order(*asked[0])
    shown = show(BY_NAME["order"], study, Phase.MAIN)
    assert shown.view == at_once
    assert shown.every == BY_NAME["order"].every
    cache.delete(f"watch:displays:{study.pk}:main:asked")
    monkeypatch.setattr(order, "RENEWED", timedelta(0))
    assert order.view(study, Phase.MAIN) == at_once
    assert len(asked) == 2, "what is old is shown, and counted anew"
