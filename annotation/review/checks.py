"""What each signal is computed from: reads of one person's work, then a pure function."""

from collections.abc import Callable

from django.db.models import Count, F
from django.db.models.functions import Length

from accounts.models import Answer
from annotation.models import (
    Explanation,
    Flag,
    Participation,
    Ranking,
    Turn,
)
from annotation.review import signals
from annotation.review.norms import Norms, judged_turns
from annotation.review.signals import Evidence

Checks = dict[Flag.Kind, Callable[[Participation], Evidence | None]]


def check_speed(participation: Participation, norms: Norms) -> Evidence | None:
    """Against others who read the same language."""
    own = judged_turns(Ranking.objects.filter(turn__conversation__participation=participation))
    languages = {turn.language for turn in own}
    known = {code: norms.of(participation, code) for code in languages}
    return signals.speed(own, known, _limits(participation))


def _limits(participation: Participation) -> signals.Thresholds:
    return signals.read_thresholds(participation.study.flag_thresholds)


def _check_position(participation: Participation) -> Evidence | None:
    turns = Turn.objects.filter(conversation__participation=participation)
    chosen = turns.filter(shown__candidate=F("ranking__chosen"))
    places = dict(chosen.values_list("pk", "shown__position"))
    shown = turns.filter(pk__in=places).annotate(places=Count("shown"))
    choices = [(places[turn.pk], turn.places) for turn in shown]
    return signals.position(choices, _limits(participation))


def _check_repeated(participation: Participation) -> Evidence | None:
    explanations = Explanation.objects.filter(turn__conversation__participation=participation)
    texts = list(explanations.values_list("text", flat=True))
    return signals.repeated(texts, _limits(participation))


def _check_paste(participation: Participation) -> Evidence | None:
    messages = Turn.objects.filter(conversation__participation=participation, live=True)
    explanations = Explanation.objects.filter(turn__conversation__participation=participation)
    texts = [
        *messages.values_list("pasted", Length("message")),
        *explanations.values_list("pasted", Length("text")),
    ]
    return signals.paste(texts, _limits(participation))


def _check_attention(participation: Participation) -> Evidence | None:
    study = participation.study
    answers = Answer.objects.filter(
        annotator=participation.annotator_id,
        question__instrument__in=study.instrument_ids(),
        status=Answer.Status.ANSWERED,
        option__isnull=False,
    ).exclude(question__expected="")
    return signals.attention(
        [
            (answer.question.expected, str(answer.option))
            for answer in answers.select_related("question", "option")
        ]
    )


def _check_comprehension(participation: Participation) -> Evidence | None:
    return signals.comprehension(
        participation.comprehension_passed, participation.comprehension_tries
    )


CHECKS: Checks = {
    Flag.Kind.POSITION: _check_position,
    Flag.Kind.REPEATED: _check_repeated,
    Flag.Kind.PASTE: _check_paste,
    Flag.Kind.ATTENTION: _check_attention,
    Flag.Kind.COMPREHENSION: _check_comprehension,
}
