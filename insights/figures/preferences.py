"""Figures of what people prefer: strengths, and what a response's place and form add to it."""

from collections.abc import Sequence

import numpy as np
from django.utils.translation import gettext_noop as noop

from insights.figures.figure import Column, Figure, Options, Remark, Result, Shape, Unit, Value
from insights.figures.groups import Grouping, groupings
from insights.figures.judgements import Judgements
from insights.figures.parts import interval, points, result
from insights.figures.responses import ANCHOR, DEFAULT, Responses
from insights.statistics import covariates, plackett_luce, pooling
from insights.statistics.arrays import Floats, Ints
from insights.statistics.intervals import Estimates
from insights.statistics.newton import NotIdentifiedError

GROUP = "preferences"
RESPONSE = Column("response", noop("Response"), Shape.WORDS)
STRENGTH = Column("log_strength", noop("Strength (log odds)"), Shape.INTERVAL, 2)
FIRST = Column("first", noop("First among all of them"), Shape.FIGURE, 3, percent=True)
CENTRED = noop("Strengths are beside their mean, 0: a strength of 0.69 is odds of two to one.")
TIED = noop("Two responses of equal strength tie %(percent)s times of 100.")
FITS = noop("Later choices weigh as first ones do, as far as chance can tell (p %(p)s).")
DOUBTFUL = noop(
    "The model does not fit: first and later choices differ by up to %(largest)s log odds "
    "(p %(p)s). Read strengths as an average over people who differ, or responses that share "
    "their supporters; do not predict other sets from them."
)
DROPPED = noop("Cannot be told apart from the others, and left out: %(names)s.")
FEW_GROUPS = noop("Groups of fewer than %(people)s people are left out.")
SPREAD = noop(
    "%(response)s: groups of %(question)s differ by %(spread)s log odds (%(low)s to %(high)s)."
)
NOTHING = noop("Nobody of this choice has judged anything yet.")


def strengths_of_kinds(data: Judgements, _options: Options) -> Result:
    """Of value poles, or of sources where responses were steered to none."""
    responses = Responses(data)
    kinds, names = responses.kinds
    return _strengths(responses, kinds, names)


def strengths_of_arms(data: Judgements, _options: Options) -> Result:
    """Of each arm's responses beside the anchor that all arms of a prompt share."""
    responses = Responses(data)
    arms, names = responses.arms
    items = np.where(responses.anchored, len(names), arms[:, None])
    if responses.anchored.any():
        names = [*names, ANCHOR]
    return _strengths(responses, np.where(responses.shown, items, -1), names)


def _strengths(responses: Responses, items: Ints, names: Sequence[str]) -> Result:
    data, columns = responses.data, (RESPONSE, STRENGTH, FIRST)
    if not len(data):
        return result(data, columns, (), remarks=(Remark(NOTHING),))
    try:
        found = plackett_luce.strengths(responses.ranks, items, data.rows.person, names)
    except NotIdentifiedError as error:
        return result(data, columns, (), remarks=(Remark(str(error)),))
    people = np.full(len(names), found.people)
    logs = Estimates(found.logs, found.errors, people)
    rows = [
        (name, interval(logs, place), float(found.shares[place]))
        for place, name in enumerate(names)
    ]
    remarks = [Remark(CENTRED)]
    if 2 in found.ties:
        percent = 100 * found.ties[2] / (2 + found.ties[2])
        remarks.append(Remark(TIED, {"percent": f"{percent:.0f}"}))
    x = np.eye(len(names))[items][:, :, 1:] * responses.shown[:, :, None]
    same = plackett_luce.patterns(responses.ranks, items)
    remarks += fit_remarks(responses, x, same)
    chart = points(noop("Strength of each kind of response, in log odds"), rows, 1)
    return result(data, columns, rows, chart=chart, remarks=remarks)


