"""A study for benchmarks, made by rows: ready sets, places, people who may open conversations.

Nothing is generated and nobody walks through the entry pages, so that it takes seconds. What
is stored is what those ways would have stored.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import yaml
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Annotator, Answer, Consent, Purpose, Vendor
from annotation.actions.definition import apply_study
from annotation.models import Participation, Phase, Slot, Study, StudyLocale
from annotation.models.study import ExplanationPolicy
from candidates.models import Candidate, CandidateSet, Generation, Prompt, PromptText
from tests.definitions import small_definition

LANGUAGE = "fr"
TEXTS = Path(__file__).resolve().parent.parent / "demo" / "texts" / f"{LANGUAGE}.yaml"
RESPONSES = 4


def make_study(
    *, conversations: int, prompts: int, key: str = "bench", with_texts: bool = True
) -> Study:
    """An open study of one-turn conversations without explanations; its sets are ready.

    Without texts, the sets have no responses: enough where nobody reads them.
    """
    study = apply_study(
        small_definition(
            prompts=1,
            key=key,
            pool_conversations=conversations,
            own_conversations=0,
            turn_lengths={"1": 1},
        )
    )
    study.waves.update(explanation_policy=ExplanationPolicy.OFF)
    sets = _store_sets(study, prompts)
    if with_texts:
        _store_responses(study, sets)
    study.status = Study.Status.OPEN
    study.save()
    return study


def _store_sets(study: Study, count: int) -> list[CandidateSet]:
    messages = list(study.pool.prompts.get().texts.filter(language=LANGUAGE))
    prompts = Prompt.objects.bulk_create(
        Prompt(pool=study.pool, key=f"bench-{number}") for number in range(count)
    )
    texts = PromptText.objects.bulk_create(
        PromptText(
            prompt=prompt,
            language=LANGUAGE,
            text=f"{messages[0].text.strip()} ({number})",
            stage=PromptText.Stage.ADJUDICATED,
        )
        for number, prompt in enumerate(prompts)
    )
    now = timezone.now()
    return CandidateSet.objects.bulk_create(
        CandidateSet(
            prompt_text=text,
            sampler=study.pool_sampler,
            language=LANGUAGE,
            context=[{"role": "user", "content": text.text}],
            context_hash=hashlib.sha256(text.text.encode()).hexdigest(),
            seed=number,
            status=CandidateSet.Status.READY,
            ready_at=now,
        )
        for number, text in enumerate(texts)
    )


def _store_responses(study: Study, sets: Sequence[CandidateSet]) -> None:
    """Canned texts of the demo, each with a line of its own, so that no two are alike."""
    canned = yaml.safe_load(TEXTS.read_text(encoding="utf-8"))["prompts"]
    voices = [list(texts.values())[:RESPONSES] for texts in canned.values()]
    generations = Generation.objects.bulk_create(
        Generation(
            candidate_set=made,
            attempt=1,
            part=Generation.Part.DIVERSE,
            endpoint=study.pool_sampler.endpoint,
            request={},
        )
        for made in sets
    )
    Candidate.objects.bulk_create(
        Candidate(
            candidate_set=generation.candidate_set,
            position=position,
            text=f"{text.strip()}\n\n*({number})*",
            source=Candidate.Source.values[0],
            generation=generation,
            generation_index=position,
            language=LANGUAGE,
        )
        for number, generation in enumerate(generations)
        for position, text in enumerate(voices[number % len(voices)])
    )


def make_locale(study: Study, country: str, places: int, *, first: int = 0) -> StudyLocale:
    """A locale with places for every set, from ordinal `first`; its country need not exist."""
    locale = study.locales.filter(country=country, language=LANGUAGE).first()
    if locale is None:
        locale = StudyLocale.objects.create(
            study=study, country=country, language=LANGUAGE, target=places
        )
    _plan(locale, places, first)
    return locale


def _plan(locale: StudyLocale, places: int, first_place: int) -> None:
    """One row by the model, so that its defaults hold; the others are copies of it."""
    sets = CandidateSet.objects.ready().filter(sampler=locale.study.pool_sampler)
    first = sets.select_related("prompt_text__prompt").order_by("pk")[0]
    assert first.prompt_text is not None
    model = Slot.objects.create(
        candidate_set=first,
        prompt=first.prompt_text.prompt,
        locale=locale,
        phase=Phase.MAIN,
        ordinal=first_place + places,  # beside those planned here
        draw=0,
    )
    own = ["candidate_set_id", "prompt_id", "ordinal", "draw"]
    same = [
        field.column
        for field in Slot._meta.concrete_fields
        if not field.primary_key and field.column not in own
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO annotation_slot ({', '.join(own + same)}) "  # noqa: S608
            "SELECT s.id, t.prompt_id, place, abs(hashint4((s.id * 1000 + place)::int)::bigint) "
            f"%% 2000000000, {', '.join(f'm.{name}' for name in same)} "
            "FROM annotation_slot m, candidates_candidateset s "
            "JOIN candidates_prompttext t ON t.id = s.prompt_text_id, "
            "generate_series(%s, %s) place "
            "WHERE m.id = %s AND s.sampler_id = %s AND s.status = 'ready'",
            [first_place, first_place + places - 1, model.pk, locale.study.pool_sampler_id],
        )
        model.delete()
        cursor.execute("ANALYZE")


def make_people(locale: StudyLocale, count: int) -> list[Participation]:
    """People who have consented, were screened and have read the guidelines."""
    study, now = locale.study, timezone.now()
    vendor, _made = Vendor.objects.get_or_create(key="bench", defaults={"name": "Bench"})
    annotators = Annotator.objects.bulk_create(Annotator(vendor=vendor) for _person in range(count))
    people = Participation.objects.bulk_create(
        Participation(
            study=study,
            annotator=annotator,
            wave=study.waves.first(),
            phase=Phase.MAIN,
            country=locale.country,
            locale=locale,
            interface_language=LANGUAGE,
            seed=secrets.randbits(31),
            started_at=now - timedelta(minutes=9),
            screened_at=now - timedelta(minutes=8),
            guidelines_read_at=now - timedelta(minutes=7),
        )
        for annotator in annotators
    )
    Consent.objects.bulk_create(
        Consent(
            annotator=annotator,
            document=study.consent_document,
            purpose=purpose,
            given=True,
            language=LANGUAGE,
        )
        for annotator in annotators
        for purpose in (Purpose.TAKE_PART, Purpose.RELEASE_CHOICES)
    )
    Answer.objects.bulk_create(
        Answer(annotator=annotator, question=question, status=Answer.Status.REFUSED)
        for annotator in annotators
        for question in study.quota_instrument.questions.all()
    )
    return people


def make_sessions(people: Sequence[Participation]) -> list[str]:
    """The session keys of these people's browsers."""
    store, until = SessionStore(), timezone.now() + timedelta(days=60)
    sessions = Session.objects.bulk_create(
        Session(
            session_key=secrets.token_hex(16),
            session_data=store.encode({"participation": person.pk}),
            expire_date=until,
        )
        for person in people
    )
    return [session.session_key for session in sessions]


