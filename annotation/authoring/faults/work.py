"""What prompts and samplers lack."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from annotation.authoring.faults.form import Definition
from candidates.actions.samplers import sampler_values
from candidates.models import Sampler
from candidates.samplers import find_fault as find_sampler_fault


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
