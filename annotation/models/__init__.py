"""THE ACT: studies, who judges what, and what they said."""

from annotation.models.assignment import Grant, Slot
from annotation.models.conversation import (
    Conversation,
    Explanation,
    Moderation,
    RankedCandidate,
    Ranking,
    ShownCandidate,
    Turn,
)
from annotation.models.study import Participation, Phase, RecruitmentLink, Study, StudyLocale, Wave

__all__ = [
    "Conversation",
    "Explanation",
    "Grant",
    "Moderation",
    "Participation",
    "Phase",
    "RankedCandidate",
    "Ranking",
    "RecruitmentLink",
    "ShownCandidate",
    "Slot",
    "Study",
    "StudyLocale",
    "Turn",
    "Wave",
]
