"""The panels of the page, in their order, with what their figures mean."""

import hashlib
from dataclasses import dataclass

from django.core.cache import cache
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from annotation.models import Phase, Study
from insights.watch import (
    cells,
    dropoff,
    machine,
    money,
    order,
    overlap,
    pay,
    progress,
    review,
    throughput,
    waits,
)
from insights.watch.view import Panel, View

SECONDS, MINUTE, FIVE_MINUTES = 10, 60, 300
HALF_HOUR = 1800  # for what counts every display of the study

PANELS: tuple[Panel, ...] = (
    Panel(
        "progress",
        _("Progress"),
        SECONDS,
        progress.view,
        meaning=(
            (
                _("judgements"),
                _(
                    "First turns of the pool that fill a place, of the places there are. Each "
                    "place of a set is filled by another person."
                ),
            ),
            (
                _("people in"),
                _(
                    "Everybody who found a place at the door, of those planned; also who left, "
                    "withdrew or was left out afterwards."
                ),
            ),
            (_("on the way"), _("In, and neither finished nor gone.")),
            (
                _("closes"),
                _(
                    "At the rate of the last 7 days, or since the first person, a day at least. If "
                    "people go on coming at random at this rate, the day lies between the two "
                    "dates in brackets 9 times of 10."
                ),
            ),
        ),
        more=(("study-pace", _("Pace and pay")), ("study-soft-launch", _("Soft launch"))),
    ),
    Panel(
        "machine",
        _("Health"),
        SECONDS,
        machine.view,
        meaning=(
            (
                _("parts"),
                _("The same that /healthz and the command doctor say. All studies share them."),
            ),
            (
                _("its worker"),
                _(
                    "Workers and beat say every 5 seconds that they are there; after 20 seconds "
                    "of silence they are asked."
                ),
            ),
            (
                _("sets that wait"),
                _(
                    "Responses that are still to be made. A set of the pool waits in every locale "
                    "that speaks its language."
                ),
            ),
            (
                _("failed"),
                _("Calls to the endpoint that ended with an error. Most are tried again."),
            ),
        ),
    ),
    Panel(
        "throughput",
        _("Throughput"),
        MINUTE,
        throughput.view,
        meaning=(
            (
                _("judgements"),
                _(
                    "Rankings stored: all turns of all conversations, re-tests and those of people "
                    "who were left out included."
                ),
            ),
        ),
    ),
    Panel(
        "review",
        _("Waiting for you"),
        MINUTE,
        review.view,
        meaning=(
            (
                _("notes"),
                _(
                    "Signals about how somebody worked. A person decides; nobody is left out by "
                    "itself. Checks that could not be made are not counted."
                ),
            ),
            (_("have answered"), _("People who wrote something to the note on their work.")),
        ),
        more=(("study-review", _("Review")), ("study-help", _("Help desk"))),
    ),
    Panel(
        "dropoff",
        _("Drop-off and dispositions"),
        MINUTE,
        dropoff.view,
        meaning=(
            (
                _("came as far as"),
                _("People who passed the screen, whatever became of them afterwards."),
            ),
            (
                _("grants"),
                _(
                    "A grant is a set of responses given to a person; each ends in one way. "
                    "Own conversations and later turns have none."
                ),
            ),
        ),
        more=(("study-dispositions", _("Dispositions")),),
    ),
    Panel(
        "waits",
        _("Waiting times"),
        MINUTE,
        waits.view,
        meaning=(
            (
                _("wait"),
                _(
                    "From a person's last act before her next responses (her message, or her "
                    "explanation) until they were ready; 0 where they were ready before. Waits "
                    "of people who gave up are in it only if the responses came."
                ),
            ),
        ),
    ),
    Panel(
        "overlap",
        _("Overlap"),
        MINUTE,
        overlap.view,
        meaning=(
            (
                _("judgements of those wanted"),
                _(
                    "Different people who judged the prompt's set in this locale, of the target. "
                    "After a plus: people who are at it now."
                ),
            ),
        ),
        more=(("study-overlap", _("Overlap")),),
    ),
    Panel(
        "cells",
        _("Cells"),
        MINUTE,
        cells.view,
        meaning=(
            (_("placed"), _("People of the cell who hold a place and were not left out.")),
            (
                _("sets they can judge"),
                _("What those who are missing can judge, if each takes all she may."),
            ),
            (
                _("sets to spare"),
                _(
                    "What the people planned could judge beyond the places; below 0 the locale "
                    "cannot fill."
                ),
            ),
        ),
        more=(("study-plan", _("Plan")),),
    ),
    Panel(
        "money",
        _("Spending"),
        MINUTE,
        money.view,
        meaning=(
            (
                _("spent"),
                _(
                    "Tokens of every call at the endpoint's prices, refused attempts included, of "
                    "all studies that share the budget."
                ),
            ),
            (
                _("when all judgements are in"),
                _(
                    "What was spent, and for each judgement still wanted what sets made while "
                    "people wait have cost for each so far. Sets of the pool are made once. "
                    "Given from 20 judgements on."
                ),
            ),
        ),
    ),
    Panel(
        "pay",
        _("Pay"),
        FIVE_MINUTES,
        pay.view,
        meaning=(
            (
                _("pay an hour"),
                _(
                    "Pay for the whole study by the median hours of those who finished: from "
                    "joining to the last page, pauses longer than 15 minutes cut out."
                ),
            ),
            (_("alarm"), _("The pay is below the locale's floor.")),
        ),
        more=(("study-pace", _("Pace and pay")),),
    ),
    Panel(
        "order",
        _("Order on the page"),
        HALF_HOUR,
        order.view,
        meaning=(
            (
                _("displays"),
                _(
                    "How often a response of the arm's sets stood in each place: first turns of "
                    "the pool whose judgement fills a place, and apart from them all other turns."
                ),
            ),
            (
                _("alarm beyond"),
                _(
                    "How far a count may be from the equal share. Of the pool: what the balanced "
                    "squares can leave while places are open, and never more than orders drawn at "
                    "random come to. If all is right, 1 of 1000 studies alarms, ever, however "
                    "often somebody looks."
                ),
            ),
            (
                _("share of choices"),
                _(
                    "First turns of the pool; the mean of people's own shares, of those who "
                    "finished. People favour places; that is an estimate and never an alarm. The "
                    "bounds are a confidence sequence (Howard and others, 2021): they hold however "
                    "often somebody looks."
                ),
            ),
        ),
    ),
)
BY_NAME = {panel.name: panel for panel in PANELS}


@dataclass(frozen=True)
class Shown:
    """A panel with its figures; `version` changes with anything that stands in it."""

    panel: Panel
    view: View

    @property
    def every(self) -> int:
        """Seconds until the page asks again."""
        return SECONDS if self.view.waiting else self.panel.every

    @property
    def version(self) -> str:
        return hashlib.sha256(repr(self.view).encode()).hexdigest()[:16]


def show(panel: Panel, study: Study, phase: Phase) -> Shown:
    """Slow panels are read once for everybody who watches: twice in their time at most."""
    if panel.every <= SECONDS:
        return Shown(panel, panel.read(study, phase))
    key = f"watch:{panel.name}:{study.pk}:{phase.value}:{get_language()}"
    found: View | None = cache.get(key)
    if found is None:
        found = panel.read(study, phase)
        if not found.waiting:
            cache.set(key, found, timeout=panel.every / 2)
    return Shown(panel, found)
