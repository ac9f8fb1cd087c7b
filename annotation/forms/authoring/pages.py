"""The page of each step."""

from annotation.forms.authoring.base import StepPage
from annotation.forms.authoring.people import ConsentPage, QuotasPage, TargetsPage
from annotation.forms.authoring.questionnaires import (
    ClosingPage,
    QuestionnairesPage,
    ScreeningPage,
)
from annotation.forms.authoring.settings import (
    BasicsPage,
    ConversationsPage,
    ExplanationsPage,
    PayPage,
    PracticePage,
    RulesPage,
    TextsPage,
)
from annotation.forms.authoring.work import PromptsPage, SamplersPage

PAGES: dict[str, type[StepPage]] = {
    page.slug: page
    for page in (
        BasicsPage, TextsPage, ConsentPage, PromptsPage, SamplersPage, TargetsPage, QuotasPage,
        ConversationsPage, PracticePage, ExplanationsPage, ScreeningPage, QuestionnairesPage,
        ClosingPage, PayPage, RulesPage,
    )
}  # fmt: skip
