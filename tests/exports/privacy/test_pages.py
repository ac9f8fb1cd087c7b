"""The staff's pages: what a release would cost, and what was found in texts; who may what."""

import html
import re
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotation.models import RecruitmentLink, Role, Study
from exports.models import Finding
from exports.tasks.findings import screen_texts
from tests.exports.privacy.crowds import crowd
from tests.exports.privacy.test_generalise import mixed, row
from tests.exports.privacy.test_screening import MESSAGE, walker
from tests.team import member

__all__ = ["walker"]  # a fixture
pytestmark = pytest.mark.django_db


def staff(client: Client, study: Study, role: Role = Role.RESEARCHER) -> User:
    user = member(study, role)
    client.force_login(user)
    return user


def words(response: Any) -> str:
    """The page's text, without tags and with single blanks."""
    plain = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", html.unescape(plain))


# ---- the preview


def test_the_preview_says_what_holds_before_and_after_and_what_it_costs(
    client: Client, study: Study
) -> None:
    staff(client, study)
    crowd(study, mixed(80))
    page = client.get(reverse("study-risk", args=[study.key]))
    assert page.status_code == 200
    said = words(page)
    assert "Before and after, 80 people" in said
    assert "age in years → four groups" in said
    assert "Kept inside: ethnicity, politics" in said
    assert re.search(r"Met: the smallest group would have 1\d people; 10 are demanded\.", said)
    assert "FR-fr 80" in said


def test_the_preview_takes_demands_and_listed_special_categories(
    client: Client, study: Study
) -> None:
    staff(client, study)
    crowd(study, mixed(80))
    data = {"tier": "agreement", "k": "4", "l": "3", "special": ["politics"]}
    said = words(client.get(reverse("study-risk", args=[study.key]), data))
    assert "4 are demanded" in said
    assert "Special categories that leave: politics" in said
    assert "Fewest answers of a group (l): politics" in said


def test_the_preview_says_where_k_cannot_be_reached(client: Client, study: Study) -> None:
    staff(client, study)
    crowd(study, [row()] * 12 + [row(country="IT")] * 2)
    said = words(client.get(reverse("study-risk", args=[study.key]), {"tier": "agreement"}))
    assert "Not met, however much is cut: fewer than 5 people" in said and "in IT-it" in said


def test_the_preview_says_who_is_left_out_of_a_public_release(client: Client, study: Study) -> None:
    staff(client, study)
    crowd(study, [row(country="IT")] * 2)
    said = words(client.get(reverse("study-risk", args=[study.key])))
    assert "Nobody can be in such a release: no locale has 10 people" in said
    crowd(study, [row()] * 12)
    said = words(client.get(reverse("study-risk", args=[study.key])))
    assert "Met: the smallest group would have 12 people" in said
    assert "2 people are not in it at all: fewer than 10 people" in said and "in IT-it" in said


def test_an_empty_study_is_said_to_be_empty(client: Client, study: Study) -> None:
    staff(client, study)
    said = words(client.get(reverse("study-risk", args=[study.key])))
    assert "a release would be empty" in said


def test_a_demand_that_makes_no_sense_is_said_at_its_field(client: Client, study: Study) -> None:
    staff(client, study)
    page = client.get(reverse("study-risk", args=[study.key]), {"tier": "public", "k": "1"})
    assert page.status_code == 422
    assert "greater than or equal to 2" in words(page)


@pytest.mark.parametrize("name", ["study-risk", "study-personal-data"])
def test_the_pages_are_for_staff_with_the_right(client: Client, study: Study, name: str) -> None:
    address = reverse(name, args=[study.key])
    assert client.get(address).status_code == 302
    staff(client, study, Role.VIEWER)
    assert client.get(address).status_code == 403
    assert client.post(address).status_code in (403, 405)


def test_the_study_leads_to_both_pages(client: Client, study: Study) -> None:
    client.force_login(User.objects.create_superuser("root"))
    page = client.get(reverse("admin:annotation_study_change", args=[study.pk])).content.decode()
    for name in ("study-risk", "study-personal-data"):
        assert f'href="{reverse(name, args=[study.key])}"' in page
        assert client.get(reverse(name, args=[study.key])).status_code == 200


# ---- the command


