"""The panel on order: where responses stood, and which place people chose."""

from annotation.models import Phase, Study
from insights.watch.balance import display_alarms, display_table, standings
from insights.watch.places import choice_chart, choice_table, estimates, place_shares
from insights.watch.view import View


def view(study: Study, phase: Phase) -> View:
    stood, chose = standings(study, phase), place_shares(study, phase)
    estimated = estimates(chose)
    return View(
        tables=[display_table(stood), choice_table(chose, estimated)],
        alarms=display_alarms(stood),
        chart=choice_chart(estimated),
    )
