"""Staff see files, fetch them, and ask for a release with one click."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotation.models import RecruitmentLink, Role
from exports.actions.exporting import request_export
from exports.actions.releasing import request_release
from exports.containers import Container
from exports.files.exporting import write_export
from exports.formats import FORMATS
from exports.forms.labels import CONTAINERS
from exports.forms.labels import FORMATS as FORMAT_WORDS
from exports.models import Release, State
from exports.release.building import build_release
from tests.team import signed_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "EXPORTS_DIR", tmp_path / "exports")
    return tmp_path / "exports"


def content(response: Any) -> str:
    return str(response.content.decode())


def test_one_click_makes_a_release_that_can_be_fetched(link: RecruitmentLink) -> None:
    key = link.study.key
    client = signed_in(link.study, Role.RESEARCHER)
    study_page = client.get(reverse("admin:annotation_study_change", args=[link.study.pk]))
    address = f"{reverse('admin:exports_release_add')}?study={key}"
    assert address in content(study_page)
    form = content(client.get(address))
    assert f'<option value="{key}" selected>' in form

    asked = {"study": key, "tier": "public", "formats": ["comparisons"]}
    client.post(address, asked)
    release = Release.objects.get()
    assert (release.state, release.tier, release.requested_by) == (
        State.QUEUED,
        "public",
        User.objects.get(),
    )
    client.post(address, asked)
    assert Release.objects.count() == 1

    build_release(release.pk)
    release.refresh_from_db()
    page = content(client.get(reverse("admin:exports_release_changelist")))
    assert release.sha256 in page and "nothing matches" in page
    fetched: Any = client.get(reverse("admin:exports_release_download", args=[release.pk]))
    data = b"".join(fetched.streaming_content)
    fetched.close()
    assert hashlib.sha256(data).hexdigest() == release.sha256
    assert release.name in fetched["Content-Disposition"]


def test_without_the_right_nobody_asks_sees_or_fetches(link: RecruitmentLink) -> None:
    export = request_export(study=link.study, format="comparisons", container="csv")
    write_export(export.pk)
    download = reverse("admin:exports_export_download", args=[export.pk])
    add = reverse("admin:exports_release_add")
    assert Client().get(download).status_code == 302  # to the page where one signs in
    client = signed_in(link.study, Role.VIEWER, "viv")
    assert [client.get(address).status_code for address in (download, add)] == [404, 403]
    assert client.post(add, {"study": link.study.key, "tier": "public"}).status_code == 403
    study_page = client.get(reverse("admin:annotation_study_change", args=[link.study.pk]))
    assert add not in content(study_page)
    assert not Release.objects.exists()
    told = reverse("admin:exports_export_readme", args=[export.pk])
    assert client.get(told).status_code == 404
    researcher = signed_in(link.study, Role.RESEARCHER)
    allowed = researcher.get(download)
    assert allowed.status_code == 200
    allowed.close()
    assert "# Comparisons, from the study" in content(researcher.get(told))
    assert told in content(researcher.get(reverse("admin:exports_export_changelist")))


def test_what_is_not_ready_cannot_be_fetched_and_says_why(link: RecruitmentLink) -> None:
    export = request_export(study=link.study, format="comparisons", container="csv")
    client = signed_in(link.study, Role.RESEARCHER)
    download = reverse("admin:exports_export_download", args=[export.pk])
    assert client.get(download).status_code == 404
    told = reverse("admin:exports_export_readme", args=[export.pk])
    assert client.get(told).status_code == 404
    type(export).objects.update(state=State.FAILED, error="The disk is full.")
    page = content(client.get(reverse("admin:exports_export_change", args=[export.pk])))
    assert "failed: The disk is full." in page and download not in page


def test_choices_and_settings_are_told_in_words(link: RecruitmentLink) -> None:
    assert set(FORMAT_WORDS) == set(FORMATS) and set(CONTAINERS) == set(Container)
    client = signed_in(link.study, Role.RESEARCHER)
    page = content(client.get(reverse("admin:exports_release_add")))
    for words in (
        "Comparisons: a judged turn with its texts and the whole ranking",
        "Creative Commons Attribution 4.0 International (CC-BY-4.0)",
        f"{link.study.title} ({link.study.key})",
        "by agreement: whoever signed one, with finer answers",
        "How exactly. Unless chosen:",
    ):
        assert words in page
    options = {"variant": "filtered", "times": "day"}
    export = request_export(
        study=link.study, format="rankings", container="jsonl.gz", options=options
    )
    write_export(export.pk)
    page = content(client.get(reverse("admin:exports_export_change", args=[export.pk])))
    assert "Rankings: a candidate of a judged turn · JSON Lines, packed with gzip" in page
    assert "conversations: finished conversations without any fault" in page
    assert "times leave: by the day" in page and "{" + "&#x27;variant" not in page
    release = request_release(study=link.study, formats=["rankings.csv"], enqueue=False)
    page = content(client.get(reverse("admin:exports_release_change", args=[release.pk])))
    assert "Rankings: a candidate of a judged turn: CSV" in page
    assert "{&quot;rankings&quot;" not in page and "{&#x27;rankings" not in page


def test_a_form_that_cannot_be_used_says_so(link: RecruitmentLink) -> None:
    client = signed_in(link.study, Role.RESEARCHER)
    answer = client.post(
        reverse("admin:exports_release_add"), {"study": link.study.key, "tier": "secret"}
    )
    assert answer.status_code == 422
    assert not Release.objects.exists()
