"""What each step of a study's definition lacks, in plain words. Pure; the pages list it."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from annotation import placements
from annotation import practice as practice_item
from annotation.authoring.texts import LANGUAGES
from annotation.cell_tables import CellFault
from annotation.definition_faults import cells_of
from annotation.models import Mode
from annotation.quality import read_thresholds
from candidates.actions.samplers import sampler_values
from candidates.models import Sampler
from candidates.samplers import find_fault as find_sampler_fault

Definition = Mapping[str, Any]
COUNTRY = re.compile(r"[A-Z]{2}")
CODE = re.compile(r"[-a-zA-Z0-9_]{1,50}")


def in_words(find: Callable[[Definition], list[str]], definition: Definition) -> list[str]:
    """The faults of a step; a part that cannot even be read is one."""
    try:
        return find(definition)
    except (KeyError, TypeError, AttributeError, ValueError):
        return [_("A part of this step does not have the form that a study file has.")]


def nothing(_definition: Definition) -> list[str]:
    return []


def basics(definition: Definition) -> list[str]:
    about, found = definition["study"], []
    locales = about["locales"]
    if not locales:
        found.append(_("Name at least one country and its language."))
    for locale in locales:
        if not COUNTRY.fullmatch(str(locale.get("country") or "")):
            found.append(_("%(code)s is no country.") % {"code": locale.get("country") or "–"})
        if locale.get("language") not in LANGUAGES:
            found.append(
                _("%(code)s is no language of the pages.") % {"code": locale.get("language") or "–"}
            )
    pairs = Counter((locale.get("country"), locale.get("language")) for locale in locales)
    found += [
        _("%(pair)s is there twice.") % {"pair": "-".join(map(str, pair))}
        for pair, times in pairs.items()
        if times > 1
    ]
    if not 15 <= int(about.get("lease_minutes") or 0) <= 30:
        found.append(_("A place is held for 15 to 30 minutes."))
    return found


def consent(definition: Definition) -> list[str]:
    about, found = definition["study"], []
    purposes = [one.get("purpose") for one in definition["consent"]["statements"]]
    if "take_part" not in purposes:
        found.append(_("The consent needs the statement on taking part."))
    named = {
        "ethics_approval": _("Say the ethics approval."),
        "controller": _("Say who is the controller of the data."),
        "contact": _("Say who answers people, with an address."),
        "provider": _("Say which provider's models receive people's messages."),
        "withdrawal_days": _("Say for how long people may withdraw."),
        "retained_until": _("Say until when personal data are kept."),
    }
    return found + [words for name, words in named.items() if not about.get(name)]


def prompts(definition: Definition) -> list[str]:
    listed = definition["pool"]["prompts"]
    if not definition["pool"].get("key"):
        return [_("Give the pool a key.")]
    if not listed and definition["study"].get("pool_conversations"):
        return [_("There is no prompt yet.")]
    needed = {locale["language"] for locale in definition["study"]["locales"]}
    there: dict[str, set[str]] = {}
    for item in listed:
        languages = {code for code, text in item["texts"].items() if text}
        there.setdefault(str(item["key"]), set()).update(languages)
    lacking = Counter(code for languages in there.values() for code in needed - languages)
    return [
        _("%(n)s prompts have no text in %(language)s.") % {"n": number, "language": language}
        for language, number in sorted(lacking.items())
    ]


def samplers(definition: Definition) -> list[str]:
    about, found = definition["study"], []
    keys = [one.get("key") for one in definition["samplers"]]
    endpoints = {one.get("key") for one in definition["endpoints"]}
    if not keys:
        found.append(_("There is no sampler yet."))
    roles = [about.get("pool_sampler"), about.get("live_sampler"), *about.get("further_arms", [])]
    found += (
        [_("No sampler is called “%(key)s”.") % {"key": key} for key in roles if key not in keys]
        if keys
        else []
    )
    for one in definition["samplers"]:
        used = [one.get("endpoint"), *one.get("further_endpoints", [])]
        found += [
            _("The sampler %(sampler)s names the endpoint %(key)s, which is not there.")
            % {"sampler": one["key"], "key": key or "–"}
            for key in used
            if key not in endpoints
        ]
        found += _sampler(one, len(used))
    return found


def _sampler(one: Mapping[str, Any], endpoints: int) -> list[str]:
    values = sampler_values(dict(one))
    default = values["strategy"] == Sampler.Strategy.NC_DEFAULT or values["anchor"]
    names = ("strategy", "n", "oversample", "instructions", "format_instructions", "poles")
    fault = find_sampler_fault(
        **{name: values[name] for name in names}, endpoints=endpoints, default=default
    )
    said = [f"{one['key']}: {fault}"] if fault else []
    if not all(_fills_in(text or "") for text in values["instructions"].values()):
        said.append(_("%(key)s: of braces, only {n} stands for something.") % {"key": one["key"]})
    if values["words_min"] > values["words_max"]:
        said.append(_("%(key)s: the fewest words are more than the most.") % {"key": one["key"]})
    return said


def _fills_in(text: str) -> bool:
    """Whether an instruction can be filled in with the number of answers."""
    try:
        text.format(n=4)
    except (KeyError, IndexError, ValueError, AttributeError):
        return False
    return True


def targets(definition: Definition) -> list[str]:
    about = definition["study"]
    found = [
        _("Say how many people judge each set in %(locale)s.") % {"locale": _name(locale)}
        for locale in about["locales"]
        if not locale.get("target")
    ]
    keys = {str(item["key"]) for item in definition["pool"]["prompts"]}
    unknown = [key for key in about.get("core") or [] if key not in keys]
    if unknown:
        found.append(
            _("The core names prompts that the pool lacks: %(keys)s.")
            % {"keys": ", ".join(unknown)}
        )
    if about.get("core") and not any(one.get("core_target") for one in about["locales"]):
        found.append(_("Prompts are in the core, but no place has a target for the core."))
    return found


def quotas(definition: Definition) -> list[str]:
    try:
        cells_of(definition)
    except CellFault as fault:
        return [str(fault)]
    return []


def conversations(definition: Definition) -> list[str]:
    about, found = definition["study"], []
    if not (about.get("pool_conversations") or about.get("own_conversations")):
        found.append(_("Each person needs at least one conversation."))
    weights = about.get("turn_lengths") or {}
    if not any(int(weight) > 0 for weight in weights.values()):
        found.append(_("Say how many turns a conversation has."))
    if any(mode not in Mode.values for mode in about.get("modes") or ["ranking"]):
        found.append(_("A turn asks something that is not known."))
    return found


def practice(definition: Definition) -> list[str]:
    fault = practice_item.find_fault(definition["study"].get("practice") or {})
    return [fault] if fault else []


def explanations(definition: Definition) -> list[str]:
    waves = definition["study"]["waves"]
    if not waves:
        return [_("The study needs a first wave.")]
    numbers = Counter(wave.get("number") for wave in waves)
    return [
        _("Wave %(n)s is there twice.") % {"n": number}
        for number, times in numbers.items()
        if times > 1
    ]


def screening(definition: Definition) -> list[str]:
    asked = definition["instruments"]["quota"]["questions"]
    sensitive = [str(item["code"]) for item in asked if item.get("special_category")]
    found = _questions(asked)
    if sensitive:
        found.append(
            _("%(codes)s: questions of a special category are asked after consent only.")
            % {"codes": ", ".join(sensitive)}
        )
    return found


def questionnaires(definition: Definition) -> list[str]:
    """Of the further ones."""
    found, further = [], definition["instruments"].get("further") or []
    for one in further:
        asked = one["questions"]
        lacking = [] if asked else [_("It asks nothing yet.")]
        found += [f"{one['key']}: {said}" for said in (*_questions(asked), *lacking)]
    fault = placements.find_fault(definition) if further else ""
    return [*found, fault] if fault else found


def closing(definition: Definition) -> list[str]:
    return _questions(definition["instruments"]["closing"]["questions"])


def _questions(asked: list[dict[str, Any]]) -> list[str]:
    found = []
    for item in asked:
        code = str(item.get("code") or "")
        options = [str(option.get("code") or "") for option in item.get("options") or []]
        if not CODE.fullmatch(code):
            found.append(_("“%(code)s” is no code: letters, digits, - and _.") % {"code": code})
        if item.get("kind") == "choice" and len(options) < 2:
            found.append(_("%(code)s needs two options or more.") % {"code": code})
        if item.get("expected") and item["expected"] not in options:
            found.append(_("%(code)s expects an option that it lacks.") % {"code": code})
    twice = Counter((item.get("code"), item.get("country") or "") for item in asked)
    return found + [
        _("%(code)s is there twice.") % {"code": code}
        for (code, _country), times in twice.items()
        if times > 1
    ]


def pay(definition: Definition) -> list[str]:
    return [
        _("Say what people are paid in %(locale)s, and in which currency.")
        % {"locale": _name(locale)}
        for locale in definition["study"]["locales"]
        if not (locale.get("pay") and locale.get("currency"))
    ]


def rules(definition: Definition) -> list[str]:
    about, found = definition["study"], []
    try:
        read_thresholds(about.get("flag_thresholds") or {})
    except ValueError as error:
        found.append(f"{error}.")
    if not about.get("exclusion_rules"):
        found.append(_("Say who is left out of the analysis, and why."))
    if not about.get("analysis_plan"):
        found.append(_("Say how the data will be analysed."))
    return found


def _name(locale: Mapping[str, Any]) -> str:
    return f"{locale.get('country')}-{locale.get('language')}"
