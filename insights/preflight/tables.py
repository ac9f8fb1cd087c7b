"""What a study will cost and take, and what it can show: the tables of the preflight."""

from collections.abc import Mapping, Sequence
from math import ceil

from django.utils.translation import gettext as _

from annotation.models import Study
from annotation.pace import further_questions
from annotation.readiness.set_counts import count_sets
from insights.preflight.capacity import plan_of
from insights.preflight.detectable import agreement_half_width, detectable_difference
from insights.preflight.estimates import (
    TOKENS_A_WORD,
    TOKENS_SENT,
    durations,
    pay_by_currency,
    provider_costs,
)
from insights.preflight.planned import LOST, LocaleWork, effort_of
from insights.preflight.power import design_effect, power_between, share_half_width
from insights.tables import Row, Table, number

SHARE, OTHER = 0.4, 0.2  # the two shares of the example
ENOUGH = 0.8


def set_table(study: Study) -> Table:
    """By language and arm, because that is how they are made."""
    columns = [_("language"), _("arm"), _("wanted"), _("ready"), _("being made")]
    return Table(
        title=_("Candidate sets"),
        columns=[*columns, _("not asked for"), _("failed or too alike")],
        rows=[
            Row(
                [
                    *(one.language, one.arm, number(one.wanted), number(one.ready)),
                    *(number(one.in_the_making), number(one.not_asked), number(one.failed)),
                ],
                alarm=one.failed > 0,
            )
            for one in count_sets(study)
        ],
        empty=_("No set is wanted."),
        words=(0, 1),
    )


def work_table(study: Study, work: Sequence[LocaleWork]) -> Table:
    """People and what they do, by locale."""
    effort = effort_of(study)
    notes = [
        _("Of a person's conversations %(lost)s are lost: skipped, left, or judged too late.")
        % {"lost": _percent(LOST)},
        _(
            "Needed: the fewest people who fill every place when they come one after another and "
            "are dealt to as everybody is. Nobody meets a prompt twice."
        ),
    ]
    if further := further_questions(study):
        words = _(
            "Hours: the %(minutes)s minutes that the study states, and %(questions)s questions of "
            "further questionnaires, five a minute."
        )
        said = {"minutes": number(study.expected_minutes), "questions": number(further)}
        notes.append(words % said)
    return Table(
        title=_("People, judgements, conversations"),
        columns=[
            *(_("locale"), _("people"), _("needed"), _("judgements wanted")),
            *(_("judgements offered"), _("places that stay open")),
            *(_("conversations"), _("turns"), _("hours")),
        ],
        rows=[
            Row(
                [
                    *(str(one.locale), number(one.people), number(one.needed)),
                    *(number(one.wanted), number(one.offered)),
                    number(one.open_at_the_end if one.wanted else 0),
                    number(one.people * effort.conversations),
                    number(one.people * effort.turns),
                    number(one.people * effort.minutes / 60),
                ],
                alarm=bool(one.wanted and one.open_at_the_end),
            )
            for one in work
        ],
        notes=notes,
        empty=_("There is no locale yet."),
    )


def cost_table(study: Study, work: Sequence[LocaleWork]) -> Table:
    """The provider's bill, and people's pay."""
    costs = provider_costs(study, work)
    what = {"pool": _("pool sets still to be made"), "live": _("sets made while people wait")}
    rows = [
        Row(
            [
                *(what[one.what], str(one.price.sampler), number(one.sets)),
                number(one.price.tokens_sent + one.price.tokens_answered),
                _("mean of %(sets)s sets") % {"sets": number(one.price.seen)}
                if one.price.seen
                else _("assumed"),
                number(float(one.cost), 2),
            ]
        )
        for one in costs
    ]
    whole = sum(float(one.cost) for one in costs)
    rows.append(Row([_("provider, all"), "", "", "", "", number(whole, 2)]))
    rows += [
        Row([_("pay"), currency, "", "", "", number(float(amount), 2)])
        for currency, amount in sorted(pay_by_currency(work).items())
    ]
    return Table(
        title=_("What it will cost"),
        columns=[
            *(_("for"), _("sampler or currency"), _("sets"), _("tokens a set")),
            *(_("tokens known from"), _("amount")),
        ],
        rows=rows,
        notes=[
            _("Tokens at the prices of the endpoint, in its currency; a price of 0 costs nothing."),
            _(
                "Where a sampler has made no set yet: %(sent)s tokens sent and %(word)s for each "
                "word of its budget. Later turns send more, and may be refused and made again."
            )
            % {"sent": number(TOKENS_SENT), "word": number(TOKENS_A_WORD, 1)},
            _("Pay: everybody who is planned, if all finish; without a recruiter's fees."),
        ],
        words=(0, 1, 4),
    )


