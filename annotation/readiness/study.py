"""What is not ready before a study opens: the one source of the preflight and of `open_study`.

Only what lies in the rows is looked at here. What costs time to find out, such as whether an
endpoint answers, stops nothing and is the preflight's own (insights/preflight/findings.py).
"""

from collections import Counter
from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.actions.pool import find_pool_gaps, newest_texts
from annotation.models import Phase, Study
from annotation.readiness.finding import Finding, State, named
from annotation.readiness.set_counts import count_sets
from annotation.readiness.texts import check_texts, check_written, languages_of
from annotation.steps import practice
from annotation.steps.sittings import is_past
from candidates.models import PromptText, Sampler

STAGES = list(PromptText.Stage.values)


def find_readiness(study: Study, phase: str) -> list[Finding]:
    """Everything that the rows say, in the order in which it is mended."""
    return [
        *_running(study),
        check_texts(study),
        *check_written(study, phase),
        _prompts(study),
        _stages(study, phase),
        _samplers(study),
        *_sets(study),
        *_closing_day(study),
        *_keeping_day(study),
    ]


def what_stops(study: Study, phase: str) -> list[Finding]:
    """Why this phase does not open now; empty: nothing stops it."""
    return [finding for finding in find_readiness(study, phase) if finding.stops]


def _running(study: Study) -> list[Finding]:
    part, found = _("The study itself"), []
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
        return Finding(part, State.STOP, words % {"keys": named(missing)}, todo, "study-write")
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
        words = _("Missing: %(places)s.") % {"places": named(lacking)}
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
    return [Finding(part, State.OK, _("Collection ends on %(day)s.") % {"day": study.last_day})]


def _keeping_day(study: Study) -> list[Finding]:
    """After it answers, cells and recruitment ids go, and nobody takes part."""
    kept, today = study.retained_until, timezone.now().date()
    last = max(today, study.closes_on or today)
    if kept is None or kept >= last or study.rehearsal_of_id:
        return []
    words = _(
        "Data about people are kept until %(day)s only, so that nobody takes part after that day."
    ) % {"day": kept}
    state = State.STOP if kept < today else State.WAIT
    todo = _("Set a day after the last day of collection.")
    return [Finding(_("Keeping data"), state, words, todo, "study-write")]
