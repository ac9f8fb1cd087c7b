"""What the settings of a study lack: places, conversations, practice, explanations, rules."""

import re
from collections import Counter

from django.utils.translation import gettext as _

from annotation.authoring.faults.form import Definition
from annotation.authoring.texts import LANGUAGES
from annotation.models import Mode
from annotation.review.signals import read_thresholds
from annotation.steps import practice as practice_item

COUNTRY = re.compile(r"[A-Z]{2}")


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
