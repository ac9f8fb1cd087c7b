"""What the steps about people lack: consent, targets, quotas, pay."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from annotation.authoring.faults.form import Definition
from annotation.cells.tables import CellFault
from annotation.definition.faults import cells_of


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


def pay(definition: Definition) -> list[str]:
    return [
        _("Say what people are paid in %(locale)s, and in which currency.")
        % {"locale": _name(locale)}
        for locale in definition["study"]["locales"]
        if not (locale.get("pay") and locale.get("currency"))
    ]


def _name(locale: Mapping[str, Any]) -> str:
    return f"{locale.get('country')}-{locale.get('language')}"
