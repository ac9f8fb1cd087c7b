"""Every write about people: who they are, what they allow, what they answer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import (
    Annotator,
    Answer,
    Consent,
    ConsentDocument,
    ConsentStatement,
    ExternalIdentity,
    Instrument,
    Option,
    Purpose,
    Question,
    Vendor,
)
from accounts.versions import store_version, translated


@dataclass(frozen=True)
class Given:
    """One answer as a form hands it over: an option, a number, or neither (refused)."""

    question: Question
    option: Option | None = None
    number: int | None = None
    shown: bool = True

    @property
    def status(self) -> Answer.Status:
        if not self.shown:
            return Answer.Status.NOT_SHOWN
        if self.option is None and self.number is None:
            return Answer.Status.REFUSED
        return Answer.Status.ANSWERED


@transaction.atomic
def find_or_create_annotator(
    *, vendor: Vendor, external_id: str = "", details: Mapping[str, str] | None = None
) -> Annotator:
    """The person behind a recruitment id of a vendor, or a new one; a second call finds her.

    `details` is what else the service sent: of each name the newest is kept.
    """
    if not external_id:
        return Annotator.objects.create(vendor=vendor)
    # The vendor's row is the lock: two first clicks of one person wait for each other.
    Vendor.objects.select_for_update(no_key=True).get(pk=vendor.pk)
    sent = dict(details or {})
    known = ExternalIdentity.objects.filter(vendor=vendor, external_id=external_id).first()
    if known:
        if sent.items() - known.details.items():
            known.details |= sent
            known.save(update_fields=["details"])
        return known.annotator
    annotator = Annotator.objects.create(vendor=vendor)
    ExternalIdentity.objects.create(
        annotator=annotator, vendor=vendor, external_id=external_id, details=sent
    )
    return annotator


@transaction.atomic
def find_or_create_annotators(
    *, vendor: Vendor, external_ids: Sequence[str]
) -> dict[str, Annotator]:
    """The people behind recruitment ids, in the order given; a second call finds the same."""
    # The vendor's row is the lock, as it is for one.
    Vendor.objects.select_for_update(no_key=True).get(pk=vendor.pk)
    wanted = list(dict.fromkeys(external_ids))
    identities = ExternalIdentity.objects.filter(vendor=vendor, external_id__in=wanted)
    known = {row.external_id: row.annotator for row in identities.select_related("annotator")}
    missing = [external_id for external_id in wanted if external_id not in known]
    created = Annotator.objects.bulk_create(Annotator(vendor=vendor) for _id in missing)
    ExternalIdentity.objects.bulk_create(
        ExternalIdentity(annotator=annotator, vendor=vendor, external_id=external_id)
        for annotator, external_id in zip(created, missing, strict=True)
    )
    known |= dict(zip(missing, created, strict=True))
    return {external_id: known[external_id] for external_id in wanted}


def record_consent(
    *, annotator: Annotator, document: ConsentDocument, given: set[Purpose], language: str
) -> None:
    """Stores a decision for every purpose of the document; a repeat changes nothing."""
    Consent.objects.bulk_create(
        [
            Consent(
                annotator=annotator,
                document=document,
                purpose=statement.purpose,
                given=statement.purpose in given,
                language=language,
            )
            for statement in document.statements.all()
        ],
        ignore_conflicts=True,
    )


def withdraw_consent(*, annotator: Annotator, document: ConsentDocument) -> None:
    """Takes back everything she decided about a document; a repeat keeps the first time."""
    Consent.objects.filter(annotator=annotator, document=document, withdrawn_at=None).update(
        withdrawn_at=timezone.now()
    )


def erase_answers(*, annotator: Annotator, instruments: Collection[Instrument]) -> None:
    """Empties what she answered to these questionnaires; that she was asked stays. Repeatable."""
    hers = Answer.objects.filter(annotator=annotator, question__instrument__in=instruments)
    empty_answers(answers=hers.filter(status=Answer.Status.ANSWERED))


def empty_answers(*, answers: QuerySet[Answer]) -> int:
    """Empties answers as if they had been refused; returns how many. The same again is empty."""
    return answers.update(status=Answer.Status.REFUSED, option=None, number=None)


def forget_recruitment_ids(*, identities: QuerySet[ExternalIdentity]) -> int:
    """Deletes what vendors know people by; returns how many. A repeat finds none."""
    return identities.delete()[0]


def record_answers(*, annotator: Annotator, answers: list[Given]) -> None:
    """Stores answers once; a repeat of the same screen changes nothing."""
    Answer.objects.bulk_create(
        [
            Answer(
                annotator=annotator,
                question=given.question,
                status=given.status,
                option=given.option,
                number=given.number,
            )
            for given in answers
        ],
        ignore_conflicts=True,
    )


def store_consent_document(definition: dict[str, Any]) -> ConsentDocument:
    """A consent text with its statements, from a study's definition."""
    document = store_version(
        ConsentDocument,
        identity={"key": definition["key"], "version": definition["version"]},
        values=translated("title", definition["title"]) | translated("intro", definition["intro"]),
    )
    for position, statement in enumerate(definition["statements"]):
        store_version(
            ConsentStatement,
            identity={"document": document, "purpose": Purpose(statement["purpose"])},
            values={"required": statement.get("required", False), "position": position}
            | translated("text", statement["text"]),
        )
    return document


def store_instrument(definition: dict[str, Any]) -> Instrument:
    """A questionnaire with its questions and options, from a study's definition."""
    instrument = store_version(
        Instrument,
        identity={"key": definition["key"], "version": definition["version"]},
        values=translated("title", definition["title"]),
    )
    for position, question in enumerate(definition["questions"]):
        stored = store_version(
            Question,
            identity={
                "instrument": instrument,
                "code": question["code"],
                "country": question.get("country", ""),
            },
            values={
                "kind": Question.Kind(question["kind"]),
                "minimum": question.get("minimum"),
                "maximum": question.get("maximum"),
                "special_category": question.get("special_category", False),
                "expected": question.get("expected", ""),
                "position": position,
            }
            | translated("text", question["text"])
            | translated("help", question.get("help", {})),
        )
        for place, option in enumerate(question.get("options", [])):
            store_version(
                Option,
                identity={"question": stored, "code": option["code"]},
                values={"position": place} | translated("label", option["label"]),
            )
    return instrument