def fit_remarks(
    responses: Responses, x: Floats, same: Ints | None = None, near: Floats | None = None
) -> list[Remark]:
    """Whether later choices weigh as the first; nothing where nobody made later ones."""
    people = responses.data.rows.person
    try:
        test = plackett_luce.stage_test(
            responses.ranks, responses.shown, x, people, same=same, near=near
        )
    except NotIdentifiedError:
        return []
    p = "< 0.001" if test.p_value < 0.001 else f"= {test.p_value:.3f}"
    if test.p_value < 0.01:
        return [Remark(DOUBTFUL, {"largest": f"{test.largest:.2f}", "p": p})]
    return [Remark(FITS, {"p": p})]


def columns_of(responses: Responses) -> dict[str, Floats]:
    """Kind, arm, place on the page, length and form of each response, as named columns."""
    kinds, names = responses.kinds
    arms, arm_names = responses.arms
    beside = names[0] if names else DEFAULT
    kind = covariates.one_for_each("response", kinds, names, beside=beside)
    arm = covariates.arms(arms, responses.anchored, arm_names) if len(arm_names) > 1 else {}
    return kind | arm | form_of(responses)


def form_of(responses: Responses) -> dict[str, Floats]:
    wide = responses.shown.shape[1]
    places = {
        f"place: {place + 1}": (responses.places == place).astype(np.float64)
        for place in range(wide - 1)
    }
    return (
        places
        | covariates.lengths(responses.words)
        | {"form: list": responses.lists, "form: heading or bold line": responses.headings}
    )


def logit(data: Judgements, _options: Options) -> Result:
    """The exploded conditional logit of everything at once."""
    shape = (
        Column("of", noop("Of"), Shape.WORDS),
        Column("which", noop("Which"), Shape.WORDS),
        Column("log_odds", noop("Effect (log odds)"), Shape.INTERVAL, 3),
        Column("odds", noop("Odds times"), Shape.FIGURE, 2),
    )
    if not len(data):
        return result(data, shape, (), remarks=(Remark(NOTHING),))
    responses = Responses(data)
    design = covariates.stack(columns_of(responses), responses.shown)
    try:
        fit = plackett_luce.fit(responses.ranks, responses.shown, design.x, data.rows.person)
    except NotIdentifiedError as error:
        return result(data, shape, (), remarks=(Remark(str(error)),))
    found = Estimates(fit.effects, fit.errors, np.full(fit.effects.size, fit.people))
    rows: list[Sequence[Value]] = [
        (*name.split(": ", 1), interval(found, place), float(np.exp(fit.effects[place])))
        for place, name in enumerate(design.names)
    ]
    remarks = [Remark(DROPPED, {"names": ", ".join(design.dropped)})] if design.dropped else []
    remarks += fit_remarks(responses, design.x, near=fit.effects)
    chart = points(noop("What makes a response preferred, in log odds"), rows, 2)
    return result(data, shape, rows, chart=chart, remarks=remarks)


def by_group(data: Judgements, _options: Options) -> Result:
    """How groups like each kind of response: alone, and partially pooled."""
    shape = (
        Column("question", noop("Question"), Shape.WORDS),
        Column("group", noop("Group"), Shape.WORDS),
        Column("people", noop("People"), Shape.COUNT),
        RESPONSE,
        Column("alone", noop("Alone (log odds)"), Shape.INTERVAL, 2),
        Column("pooled", noop("Partially pooled (log odds)"), Shape.INTERVAL, 2),
    )
    rows: list[Sequence[Value]] = []
    remarks = [Remark(FEW_GROUPS, {"people": BY_GROUP_LEAST})]
    for grouping in groupings(data, least=BY_GROUP_LEAST):
        try:
            found, more = _pooled(data, grouping)
        except NotIdentifiedError as error:
            found, more = [], [Remark(f"{grouping.question}: {error}")]
        rows += found
        remarks += more
    return result(data, shape, rows, remarks=remarks)


BY_GROUP_LEAST = 20


