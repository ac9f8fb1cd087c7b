"""A study's definition as a YAML file that people read, and back."""

import json
from collections.abc import Mapping
from typing import Any

import yaml
from django.conf import settings

from annotation.authoring.shape import find_misshapen
from annotation.definition.faults import is_text

# The order of a file, over all its levels; what is not named follows by name.
ORDER = (
    "key", "version", "placement", "after", "country", "language", "number", "code", "kind",
    "purpose", "required",
    "title", "summary", "intro", "guidelines", "own_prompt_instruction", "explanation_question",
    "message", "answers", "question", "options", "correct", "text", "help", "label",
    "study", "consent", "instruments", "endpoints", "budget", "samplers", "pool",
    "ethics_approval", "controller", "contact", "provider", "withdrawal_days", "retained_until",
    "expected_minutes", "closes_on", "daily_cap", "check_duplicates", "soft_launch", "seed",
    "lease_minutes", "pool_conversations", "own_conversations", "turn_lengths", "modes",
    "partial_allowed", "practice", "batch_size", "retests", "core", "cell_share",
    "translation_stage", "pool_sampler", "live_sampler", "further_arms", "waves", "locales",
    "quotas", "flag_thresholds", "exclusion_rules", "analysis_plan",
    "target", "core_target", "people", "pay", "short_pay", "currency", "pay_floor", "legal_basis",
    "strategy", "n", "oversample", "endpoint", "further_endpoints", "words_min", "words_max",
    "max_attempts", "anchor", "control_share", "parameters", "instructions",
    "format_instructions", "poles", "topics", "stage", "translated_from", "texts",
    "statements", "questions", "prompts",
)  # fmt: skip
LONG = 100
MOST = 4_000_000  # characters: some ten seconds
NEEDED = {"prompts", "questions", "statements", "locales", "waves"}


class FileFault(ValueError):
    """Why a file holds no definition, in one sentence."""


def to_yaml(definition: Mapping[str, Any]) -> str:
    """The definition in a stable order, long texts as blocks; what says nothing is left out."""
    text: str = yaml.dump(
        ordered(tidy(definition)),
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=LONG,
        default_flow_style=False,
    )
    return text


def from_yaml(text: str) -> dict[str, Any]:
    """The definition of a file. Raises FileFault, as `read_yaml` does."""
    definition = read_yaml(text)
    if not isinstance(definition, dict) or not isinstance(definition.get("study"), dict):
        raise FileFault("The file holds no study definition: it has no part called study.")
    fault = find_misshapen(definition)
    if fault:
        raise FileFault(fault)
    return definition


def read_yaml(text: str) -> Any:
    """What an uploaded file says, as a draft can keep it. Raises FileFault, also for one that
    refers to its own parts: a few lines of references to references are written out as more
    than any memory holds."""
    if len(text) > MOST:
        raise FileFault(
            f"The file is too long for YAML, which may have {MOST // 1_000_000} million characters "
            "here: upload prompts as CSV or JSONL, store a larger study with manage.py apply_study."
        )
    try:
        found = yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a safe one
    except FileFault:
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" near line {mark.line + 1}" if mark else ""
        raise FileFault(f"The file cannot be read as YAML{where}.") from error
    _refuse_what_cannot_be_kept(found)
    return found


class _Loader(yaml.SafeLoader):
    """Takes no references, from the first one on."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise FileFault("The file refers to its own parts (*name): write them out.")
        return super().compose_node(parent, index)


def _refuse_what_cannot_be_kept(found: Any) -> None:
    """As the database would: drafts are kept as JSON."""
    try:
        for piece in json.JSONEncoder(allow_nan=False, default=str).iterencode(found):
            if "\\u0000" in piece or _half(piece):
                raise FileFault("A text of the file has a character that cannot be stored.")
    except (TypeError, ValueError, RecursionError) as error:
        if isinstance(error, FileFault):
            raise
        raise FileFault(
            "The file holds something that is no text, number, list or mapping with names."
        ) from error


def _half(piece: str) -> bool:
    """Whether it holds half a character: a surrogate alone."""
    try:
        json.loads(piece).encode() if piece.startswith('"') else None
    except UnicodeEncodeError:
        return True
    return False


def tidy(part: Any) -> Any:
    """The same without what says nothing. A text keeps its languages, also empty ones."""
    if isinstance(part, Mapping):
        if is_text(part):
            return dict(part)
        tidied = {name: tidy(value) for name, value in part.items()}
        return {name: value for name, value in tidied.items() if _says(name, value)}
    if isinstance(part, list | tuple):
        return [tidy(item) for item in part]
    return part


def _says(name: str, value: Any) -> bool:
    blank = name == "help" and not any(value.values())
    return name in NEEDED or not (blank or value is None or value in ("", [], {}))


def ordered(part: Any) -> Any:
    """The same in the order of a file, which is also that of the pages."""
    if isinstance(part, Mapping):
        return {name: ordered(value) for name, value in sorted(part.items(), key=_place)}
    return [ordered(item) for item in part] if isinstance(part, list) else part


def _place(item: tuple[str, Any]) -> tuple[int, int, str]:
    name = str(item[0])
    languages = [code for code, _name in settings.LANGUAGES]
    if name in languages:
        return (0, languages.index(name), name)
    if name.isdigit():
        return (0, int(name), name)
    return (1, ORDER.index(name) if name in ORDER else len(ORDER), name)


class _Dumper(yaml.SafeDumper):
    """Lists stand indented under their name, long texts as blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    block = "|" if "\n" in text or len(text) > LONG else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=block)


_Dumper.add_representer(str, _text)
