"""Makes the scene's rows differ where they were all alike, so that a lost column shows."""

from accounts.models import Answer, Consent, Option, Purpose
from annotation.models import (
    Conversation,
    Explanation,
    Participation,
    RankedCandidate,
    Ranking,
    Slot,
    Study,
    Turn,
    Wave,
)
from candidates.models import Candidate, CandidateSet, Generation


def vary(study: Study) -> None:
    """Every second, third or fifth row of a kind, in the order of their keys."""
    for number, person in enumerate(Participation.objects.filter(study=study).order_by("pk")):
        _vary_person(study, number, person)
    for number, ranking in enumerate(Ranking.objects.order_by("pk")):
        _vary_ranking(number, ranking)
    for number, talk in enumerate(Conversation.objects.order_by("pk").values_list("pk", flat=True)):
        Conversation.objects.filter(pk=talk).update(sitting=1 + number % 3)
    for number, slot in enumerate(Slot.objects.order_by("pk").values_list("pk", flat=True)):
        Slot.objects.filter(pk=slot).update(stratum="women" if number % 2 else "", batch=number % 3)
    for number, made in enumerate(CandidateSet.objects.order_by("pk")):
        _vary_set(number, made)


def _vary_person(study: Study, number: int, person: Participation) -> None:
    second, _made = Wave.objects.get_or_create(study=study, number=2)
    answers = Answer.objects.filter(annotator=person.annotator)
    answers.filter(question__code="age").update(number=30 + number)
    consents = Consent.objects.filter(annotator=person.annotator)
    if number % 2:
        Participation.objects.filter(pk=person.pk).update(wave=second, country="BE")
        other = Option.objects.filter(question__code="gender", code="male").get()
        answers.filter(question__code="gender").update(option=other)
        consents.filter(purpose=Purpose.RECONTACT).update(given=False)
        consents.filter(purpose=Purpose.TRAIN_MODELS).update(withdrawn_at=person.started_at)


def _vary_ranking(number: int, ranking: Ranking) -> None:
    rows = list(ranking.rows.order_by("pk"))
    turn = Turn.objects.filter(pk=ranking.turn_id)
    for place, row in enumerate(rows):
        ranked = RankedCandidate.objects.filter(pk=row.pk)
        ranked.update(visible_seconds=number + place / 2)
        if number % 3 == 1 and row.rank:
            ranked.update(score=100 - 10 * row.rank)
        if number % 3 == 2 and row.rank == 2:  # tied for the first place, and picked
            ranked.update(rank=1)
            Ranking.objects.filter(pk=ranking.pk).update(chosen=row.candidate_id)
    if number % 3 == 1:
        turn.update(mode="rating")
    turn.update(pasted=number)
    Explanation.objects.filter(turn=ranking.turn_id).update(
        pasted=number, script="Deva" if number % 2 else "Latn", text=f"Plus humain, {number}."
    )
    if number % 2:
        Explanation.objects.filter(turn=ranking.turn_id).update(detected_language="it")
        Ranking.objects.filter(pk=ranking.pk).update(
            layout="pairs",
            viewport="phone",
            reason=f"=so {number}",
            acceptable="no",
            represents="cant_say",
        )


def _vary_set(number: int, made: CandidateSet) -> None:
    CandidateSet.objects.filter(pk=made.pk).update(control=bool(number % 2))
    calls = Generation.objects.filter(candidate_set=made)
    calls.update(model_returned=f"model-{number % 3}", canned=number % 2 == 0)
    if number % 2:
        Candidate.objects.filter(candidate_set=made).update(language="en")
        Candidate.objects.filter(candidate_set=made, position=0).update(pole="care")
