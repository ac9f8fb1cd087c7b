"""The cells of a study: who fills them, and what stays of people who leave at the door."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet

from accounts.models import Answer, Instrument
from annotation.actions.strata import stored_cells
from annotation.cells.quotas import REFUSED, Cell, Facts, Finding, find_place, fits
from annotation.cells.strata import JOIN, stratum_of
from annotation.cells.tables import CellFault, expand, people_of
from annotation.models import Outcome, Participation, Phase, ScreeningCount, Slot, Study


def find_cell_place(*, participation: Participation) -> Finding:
    """Whether the study's cells leave a place for her, by her country and stored answers.

    Called inside a transaction: the study's quotas stay locked until it ends, so that of
    people who race for the last place of a cell exactly one gets it.
    """
    if participation.phase == Phase.PREVIEW:  # it fills no cell, and finds none full
        return find_place(stored_cells(participation.study), _own_facts(participation), {})
    cells = stored_cells(participation.study, lock=True)
    others = placed_people(participation.study, participation.phase).exclude(pk=participation.pk)
    placed = people_by_cell(participation.study, others, cells)
    return find_place(cells, _own_facts(participation), placed)


def people_by_cell(
    study: Study, people: QuerySet[Participation], cells: Sequence[Cell]
) -> Counter[str]:
    """How many of these people fit each cell: as noted on them, so that the door costs the
    same for the last as for the first; whoever has nothing noted is looked at."""
    placed: Counter[str] = Counter()
    if not cells:
        return placed
    noted = people.exclude(stratum="").order_by().values_list("stratum")
    for stratum, number in noted.annotate(number=Count("pk")):
        placed.update(dict.fromkeys(stratum.split(JOIN), number))
    for facts in facts_of(study, people.filter(stratum="")).values():
        placed.update(cell.key for cell in cells if fits(cell.conditions, facts))
    return placed


def placed_people(study: Study, phase: str) -> QuerySet[Participation]:
    """Those who hold a place of a cell: found one, and neither left nor were left out."""
    return Participation.objects.filter(
        study=study,
        phase=phase,
        screened_at__isnull=False,
        declined_at=None,
        withdrawn_at=None,
        excluded_at=None,
        outcome__in=("", Outcome.COMPLETE),
    )


def most_places(*, participation: Participation, stratum: str) -> int | None:
    """How many places of her stratum she may take; None: any number.

    A share of the stratum's places in her locale and phase, and one at least.
    """
    share = participation.study.cell_share
    if share >= 1 or participation.phase == Phase.PREVIEW:
        return None
    slots = Slot.objects.filter(
        locale=participation.locale_id, phase=participation.phase, stratum=stratum
    ).exclude(status=Slot.Status.VOID)
    return share_of_places(share=share, places=slots.count())


def share_of_places(*, share: float, places: int) -> int | None:
    """Of so many places, how many one person may take; None: any number."""
    return None if share >= 1 else max(1, math.floor(share * places + 1e-9))


def lock_people(study: Study) -> None:
    """Everybody of the study, first of all, as she locks herself before anything else.

    Strata are noted on people; and nobody claims a place meanwhile, for she would find
    every free one locked and believe that nothing is left. Without the key: what refers to
    her goes on.
    """
    people = Participation.objects.filter(study=study).order_by("pk")
    list(people.select_for_update(of=("self",), no_key=True).values_list("pk"))


def stamp_people(*, study: Study) -> int:
    """Notes anew for everybody who holds a place which stratum is hers and what she may take.

    After a change of the cells or the places. Returns for how many people something
    changed; a second call changes nothing. What she did before stays hers.
    """
    cells, changed = stored_cells(study), []
    phases = study.participations.order_by().values_list("phase", flat=True).distinct()
    for phase in list(phases):
        people = placed_people(study, phase).select_related("study")
        facts = facts_of(study, people) if cells else {}
        allowed = _remembered()
        for person in people:
            stratum = stratum_of(cells, facts.get(person.annotator_id, {}))
            most = allowed(person, stratum)
            if (person.stratum, person.most_places) != (stratum, most):
                person.stratum, person.most_places = stratum, most
                changed.append(person)
    Participation.objects.bulk_update(changed, ["stratum", "most_places"], batch_size=1000)
    return len(changed)


def stamp_person(*, participation: Participation) -> None:
    """Notes anew which stratum is hers and what she may take: for somebody who is back after the
    cells or places changed without her. Does nothing for who never found a place."""
    if participation.screened_at is None:
        return
    cells = stored_cells(participation.study)
    stratum = stratum_of(cells, _own_facts(participation) if cells else {})
    Participation.objects.filter(pk=participation.pk).update(
        stratum=stratum, most_places=most_places(participation=participation, stratum=stratum)
    )


def _remembered() -> Callable[[Participation, str], int | None]:
    """`most_places`, asked once for each locale and stratum of a phase."""
    first: dict[tuple[int | None, str], Participation] = {}

    @cache
    def ask(locale: int | None, stratum: str) -> int | None:
        return most_places(participation=first[locale, stratum], stratum=stratum)

    def remember(person: Participation, stratum: str) -> int | None:
        first.setdefault((person.locale_id, stratum), person)
        return ask(person.locale_id, stratum)

    return remember


@transaction.atomic
def forget_screening(*, participation: Participation, outcome: Outcome) -> None:
    """Deletes her screening answers and counts one more person who left with this outcome.

    Only a count by locale, phase and cells stays. A second call counts again: call it once, in
    the transaction that notes why she leaves.
    """
    study, facts = participation.study, _own_facts(participation)
    cells = ",".join(cell.key for cell in stored_cells(study) if fits(cell.conditions, facts))
    count, _created = ScreeningCount.objects.get_or_create(
        study=study,
        locale=participation.locale,
        phase=participation.phase,
        outcome=outcome,
        cell=cells[:200],
    )
    ScreeningCount.objects.filter(pk=count.pk).update(people=F("people") + 1)
    Participation.objects.filter(pk=participation.pk).update(
        screened_at=None, stratum="", most_places=None
    )
    forget_answers(participation=participation)


def forget_answers(*, participation: Participation) -> None:
    """Deletes her screening answers, unless another study of hers needs them, at whatever place
    it asks for them. A second call finds none."""
    instrument = participation.study.quota_instrument_id
    elsewhere = Participation.objects.filter(
        Q(study__quota_instrument=instrument)
        | Q(study__closing_instrument=instrument)
        | Q(study__placements__contains=[{"instrument": instrument}]),
        annotator=participation.annotator_id,
        screened_at__isnull=False,
    )
    if not elsewhere.exclude(pk=participation.pk).exists():
        Answer.objects.filter(
            annotator=participation.annotator_id, question__instrument=instrument
        ).delete()


def _own_facts(participation: Participation) -> Facts:
    people = Participation.objects.filter(pk=participation.pk)
    return facts_of(participation.study, people)[participation.annotator_id]


def facts_of(study: Study, people: QuerySet[Participation]) -> dict[int, Facts]:
    """Country and screening answers of each person, by annotator."""
    found: dict[int, dict[str, str | int]] = {
        annotator: {"country": country}
        for annotator, country in people.values_list("annotator", "country")
    }
    answers = Answer.objects.filter(
        annotator__in=people.values("annotator"), question__instrument=study.quota_instrument_id
    ).exclude(status=Answer.Status.NOT_SHOWN)
    columns = ("annotator", "question__code", "option__code", "number")
    for annotator, code, option, number in answers.values_list(*columns):
        if annotator not in found:  # she came between the two reads
            continue
        if option is None and number is None:
            found[annotator][code] = REFUSED
        else:
            found[annotator][code] = option if number is None else number
    return dict(found)


def find_cells(*, study: Study, cells: Any) -> list[dict[str, Any]]:
    """Cells as they would be stored for this study. Raises ValidationError, one sentence."""
    people = people_of(list(study.locales.order_by("pk").values_list("country", "planned_people")))
    try:
        return expand(cells, people, _questions(study.quota_instrument))
    except CellFault as fault:
        raise ValidationError(str(fault)) from fault


def _questions(instrument: Instrument) -> dict[str, dict[str, Any]]:
    """The screening's questions with the options of every country, as a study file has them."""
    options: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    kinds: dict[str, str] = {}
    for question in instrument.questions.prefetch_related("options"):
        kinds[question.code] = question.kind
        options[question.code] += [{"code": option.code} for option in question.options.all()]
    return {code: {"kind": kind, "options": options[code]} for code, kind in kinds.items()}
