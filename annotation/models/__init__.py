"""THE ACT: studies, who judges what, and what they said."""

from annotation.models.assignment import Grant, Slot
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
from annotation.models.quality import ArrivalHash, Flag
from annotation.models.study import (
    Convention,
    Mode,
    Outcome,
    Participation,
    Phase,
    Quota,
    RecruitmentLink,
    ScreeningCount,
    Study,
    StudyLocale,
    Wave,
)

__all__ = [
    "ArrivalHash",
    "Convention",
    "Conversation",
    "Draft",
    "Explanation",
    "Flag",
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
    "ProblemReport",
    "Quota",
    "RankedCandidate",
    "Ranking",
    "RecruitmentLink",
    "ScreeningCount",
    "ShownCandidate",
    "Slot",
    "Study",
    "StudyLocale",
    "Turn",
    "Viewport",
    "Wave",
]
