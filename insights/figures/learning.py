"""Figures of what can be learnt of people's preferences from the sets of each arm."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from django.utils.translation import gettext_noop as noop

from annotation.dealing.seeds import derive_seed
from candidates.models import Candidate
from insights.figures.figure import Column, Figure, Options, Remark, Result, Shape, Unit, Value
from insights.figures.groups import groupings
from insights.figures.judgements import Judgements, Sets
from insights.figures.parts import interval, points, result
from insights.figures.responses import Responses
from insights.statistics import learnability, text_features
from insights.statistics.arrays import Floats
from insights.statistics.intervals import Estimates
from insights.statistics.learnability import Choices, Cuts, Learnt

GROUP = "diversity"
LEAST_PEOPLE = 20
DIRECTIONS = 8
ARM = Column("arm", noop("Learnt from"), Shape.WORDS)
BITS = Column("bits", noop("Better than guessing (bits a choice)"), Shape.INTERVAL, 3)
RIGHT = Column("predicted", noop("Choices predicted"), Shape.INTERVAL, 3, percent=True)
JUDGEMENTS = Column("judgements", noop("Choices to predict"), Shape.COUNT)
TRAINED = noop(
    "Every arm's model has seen %(trained)s choices at most, of other people and other prompts "
    "than those it predicts; it predicts choices from the sets of all arms."
)
CEILING = noop(
    "Who knew all about these people could predict between %(low)s and %(high)s of 100 of their "
    "choices."
)
KNOWN = noop("The model knows of each response: %(features)s.")
FEW = noop("A dash: fewer than %(people)s people.")


def features_of(responses: Responses) -> tuple[Floats, list[str]]:
    """What a model may know of a response, (n, k, p): its kind, its length and its form; and
    where responses were steered to no value, how their words differ within their set."""
    kinds, names = responses.kinds
    doubled = np.log2(np.maximum(responses.words, 1.0))
    columns = [(kinds == code).astype(np.float64) for code in range(1, len(names))]
    columns += [doubled, responses.lists, responses.headings]
    known = [*names[1:], noop("length"), noop("lists"), noop("headings or bold lines")]
    sets = responses.data.sets
    if not (sets.pole != "").any():
        more = words_apart(sets, _seed(responses.data))[responses.data.rows.judged_set]
        columns += list(np.moveaxis(more[:, : responses.shown.shape[1]], 2, 0))
        known.append(noop("what tells its words from the other responses'"))
    return np.stack(columns, axis=2) * responses.shown[:, :, None], known


def words_apart(sets: Sets, seed: int) -> Floats:
    """How the words of each candidate differ from its set's, (s, k, languages * DIRECTIONS):
    directions of one language say nothing of another."""
    languages, of_set = np.unique(sets.language, return_inverse=True)
    found = np.zeros((*sets.words.shape, languages.size, DIRECTIONS))
    for language in range(languages.size):
        own = np.flatnonzero(of_set == language)
        place = {int(sets.key[row]): int(row) for row in own}
        texts, where = [], []
        rows = Candidate.objects.filter(candidate_set__in=list(place)).order_by(
            "candidate_set", "position"
        )
        for key, position, text in rows.values_list("candidate_set", "position", "text").iterator():
            texts.append(text)
            where.append((place[key], position))
        spots = np.array(where, dtype=np.int64).reshape(-1, 2)
        apart = text_features.apart(texts, spots[:, 0], directions=DIRECTIONS, seed=seed)
        found[spots[:, 0], spots[:, 1], language] = apart
    return found.reshape(*sets.words.shape, -1)


def choices_of(data: Judgements) -> tuple[Choices, list[str], list[str]]:
    """The judgements for a model, all of one group, the names of arms, and what it knows of
    responses."""
    responses = Responses(data)
    arms, names = responses.arms
    x, known = features_of(responses)
    own = len(data.prompts) + data.rows.judged_set
    shown = responses.shown
    found = Choices(
        x=x,
        shown=shown,
        chosen=data.rows.chosen,
        groups=np.zeros(len(data), dtype=np.int64),
        people=data.rows.person,
        prompts=np.where(data.rows.prompt >= 0, data.rows.prompt, own),
        sets=data.rows.judged_set,
        arms=arms,
        candidates=np.where(shown, np.arange(shown.shape[1]), -1),
    )
    return found, names, known


def overall(data: Judgements, _options: Options) -> Result:
    """What each arm teaches of everybody's preferences together."""
    columns = (ARM, JUDGEMENTS, BITS, RIGHT)
    if not len(data):
        return result(data, columns, ())
    choices, arms, known = choices_of(data)
    found = learnability.learn(choices, arms=len(arms), groups=1, seed=_seed(data))
    rows = [
        (
            name,
            int(found.judgements[arm, 0]),
            interval(_column(found.all, 0), arm),
            interval(_column(found.common, 0), arm),
        )
        for arm, name in enumerate(arms)
    ]
    chart = points(noop("Bits a choice that each arm's sets teach, beside guessing"), rows, 2)
    remarks = _remarks(choices, known, found)
    return result(data, columns, rows, chart=chart, remarks=remarks)


