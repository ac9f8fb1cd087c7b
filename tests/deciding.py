"""A reviewer decides the way reviewers do: blind first."""

from accounts.models import User
from annotation.actions.reviewing import decide_flag, judge_flag
from annotation.models import Flag, FlagJudgement


def decide(
    flag: Flag, decision: Flag.Decision | str, reason: str, by: User, *, end: bool = False
) -> Flag:
    """Her first judgement, where she may still give one, and the decision."""
    flag.refresh_from_db()
    if flag.waits:
        unsure = FlagJudgement.Verdict.UNSURE
        judge_flag(flag=flag, verdict=unsure, reason="Figures alone.", by=by)
    return decide_flag(flag=flag, decision=Flag.Decision(decision), reason=reason, by=by, end=end)