def test_the_command_prints_the_same_figures(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    crowd(study, mixed(80))
    call_command("risk", study.key, "--tier", "public")
    printed = capsys.readouterr().out
    assert "public: k 10, l 2, 80 people" in printed
    assert re.search(r"Smallest group \(k\): 1 -> 1\d", printed)
    call_command("risk", study.key, "--tier", "agreement", "--k", "3", "--special", "politics")
    assert "agreement: k 3" in capsys.readouterr().out


def test_the_command_refuses_in_one_sentence_and_fails_where_k_is_not_reached(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="There is no study 'nope'"):
        call_command("risk", "nope")
    with pytest.raises(CommandError, match="No question of"):
        call_command("risk", study.key, "--special", "shoes")
    crowd(study, [row()] * 2)
    with pytest.raises(SystemExit) as stopped:
        call_command("risk", study.key)
    assert stopped.value.code == 1
    assert "Nobody can be in it: no locale has 10 people" in capsys.readouterr().out


# ---- findings


def address(link: RecruitmentLink, query: str = "") -> str:
    return reverse("study-personal-data", args=[link.study.key]) + query


def test_a_reviewer_reads_the_place_in_its_context_and_not_whose_it_is(
    client: Client, walker: Any, link: RecruitmentLink
) -> None:
    staff(client, link.study)
    screen_texts()
    page = client.get(address(link)).content.decode()
    assert "Écris à <mark>jean@exemple.fr</mark> ou au 06 12 34 56 78, merci." in page
    assert walker.participation.public_id not in page
    assert walker.participation.annotator.public_id not in page
    assert "4 places wait for a decision." in page


def test_a_long_text_is_cut_to_sixty_characters_around(
    client: Client, walker: Any, link: RecruitmentLink
) -> None:
    from annotation.models import Explanation

    staff(client, link.study)
    Explanation.objects.update(text="a" * 100 + " moi@x.fr " + "z" * 100)
    screen_texts()
    page = client.get(address(link)).content.decode()
    assert f"…{'a' * 59} <mark>moi@x.fr</mark> {'z' * 59}…" in page


def test_one_button_decides_one_place(client: Client, walker: Any, link: RecruitmentLink) -> None:
    ines = staff(client, link.study)
    screen_texts()
    mail = Finding.objects.get(kind="e-mail")
    said = words(client.post(address(link), {"only": f"{mail.pk}:mask"}, follow=True))
    assert "1 decision was stored." in said and "3 places wait" in said
    mail.refresh_from_db()
    assert (mail.verdict, mail.decided_by) == ("mask", ines)
    assert "decided by ines" in words(client.get(address(link, "?state=mask")))


def test_many_are_decided_at_once(client: Client, walker: Any, link: RecruitmentLink) -> None:
    staff(client, link.study)
    screen_texts()
    ids = list(Finding.objects.values_list("pk", flat=True))
    data = {"findings": ids[:3], "verdict": "keep"}
    assert "3 decisions were stored." in words(client.post(address(link), data, follow=True))
    assert Finding.objects.filter(verdict="keep").count() == 3


@pytest.mark.parametrize(
    "data",
    [{}, {"verdict": "mask"}, {"findings": ["1"]}, {"findings": ["x"], "verdict": "mask"},
     {"only": "x:mask"}, {"only": "1:burn"}, {"only": "9" * 30 + ":mask"}],
)  # fmt: skip
def test_what_is_no_decision_changes_nothing(
    client: Client, walker: Any, link: RecruitmentLink, data: dict[str, Any]
) -> None:
    staff(client, link.study)
    screen_texts()
    assert client.post(address(link), data, follow=True).status_code == 200
    assert not Finding.objects.exclude(verdict="").exists()


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.VIEWER])
def test_without_the_right_to_release_nothing_is_decided(
    client: Client, walker: Any, link: RecruitmentLink, role: Role
) -> None:
    staff(client, link.study, role)
    screen_texts()
    mail = Finding.objects.get(kind="e-mail")
    assert client.post(address(link), {"only": f"{mail.pk}:mask"}).status_code == 403
    mail.refresh_from_db()
    assert mail.verdict == ""


def test_a_check_can_be_asked_for(client: Client, walker: Any, link: RecruitmentLink) -> None:
    staff(client, link.study)
    page = words(client.get(address(link)))
    assert "The texts of 2 turns were not checked yet. Until then no release is made." in page
    assert "A worker checks the texts now." in words(
        client.post(address(link), {"check": "1"}, follow=True)
    )


def test_pages_of_fifty(client: Client, walker: Any, link: RecruitmentLink) -> None:
    staff(client, link.study)
    from annotation.models import Turn

    Turn.objects.filter(message=MESSAGE).update(message=" ".join(["a@b.fr"] * 120))
    screen_texts()
    page = client.get(address(link, "?page=2")).content.decode()
    assert page.count("<mark>") == 50
    assert "Page 2 of 3" in page
