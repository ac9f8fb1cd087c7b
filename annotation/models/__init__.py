"""THE ACT: studies, who judges what, and what they said."""

from annotation.models.assignment import Deal, Grant, Slot
from annotation.models.audit import AuditEntry
from annotation.models.authoring import StudyDraft, TextStage
from annotation.models.care import HelpMessage, HelpThread, ProblemReport
from annotation.models.conversation import (
    Conversation,
    Draft,
    Explanation,
    Layout,
    Mention,
    Moderation,
    RankedCandidate,
    Ranking,
    ShownCandidate,
    Turn,
    Viewport,
)
from annotation.models.log import Change, ChangeEpoch
from annotation.models.participation import Outcome, Participation, ScreeningCount
from annotation.models.parts import Quota, StudyLocale, Wave
from annotation.models.plan import FrozenPlan, PlanChange, SignOff
from annotation.models.quality import ArrivalHash, Exclusion, Flag, FlagJudgement
from annotation.models.receipt import Receipt
from annotation.models.recruitment import Convention, RecruitmentLink
from annotation.models.study import Mode, Phase, Place, Study
from annotation.models.team import Role, TeamChange, TeamMember

__all__ = [
    "ArrivalHash",
    "AuditEntry",
    "Change",
    "ChangeEpoch",
    "Convention",
    "Conversation",
    "Deal",
    "Draft",
    "Exclusion",
    "Explanation",
    "Flag",
    "FlagJudgement",
    "FrozenPlan",
    "Grant",
    "HelpMessage",
    "HelpThread",
    "Layout",
    "Mention",
    "Mode",
    "Moderation",
    "Outcome",
    "Participation",
    "Phase",
    "Place",
    "PlanChange",
    "ProblemReport",
    "Quota",
    "RankedCandidate",
    "Ranking",
    "Receipt",
    "RecruitmentLink",
    "Role",
    "ScreeningCount",
    "ShownCandidate",
    "SignOff",
    "Slot",
    "Study",
    "StudyDraft",
    "StudyLocale",
    "TeamChange",
    "TeamMember",
    "TextStage",
    "Turn",
    "Viewport",
    "Wave",
]
