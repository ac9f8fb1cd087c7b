"""The steps of authoring, in the order of the pages, and what each still lacks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotation.authoring.blank import complete
from annotation.authoring.faults import people, questionnaires, settings, work
from annotation.authoring.faults.form import in_words, nothing
from annotation.authoring.texts import LANGUAGES, Marks, state_of, texts_of


@dataclass(frozen=True)
class Step:
    """One page: which texts stand on it, and what finds its faults."""

    slug: str
    label: Promise
    about: Promise
    find_faults: Callable[[Mapping[str, Any]], list[str]]
    paths: tuple[str, ...] = ()  # beginnings of the paths of its texts


@dataclass(frozen=True)
class Progress:
    """How far a step is."""

    step: Step
    faults: list[str] = field(default_factory=list)
    missing: int = 0
    stale: int = 0

    @property
    def done(self) -> bool:
        return not (self.faults or self.missing or self.stale)


STEPS = (
    Step("basics", _("Places and languages"), _("Where the study runs, and how long."),
         settings.basics),
    Step("texts", _("Texts"), _("What people read before and during their work."), nothing,
         ("study.title", "study.summary", "study.guidelines", "study.own_prompt_instruction",
          "study.explanation_question")),
    Step("consent", _("Consent"), _("What people are told, and what they decide about."),
         people.consent, ("consent.",)),
    Step("prompts", _("Prompts"), _("The prepared first messages."), work.prompts),
    Step("samplers", _("Samplers"), _("Which models answer, and how."), work.samplers,
         ("samplers",)),
    Step("targets", _("Targets"), _("How many people judge each set, in the core and the tail."),
         people.targets),
    Step("quotas", _("Quotas"), _("Which people, and how many of each kind."), people.quotas),
    Step("conversations", _("Conversations"), _("How many, how long, and what each turn asks."),
         settings.conversations),
    Step("practice", _("Practice"), _("One guided item before the first conversation."),
         settings.practice, ("study.practice",)),
    Step("explanations", _("Explanations"), _("When people are asked why, wave by wave."),
         settings.explanations),
    Step("screening", _("Screening questions"), _("Asked before consent; the quotas use them."),
         questionnaires.screening, ("instruments.quota",)),
    Step("questionnaires", _("Further questionnaires"),
         _("Asked before the first conversation, between two, or after the last."),
         questionnaires.questionnaires, ("instruments.further",)),
    Step("closing", _("Closing questions"), _("Asked after the conversations."),
         questionnaires.closing, ("instruments.closing",)),
    Step("pay", _("Pay"), _("What people are paid, and for how long a piece of work."), people.pay),
    Step("rules", _("Exclusion and analysis"), _("What was decided before anybody took part."),
         settings.rules),
)  # fmt: skip
BY_SLUG = {step.slug: step for step in STEPS}


def progress_of(definition: Mapping[str, Any], *, marks: Marks, source: str) -> list[Progress]:
    """How far each step of a draft is."""
    whole = complete(definition)
    texts = list(texts_of(whole))
    return [_progress(step, whole, texts, marks, source) for step in STEPS]


def _progress(
    step: Step, whole: Mapping[str, Any], texts: list[Any], marks: Marks, source: str
) -> Progress:
    states = [
        state_of(text, marks.get(path, {}), language=language, source=source)
        for path, text in texts
        if path.startswith(step.paths or ("\0",)) and not _unsaid(path, text)
        for language in LANGUAGES
    ]
    return Progress(
        step=step,
        faults=in_words(step.find_faults, whole),
        missing=sum(state.missing for state in states),
        stale=sum(state.stale for state in states),
    )


def _unsaid(path: str, text: Mapping[str, str]) -> bool:
    """A help text that nobody wrote is no missing text."""
    return path.endswith(".help") and not any(text.values())
