"""Whether everything that people read of the team is written, in every language of the study."""

from collections import Counter
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _
from modeltranslation.manager import get_translatable_fields_for_model
from modeltranslation.utils import build_localized_fieldname

from accounts.models import Option, Question
from annotation.authoring.texts import state_of, texts_of
from annotation.models import Phase, Study, StudyDraft, TextStage
from annotation.readiness.finding import Finding, State, named
from candidates.models import PromptText

# The stages of a study's texts, in the words of `Study.translation_stage`.
ENOUGH: dict[str, list[TextStage]] = {
    PromptText.Stage.UNREVIEWED: list(TextStage),
    PromptText.Stage.REVIEWED: [stage for stage in TextStage if stage != TextStage.TRANSLATION],
    PromptText.Stage.ADJUDICATED: [
        TextStage.ADJUDICATION, TextStage.PRETEST, TextStage.DOCUMENTATION,
    ],
}  # fmt: skip


def languages_of(study: Study) -> list[str]:
    return sorted(set(study.locales.values_list("language", flat=True)))


def check_texts(study: Study) -> Finding:
    """Everything that a person reads of the team, in every language of the study."""
    part, languages = _("Texts of the study, the consent and the questions"), languages_of(study)
    unknown = [code for code in languages if code not in dict(settings.LANGUAGES)]
    lacking = [
        f"{name} ({language})"
        for language in languages
        if language not in unknown
        for name, row in _rows_with_texts(study)
        for field in get_translatable_fields_for_model(type(row)) or ()
        if _is_missing(row, field, language)
    ]
    if unknown:
        words = _("The pages are not written in %(languages)s.") % {"languages": ", ".join(unknown)}
        todo = _("Take the locale out, or have the pages translated first.")
        return Finding(part, State.STOP, words, todo, "study-write")
    if lacking:
        words = _("Missing: %(places)s.") % {"places": named(lacking)}
        todo = _("Write them: people would read another language in their place.")
        return Finding(part, State.STOP, words, todo, "study-write")
    words = _("Complete in %(languages)s.") % {"languages": ", ".join(languages)}
    return Finding(part, State.OK, words)


def _rows_with_texts(study: Study) -> list[tuple[str, models.Model]]:
    """Every row whose texts people read, with its name for the team."""
    consent, instruments = study.consent_document, study.instrument_ids()
    questions = Question.objects.filter(instrument__in=instruments).select_related("instrument")
    options = Option.objects.filter(question__instrument__in=instruments).select_related("question")
    return [
        (_("the study"), study),
        (_("the consent"), consent),
        *((f"{_('the consent')}: {row.purpose}", row) for row in consent.statements.all()),
        *((f"{row.instrument.key}: {row.code}", row) for row in questions),
        *((f"{row.question.code}: {row.code}", row) for row in options),
    ]


def _is_missing(row: Any, field: str, language: str) -> bool:
    """Whether a text is written in some language and not in this one."""
    if getattr(row, build_localized_fieldname(field, language)):
        return False
    codes = dict(settings.LANGUAGES)
    return any(getattr(row, build_localized_fieldname(field, code)) for code in codes)


def check_written(study: Study, phase: str) -> list[Finding]:
    """What the pages of authoring know: changes that are not stored, and translations that are
    older than their original or have not come far enough. A study of a file has none of it."""
    draft = StudyDraft.objects.filter(key=study.key).first()
    if draft is None:
        return []
    found, part = [], _("Translations of the texts")
    if not draft.is_stored:
        words = _("What is written differs from what is stored: people would read the older one.")
        todo = _("Store what is written.")
        found.append(Finding(_("Draft"), State.WAIT, words, todo, "study-write"))
    stale, below = _translations(draft, study)
    if stale:
        words = _("Older than their original: %(places)s.") % {"places": named(stale)}
        todo = _("Translate them anew, or say that they are right as they are.")
        state = State.STOP if phase == Phase.MAIN else State.WAIT
        found.append(Finding(part, state, words, todo, "study-write"))
    if below:
        counts = ", ".join(f"{language} {number}" for language, number in sorted(below.items()))
        words = _("Below the stage “%(stage)s”: %(where)s.") % {
            "stage": PromptText.Stage(study.translation_stage).label, "where": counts,
        }  # fmt: skip
        todo = _("Have them reviewed, and note the stage beside each text.")
        found.append(Finding(part, State.WAIT, words, todo, "study-write"))
    return found


def _translations(draft: StudyDraft, study: Study) -> tuple[list[str], Counter[str]]:
    """Stale texts by name, and how many in each language are below the study's stage."""
    stale, below, enough = [], Counter[str](), ENOUGH[PromptText.Stage(study.translation_stage)]
    for path, texts in texts_of(draft.definition):
        for language in languages_of(study):
            state = state_of(
                texts, draft.marks.get(path, {}), language=language, source=draft.source_language
            )
            if state.stale:
                stale.append(f"{path} ({language})")
            if not state.source and not state.missing and state.stage not in enough:
                below[language] += 1
    return stale, below
