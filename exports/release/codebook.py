"""The codebook of a study: every column and code of every format, from the formats themselves.

Beside them what the study asked, in every language and with every option, its samplers and
its waves. `as_json` gives it as a structure, `as_markdown` as a page.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q

from accounts.models import Instrument, Question
from annotation.models import Study
from candidates.models import Sampler
from exports.format import Column, Format, Type
from exports.formats import FORMATS
from exports.formats.meanings import PURPOSE
from exports.release.codebook_page import page

MISSING = {
    "CSV": "nothing between two commas; an empty text is a pair of quotes",
    "JSON Lines": "null",
    "Parquet": "null",
}
TYPES = {
    "text": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false (CSV: True, False)",
    "time": "instant in UTC (CSV and JSON Lines: ISO 8601; Parquet: timestamp)",
    "texts": "list of texts (CSV: as JSON)",
    "integers": "list of whole numbers (CSV: as JSON)",
    "messages": "list of messages, each with role and content (CSV: as JSON)",
    "json": "structure, as JSON text",
}
LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)


def as_json(study: Study, formats: Iterable[Format] | None = None) -> dict[str, Any]:
    """The codebook as a structure of texts, numbers, lists and mappings, in a fixed order.

    `formats`: those that an archive holds; without them every one that fits the study.
    """
    chosen = _fitting(study) if formats is None else list(formats)
    return {
        "study": {"key": study.key, "title": _texts(study, "title")},
        "missing": MISSING,
        "types": {kind: TYPES[kind] for kind in Type},
        "formats": {form.name: _format(form) for form in chosen},
        "instruments": [_instrument(one) for one in _instruments(study)],
        "consent": _consent(study),
        "samplers": [_sampler(one) for one in _samplers(study)],
        "waves": list(
            study.waves.order_by("number").values(
                "number", "explanation_policy", "explanation_share"
            )
        ),
        "locales": list(
            study.locales.order_by("country", "language").values("country", "language", "target")
        ),
    }


def _fitting(study: Study) -> list[Format]:
    return [form for form in FORMATS.values() if _fits(form, study)]


def _fits(form: Format, study: Study) -> bool:
    try:
        form.check(study)
    except ValidationError:
        return False
    return True


def _format(form: Format) -> dict[str, Any]:
    return {
        "title": form.title,
        "row": form.row,
        "not_carried": form.not_carried,
        "columns": [_column(column) for column in form.columns],
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": str(column.type),
        "meaning": column.meaning,
        "codes": dict(column.labels),
        "about_a_person": column.personal,
        "special_category": column.special,
    }


def _texts(record: Any, field: str) -> dict[str, str]:
    """One text in every language that it was written in."""
    found = {
        language: getattr(record, f"{field}_{language.replace('-', '_')}") or ""
        for language in LANGUAGES
    }
    return {language: text for language, text in found.items() if text}


def _instruments(study: Study) -> list[Instrument]:
    """In the order of the study; one that stands twice is told once."""
    known = Instrument.objects.in_bulk(study.instrument_ids())
    return [known[pk] for pk in dict.fromkeys(study.instrument_ids())]


def _instrument(instrument: Instrument) -> dict[str, Any]:
    questions = instrument.questions.order_by("position", "country").prefetch_related("options")
    return {
        "key": instrument.key,
        "version": instrument.version,
        "title": _texts(instrument, "title"),
        "questions": [_question(question) for question in questions],
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "code": question.code,
        "kind": question.kind,
        "country": question.country or None,
        "special_category": question.special_category,
        "minimum": question.minimum,
        "maximum": question.maximum,
        "text": _texts(question, "text"),
        "help": _texts(question, "help"),
        "options": [
            {"code": option.code, "label": _texts(option, "label")}
            for option in question.options.all()
        ],
    }


def _consent(study: Study) -> dict[str, Any]:
    document = study.consent_document
    return {
        "key": document.key,
        "version": document.version,
        "purposes": {
            statement.purpose: {
                "meaning": PURPOSE[statement.purpose],
                "required": statement.required,
                "text": _texts(statement, "text"),
            }
            for statement in document.statements.order_by("position")
        },
    }


def _samplers(study: Study) -> Iterable[Sampler]:
    """Those of the study, and those by which sets in its places were made before a change."""
    arms = [study.live_sampler_id, *(arm.pk for arm in study.arms())]
    found = Sampler.objects.filter(
        Q(pk__in=arms) | Q(candidateset__slots__locale__study=study)
    ).distinct()
    return found.order_by("key", "version").select_related("endpoint")


def _sampler(sampler: Sampler) -> dict[str, Any]:
    names: Mapping[str, Any] = {
        name: getattr(sampler, name)
        for name in (
            "key", "version", "strategy", "n", "instructions", "format_instructions", "parameters",
            "words_min", "words_max", "max_attempts", "oversample", "poles", "anchor",
            "thresholds", "tolerated_languages", "control_share",
        )
    }  # fmt: skip
    return {**names, "endpoint": sampler.endpoint.key, "model": sampler.endpoint.model}


def as_markdown(study: Study, formats: Iterable[Format] | None = None) -> str:
    """The same as a page in English; questions with their texts in every language."""
    return page(as_json(study, formats))
