"""Where imported rows are put: a closed study, and each shared thing made once.

Everything here is looked up by what a file says of it: a person by her key, a locale by
country and language, a prompt by its text, a candidate set by its prompt and its texts.
"""

import hashlib
import json
import secrets
from collections import Counter
from dataclasses import dataclass, field

from django.utils import timezone

from accounts.models import (
    Annotator,
    Answer,
    Consent,
    ConsentDocument,
    Instrument,
    Option,
    Purpose,
    Question,
    Vendor,
)
from annotation.models import Mode, Outcome, Participation, Phase, Study, StudyLocale, Wave
from candidates.models import ModelEndpoint, Prompt, PromptPool, PromptText, Sampler
from exports.importers.records import Dialogue, Person

SAID = Answer.Status.ANSWERED
# What whoever publishes a dataset says of its people: that they allowed this much.
ALLOWED = (Purpose.TAKE_PART, Purpose.RELEASE_CHOICES, Purpose.RELEASE_FREE_TEXT)


def digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass
class Stage:
    """One import's study, with everything that rows share."""

    study: Study
    vendor: Vendor
    endpoints: dict[str, ModelEndpoint] = field(default_factory=dict)
    locales: dict[tuple[str, str], StudyLocale] = field(default_factory=dict)
    waves: dict[int, Wave] = field(default_factory=dict)
    questions: dict[str, Question] = field(default_factory=dict)
    options: dict[tuple[str, str], Option] = field(default_factory=dict)
    people: dict[str, Participation] = field(default_factory=dict)
    prompts: dict[str, Prompt] = field(default_factory=dict)
    texts: dict[str, PromptText] = field(default_factory=dict)
    sets: dict[str, list[int]] = field(default_factory=dict)  # set, then its candidates by place
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

    def endpoint(self, model: str) -> ModelEndpoint:
        """The model that a file names. Nothing can be asked of it: it has no address."""
        if model not in self.endpoints:
            self.endpoints[model] = ModelEndpoint.objects.create(
                key=f"imported-{secrets.token_hex(8)}", base_url="", model=model[:200]
            )
        return self.endpoints[model]

    def question(self, code: str, kind: Question.Kind) -> Question:
        if code not in self.questions:
            self.questions[code] = Question.objects.create(
                instrument=self.study.quota_instrument,
                code=code,
                kind=kind,
                text=code,
                position=len(self.questions),
            )
        return self.questions[code]

    def option(self, question: str, code: str) -> Option:
        if (question, code) not in self.options:
            self.options[question, code] = Option.objects.create(
                question=self.question(question, Question.Kind.CHOICE),
                code=code,
                label=code,
                position=len(self.options),
            )
        return self.options[question, code]

    def participation(self, person: Person) -> Participation:
        if person.key not in self.people:
            self.people[person.key] = self._join(person)
        return self.people[person.key]

    def _join(self, person: Person) -> Participation:
        annotator = Annotator.objects.create(vendor=self.vendor)
        document = self.study.consent_document
        Consent.objects.bulk_create(
            Consent(
                annotator=annotator,
                document=document,
                purpose=purpose,
                given=True,
                language=person.language,
            )
            for purpose in ALLOWED
        )
        self._answer(annotator, person)
        now = timezone.now()
        return Participation.objects.create(
            study=self.study,
            annotator=annotator,
            wave=self.wave(person.wave),
            phase=Phase.MAIN,
            country=person.country,
            locale=self.locale(person.country, person.language),
            interface_language=person.language,
            seed=0,
            started_at=now,
            finished_at=now,
            outcome=Outcome.COMPLETE,
            completion_code="imported",
        )

    def _answer(self, annotator: Annotator, person: Person) -> None:
        chosen = [self.option(*item) for item in sorted(person.answers.items())]
        given = [Answer(question=option.question, option=option, status=SAID) for option in chosen]
        for code, number in sorted(person.numbers.items()):
            question = self.question(code, Question.Kind.INTEGER)
            given.append(Answer(question=question, number=number, status=SAID))
        for code in sorted(person.refused):
            question = self.question(code, Question.Kind.CHOICE)
            given.append(Answer(question=question, status=Answer.Status.REFUSED))
        for answer in given:
            answer.annotator = annotator
        Answer.objects.bulk_create(given)

    def prompt_text(self, dialogue: Dialogue, text: str) -> PromptText:
        """A pool's text; where a file says no prompt's identity, each text is a prompt."""
        key = digest(dialogue.prompt_key, dialogue.language, text)
        if key not in self.texts:
            self.texts[key] = PromptText.objects.create(
                prompt=self._prompt(dialogue.prompt_key or f"p{len(self.texts)}"),
                language=dialogue.language,
                version=1 + self.next_ordinal((dialogue.prompt_key or key, dialogue.language)),
                text=text,
                stage=PromptText.Stage.UNREVIEWED,
            )
        return self.texts[key]

    def _prompt(self, key: str) -> Prompt:
        if key not in self.prompts:
            self.prompts[key] = Prompt.objects.create(pool=self.study.pool, key=key)
        return self.prompts[key]


def make_stage(*, key: str, title: str, n: int, mode: Mode) -> Stage:
    """The closed study that receives an import, with samplers that only name what was done."""
    vendor, _created = Vendor.objects.get_or_create(
        key=f"imported-{key}"[:50], defaults={"name": f"Imported: {title}"[:200]}
    )
    document = ConsentDocument.objects.create(
        key=f"imported-{key}"[:50], version=1, title=title[:200], intro="As published."
    )
    instruments = [
        Instrument.objects.create(key=f"imported-{key}-{part}"[:50], version=1, title=title[:200])
        for part in ("answers", "closing")
    ]
    endpoint = ModelEndpoint.objects.create(
        key=f"imported-{secrets.token_hex(8)}", base_url="", model="unknown"
    )
    sampler = Sampler.objects.create(
        key=f"imported-{key}"[:50],
        version=1,
        strategy=Sampler.Strategy.NC,
        n=n,
        endpoint=endpoint,
        instructions={},
        format_instructions={},
        words_min=0,
        words_max=10_000,
        control_share=0,
    )
    study = Study.objects.create(
        key=key,
        status=Study.Status.CLOSED,
        title=title[:200],
        summary=title,
        consent_document=document,
        quota_instrument=instruments[0],
        closing_instrument=instruments[1],
        pool=PromptPool.objects.create(key=f"imported-{key}"[:50]),
        pool_sampler=sampler,
        live_sampler=sampler,
        pool_conversations=0,
        own_conversations=0,
        turn_lengths={"1": 1},
        modes=[mode.value],
        partial_allowed=True,
        seed=0,
    )
    return Stage(study=study, vendor=vendor, endpoints={"": endpoint})
