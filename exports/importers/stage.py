"""Where imported rows are put: a closed study, and each shared thing made once.

Everything here is looked up by what a file says of it: a person by her key, a locale by
country and language, a prompt by its key or its text, a sampler by key and version, a
candidate set by its key, or by its prompt and its texts.
"""

import hashlib
import json
import secrets
from collections import Counter
from dataclasses import dataclass, field

from accounts.models import Annotator, ConsentDocument, Instrument, Vendor
from annotation.models import Mode, Participation, Study, StudyLocale, Wave
from candidates.models import ModelEndpoint, Prompt, PromptPool, PromptText, Sampler
from exports.importers.people import Asked, give_consents, participation_of
from exports.importers.records import Arm, Person, Prompted


def digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass
class StoredSet:
    """A set's key in this database, and its candidates' by what the file calls them."""

    pk: int
    text: PromptText | None
    candidates: dict[str, int]


@dataclass
class Stage:
    """One import's study, with everything that rows share."""

    study: Study
    vendor: Vendor
    asked: Asked
    endpoints: dict[str, ModelEndpoint] = field(default_factory=dict)
    samplers: dict[tuple[str, int], Sampler] = field(default_factory=dict)
    locales: dict[tuple[str, str], StudyLocale] = field(default_factory=dict)
    waves: dict[int, Wave] = field(default_factory=dict)
    people: dict[str, Participation] = field(default_factory=dict)
    prompts: dict[str, Prompt] = field(default_factory=dict)
    texts: dict[str, PromptText] = field(default_factory=dict)
    sets: dict[str, StoredSet] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    ordinals: Counter[object] = field(default_factory=Counter)

    def next_ordinal(self, of: object) -> int:
        """0, 1, 2 … for each thing counted."""
        self.ordinals[of] += 1
        return self.ordinals[of] - 1

    def locale(self, country: str, language: str) -> StudyLocale:
        key = (country, language)
        if key not in self.locales:
            self.locales[key] = StudyLocale.objects.create(
                study=self.study, country=country, language=language, target=0
            )
        return self.locales[key]

    def wave(self, number: int) -> Wave:
        if number not in self.waves:
            self.waves[number] = Wave.objects.create(study=self.study, number=number)
        return self.waves[number]

    def endpoint(self, name: str) -> ModelEndpoint:
        """What a file names by key or by model. Nothing can be asked of it: it has no address,
        and a key of its own, so that no study here takes it for an endpoint of that name."""
        if name not in self.endpoints:
            self.endpoints[name] = make_endpoint(name)
        return self.endpoints[name]

    def sampler(self, arm: Arm | None, *, n: int, live: bool) -> Sampler:
        """The arm under a key of its own; the first that makes pool sets, or live ones, is the
        study's. Without an arm the one that stands for all."""
        if arm is None:
            return self.study.pool_sampler
        key = (arm.key, arm.version)
        if key not in self.samplers:
            self.samplers[key] = make_sampler(
                key=f"imported-{digest(self.study.key, arm.key)[:8]}-{arm.key}"[:50],
                version=arm.version,
                strategy=arm.strategy or Sampler.Strategy.NC,
                n=n,
                endpoint=self.endpoint(""),
            )
        made = self.samplers[key]
        if self.next_ordinal(("arm", live, made.pk)) == 0:
            self._use(made, live=live)
        return made

    def _use(self, sampler: Sampler, *, live: bool) -> None:
        first = self.next_ordinal(("arms", live)) == 0
        if first:
            setattr(self.study, "live_sampler" if live else "pool_sampler", sampler)
            self.study.save(update_fields=["live_sampler", "pool_sampler"])
        elif not live:
            self.study.further_arms.add(sampler)

    def participation(self, person: Person) -> Participation:
        if person.key not in self.people:
            annotator = Annotator.objects.create(vendor=self.vendor)
            give_consents(annotator, self.study.consent_document, person)
            self.asked.store(annotator, person)
            locale = self.locale(person.country, person.language) if person.language else None
            self.people[person.key] = participation_of(
                annotator, person, locale, self.wave(person.wave)
            )
        return self.people[person.key]

    def prompt_text(self, prompt: Prompted, language: str) -> PromptText:
        """A pool's text; where a file says no prompt's identity, each text is a prompt."""
        what = prompt.text if prompt.version is None else f"version {prompt.version}"
        key = digest(prompt.key, language, what)
        if key not in self.texts:
            counted = 1 + self.next_ordinal(("version", prompt.key or key, language))
            self.texts[key] = PromptText.objects.create(
                prompt=self._prompt(prompt.key or f"p{len(self.texts)}"),
                language=language,
                version=prompt.version or counted,
                text=prompt.text,
                stage=prompt.stage,
            )
        return self.texts[key]

    def _prompt(self, key: str) -> Prompt:
        if key not in self.prompts:
            self.prompts[key] = Prompt.objects.create(pool=self.study.pool, key=key)
        return self.prompts[key]


def _named(key: str, part: str = "") -> str:
    """At most 50 characters, of no two studies alike."""
    name = f"imported-{key}{part}"
    return name if len(name) <= 50 else f"imported-{digest(key)[:24]}{part}"


def make_endpoint(model: str) -> ModelEndpoint:
    return ModelEndpoint.objects.create(
        key=f"imported-{secrets.token_hex(8)}", base_url="", model=model[:200]
    )


def make_sampler(
    *, key: str, version: int, strategy: str, n: int, endpoint: ModelEndpoint
) -> Sampler:
    """A sampler that only names what was done."""
    return Sampler.objects.create(
        key=key,
        version=version,
        strategy=strategy,
        n=n,
        endpoint=endpoint,
        instructions={},
        format_instructions={},
        words_min=0,
        words_max=10_000,
        control_share=0,
    )


def make_stage(*, key: str, title: str, n: int, mode: Mode) -> Stage:
    """The closed study that receives an import, with one sampler until a file names its own."""
    name = _named(key)
    vendor, _created = Vendor.objects.get_or_create(
        key=name, defaults={"name": f"Imported: {title}"[:200]}
    )
    document = ConsentDocument.objects.create(
        key=name, version=1, title=title[:200], intro="As published."
    )
    instruments = [
        Instrument.objects.create(key=_named(key, part), version=1, title=title[:200])
        for part in ("-answers", "-closing")
    ]
    endpoint = make_endpoint("unknown")
    sampler = make_sampler(
        key=name, version=1, strategy=Sampler.Strategy.NC, n=n, endpoint=endpoint
    )
    study = Study.objects.create(
        key=key,
        status=Study.Status.CLOSED,
        title=title[:200],
        summary=title,
        consent_document=document,
        quota_instrument=instruments[0],
        closing_instrument=instruments[1],
        pool=PromptPool.objects.create(key=name),
        pool_sampler=sampler,
        live_sampler=sampler,
        pool_conversations=0,
        own_conversations=0,
        turn_lengths={"1": 1},
        modes=[mode.value],
        partial_allowed=True,
        seed=0,
    )
    asked = Asked(instruments[0])
    return Stage(study=study, vendor=vendor, asked=asked, endpoints={"": endpoint})
