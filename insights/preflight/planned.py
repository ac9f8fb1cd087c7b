"""What a study's plan asks for, before a place of it exists: judgements, people, turns.

Reads of the plan as it is written, not of slots: a draft has none.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil

from annotation.actions.plan import batches_of, plannable_sets
from annotation.actions.pool import newest_texts
from annotation.dealing.seeds import due, part_of
from annotation.models import Phase, Study, StudyLocale
from annotation.pace import planned_minutes
from annotation.readiness.set_counts import count_sets
from candidates.models import Prompt
from insights.preflight.capacity import Need, left_open

LOST = 0.05  # of conversations: skipped, left, or judged after the place was taken
MOST_TRIED = 60_000  # places up to which the people needed are found by trying


@dataclass(frozen=True)
class LocaleWork:
    """What one locale wants. `places`: each prompt once for each judgement of a set."""

    locale: StudyLocale
    prompts: int
    places: Sequence[tuple[int, Need]]
    each: int  # pool conversations that one person can have: of her plan, no prompt twice
    deepest: int  # different people that the most wanted prompt asks for

    @property
    def wanted(self) -> int:
        return len(self.places)

    @property
    def people(self) -> int:
        """Planned; where nobody is, as many as are needed."""
        return self.locale.planned_people or self.needed

    @property
    def offered(self) -> int:
        return int(self.people * self.each * (1 - LOST))

    @cached_property
    def needed(self) -> int:
        """The fewest people who fill every place, each with the judgements she can give."""
        if not self.each or not self.wanted:
            return 0
        least = max(ceil(self.wanted / (self.each * (1 - LOST))), self.deepest)
        if self.wanted > MOST_TRIED or not self.stays_open(least):
            return least
        low, high = least, least
        while self.stays_open(high):
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.stays_open(middle) else (low, middle)
        return high

    def stays_open(self, people: int) -> int:
        """Places that so many people leave open, coming one after another."""
        return left_open(self.places, gives(people, self.each)) if self.each else self.wanted

    @cached_property
    def open_at_the_end(self) -> int:
        return self.stays_open(self.people)


def gives(people: int, each: int) -> Iterator[int]:
    """What each of them judges: a whole number, the lost share spread evenly over them."""
    kept, given = each * (1 - LOST) + 1e-9, 0
    for number in range(1, people + 1):
        yield int(kept * number) - given
        given = int(kept * number)


def work_of(study: Study) -> list[LocaleWork]:
    """Every locale in its order, as the main phase would be planned. Where sets are still to be
    made, every set that is wanted."""
    sets, (batches, parts) = _sets(study), batches_of(study, Phase.MAIN)
    found = []
    for locale in study.locales.order_by("country", "language"):
        locale.study = study
        prompts = [prompt for prompt, language in sets if language == locale.language]
        places = [
            place
            for draw, prompt in enumerate(prompts)
            for place in _places(locale, prompt, batches[prompt.pk], parts, draw)
        ]
        wanted = Counter(prompt for prompt, _need in places)
        found.append(
            LocaleWork(
                locale=locale,
                prompts=len(wanted),
                places=places,
                each=min(study.pool_conversations, len(wanted)),
                deepest=max(wanted.values(), default=0),
            )
        )
    return found


def _places(
    locale: StudyLocale, prompt: Prompt, batch: int, parts: int, draw: int
) -> Iterator[tuple[int, Need]]:
    """Of one set, in the order in which `plan_slots` has them filled."""
    number = locale.target_of(prompt)
    for ordinal in range(number):
        share = due(place=ordinal, places=number)
        its_batch = batch if number <= locale.target else part_of(share=share, parts=parts)
        yield prompt.pk, (its_batch, share, draw)


def _sets(study: Study) -> list[tuple[Prompt, str]]:
    """Prompt and language of every set."""
    if not study.pool_conversations:
        return []
    if all(one.ready == one.wanted for one in count_sets(study)):
        return [(prompt, one.language) for one, prompt in plannable_sets(study)]
    texts = newest_texts(study)
    return [(text.prompt, text.language) for _arm in study.arms() for text in texts]


@dataclass(frozen=True)
class Effort:
    """What one person does, in expectation."""

    conversations: float
    turns: float
    live_sets: float  # responses that are made while she is there
    minutes: int  # further questionnaires too


def effort_of(study: Study) -> Effort:
    """By her plan, if she does all of it. A re-test has one turn, and its set is there."""
    weights = {int(turns): weight for turns, weight in study.turn_lengths.items()}
    mean = sum(turns * n for turns, n in weights.items()) / max(1, sum(weights.values()))
    pool, own, again = study.pool_conversations, study.own_conversations, study.retests
    return Effort(
        conversations=pool + own + again,
        turns=(pool + own) * mean + again,
        live_sets=pool * (mean - 1) + own * mean,
        minutes=planned_minutes(study),
    )
