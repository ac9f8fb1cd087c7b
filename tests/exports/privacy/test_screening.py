"""Texts are checked once as they stand, a person decides, and what she masks never leaves."""

import hashlib
import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from accounts.models import User
from annotation.actions.withdrawal import erase_texts, withdraw
from annotation.models import Explanation, Ranking, RecruitmentLink, Study, Turn
from exports.actions.findings import decide_findings
from exports.models import Finding, Screening
from exports.privacy import personal_data
from exports.privacy.masks import without_echoes
from exports.privacy.screening import forget_findings, screen_turns
from exports.privacy.texts import check_texts, turns_to_screen, undecided, unscreened
from exports.scope import Scope
from exports.source import with_source
from exports.tasks.findings import screen_texts
from tests.made_once import Once
from tests.walker import Walker

pytestmark = pytest.mark.django_db

MESSAGE = "Écris à jean@exemple.fr ou au 06 12 34 56 78, merci."


@pytest.fixture
def ines(db: None) -> User:
    return User.objects.create_user("ines", is_staff=True)


@pytest.fixture
def walker(once: Once, link: RecruitmentLink) -> Walker:
    """Somebody whose second message holds an address and a number; a reason has a link."""
    return once(one_who_tells_much, link)


def one_who_tells_much(link: RecruitmentLink) -> Walker:
    walker = Walker(link)
    walker.enter()
    conversation = walker.open_kind("pool")
    turn = walker.current_turn(conversation)
    walker.rank(turn)
    walker.explain(turn, "Voir @jean_d")
    # The page asks her to look at such a message again; she may send it all the same.
    Turn.objects.filter(live=True).update(message=MESSAGE)
    Ranking.objects.update(reason="Comme sur www.exemple.fr")
    return walker


def mine(study: Study) -> list[tuple[str, str]]:
    return [(one.part, one.kind) for one in Finding.objects.order_by("turn", "part", "start")]


def leaving(study: Study, **options: Any) -> str:
    """Every text of every turn, as a format reads it."""
    query = with_source(
        Scope(study=study, recipient="x", **options),
        "SELECT json_agg(turns ORDER BY turn_id)::text FROM turns",
    )
    with connection.cursor() as cursor:
        query.execute(cursor)
        rows = json.loads(cursor.fetchone()[0])
    return "\n".join(f"{row['message']}|{row['reason']}|{row['explanation']}" for row in rows)


def test_her_messages_reasons_and_explanations_are_checked(walker: Walker, study: Study) -> None:
    assert unscreened(study) == 2  # the turn she judged, and the one her message opened
    screen_texts()
    assert mine(study) == [
        ("explanation", "handle"),
        ("reason", "link"),
        ("message", "e-mail"),
        ("message", "telephone"),
    ]
    assert (unscreened(study), undecided(study)) == (0, 4)
    one = Finding.objects.get(kind="e-mail")
    assert MESSAGE[one.start : one.start + one.length] == "jean@exemple.fr"
    assert one.text_sha256 == hashlib.sha256(MESSAGE.encode()).hexdigest()


def test_the_pools_prompts_are_not_hers(walker: Walker, study: Study) -> None:
    Turn.objects.filter(live=False).update(message="write to pool@example.org")
    screen_texts()
    assert [part for part, _kind in mine(study)].count("message") == 2
    assert "pool@example.org" in leaving(study)


def test_a_second_check_changes_nothing(walker: Walker, study: Study, ines: User) -> None:
    screen_texts()
    decide_findings(study=study, findings=[Finding.objects.all()[0].pk], verdict="keep", by=ines)
    before = list(Finding.objects.order_by("pk").values())
    screen_texts()
    screen_turns(turn_ids=list(Turn.objects.values_list("pk", flat=True)))
    assert list(Finding.objects.order_by("pk").values()) == before
    assert Screening.objects.count() == Turn.objects.count()


def test_a_text_that_changed_is_checked_anew_and_old_findings_go(
    walker: Walker, study: Study, ines: User
) -> None:
    screen_texts()
    handle = Finding.objects.get(kind="handle")
    decide_findings(study=study, findings=[handle.pk], verdict="mask", by=ines)
    Explanation.objects.update(text="Voir marie@exemple.fr")
    assert unscreened(study) == 1
    screen_texts()
    assert [one.kind for one in Finding.objects.filter(part="explanation")] == ["e-mail"]
    assert undecided(study) == 4