def by_group(data: Judgements, _options: Options) -> Result:
    """What each arm teaches of what is a group's own."""
    columns = (
        Column("question", noop("Question"), Shape.WORDS),
        Column("group", noop("Group"), Shape.WORDS),
        ARM,
        JUDGEMENTS,
        Column("gain", noop("Gained by knowing the group (bits a choice)"), Shape.INTERVAL, 4),
        BITS,
        RIGHT,
        Column("ceiling_low", noop("Predictable: at least"), Shape.FIGURE, 3, percent=True),
        Column("ceiling_high", noop("at most"), Shape.FIGURE, 3, percent=True),
    )
    rows = list(_by_group(data))
    remarks = (Remark(FEW, {"people": LEAST_PEOPLE}),)
    return result(data, columns, rows, remarks=remarks)


def _by_group(data: Judgements) -> Iterator[Sequence[Value]]:
    together, cuts = None, None
    arms: list[str] = []
    for grouping in groupings(data, least=LEAST_PEOPLE):
        if together is None:
            together, arms, _known = choices_of(data)
            cuts = Cuts.of(together, arms=len(arms), seed=_seed(data))
        choices, count = replace(together, groups=grouping.of_judgement), len(grouping.names)
        found = learnability.learn(
            choices, arms=len(arms), groups=count, seed=_seed(data), cuts=cuts
        )
        best = learnability.ceiling(choices, groups=count)
        for group, name in enumerate(grouping.names):
            for arm, words in enumerate(arms):
                yield (
                    grouping.question,
                    name,
                    words,
                    int(found.judgements[arm, group]),
                    interval(_column(found.gain, group), arm),
                    interval(_column(found.all, group), arm),
                    interval(_column(found.own, group), arm),
                    float(best.low.value[group]),
                    float(best.high.value[group]),
                )


def _column(found: Estimates, group: int) -> Estimates:
    return Estimates(found.value[:, group], found.error[:, group], found.people[:, group])


def _remarks(choices: Choices, known: list[str], found: Learnt) -> list[Remark]:
    remarks = [
        Remark(TRAINED, {"trained": found.trained}),
        Remark(KNOWN, {"features": ", ".join(known)}),
    ]
    best = learnability.ceiling(choices, groups=1)
    low, high = (100 * float(one.value[0]) for one in (best.low, best.high))
    if np.isfinite(low) and np.isfinite(high):
        remarks.append(Remark(CEILING, {"low": f"{low:.0f}", "high": f"{high:.0f}"}))
    return remarks


def _seed(data: Judgements) -> int:
    """The same cuts at every computation, whoever asks."""
    return derive_seed(data.study.seed, "learnability", data.phase)


SOURCE = "Conditional logit, held-out people and prompts"
FIGURES = (
    Figure(
        key="learnability",
        group=GROUP,
        title=noop("What each arm's sets teach of preferences"),
        definition=noop(
            "A model is fitted to choices from the sets of one arm and predicts choices of "
            "other people from sets of other prompts, of all arms. Bits by which it is better "
            "than guessing, and the share of choices it predicts. All arms teach with equally "
            "many choices."
        ),
        source=SOURCE,
        unit=Unit.PEOPLE,
        compute=overall,
    ),
    Figure(
        key="learnability-by-group",
        group=GROUP,
        title=noop("What each arm's sets teach of a group's own preferences"),
        definition=noop(
            "The same with preferences of each group of its own beside everybody's: the bits a "
            "choice by which they improve the prediction. 0 or less: nothing of its own can be "
            "learnt of this group from this arm. Beside it what could be predicted at best."
        ),
        source=SOURCE,
        unit=Unit.PEOPLE,
        compute=by_group,
        by_groups=True,
    ),
)
