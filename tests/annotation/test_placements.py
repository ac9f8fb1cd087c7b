"""Further questionnaires: before the first conversation, between two, after the last, or drawn."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.actions import record_consent, store_instrument
from accounts.models import Answer, Consent, Instrument, Purpose
from annotation.actions.definition import apply_study
from annotation.definition.rendering import canonical, definition_of, plan_of
from annotation.models import Draft, Participation, RecruitmentLink, Study
from annotation.own_data import collect
from annotation.steps.placements import placed_for
from exports.release.codebook import as_json
from tests.annotation.test_drafts import save
from tests.definitions import small_definition
from tests.walker import CLOSING, Walker

pytestmark = pytest.mark.django_db
LANGUAGES = ("en", "fr", "it", "pt-br", "hi")
Definition = dict[str, Any]


def text(words: str) -> dict[str, str]:
    return {code: f"{words} ({code})" for code in LANGUAGES}


def questionnaire(key: str, **more: Any) -> Definition:
    question = {
        "code": f"{key}_now",
        "kind": "choice",
        "text": text(f"How is your {key}?"),
        "options": [{"code": code, "label": text(code)} for code in ("good", "bad")],
    }
    return {"key": key, "version": 1, "title": text(f"About {key}"), "questions": [question]} | more


def place(link: RecruitmentLink, *placements: Definition) -> Study:
    """Gives the study of the link further questionnaires, each with one question."""
    study = link.study
    study.placements = [
        {"key": item["key"], "instrument": store_instrument(questionnaire(item["key"])).pk, **item}
        for item in placements
    ]
    study.save(update_fields=["placements"])
    return study


def answer(walker: Walker, number: int, key: str, code: str = "good") -> Any:
    return walker.post("questionnaire", {f"{key}_now": code}, number)


def skip(walker: Walker) -> None:
    walker.post("conversation-skip", {}, walker.open().public_id)


def answered() -> list[str]:
    return list(
        Answer.objects.filter(status="answered", question__code__endswith="_now")
        .order_by("pk")
        .values_list("question__code", flat=True)
    )


def test_each_questionnaire_comes_at_its_place(link: RecruitmentLink) -> None:
    place(
        link,
        {"key": "values", "at": "closing"},
        {"key": "mood", "at": "start"},
        {"key": "rest", "at": "between", "after": 1},
    )
    walker = Walker(link)
    walker.enter()
    assert walker.here() == reverse("questionnaire", args=[2])
    page = walker.client.get(walker.here()).content.decode()
    assert "How is your mood? (fr)" in page
    answer(walker, 2, "mood")
    assert walker.here() == reverse("conversations")
    skip(walker)
    assert walker.here() == reverse("questionnaire", args=[3])
    walker.post("conversation-open")
    assert not walker.participation.conversations.filter(status="open").exists()
    answer(walker, 3, "rest")
    assert walker.here() == reverse("conversations")
    while walker.here() == reverse("conversations"):
        skip(walker)
    assert walker.here() == reverse("questionnaire", args=[1])
    assert walker.client.get(reverse("closing")).headers["Location"].endswith("/1/")
    answer(walker, 1, "values")
    assert walker.here() == reverse("closing")
    walker.post("closing", CLOSING)
    assert walker.here() == reverse("finish")
    assert answered() == ["mood_now", "rest_now", "values_now"]
    assert walker.participation.placements == {
        "mood": "start", "rest": "between", "values": "closing"
    }  # fmt: skip


def test_who_comes_back_to_a_questionnaire_changes_nothing(link: RecruitmentLink) -> None:
    place(link, {"key": "mood", "at": "start"})
    walker = Walker(link)
    walker.enter()
    answer(walker, 1, "mood")
    page = answer(walker, 1, "mood", "bad")
    assert page.request["PATH_INFO"] == reverse("conversations")
    assert Answer.objects.get(question__code="mood_now", option__code="good")
    back = walker.client.get(reverse("questionnaire", args=[1]), follow=True)
    assert back.request["PATH_INFO"] == reverse("conversations")
    assert walker.client.get(reverse("questionnaires"), follow=True).status_code == 200
    assert walker.client.get(reverse("questionnaire", args=[2])).status_code == 404


def test_what_was_entered_and_not_sent_is_there_again(link: RecruitmentLink) -> None:
    place(link, {"key": "mood", "at": "start"}, {"key": "rest", "at": "closing"})
    walker = Walker(link)
    walker.enter()
    key, later = reverse("questionnaire", args=[1]), reverse("questionnaire", args=[2])
    fields = {"mood_now": "bad", "rest_now": "bad"}
    assert save(walker.client, key, fields).status_code == 200
    assert Draft.objects.get().fields == {"mood_now": "bad"}
    page = walker.client.get(key).content.decode()
    assert 'value="bad"' in page
    assert page.count("checked") == 1
    assert save(walker.client, later, fields).status_code == 410
    assert save(walker.client, reverse("closing"), fields).status_code == 410
    answer(walker, 1, "mood")
    assert not Draft.objects.exists()
    assert save(walker.client, key, fields).status_code == 410


def test_no_question_comes_before_consent(link: RecruitmentLink) -> None:
    place(link, {"key": "mood", "at": "start"})
    walker = Walker(link)
    walker.choose()
    walker.screen()
    answer(walker, 1, "mood")
    assert walker.here() == reverse("consent")
    assert not answered()
    walker.consent("no")
    assert walker.participation.placements == {}
    assert not Consent.objects.exists()


def test_who_consented_in_another_study_has_her_places_noted_too(link: RecruitmentLink) -> None:
    """Two studies with one consent text: she is asked once, and the export tells both."""
    place(link, {"key": "mood", "at": "drawn"})
    walker = Walker(link)
    walker.choose()
    person = walker.participation
    record_consent(
        annotator=person.annotator,
        document=link.study.consent_document,
        given={Purpose.TAKE_PART},
        language="fr",
    )
    walker.screen()
    assert walker.here() == reverse("guidelines")
    walker.post("guidelines")
    drawn = placed_for(walker.participation)[0].place.value
    assert walker.participation.placements == {"mood": drawn}
    again = {"mood": "closing" if drawn == "start" else "start"}
    Participation.objects.filter(pk=person.pk).update(placements=again, guidelines_read_at=None)
    walker.post("guidelines")
    assert walker.participation.placements == again


def test_half_of_the_people_are_asked_before_and_half_after(link: RecruitmentLink) -> None:
    study = place(link, {"key": "mood", "at": "drawn"})
    places = {
        seed: placed_for(Participation(study=study, seed=seed))[0].place.value
        for seed in range(400)
    }
    early = list(places.values()).count("start")
    assert set(places.values()) == {"start", "closing"}
    assert 160 <= early <= 240  # within 4 standard errors of 200
    for wanted in ("start", "closing"):
        walker = Walker(link)
        walker.choose()
        seed = next(seed for seed, place in places.items() if place == wanted)
        Participation.objects.filter(pk=walker.participation.pk).update(seed=seed)
        walker.screen()
        walker.consent()
        walker.post("guidelines")
        assert walker.participation.placements == {"mood": wanted}
        first = reverse("questionnaire", args=[1])
        assert walker.here() == (first if wanted == "start" else reverse("conversations"))
        # What was drawn holds, whatever the seed would say later.
        Participation.objects.filter(pk=walker.participation.pk).update(seed=10**9)
        assert placed_for(walker.participation)[0].place.value == wanted


def test_a_questionnaire_after_a_conversation_that_never_came_is_asked_at_the_end(
    link: RecruitmentLink,
) -> None:
    place(link, {"key": "rest", "at": "between", "after": 2})
    walker = Walker(link)
    walker.enter()
    skip(walker)
    study = link.study
    study.pool_conversations = study.own_conversations = 0
    study.save()
    assert walker.here() == reverse("questionnaire", args=[1])


def test_a_special_category_is_asked_only_with_a_legal_basis(link: RecruitmentLink) -> None:
    study = place(link, {"key": "health", "at": "start"})
    Instrument.objects.get(key="health").questions.update(special_category=True)
    study.locales.update(legal_basis="")
    walker = Walker(link)
    walker.enter()
    assert walker.here() == reverse("conversations")


def test_she_sees_and_takes_away_what_she_answered(link: RecruitmentLink) -> None:
    place(link, {"key": "mood", "at": "start"})
    walker = Walker(link)
    walker.enter()
    answer(walker, 1, "mood")
    told = collect(walker.participation)
    assert "How is your mood?" in str(told)
    assert list(told["you"]["places_of_further_questionnaires"]) == ["1"]
    walker.post("withdraw", {"erase": "yes"})
    kept = Answer.objects.filter(annotator=walker.participation.annotator_id)
    assert kept.filter(question__code="mood_now").exists()
    assert not kept.exclude(status="refused", option=None).exists()


def test_who_leaves_at_a_door_keeps_what_she_answered_after_consent_elsewhere(
    link: RecruitmentLink,
) -> None:
    """A questionnaire may screen in one study and stand after consent in another."""
    study = link.study
    other = Study.objects.get(pk=study.pk)
    other.pk, other.key, other._state.adding = None, "other", True
    other.quota_instrument = store_instrument(questionnaire("another"))
    other.placements = [{"key": "x", "instrument": study.quota_instrument_id, "at": "start"}]
    other.save()
    walker = Walker(link)
    walker.choose()
    walker.screen()
    person = walker.participation
    hers = Answer.objects.filter(
        annotator=person.annotator, question__instrument=study.quota_instrument
    )
    before = hers.count()
    assert before
    Participation.objects.create(
        study=other, annotator=person.annotator, wave=person.wave, phase="main", seed=1,
        locale=person.locale, screened_at=person.screened_at,
    )  # fmt: skip
    walker.consent("no")
    assert hers.count() == before


# -- In the study's file


def further(*items: Definition) -> Definition:
    definition = small_definition(key="placed")
    definition["pool"]["key"] = "placed-pool"
    definition["instruments"]["further"] = list(items)
    return definition


def test_a_file_places_questionnaires_and_its_export_is_the_same() -> None:
    study = apply_study(
        further(
            questionnaire("mood", placement="drawn"),
            questionnaire("rest", placement="between", after=2),
        )
    )
    assert [(one["key"], one["at"], one.get("after")) for one in study.placements] == [
        ("mood", "drawn", None),
        ("rest", "between", 2),
    ]
    definition = definition_of(study)
    again = [(one["key"], one["placement"]) for one in definition["instruments"]["further"]]
    assert again == [("mood", "drawn"), ("rest", "between")]
    assert canonical(definition_of(apply_study(definition))) == canonical(definition)
    assert "rest_now" in canonical(plan_of(study))
    less = apply_study(further())
    assert less.placements == []
    assert "further" not in definition_of(less)["instruments"]


def test_a_changed_questionnaire_gets_its_next_version_and_an_open_study_keeps_its_own() -> None:
    study = apply_study(further(questionnaire("mood", placement="start")))
    changed = questionnaire("mood", placement="start", title=text("Another title"))
    study = apply_study(further(changed))
    pk = study.placements[0]["instrument"]
    assert Instrument.objects.get(pk=pk).version == 2
    Study.objects.filter(pk=study.pk).update(status="open")
    with pytest.raises(ValidationError, match="differs in placements"):
        apply_study(further(changed | {"placement": "closing"}))


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([questionnaire("mood")], "mood stands nowhere"),
        ([questionnaire("mood", placement="before")], "mood stands nowhere"),
        ([questionnaire("mood", placement="between")], "after conversation 1 to 2"),
        ([questionnaire("mood", placement="between", after=3)], "after conversation 1 to 2"),
        ([questionnaire("mood", placement="start")] * 2, "Two questionnaires have the key mood"),
        (
            [questionnaire("a", placement="start"),
             {**questionnaire("a", placement="start"), "key": "b"}],
            "a and b both ask a_now",
        ),
    ],
)  # fmt: skip
def test_a_place_that_is_none_is_refused(items: list[Definition], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        apply_study(further(*items))
    assert not Study.objects.filter(key="placed").exists()


def test_a_questionnaire_without_a_language_is_refused() -> None:
    item = questionnaire("mood", placement="start")
    del item["questions"][0]["text"]["hi"]
    with pytest.raises(ValidationError, match=r"instruments\.further\[0\]\.questions\[0\]\.text"):
        apply_study(further(item))


def test_the_codebook_tells_its_questions(link: RecruitmentLink) -> None:
    study = place(link, {"key": "mood", "at": "drawn"})
    told = {one["key"]: one for one in as_json(study)["instruments"]}
    assert told["mood"]["questions"][0]["code"] == "mood_now"
    assert len(told) == 3