def _pooled(data: Judgements, grouping: Grouping) -> tuple[list[Sequence[Value]], list[Remark]]:
    """Rows of one question, and how much its groups differ."""
    known = grouping.of_judgement >= 0
    responses, groups = Responses(data.where(known)), grouping.of_judgement[known]
    kinds, names = responses.kinds
    liked = covariates.one_for_each("response", kinds, names, beside=names[0])
    shown, people = responses.shown, responses.data.rows.person
    design = covariates.stack_groups(liked, form_of(responses), shown, groups, grouping.names)
    fit = plackett_luce.fit_groups(
        responses.ranks, shown, design.x, people, groups=groups, columns=design.columns
    )
    rows: list[Sequence[Value]] = []
    remarks = []
    for kind in liked:
        wanted = [f"{kind} · {group}" for group in grouping.names]
        places = [design.names.index(name) for name in wanted if name in design.names]
        if len(places) < 2:
            continue
        which = [wanted.index(design.names[place]) for place in places]
        covariance = fit.covariance[np.ix_(places, places)]
        found = pooling.pool(fit.effects[places], covariance)
        number = grouping.people[which]
        alone = Estimates(fit.effects[places], fit.errors[places], number)
        low, high = found.bounds()
        response = kind.split(": ", 1)[1]
        rows += [
            (
                grouping.question,
                grouping.names[group],
                int(number[row]),
                response,
                interval(alone, row),
                (float(found.value[row]), float(low[row]), float(high[row])),
            )
            for row, group in enumerate(which)
        ]
        if len(places) > 2:  # of two groups the spread is what was thought of it before
            remarks.append(_spread(grouping.question, response, found))
    return rows, remarks


def _spread(question: str, response: str, found: pooling.Pooled) -> Remark:
    values: dict[str, str | int] = {
        "response": response,
        "question": question,
        "spread": f"{found.spread:.2f}",
        "low": f"{found.spread_low:.2f}",
        "high": f"{found.spread_high:.2f}",
    }
    return Remark(SPREAD, values)


TURNER = "Turner et al. (2020), Computational Statistics 35, 1027-1057"
FIGURES = (
    Figure(
        key="strengths",
        group=GROUP,
        title=noop("Strength of each kind of response"),
        definition=noop(
            "Plackett-Luce strengths: the odds with which one kind of response (the value it "
            "was steered to, or its source) is put before another, in rankings with ties. What "
            "was left unranked was there to be chosen and was not."
        ),
        source=TURNER,
        unit=Unit.PEOPLE,
        compute=strengths_of_kinds,
        version=2,
    ),
    Figure(
        key="strengths-by-arm",
        group=GROUP,
        title=noop("Strength of each arm's responses"),
        definition=noop(
            "The same of the responses of each arm, all kinds together, beside the anchor that "
            "the arms of a prompt share. Without a shared anchor arms cannot be compared."
        ),
        source=f"{TURNER}, C8",
        unit=Unit.PEOPLE,
        compute=strengths_of_arms,
        version=2,
    ),
    Figure(
        key="logit",
        group=GROUP,
        title=noop("What makes a response preferred"),
        definition=noop(
            "An exploded conditional logit: how kind, arm, place on the page, length and form "
            "each change the odds that a response is put before another, all else equal. Kinds "
            "are beside the first of them, arms beside their anchor, places beside the last."
        ),
        source="Beggs et al. (1981), J. Econometrics 17, 1-19",
        unit=Unit.PEOPLE,
        compute=logit,
        version=2,
    ),
    Figure(
        key="likings-by-group",
        group=GROUP,
        title=noop("What groups of people like"),
        definition=noop(
            "The same logit with an effect of each kind of response in each group of people, "
            "beside the first kind: as each group's own judgements say it, and drawn towards "
            "what all groups share, the more the less is known of a group."
        ),
        source="Rubin (1981), J. Educ. Stat. 6, 377-401",
        unit=Unit.PEOPLE,
        compute=by_group,
        by_groups=True,
    ),
)
