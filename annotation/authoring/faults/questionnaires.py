"""What questionnaires lack: the screening, the closing one, and further ones."""

import re
from collections import Counter
from typing import Any

from django.utils.translation import gettext as _

from annotation.authoring.faults.form import Definition
from annotation.steps import placements

CODE = re.compile(r"[-a-zA-Z0-9_]{1,50}")


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
