"""How far people come, screen by screen, and how grants ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Consent, Purpose
from annotation.models import Conversation, Outcome, Participation, Phase, Ranking, Study
from insights.fieldwork.tables import broke_off_table, grants_table
from insights.tables import Row, Table, number
from insights.watch.view import MINUTE, Panel, View

FEW = 10  # people; below, a share says little

NAMES: Mapping[str, Promise] = {
    "entered": gettext_lazy("pressed start"),
    "language": gettext_lazy("chose a language"),
    "screened": gettext_lazy("answered the screening and found a place"),
    "consented": gettext_lazy("consented"),
    "guidelines": gettext_lazy("read the guidelines"),
    "practised": gettext_lazy("did the practice item"),
    "opened": gettext_lazy("opened a conversation"),
    "judged": gettext_lazy("judged a first turn"),
    "ended": gettext_lazy("finished a conversation"),
    "finished": gettext_lazy("finished the study"),
}
GONE: Mapping[str, Promise] = {
    "screened_out": gettext_lazy("screened out"),
    "quota_full": gettext_lazy("found their group full"),
    "declined": gettext_lazy("did not consent"),
    "withdrawn": gettext_lazy("withdrew"),
}


@dataclass(frozen=True)
class Funnel:
    """People by how far they came, and by how they went. `locale` None: no language chosen."""

    locale: str
    reached: Mapping[str, int]
    gone: Mapping[str, int]


def funnels(study: Study, phase: str) -> list[Funnel]:
    """One for each locale and one for all, last. Who came as far as a screen is counted at
    every screen before it."""
    talks = Conversation.objects.filter(participation=OuterRef("pk"))
    consent = Consent.objects.filter(
        annotator=OuterRef("annotator"),
        document=study.consent_document_id,
        purpose=Purpose.TAKE_PART,
        given=True,
    )
    judged = Ranking.objects.filter(turn__conversation__participation=OuterRef("pk"))
    people = Participation.objects.filter(study=study, phase=phase).annotate(
        has_consented=Exists(consent),
        has_opened=Exists(talks),
        has_judged=Exists(judged.filter(turn__position=1)),
        has_ended=Exists(talks.filter(status=Conversation.Status.FINISHED)),
    )
    steps, ends = _steps(study), _ends()
    rows = (
        people.order_by()
        .values("locale__country", "locale__language")
        .annotate(
            **{name: Count("pk", filter=rule) for name, rule in steps.items()},
            **{f"gone_{name}": Count("pk", filter=rule) for name, rule in ends.items()},
        )
    )
    found = [_funnel(row, steps, ends) for row in rows]
    found.sort(key=lambda funnel: (not funnel.locale, funnel.locale))
    return [*found, _all_of(found, steps, ends)]


def _steps(study: Study) -> dict[str, Q]:
    """The rule of each screen that the study has, in their order."""
    rules = {
        "entered": Q(pk__isnull=False),
        "language": Q(locale__isnull=False),
        "screened": Q(screened_at__isnull=False),
        "consented": Q(screened_at__isnull=False, has_consented=True),
        "guidelines": Q(guidelines_read_at__isnull=False),
        "practised": Q(practised_at__isnull=False),
        "opened": Q(has_opened=True),
        "judged": Q(has_judged=True),
        "ended": Q(has_ended=True),
        "finished": Q(outcome=Outcome.COMPLETE),
    }
    if not study.practice:
        del rules["practised"]
    return rules


def _ends() -> dict[str, Q]:
    return {
        "screened_out": Q(outcome=Outcome.SCREENED_OUT),
        "quota_full": Q(outcome=Outcome.QUOTA_FULL),
        "declined": Q(declined_at__isnull=False),
        "withdrawn": Q(withdrawn_at__isnull=False),
    }


def _funnel(row: Mapping[str, object], steps: Mapping[str, Q], ends: Mapping[str, Q]) -> Funnel:
    country, language = row["locale__country"], row["locale__language"]
    return Funnel(
        locale=f"{country}-{language}" if country else "",
        reached={name: int(str(row[name])) for name in steps},
        gone={name: int(str(row[f"gone_{name}"])) for name in ends},
    )


def _all_of(found: Sequence[Funnel], steps: Mapping[str, Q], ends: Mapping[str, Q]) -> Funnel:
    return Funnel(
        locale="",
        reached={name: sum(funnel.reached[name] for funnel in found) for name in steps},
        gone={name: sum(funnel.gone[name] for funnel in found) for name in ends},
    )


def view(study: Study, phase: Phase) -> View:
    *places, everybody = funnels(study, phase)
    return View(
        tables=[
            _reached(places, everybody),
            _gone(places, everybody),
            grants_table(study, phase),
            broke_off_table(study, phase),
        ]
    )


def _heads(places: Sequence[Funnel]) -> list[str]:
    return [funnel.locale or _("no language yet") for funnel in places]


def _reached(places: Sequence[Funnel], everybody: Funnel) -> Table:
    rows, before = [], everybody.reached["entered"]
    entered = everybody.reached["entered"]
    for name, people in everybody.reached.items():
        rows.append(
            Row(
                [
                    *(str(NAMES[name]), number(people), _share(people, entered)),
                    _share(people, before),
                    *(number(funnel.reached[name]) for funnel in places),
                ]
            )
        )
        before = people
    return Table(
        title=_("Drop-off by screen"),
        columns=[
            *(_("came as far as"), _("all"), _("of all, %"), _("of the screen before, %")),
            *_heads(places),
        ],
        rows=rows,
        notes=[_("Shares are given from %(n)s people on.") % {"n": FEW}],
    )


def _share(part: int, whole: int) -> str:
    return number(100 * part / whole if whole >= FEW else None, 1)


def _gone(places: Sequence[Funnel], everybody: Funnel) -> Table:
    return Table(
        title=_("How people went"),
        columns=[_("went because they"), _("all"), *_heads(places)],
        rows=[
            Row([str(GONE[name]), number(n), *(number(funnel.gone[name]) for funnel in places)])
            for name, n in everybody.gone.items()
        ],
    )


PANEL = Panel(
    "dropoff",
    gettext_lazy("Drop-off and dispositions"),
    MINUTE,
    view,
    meaning=(
        (
            gettext_lazy("came as far as"),
            gettext_lazy("People who passed the screen, whatever became of them afterwards."),
        ),
        (
            gettext_lazy("grants"),
            gettext_lazy(
                "A grant is a set of responses given to a person; each ends in one way. "
                "Own conversations and later turns have none."
            ),
        ),
    ),
    more=(("study-dispositions", gettext_lazy("Dispositions")),),
)