# Judgements as rows: each place that is planned is judged. The judges of one ordinal take
# the sets in order, so many each, so that nobody judges a set twice.
JUDGED = """
WITH judged AS (
  UPDATE annotation_slot s SET status = 'done', done_at = now(),
    holder_id = %(first)s + s.ordinal * %(groups)s + (s.candidate_set_id - %(set)s) / %(each)s
  WHERE s.locale_id = %(locale)s RETURNING s.*
), granted AS (
  INSERT INTO annotation_grant (slot_id, participation_id, annotator_id, prompt_id, occasion,
    granted_at, disposition, reason, ended_at)
  SELECT j.id, p.id, p.annotator_id, j.prompt_id, 0, now(), 'completed', '', now()
  FROM judged j JOIN annotation_participation p ON p.id = j.holder_id
  RETURNING id, participation_id, slot_id
), dealt AS (
  INSERT INTO annotation_deal (grant_id, rule, seed, stratum, considered, probability)
  SELECT id, 1, 1, '', '[]', 1 FROM granted
), opened AS (
  INSERT INTO annotation_conversation (public_id, participation_id, ordinal, kind, locale_id,
    planned_turns, grant_id, sampler_id, status, sitting, skip_reason, opened_at, ended_at)
  SELECT 'b' || id, participation_id, row_number() OVER (PARTITION BY participation_id), 'pool',
    %(locale)s, 1, id, %(sampler)s, 'finished', 1, '', now(), now() FROM granted
  RETURNING id, grant_id
), turned AS (
  INSERT INTO annotation_turn (conversation_id, position, message, candidate_set_id, mode,
    detected_language, script, live, started_at, shown_at)
  SELECT o.id, 1, '?', j.candidate_set_id, 'ranking', '', '', false, now(), now()
  FROM opened o JOIN granted g ON g.id = o.grant_id JOIN judged j ON j.id = g.slot_id
  RETURNING id
)
INSERT INTO annotation_ranking (turn_id, submission_key, chosen_id, acceptable, represents,
  reason, layout, viewport, submitted_at)
SELECT id, gen_random_uuid(), %(chosen)s, 'yes', 'no', '', '', '', now() FROM turned
"""


def judge_all(locale: StudyLocale, *, first_judge: int, groups: int, each: int) -> None:
    """Every place of a locale is judged, by people with consecutive keys, `each` sets each."""
    first = CandidateSet.objects.filter(sampler=locale.study.pool_sampler).order_by("pk")[0]
    with transaction.atomic(), connection.cursor() as cursor:
        # References are right by construction; checking each costs more than storing them.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute(
            JUDGED,
            {
                "first": first_judge,
                "groups": groups,
                "each": each,
                "set": first.pk,
                "locale": locale.pk,
                "sampler": locale.study.live_sampler_id,
                "chosen": 0,  # no response is stored
            },
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
