"""A study for benchmarks, made by rows: ready sets, places, people who may open conversations.

Nothing is generated and nobody walks through the entry pages, so that it takes seconds. What
is stored is what those ways would have stored.
"""

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import yaml
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from accounts.models import Annotator, Answer, Consent, Purpose, Vendor
from annotation.actions.definition import apply_study
from annotation.models import Participation, Phase, Slot, Study, StudyLocale
from annotation.models.parts import ExplanationPolicy
from candidates.models import Candidate, CandidateSet, Generation, Prompt, PromptText
from tests.definitions import small_definition

LANGUAGE = "fr"
TEXTS = Path(__file__).resolve().parent.parent / "demo" / "texts" / f"{LANGUAGE}.yaml"
RESPONSES = 4
# References are right by construction; checking each costs more than storing them all.
UNCHECKED = "SET LOCAL session_replication_role = replica"


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


def _plan(locale: StudyLocale, places: int, first: int, **known: str) -> None:
    """One row by the model, so that its defaults hold; the others are copies of it.

    `known` are columns with what they hold in SQL, of a set `s`, its text `t` and a `place`.
    """
    sets = CandidateSet.objects.ready().filter(sampler=locale.study.pool_sampler)
    one = sets.select_related("prompt_text__prompt").order_by("pk")[0]
    assert one.prompt_text is not None
    model = Slot.objects.create(
        candidate_set=one,
        prompt=one.prompt_text.prompt,
        locale=locale,
        phase=Phase.MAIN,
        ordinal=first + places,  # beside those planned here
        draw=0,
    )
    columns = {
        field.column: f"m.{field.column}"
        for field in Slot._meta.concrete_fields
        if not field.primary_key
    }
    columns |= {
        "candidate_set_id": "s.id",
        "prompt_id": "t.prompt_id",
        "ordinal": "place",
        "due": f"(2 * (place - {first}) + 1) * 10000 / (2 * {places})",
        "draw": "abs(hashint4((s.id * 1000 + place)::int)::bigint) % 2000000000",
        **known,
    }
    sampler = locale.study.pool_sampler_id
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(UNCHECKED)
        cursor.execute(
            f"INSERT INTO annotation_slot ({', '.join(columns)}) "  # noqa: S608
            f"SELECT {', '.join(columns.values())} "
            "FROM annotation_slot m, candidates_candidateset s "
            "JOIN candidates_prompttext t ON t.id = s.prompt_text_id, "
            f"generate_series({first}, {first + places - 1}) place "
            f"WHERE m.id = {model.pk} AND s.sampler_id = {sampler} AND s.status = 'ready'"
        )
        model.delete()
    with connection.cursor() as cursor:
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
# the sets in order, so many each, so that nobody judges a set twice. Every row of one
# judgement has the key of its place.
JUDGED = (
    """
    INSERT INTO annotation_grant (id, slot_id, participation_id, annotator_id, prompt_id,
      occasion, granted_at, disposition, reason, ended_at)
    SELECT s.id, s.id, s.holder_id, p.annotator_id, s.prompt_id, 0, now(), 'completed', '', now()
    FROM annotation_slot s JOIN annotation_participation p ON p.id = s.holder_id
    WHERE s.locale_id = %(locale)s
    """,
    """
    INSERT INTO annotation_deal (grant_id, rule, seed, considered, probability)
    SELECT id, 1, 1, '[]', 1 FROM annotation_grant
    """,
    """
    INSERT INTO annotation_conversation (id, public_id, participation_id, ordinal, kind,
      locale_id, planned_turns, grant_id, sampler_id, status, sitting, skip_reason, opened_at,
      ended_at)
    SELECT s.id, 'b' || s.id, s.holder_id, (s.candidate_set_id - %(set)s) %% %(each)s, 'pool',
      s.locale_id, 1, s.id, %(sampler)s, 'finished', 1, '', now(), now()
    FROM annotation_slot s WHERE s.locale_id = %(locale)s
    """,
    """
    INSERT INTO annotation_turn (id, conversation_id, position, message, candidate_set_id, mode,
      detected_language, script, live, started_at, shown_at)
    SELECT s.id, s.id, 1, '?', s.candidate_set_id, 'ranking', '', '', false, now(), now()
    FROM annotation_slot s WHERE s.locale_id = %(locale)s
    """,
    """
    INSERT INTO annotation_ranking (id, turn_id, submission_key, chosen_id, acceptable,
      represents, reason, layout, viewport, submitted_at)
    SELECT id, id, gen_random_uuid(), 0, 'yes', 'no', '', '', '', now() FROM annotation_turn
    """,
    "SELECT setval('annotation_grant_id_seq', (SELECT max(id) FROM annotation_grant))",
)


@contextmanager
def without_indexes(*models: type[Model]) -> Iterator[None]:
    """Takes the indexes of tables away, all but those of their keys, and makes them anew: a
    million rows are stored sooner so."""
    tables = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) "
            "FROM pg_constraint WHERE contype = 'u' AND conrelid::regclass::text = ANY(%s)",
            [tables],
        )
        constraints = cursor.fetchall()
        for table, name, _definition in constraints:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes "
            "WHERE tablename = ANY(%s) AND indexname NOT LIKE '%%_pkey'",
            [tables],
        )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
    yield
    with connection.cursor() as cursor:
        for table, name, definition in constraints:
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        for _name, definition in indexes:
            cursor.execute(definition)


def make_judged(locale: StudyLocale, places: int, *, judges: int, groups: int, each: int) -> None:
    """Places that are judged, by people with keys from `judges` on, `each` sets each."""
    first = CandidateSet.objects.filter(sampler=locale.study.pool_sampler).order_by("pk")[0].pk
    holder = f"{judges} + place * {groups} + (s.id - {first}) / {each}"
    _plan(locale, places, 0, status="'done'", done_at="now()", holder_id=holder)
    known = {
        "set": first,
        "each": each,
        "locale": locale.pk,
        "sampler": locale.study.live_sampler_id,
    }
    for statement in JUDGED:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(UNCHECKED)
            cursor.execute(statement, known)
