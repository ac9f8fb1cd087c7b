"""What is not ready before a study opens: the one source of the preflight and of `open_study`.

Only what lies in the rows is looked at here. What costs time to find out, such as whether an
endpoint answers, stops nothing and is the preflight's own (insights/preflight.py).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _
from modeltranslation.manager import get_translatable_fields_for_model
from modeltranslation.utils import build_localized_fieldname

from accounts.models import Option, Question
from annotation import practice
from annotation.actions.pool import find_pool_gaps, newest_texts
from annotation.models import Phase, Study
from annotation.set_counts import count_sets
from annotation.sittings import is_past
from candidates.models import PromptText, Sampler

STAGES = list(PromptText.Stage.values)
MOST_NAMED = 12  # places in one sentence; the rest is counted


class State(StrEnum):
    OK = "ok"
    WAIT = "wait"  # to be looked at; it stops nothing
    STOP = "stop"  # the study does not open


@dataclass(frozen=True)
class Finding:
    """What one part of a study is like, and how to mend it.

    `page` names the page on which it is mended, with the study's key in its address; empty:
    `todo` says what to do elsewhere.
    """

    part: str
    state: State
    words: str
    todo: str = ""
    page: str = ""

    @property
    def stops(self) -> bool:
        return self.state is State.STOP


def find_readiness(study: Study, phase: str) -> list[Finding]:
    """Everything that the rows say, in the order in which it is mended."""
    return [
        *_running(study),
        _texts(study),
        _prompts(study),
        _stages(study, phase),
        _samplers(study),
        *_sets(study),
        *_closing_day(study),
    ]


def what_stops(study: Study, phase: str) -> list[Finding]:
    """Why this phase does not open now; empty: nothing stops it."""
    return [finding for finding in find_readiness(study, phase) if finding.stops]


def _running(study: Study) -> list[Finding]:
    part, found = _("The study"), []
    if study.status == Study.Status.CLOSED:
        words = _("The study %(study)s is closed and does not open again.") % {"study": study}
        todo = _("Make a copy of it: a clone begins as a draft.")
        found.append(Finding(part, State.STOP, words, todo, "study-write"))
    if not study.locales.exists():
        words, todo = _("It has no locale."), _("Add a country and a language with a target.")
        found.append(Finding(part, State.STOP, words, todo, "study-write"))
    if not study.waves.exists():
        words, todo = _("It has no wave."), _("Add one: it says whether choices are explained.")
        found.append(Finding(part, State.STOP, words, todo, "study-write"))
    if not study.pool_conversations and not study.own_conversations:
        words = _("Nobody would have a conversation in it.")
        todo = _("Say how many conversations a person has.")
        found.append(Finding(part, State.STOP, words, todo, "study-write"))
    fault = practice.find_fault(study.practice)
    if fault:
        found.append(Finding(part, State.STOP, fault, _("Mend the practice item."), "study-write"))
    return found


def languages_of(study: Study) -> list[str]:
    return sorted(set(study.locales.values_list("language", flat=True)))


def _texts(study: Study) -> Finding:
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
        words = _("Missing: %(places)s.") % {"places": _named(lacking)}
        todo = _("Write them: people would read another language in their place.")
        return Finding(part, State.STOP, words, todo, "study-write")
    words = _("Complete in %(languages)s.") % {"languages": ", ".join(languages)}
    return Finding(part, State.OK, words)


def _rows_with_texts(study: Study) -> list[tuple[str, models.Model]]:
    """Every row whose texts people read, with its name for the team."""
    consent, instruments = (
        study.consent_document,
        {study.quota_instrument_id, study.closing_instrument_id},
    )
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


def _prompts(study: Study) -> Finding:
    part = _("Prompts")
    number = study.pool.prompts.in_use().count()
    if study.pool_conversations and not number:
        words, todo = _("The pool has no prompt."), _("Upload prompts.")
        return Finding(part, State.STOP, words, todo, "study-write")
    gaps = find_pool_gaps(study=study)
    if gaps:
        words = _("The study cannot open: %(gaps)s.") % {"gaps": gaps}
        todo = _("Upload the texts that are missing or older than their original.")
        return Finding(part, State.STOP, words, todo, "study-write")
    missing = sorted(set(study.core) - set(study.pool.prompts.values_list("key", flat=True)))
    if missing:
        words = _("The core names %(keys)s, which the pool does not have.")
        todo = _("Upload these prompts, or take their keys out of the core.")
        return Finding(part, State.STOP, words % {"keys": _named(missing)}, todo, "study-write")
    words = _("%(number)s prompts have their text in every language.") % {"number": number}
    return Finding(part, State.OK, words)


def _stages(study: Study, phase: str) -> Finding:
    """Translations that have not come as far as the study asks stop its main phase; in a pilot
    they are what is tried out."""
    part, wanted = _("Stage of the translations"), study.translation_stage
    below = [
        text for text in newest_texts(study) if STAGES.index(text.stage) < STAGES.index(wanted)
    ]
    translated = [text for text in below if text.translated_from_id]
    label = PromptText.Stage(wanted).label
    todo = _("Have them reviewed and upload them with their stage, or ask for a lower stage.")
    if translated:
        words = _("%(number)s translated prompts are below the stage “%(stage)s”: %(where)s.") % {
            "number": len(translated), "stage": label, "where": _by_language(translated),
        }  # fmt: skip
        state = State.STOP if phase == Phase.MAIN else State.WAIT
        return Finding(part, state, words, todo, "study-write")
    if below and len({text.language for text in below}) > 1:
        words = _(
            "%(number)s prompts are below the stage “%(stage)s” and do not say of which text "
            "they are a translation: %(where)s."
        ) % {"number": len(below), "stage": label, "where": _by_language(below)}
        return Finding(part, State.WAIT, words, todo, "study-write")
    return Finding(part, State.OK, _("All are at the stage “%(stage)s”.") % {"stage": label})


def _by_language(texts: Iterable[PromptText]) -> str:
    counts = Counter(text.language for text in texts)
    return ", ".join(f"{language} {number}" for language, number in sorted(counts.items()))


def _samplers(study: Study) -> Finding:
    """Whether each way to make responses has its instructions in every language."""
    part, languages = _("Instructions of the samplers"), set(languages_of(study))
    lacking = [
        f"{sampler.key} ({', '.join(sorted(missing))})"
        for sampler in samplers_used(study)
        if (missing := languages - set(sampler.format_instructions))
    ]
    if lacking:
        words = _("Missing: %(places)s.") % {"places": _named(lacking)}
        todo = _("Make a new version of the sampler that has them.")
        return Finding(part, State.STOP, words, todo, "study-write")
    return Finding(part, State.OK, _("Each has its instructions in every language."))


def samplers_used(study: Study) -> list[Sampler]:
    """The arms, and the sampler of later turns where there are any."""
    live = study.own_conversations or any(int(turns) > 1 for turns in study.turn_lengths)
    arms = study.arms() if study.pool_conversations else []
    return list(
        {item.pk: item for item in [*arms, *([study.live_sampler] if live else [])]}.values()
    )


def _sets(study: Study) -> list[Finding]:
    part, counts = _("Candidate sets"), count_sets(study)
    wanted, ready = sum(one.wanted for one in counts), sum(one.ready for one in counts)
    if ready == wanted:
        words = _("All %(number)s candidate sets are ready.") % {"number": wanted}
        return [Finding(part, State.OK, words)]
    words = _("%(lacking)s of %(wanted)s candidate sets are not ready.") % {
        "lacking": wanted - ready, "wanted": wanted,
    }  # fmt: skip
    todo = _("Make them: manage.py pregenerate %(study)s") % {"study": study}
    found = [Finding(part, State.STOP, words, todo, "admin:candidates_candidateset_changelist")]
    failed = sum(one.failed for one in counts)
    if failed:
        words = _("%(number)s of them failed, or their responses were too alike.") % {
            "number": failed
        }
        todo = _("The list of candidate sets says why, and tries failed ones again.")
        page = "admin:candidates_candidateset_changelist"
        found.append(Finding(part, State.STOP, words, todo, page))
    return found


def _closing_day(study: Study) -> list[Finding]:
    part = _("Last day")
    if study.closes_on is None or study.status == Study.Status.CLOSED:
        return []
    countries = set(study.locales.values_list("country", flat=True))
    if countries and all(is_past(study, country) for country in countries):
        words = _("It is over in every country: nobody could join.")
        return [Finding(part, State.STOP, words, _("Set a later day."), "study-write")]
    return [Finding(part, State.OK, _("Collection ends on %(day)s.") % {"day": study.closes_on})]


def _named(items: list[str]) -> str:
    named = ", ".join(items[:MOST_NAMED])
    more = len(items) - MOST_NAMED
    return named if more <= 0 else _("%(named)s and %(more)s more") % {"named": named, "more": more}
