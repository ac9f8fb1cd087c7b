"""The cells of a study: who fills them, and what stays of people who leave at the door."""

from django.db import transaction
from django.db.models import F, QuerySet

from accounts.models import Answer
from annotation.models import Outcome, Participation, Quota, ScreeningCount, Study
from annotation.quotas import REFUSED, Cell, Facts, Finding, find_place, fits


def find_cell_place(*, participation: Participation) -> Finding:
    """Whether the study's cells leave a place for her, by her country and stored answers.

    Called inside a transaction: the study's quotas stay locked until it ends, so that of
    people who race for the last place of a cell exactly one gets it.
    """
    cells = _cells(participation.study, lock=True)
    others = placed_people(participation.study, participation.phase).exclude(pk=participation.pk)
    facts = facts_of(participation.study, others) if cells else {}
    return find_place(cells, _own_facts(participation), facts.values())


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


@transaction.atomic
def forget_screening(*, participation: Participation, outcome: Outcome) -> None:
    """Deletes her screening answers and counts one more person who left with this outcome.

    Only a count by locale, phase and cells stays. A second call counts again: call it once, in
    the transaction that notes why she leaves.
    """
    study, facts = participation.study, _own_facts(participation)
    cells = ",".join(cell.key for cell in _cells(study) if fits(cell.conditions, facts))
    count, _created = ScreeningCount.objects.get_or_create(
        study=study,
        locale=participation.locale,
        phase=participation.phase,
        outcome=outcome,
        cell=cells[:200],
    )
    ScreeningCount.objects.filter(pk=count.pk).update(people=F("people") + 1)
    Participation.objects.filter(pk=participation.pk).update(screened_at=None)
    forget_answers(participation=participation)


def forget_answers(*, participation: Participation) -> None:
    """Deletes her screening answers, unless another study of hers needs them. A second call
    finds none."""
    instrument = participation.study.quota_instrument_id
    elsewhere = Participation.objects.filter(
        annotator=participation.annotator_id,
        screened_at__isnull=False,
        study__quota_instrument=instrument,
    )
    if not elsewhere.exclude(pk=participation.pk).exists():
        Answer.objects.filter(
            annotator=participation.annotator_id, question__instrument=instrument
        ).delete()


def _cells(study: Study, *, lock: bool = False) -> list[Cell]:
    quotas = Quota.objects.filter(study=study).order_by("pk")
    if lock:
        quotas = quotas.select_for_update()
    return [Cell(quota.key, quota.conditions, quota.target) for quota in quotas]


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
        if option is None and number is None:
            found[annotator][code] = REFUSED
        else:
            found[annotator][code] = option if number is None else number
    return dict(found)
