"""Pages about the work: prompts, and the samplers that answer them."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from annotation.authoring.blank import no_text
from annotation.authoring.prompts import PromptLine, joined, preview, read_prompts
from annotation.forms.authoring.base import Section, StepPage, put
from annotation.forms.authoring.fields import (
    CODE,
    CodesField,
    RowForm,
    Rows,
    UploadField,
    whole,
    words,
)
from candidates.models import Sampler
from candidates.samplers import ONE_GENERATION

PAGE = 100


class PromptsForm(forms.Form):
    key = forms.RegexField(
        CODE, label=_("Key of the pool"), max_length=50, required=False,
        help_text=_(
            "Studies with the same key share their prompts. One that changes them gets a copy."
        ),
    )  # fmt: skip
    file = UploadField(
        label=_("A file with prompts"), required=False,
        help_text=_("CSV, JSONL or YAML. Its prompts are added; those with a known key change."),
    )  # fmt: skip
    pasted = words(
        _("Or its lines, as CSV"), long=True, help_text=_("with the columns key, language, text")
    )

    def clean(self) -> dict[str, Any]:
        given, rows = self.cleaned_data, []
        languages = [code for code, _name in settings.LANGUAGES]
        for field in ("file", "pasted"):
            source = given.get(field)
            if field == "pasted" and source:
                source = ("pasted.csv", source.encode())
            try:
                rows += read_prompts(*source, languages=languages) if source else []
            except ValidationError as error:
                self.add_error(field, error.messages[0])
        given["rows"] = rows
        return given


class PromptsPage(StepPage):
    slug = "prompts"
    parts = ("pool",)

    def build(self) -> list[Section]:
        self.form = self.bind(PromptsForm, {"key": self.definition["pool"].get("key", "")})
        return [Section(_("Add prompts"), form=self.form)]

    def edit(self, definition: dict[str, Any]) -> None:
        given, pool = self.form.cleaned_data, definition["pool"]
        pool["key"] = given["key"]
        prompts = joined(pool["prompts"], given["rows"])
        out = set(self.data.getlist("remove")) if self.data is not None else set()
        retired = (set(pool.get("retired", [])) | out) - {row.key for row in given["rows"]}
        pool["prompts"] = [one for one in prompts if str(one["key"]) not in out]
        pool["retired"] = sorted(retired)
        if not retired:
            del pool["retired"]

    @property
    def prompts(self) -> list[PromptLine]:
        needed = [one["language"] for one in self.about["locales"]]
        return preview(self.definition["pool"]["prompts"], needed=needed)


class EndpointRow(RowForm):
    NEEDED = "key"
    key = forms.RegexField(CODE, label=_("Key"), max_length=50, required=False)
    base_url = words(_("Address"), most=200, help_text=_("empty: the server's own setting"))
    model = words(_("Model"), most=200, help_text=_("empty: the server's own setting"))
    api_key_variable = words(
        _("Name of the variable with its key"), most=100, help_text=_("never the key itself")
    )
    timeout_seconds = whole(_("Seconds until a call is given up"), least=1)
    concurrency = whole(_("Calls at once"), least=1)
    requests_per_minute = whole(_("Calls a minute"), least=1, most=2**31 - 1)
    price_prompt = forms.DecimalField(
        label=_("Price of a million tokens sent"), required=False, min_value=0
    )
    price_completion = forms.DecimalField(
        label=_("Price of a million tokens answered"), required=False, min_value=0
    )
    embedding_model = words(_("Model for embeddings"), most=200)
    moderation_model = words(_("Model for moderation"), most=200)


class SamplerRow(RowForm):
    NEEDED = "key"
    key = forms.RegexField(CODE, label=_("Key"), max_length=50, required=False)
    strategy = forms.ChoiceField(
        label=_("Strategy"), choices=Sampler.Strategy.choices, required=False
    )
    n = whole(_("Answers in a set"), least=2, most=8)
    endpoint = forms.RegexField(CODE, label=_("Endpoint"), required=False)
    further_endpoints = CodesField(label=_("Further endpoints"), required=False)
    words_min = whole(_("Fewest words"))
    words_max = whole(_("Most words"))
    max_attempts = whole(_("Attempts at most"), least=1)
    oversample = whole(_("Draws of which the most different are kept"))
    anchor = forms.BooleanField(label=_("Shares the default answer"), required=False)
    pole_names = CodesField(label=_("Value poles"), required=False)
    temperature = forms.FloatField(label=_("Temperature"), required=False, min_value=0)

    def __init__(self, *args: Any, endpoint: str, **options: Any) -> None:
        """endpoint: the key that a new row begins with."""
        super().__init__(*args, **options)
        self.fields["endpoint"].initial = endpoint


class RolesForm(forms.Form):
    pool_sampler = forms.ChoiceField(label=_("Makes the sets of the pool"), required=False)
    further_arms = forms.MultipleChoiceField(
        label=_("Further arms"), widget=forms.CheckboxSelectMultiple, required=False
    )
    live_sampler = forms.ChoiceField(
        label=_("Answers own messages and later turns"), required=False
    )
    budget = forms.RegexField(CODE, label=_("Key of the budget"), required=False)
    limit = forms.DecimalField(label=_("Limit"), required=False, min_value=0)
    daily_limit = forms.DecimalField(label=_("Limit a day"), required=False, min_value=0)

    def __init__(self, *args: Any, keys: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [(key, key) for key in keys]
        self.fields["further_arms"].choices = choices  # type: ignore[attr-defined]
        for name in ("pool_sampler", "live_sampler"):
            self.fields[name].choices = [("", "–"), *choices]  # type: ignore[attr-defined]


class SamplersPage(StepPage):
    """Arms and endpoints; the instructions of each sampler stand on a page of their own."""

    slug = "samplers"
    study = ("pool_sampler", "live_sampler", "further_arms")
    parts = ("samplers", "endpoints", "budget")

    def paths(self) -> tuple[str, ...]:
        return (f"samplers[{self.part}].",) if self.part else ()

    def part_links(self) -> list[str]:
        return [str(one["key"]) for one in self.definition["samplers"]]

    def build(self) -> list[Section]:
        items = [
            {
                **one,
                "pole_names": list(one.get("poles") or {}),
                "temperature": (one.get("parameters") or {}).get("temperature"),
            }
            for one in self.definition["samplers"]
        ]
        first = next((one["key"] for one in self.definition["endpoints"]), "")
        self.samplers = Rows(
            SamplerRow, items, prefix="samplers", data=self.data, options={"endpoint": str(first)}
        )
        self.endpoints = Rows(
            EndpointRow, self.definition["endpoints"], prefix="endpoints", data=self.data
        )
        budget = self.definition.get("budget") or {}
        initial = {**self.about, **budget, "budget": budget.get("key", "")}
        keys = [one["key"] for one in items]
        self.form = self.bind(RolesForm, initial, keys=keys)
        arms = _("Save a new sampler first: then it can be chosen here, and gets its instructions.")
        return [
            Section(_("Samplers"), rows=self.samplers),
            Section(_("Arms and budget"), form=self.form, help=arms),
            Section(_("Endpoints"), rows=self.endpoints),
        ]

    def edit(self, definition: dict[str, Any]) -> None:
        given = dict(self.form.cleaned_data)
        samplers = [_sampler(one) for one in self.samplers.values()]
        definition["samplers"], definition["endpoints"] = samplers, self.endpoints.values()
        budget = {"key": given.pop("budget")}
        put(budget, {name: given.pop(name) for name in ("limit", "daily_limit")})
        definition["budget"] = budget if budget["key"] and "limit" in budget else None
        keys = {one["key"] for one in samplers}
        about = definition["study"]
        about["further_arms"] = [key for key in given["further_arms"] if key in keys]
        for name in ("pool_sampler", "live_sampler"):
            about[name] = given[name] if given[name] in keys else ""
        if len(keys) == 1:  # nothing to choose from
            about |= dict.fromkeys(("pool_sampler", "live_sampler"), keys.copy().pop())


def _sampler(row: dict[str, Any]) -> dict[str, Any]:
    """A sampler as its row says, with the texts its strategy needs, which it may have had."""
    sampler = {"version": 1, "n": 4, "words_min": 60, "words_max": 160, **row}
    names, temperature = sampler.pop("pole_names", []), sampler.pop("temperature", None)
    if temperature is not None:
        sampler["parameters"] = {**sampler.get("parameters", {}), "temperature": temperature}
    poles = sampler.get("poles") or {}
    sampler["poles"] = {name: poles.get(name) or no_text() for name in names}
    sampler["format_instructions"] = sampler.get("format_instructions") or no_text()
    instructions = sampler.get("instructions") or {}
    needed = sampler["strategy"] in ONE_GENERATION
    if needed or any(instructions.values()):
        sampler["instructions"] = instructions or no_text()
    else:
        sampler.pop("instructions", None)
    return sampler
