"""People by the hundred, with answers and one finished conversation each, and no clicks."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from accounts.models import Annotator, Answer, Consent, Purpose, Question, Vendor
from annotation.models import Conversation, Participation, Phase, Study

ALL_PURPOSES = (Purpose.TAKE_PART, Purpose.RELEASE_CHOICES, Purpose.RELEASE_FREE_TEXT)


def crowd(
    study: Study,
    rows: Sequence[Mapping[str, Any]],
    *,
    purposes: Sequence[Purpose] = ALL_PURPOSES,
    finished: bool = True,
) -> list[Participation]:
    """One person a row: `country` and answers by question code (None: preferred not to say)."""
    vendor, _created = Vendor.objects.get_or_create(key="crowd", name="Crowd")
    locales = {locale.country: locale for locale in study.locales.all()}
    now = timezone.now()
    people = []
    for row in rows:
        locale = locales[row["country"]]
        person = Annotator.objects.create(vendor=vendor)
        participation = Participation.objects.create(
            study=study, annotator=person, wave=study.waves.order_by("number")[0],
            phase=Phase.MAIN, country=locale.country, locale=locale, seed=person.pk,
        )  # fmt: skip
        Consent.objects.bulk_create(
            Consent(annotator=person, document=study.consent_document, purpose=purpose,
                    given=True, language=locale.language)
            for purpose in purposes
        )  # fmt: skip
        _answer(study, person, row)
        Conversation.objects.create(
            participation=participation, ordinal=0, kind="own", locale=locale, planned_turns=1,
            sampler=study.live_sampler, ended_at=now,
            status="finished" if finished else "skipped",
        )  # fmt: skip
        people.append(participation)
    return people


def _answer(study: Study, person: Annotator, row: Mapping[str, Any]) -> None:
    asked = Question.objects.for_country(row["country"]).filter(
        instrument__in=[study.quota_instrument, study.closing_instrument]
    )
    questions = {question.code: question for question in asked}
    for code, value in row.items():
        if code == "country":
            continue
        question = questions[code]
        given: dict[str, Any] = {"status": "refused"}
        if isinstance(value, int):
            given = {"status": "answered", "number": value}
        elif value is not None:
            given = {"status": "answered", "option": question.options.get(code=value)}
        Answer.objects.create(annotator=person, question=question, **given)