def test_new_rules_check_old_texts_again_and_keep_what_was_decided(
    walker: Walker, study: Study, ines: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen_texts()
    kept = Finding.objects.get(kind="e-mail")
    decide_findings(study=study, findings=[kept.pk], verdict="keep", by=ines)
    monkeypatch.setattr(personal_data, "VERSION", personal_data.VERSION + 1)
    handles = [one for one in personal_data.SEARCHES if one[0] == "handle"]
    monkeypatch.setattr(personal_data, "SEARCHES", handles)
    assert unscreened(study) == 2
    screen_texts()
    assert sorted(one.kind for one in Finding.objects.all()) == ["e-mail", "handle"]
    assert unscreened(study) == 0


def test_findings_of_an_erased_text_go(walker: Walker, study: Study) -> None:
    screen_texts()
    participation = walker.participation
    withdraw(participation=participation)
    assert (undecided(study), unscreened(study)) == (0, 0)
    erase_texts(participation=participation)
    screen_texts()
    assert not Finding.objects.exists() and not Screening.objects.exists()
    assert forget_findings() == 0


def test_people_left_out_and_rehearsals_are_not_looked_at(walker: Walker, study: Study) -> None:
    participation = walker.participation
    participation.excluded_at = timezone.now()
    participation.save()
    assert turns_to_screen() == []
    participation.excluded_at = None
    participation.save()
    assert len(turns_to_screen()) == 2
    Study.objects.update(rehearsal_of=study)
    assert turns_to_screen() == []


def test_what_a_person_masked_is_replaced_by_its_kind_and_the_rest_stays(
    walker: Walker, study: Study, ines: User
) -> None:
    screen_texts()
    assert MESSAGE in leaving(study)
    chosen = Finding.objects.exclude(kind="telephone").values_list("pk", flat=True)
    assert decide_findings(study=study, findings=chosen, verdict="mask", by=ines) == 3
    text = leaving(study)
    assert "Écris à [e-mail] ou au 06 12 34 56 78, merci." in text
    assert "Comme sur [link]" in text
    assert "Voir [handle]" in text
    number = Finding.objects.get(kind="telephone")
    decide_findings(study=study, findings=[number.pk], verdict="mask", by=ines)
    assert "Écris à [e-mail] ou au [telephone], merci." in leaving(study)
    assert Turn.objects.filter(message=MESSAGE).count() == 1  # the stored text is as she wrote it


def test_masks_reach_a_vendor_too(walker: Walker, study: Study, ines: User) -> None:
    screen_texts()
    ids = list(Finding.objects.values_list("pk", flat=True))
    decide_findings(study=study, findings=ids, verdict="mask", by=ines)
    text = leaving(study, vendor=walker.link.vendor)
    assert "[e-mail]" in text and "jean@" not in text


def test_overlapping_masks_of_older_rules_leave_nothing_and_double_nothing(
    walker: Walker, study: Study, ines: User
) -> None:
    screen_texts()
    mail = Finding.objects.get(kind="e-mail")
    inner = Finding.objects.create(
        turn=mail.turn, part="message", kind="handle", start=mail.start + 4, length=4,
        text_sha256=mail.text_sha256,
    )  # fmt: skip
    decide_findings(study=study, findings=[mail.pk, inner.pk], verdict="mask", by=ines)
    assert "Écris à [e-mail][handle] ou au 06" in leaving(study)


def echoes(columns: str) -> str:
    """A text that went with each set, as a format about sets reads it."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT string_agg({without_echoes(columns, 's.id')}, '|' ORDER BY s.id) "
            "FROM candidates_candidateset s"
        )
        return str(cursor.fetchone()[0])


def test_what_is_masked_is_masked_where_models_were_told_it_and_repeat_it(
    walker: Walker, study: Study, ines: User
) -> None:
    screen_texts()
    turn = Turn.objects.get(live=True)
    turn.candidate_set.context = [
        {"role": "user", "content": MESSAGE},
        {"role": "assistant", "content": "jean@exemple.fr ? 06 12 34 56 78 ? jean@exemple.fr !"},
    ]
    turn.candidate_set.save()
    assert echoes("s.context::text").count("jean@exemple.fr") == 3
    mail = Finding.objects.get(kind="e-mail")
    decide_findings(study=study, findings=[mail.pk], verdict="mask", by=ines)
    told = echoes("s.context::text")
    assert "jean@exemple.fr" not in told and told.count("[e-mail]") == 3
    assert told.count("06 12 34 56 78") == 2
    number = Finding.objects.get(kind="telephone")
    decide_findings(study=study, findings=[number.pk], verdict="mask", by=ines)
    told = echoes("s.context::text")
    assert "06 12" not in told and "[e-mail] ? [telephone] ? [e-mail] !" in told


@pytest.mark.parametrize(
    ("message", "word", "said", "told"),
    [
        ("Je m’appelle Zoë Ménard", "Zoë Ménard",
         "ZOË MÉNARD, zoe\u0308 me\u0301nard ! Zoëlle", "[name], [name] ! Zoëlle"),
        ("Je m’appelle Zoe\u0308", "Zoe\u0308", "Zoë et ZOË", "[name] et [name]"),
        ("Meu nome é José D'Ávila", "José D'Ávila", "JOSÉ D'ÁVILA (josé)", "[name] (josé)"),
        ("मेरा नाम \u0958ासिम है", "\u0958ासिम", "नमस्ते क\u093cासिम जी", "नमस्ते [name] जी"),
        ("C’est (A+B).*", "(A+B).*", "(a+b).* AAB", "[name] AAB"),
    ],
)  # fmt: skip
def test_masked_words_are_masked_in_every_case_and_accent_in_the_whole_conversation(
    walker: Walker, study: Study, ines: User, message: str, word: str, said: str, told: str
) -> None:
    turn = Turn.objects.get(live=True)
    turn.message = message
    turn.save()
    turn.candidate_set.context = [{"role": "assistant", "content": said}]
    turn.candidate_set.save()
    Explanation.objects.update(text=said)
    Ranking.objects.update(reason=said)
    digest = hashlib.sha256(message.encode()).hexdigest()
    name = Finding.objects.create(
        turn=turn, part="message", kind="name", start=message.index(word), length=len(word),
        text_sha256=digest,
    )  # fmt: skip
    assert said in leaving(study)
    decide_findings(study=study, findings=[name.pk], verdict="mask", by=ines)
    assert f'"content": "{told}"' in echoes("s.context::text")
    assert message.replace(word, "[name]") in leaving(study)
    hers = {"turn__conversation": turn.conversation}
    number = Explanation.objects.filter(**hers).count() + Ranking.objects.filter(**hers).count()
    assert leaving(study).count(told) == number > 1


def test_a_mask_of_a_text_that_changed_is_void(walker: Walker, study: Study, ines: User) -> None:
    screen_texts()
    handle = Finding.objects.get(kind="handle")
    decide_findings(study=study, findings=[handle.pk], verdict="mask", by=ines)
    Explanation.objects.update(text="Tout autre chose")
    assert "Tout autre chose" in leaving(study)


def test_a_decision_says_who_and_when_and_can_be_replaced(
    walker: Walker, study: Study, ines: User
) -> None:
    screen_texts()
    one = Finding.objects.all()[0]
    assert decide_findings(study=study, findings=[one.pk], verdict="keep", by=ines) == 1
    one.refresh_from_db()
    first = one.decided_at
    assert (one.verdict, one.decided_by) == ("keep", ines) and first is not None
    assert decide_findings(study=study, findings=[one.pk], verdict="keep", by=ines) == 0
    olga = User.objects.create_user("olga", is_staff=True)
    assert decide_findings(study=study, findings=[one.pk], verdict="mask", by=olga) == 1
    one.refresh_from_db()
    assert (one.verdict, one.decided_by) == ("mask", olga) and one.decided_at != first
    with pytest.raises(ValidationError):
        decide_findings(study=study, findings=[one.pk], verdict="", by=ines)


def test_a_study_decides_about_its_own_texts_alone(
    walker: Walker, study: Study, ines: User
) -> None:
    screen_texts()
    other = Study.objects.get(pk=study.pk)
    other.pk, other.key = None, "other"
    other.save()
    ids = list(Finding.objects.values_list("pk", flat=True))
    assert decide_findings(study=other, findings=ids, verdict="mask", by=ines) == 0


def test_a_release_waits_for_the_check_and_for_the_decisions(
    walker: Walker, study: Study, ines: User
) -> None:
    with pytest.raises(ValidationError, match="texts of 2 turns were not checked"):
        check_texts(study)
    screen_texts()
    with pytest.raises(ValidationError, match=f"4 places .* at /studies/{study.key}/personal"):
        check_texts(study)
    ids = list(Finding.objects.values_list("pk", flat=True))
    decide_findings(study=study, findings=ids, verdict="mask", by=ines)
    check_texts(study)