def duration_table(work: Sequence[LocaleWork], rates: Mapping[str, float]) -> Table:
    return Table(
        title=_("How long it will take"),
        columns=[
            *(_("locale"), _("people"), _("people a day"), _("days")),
            *(_("at the earliest"), _("at the latest")),
        ],
        rows=[
            Row(
                [
                    str(one.locale),
                    number(one.people),
                    number(rates.get(str(one.locale)), 1),
                    *(
                        [number(ceil(days)) for days in (found.days, found.earliest, found.latest)]
                        if found
                        else ["–"] * 3
                    ),
                ]
            )
            for one, found in durations(work, rates)
        ],
        notes=[
            _(
                "If people come at random at the steady rate that you typed, the last one comes "
                "between the two days 9 times of 10. A rate that is itself a guess makes it wider."
            )
        ],
        empty=_("There is no locale yet."),
    )


def precision_table(study: Study, work: Sequence[LocaleWork]) -> Table:
    """By tier: what one prompt can carry in one country, and between two."""
    plan = plan_of(study, sum(one.people for one in work)) if work else None
    tiers = [tier for tier in plan.tiers if tier.prompts and tier.target] if plan else []
    effect = design_effect(plan.pool_conversations, plan.correlation) if plan else 1.0
    shares = {"share": _percent(SHARE), "other": _percent(OTHER)}
    rows, weak = [], False
    for tier in tiers:
        power = power_between(SHARE, OTHER, tier.target)
        weak = weak or power < ENOUGH
        least = detectable_difference(tier.target, share=SHARE, power=ENOUGH)
        of_tier = agreement_half_width(tier.target, sets=tier.prompts * tier.arms, effect=effect)
        rows.append(
            Row(
                [
                    *(_tier_name(tier.name), number(tier.prompts), number(tier.target)),
                    f"± {number(100 * share_half_width(SHARE, tier.target))}",
                    number(100 * power),
                    "–" if least is None else number(100 * least),
                    f"± {number(100 * agreement_half_width(tier.target))}",
                    f"± {number(100 * of_tier, 1)}",
                ],
                alarm=power < ENOUGH,
            )
        )
    return Table(
        title=_("What it can show, in one country and between two"),
        columns=[
            *(_("tier"), _("prompts"), _("people a set")),
            _("a share of %(share)s is known within, points") % shares,
            _("chance to tell %(share)s from %(other)s, in per cent") % shares,
            _("smallest difference from %(share)s that is found, points") % shares,
            _("agreement on one set is known within, points"),
            _("mean agreement of the tier is known within, points"),
        ],
        rows=rows,
        notes=_notes(weak=weak, correlation=plan.correlation if plan else 0.0),
        empty=_("There is nothing to judge yet."),
    )


def _tier_name(name: str) -> str:
    return {"core": _("core"), "tail": _("tail"), "pool": _("all prompts")}.get(name, name)


def _notes(*, weak: bool, correlation: float) -> list[str]:
    found = [
        _(
            "Exact for the test of two shares (Pearson, two-sided, level %(level)s), with as many "
            "people in each country; found means found 8 times of 10. Intervals are of %(sure)s."
        )
        % {"level": _percent(0.05), "sure": _percent(0.95)},
        _(
            "Agreement: the probability that two different people choose alike, about %(usual)s "
            "where chance is %(chance)s; the mean allows for people who judge several sets, whose "
            "judgements correlate by %(correlation)s."
        )
        % {"usual": _percent(0.3), "chance": _percent(0.25), "correlation": number(correlation, 1)},
    ]
    if weak:
        found.append(
            _(
                "Where that chance is below %(enough)s: say nothing about single prompts of the "
                "tier, and rank none. Prompts of a tail are never ranked singly."
            )
            % {"enough": _percent(ENOUGH)}
        )
    return found


def _percent(share: float) -> str:
    return f"{number(100 * share)} %"


def preflight_tables(
    study: Study, work: Sequence[LocaleWork], rates: Mapping[str, float]
) -> list[Table]:
    return [
        precision_table(study, work),
        work_table(study, work),
        cost_table(study, work),
        *([duration_table(work, rates)] if rates else []),
        set_table(study),
    ]
