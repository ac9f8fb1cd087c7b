"""What an hour pays, by country and vendor."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.countries import country_name
from annotation.models import Phase, Study
from insights.fieldwork.pace import pays
from insights.fieldwork.pace_tables import pay_table
from insights.tables import number
from insights.watch.view import FIVE_MINUTES, Panel, View

LATEST = 50  # people of each country and vendor; the page "Pace and pay" looks at 500


def view(study: Study, phase: Phase) -> View:
    found = pays(study, phase, most=LATEST)
    words = _("In %(country)s people sent by %(vendor)s earn %(paid)s an hour, below the floor.")
    return View(
        tables=[pay_table(found)],
        lines=[_("Over the latest %(n)s people of each row.") % {"n": LATEST}],
        alarms=[
            words
            % {
                "country": country_name(pay.country),
                "vendor": pay.vendor,
                "paid": f"{number(pay.an_hour, 2)} {pay.currency}".strip(),
            }
            for pay in found
            if pay.too_low
        ],
    )


PANEL = Panel(
    "pay",
    gettext_lazy("Pay"),
    FIVE_MINUTES,
    view,
    meaning=(
        (
            gettext_lazy("pay an hour"),
            gettext_lazy(
                "Pay for the whole study by the median hours of those who finished: from "
                "joining to the last page, pauses longer than 15 minutes cut out."
            ),
        ),
        (gettext_lazy("alarm"), gettext_lazy("The pay is below the locale's floor.")),
    ),
    more=(("study-pace", gettext_lazy("Pace and pay")),),
)
