"""The people of an import: each joins once, with her answers and what she allowed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

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
)
from annotation.models import Participation, Phase, StudyLocale, Wave
from exports.importers.records import Person

Value = TypeVar("Value")
# What whoever publishes a dataset says of its people: that they allowed this much.
ALLOWED = (Purpose.TAKE_PART, Purpose.RELEASE_CHOICES, Purpose.RELEASE_FREE_TEXT)


@dataclass
class Asked:
    """The questions of an import, each made when the first person answers it."""

    instrument: Instrument
    questions: dict[tuple[str, str], Question] = field(default_factory=dict)
    options: dict[tuple[str, str, str], Option] = field(default_factory=dict)

    def question(self, code: str, kind: Question.Kind, person: Person) -> Question:
        """Where a file tells labels, each country's own: one code may mean two things."""
        country = person.country if person.labels else ""
        if (code, country) not in self.questions:
            self.questions[code, country] = Question.objects.create(
                instrument=self.instrument,
                code=code,
                country=country,
                kind=kind,
                text=code,
                special_category=code in person.special,
                position=len(self.questions),
            )
        return self.questions[code, country]

    def option(self, code: str, answer: str, person: Person) -> Option:
        question = self.question(code, Question.Kind.CHOICE, person)
        key = (code, question.country, answer)
        if key not in self.options:
            self.options[key] = Option.objects.create(
                question=question,
                code=answer,
                label=person.labels.get((code, answer), answer),
                position=len(self.options),
            )
        return self.options[key]

    def store(self, annotator: Annotator, person: Person) -> None:
        """Everything that she answered, refused or was not shown."""
        said = Answer.Status.ANSWERED
        chosen = [self.option(code, answer, person) for code, answer in _in_order(person.answers)]
        given = [Answer(question=option.question, option=option, status=said) for option in chosen]
        for code, number in _in_order(person.numbers):
            question = self.question(code, Question.Kind.INTEGER, person)
            given.append(Answer(question=question, number=number, status=said))
        silent = {Answer.Status.REFUSED: person.refused, Answer.Status.NOT_SHOWN: person.not_shown}
        for status, codes in silent.items():
            for code in sorted(codes):
                kind = Question.Kind.INTEGER if code == "age" else Question.Kind.CHOICE
                given.append(Answer(question=self.question(code, kind, person), status=status))
        for answer in given:
            answer.annotator = annotator
        Answer.objects.bulk_create(given)


def _in_order(given: Mapping[str, Value]) -> list[tuple[str, Value]]:
    return sorted(given.items(), key=lambda item: item[0])


def give_consents(annotator: Annotator, document: ConsentDocument, person: Person) -> None:
    """What she allowed, purpose by purpose."""
    known = person.consents
    told = dict.fromkeys(ALLOWED, "given") if known is None else known
    now = timezone.now()
    Consent.objects.bulk_create(
        Consent(
            annotator=annotator,
            document=document,
            purpose=purpose,
            given=decision != "declined",
            language=person.language,
            withdrawn_at=now if decision == "taken_back" else None,
        )
        for purpose, decision in told.items()
    )


def participation_of(
    annotator: Annotator, person: Person, locale: StudyLocale | None, wave: Wave
) -> Participation:
    """Her part in the study: over, unless the file says that it has not ended."""
    now = timezone.now()
    return Participation.objects.create(
        study=wave.study,
        annotator=annotator,
        wave=wave,
        phase=Phase.MAIN,
        country=person.country,
        locale=locale,
        interface_language=person.language,
        seed=0,
        started_at=now,
        finished_at=(person.finished_at or now) if person.outcome else None,
        outcome=person.outcome,
        completion_code="imported" if person.outcome else "",
    )
