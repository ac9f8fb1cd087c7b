"""The preflight's part about people: whether they suffice, are paid, can come in, and learn how.

None of it stops a study: a person weighs it.
"""

from collections import Counter
from collections.abc import Sequence

from django.utils.translation import gettext as _

from annotation.cells.quotas import alternatives
from annotation.models import Convention, Outcome, RecruitmentLink, Study
from annotation.readiness.finding import Finding, State
from annotation.steps.room import STOPPING
from insights.preflight.planned import LocaleWork
from insights.statistics.forecast import hourly


def check_room(work: Sequence[LocaleWork]) -> list[Finding]:
    """Whether the people planned can fill what is wanted, locale by locale."""
    part, found = _("People for the places"), []
    unplanned = [one for one in work if not one.locale.planned_people]
    if unplanned:
        words = _("Nobody is planned, and the judgements wanted need: %(people)s.") % {
            "people": ", ".join(f"{one.locale} {one.needed}" for one in unplanned)
        }
        todo = _("Say how many people are planned in each locale.")
        found.append(Finding(part, State.WAIT, words, todo, "study-write"))
    for one in work:
        if not one.locale.planned_people or not one.wanted or not one.open_at_the_end:
            continue
        words = _(
            "%(locale)s: %(people)s people leave %(open)s of %(wanted)s places open; "
            "it needs %(needed)s."
        ) % {
            "locale": one.locale, "people": one.people, "open": one.open_at_the_end,
            "wanted": one.wanted, "needed": one.needed,
        }  # fmt: skip
        todo = _("Plan more people, more conversations each, or a lower target.")
        found.append(Finding(part, State.WAIT, words, todo, "study-write"))
    return found or [Finding(part, State.OK, _("The people planned can fill every locale."))]


def check_cells(study: Study) -> list[Finding]:
    """Cells that want nobody, cells that nobody can fill, and countries whose people fit none."""
    part, found = _("Cells of people"), []
    quotas = list(study.quotas.order_by("key"))
    empty = [quota.key for quota in quotas if not quota.target]
    if empty:
        words = _("Wants nobody: %(cells)s.") % {"cells": ", ".join(empty)}
        todo = _("Give them people, or merge them.")
        found.append(Finding(part, State.WAIT, words, todo, "study-plan"))
    named: Counter[str] = Counter(
        country
        for quota in quotas
        for way in alternatives(quota.conditions)
        for country in way.get("country", [])
    )
    countries = set(study.locales.values_list("country", flat=True))
    elsewhere = [
        quota.key
        for quota in quotas
        if not any(
            countries & set(way.get("country", countries)) for way in alternatives(quota.conditions)
        )
    ]
    if elsewhere:
        words = _("Nobody can fill %(cells)s: the study has no locale in their countries.")
        todo = _("Take them away, or add the locales.")
        names = {"cells": ", ".join(elsewhere)}
        found.append(Finding(part, State.WAIT, words % names, todo, "study-plan"))
    anywhere = any(
        "country" not in way for quota in quotas for way in alternatives(quota.conditions)
    )
    outside = [] if anywhere else sorted(countries - set(named))
    if quotas and outside:
        words = _("Nobody of %(countries)s fits a cell: all would be sent away.")
        todo = _("Add cells for these countries.")
        found.append(
            Finding(part, State.WAIT, words % {"countries": ", ".join(outside)}, todo, "study-plan")
        )
    said = _("%(number)s cells.") % {"number": len(quotas)} if quotas else _("None: all may join.")
    return found or [Finding(part, State.OK, said)]


def check_pay(work: Sequence[LocaleWork], minutes: int) -> list[Finding]:
    part, found = _("Pay"), []
    for one in work:
        locale, paid = one.locale, None
        if locale.pay is None or not locale.currency:
            words, todo = _("%(locale)s: no pay is stated."), _("State pay and currency.")
            found.append(Finding(part, State.WAIT, words % {"locale": locale}, todo, "study-write"))
            continue
        paid = hourly(float(locale.pay), minutes)
        if locale.pay_floor is not None and paid is not None and paid < float(locale.pay_floor):
            words = _(
                "%(locale)s: %(minutes)s minutes for %(pay)s %(currency)s are %(paid)s an hour, "
                "below your floor of %(floor)s."
            ) % {
                "locale": locale, "minutes": minutes, "pay": locale.pay,
                "currency": locale.currency, "paid": f"{paid:.2f}", "floor": locale.pay_floor,
            }  # fmt: skip
            todo = _("Pay more, or ask for less time.")
            found.append(Finding(part, State.WAIT, words, todo, "study-write"))
    return found or [Finding(part, State.OK, _("Stated everywhere, and above the floor."))]


def check_ways_in(study: Study, phase: str) -> list[Finding]:
    part = _("Recruitment links")
    links = RecruitmentLink.objects.filter(study=study, phase=phase).select_related("vendor")
    if not links:
        words = _("Nobody can come in yet: this phase has no link.")
        todo = _("Make one: manage.py recruitment_link %(study)s VENDOR --phase %(phase)s") % {
            "study": study, "phase": phase,
        }  # fmt: skip
        return [Finding(part, State.WAIT, words, todo)]
    drawn = [
        str(link.vendor)
        for link in links
        if link.convention != Convention.PLAIN and Outcome.COMPLETE not in link.codes
    ]
    if drawn:
        words = _("No completion code is agreed with %(vendors)s: each person gets a random one.")
        todo = _("Make a link with the service's own codes.")
        return [Finding(part, State.WAIT, words % {"vendors": ", ".join(drawn)}, todo)]
    words = _("There: %(vendors)s.") % {"vendors": ", ".join(str(link.vendor) for link in links)}
    return [Finding(part, State.OK, words)]


def check_practice(study: Study) -> Finding:
    part = _("Practice item")
    if study.practice:
        return Finding(part, State.OK, _("People practise once, with a question."))
    words = _("None: people meet the ranking for the first time in their first conversation.")
    return Finding(part, State.WAIT, words, _("Write one."), "study-write")


def check_stop_and_look(study: Study, phase: str) -> list[Finding]:
    """Whether somebody looks before all people have come."""
    part = _("Soft launch")
    if phase not in STOPPING:
        return []
    if study.soft_launch is None:
        words = _("No locale stops after its first people.")
        todo = _("Set a soft launch: what is wrong shows with 50 people as well as with 600.")
        return [Finding(part, State.WAIT, words, todo, "study-write")]
    words = _("Each locale stops after %(number)s people until somebody has signed.")
    return [Finding(part, State.OK, words % {"number": study.soft_launch})]
