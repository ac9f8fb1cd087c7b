"""One archive that others can load, check and cite, and that tells of nobody who said no."""

import hashlib
import json
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import datasets
import mlcroissant
import pandas
import pyarrow.parquet
import pytest
import yaml
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Consent
from annotation.actions.unlocking import unlock_outcomes
from annotation.models import Phase, Ranking, RecruitmentLink, Study, StudyLocale
from candidates.models import Prompt
from exports.actions.releasing import request_release
from exports.containers import arrow_schema
from exports.format import Format, Type
from exports.formats import FORMATS
from exports.models import Release, State
from exports.pseudonyms import Kind
from exports.release.building import build_release
from exports.release.card import LEFT_AS_TEXT
from exports.release.datasheet import hide_small, hide_training
from tests.exports.privacy.crowds import crowd
from tests.exports.privacy.test_generalise import row
from tests.made_once import Once
from tests.walker import Walker, finished

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # Of packages inside mlcroissant.
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated"),
    pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "EXPORTS_DIR", tmp_path / "exports")
    return tmp_path / "exports"


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_OFFLINE", True, raising=False)


@pytest.fixture
def three(once: Once, link: RecruitmentLink) -> list[Walker]:
    """Three who finished; the second keeps her words, the third lets nothing be released."""
    return once(three_who_finished, link)


def three_who_finished(link: RecruitmentLink) -> list[Walker]:
    walkers = []
    for refused in ([], ["release_free_text"], ["release_choices"]):
        walker = finished(link)
        hers = Consent.objects.filter(annotator=walker.participation.annotator)
        hers.filter(purpose__in=refused).update(given=False)
        walkers.append(walker)
    return walkers


def built(study: Study, **asked: Any) -> Release:
    """By agreement, unless said: a public one needs more people than most of these tests."""
    release = request_release(study=study, enqueue=False, **{"tier": "agreement"} | asked)
    build_release(release.pk)
    release.refresh_from_db()
    assert (release.state, release.error) == (State.READY, "")
    return release


def archive_of(release: Release) -> Path:
    return Path(settings.EXPORTS_DIR) / release.name


def extracted(release: Release, folder: Path) -> Path:
    with zipfile.ZipFile(archive_of(release)) as archive:
        archive.extractall(folder)
    return folder


def front_matter(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(
        (folder / "README.md").read_text("utf-8").split("---")[1]
    )
    return found


def fits(name: str, study: Study) -> bool:
    try:
        FORMATS[name].check(study)
    except ValidationError:
        return False
    return True


def test_a_release_holds_every_part_and_checks_itself(
    three: list[Walker], link: RecruitmentLink, tmp_path: Path
) -> None:
    release = built(link.study)
    path = archive_of(release)
    assert release.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    folder = extracted(release, tmp_path / "out")
    names = {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}
    assert names == {
        *(f"data/{name}.parquet" for name in release.formats),
        *("README.md", "DATASHEET.md", "LICENSE", "CITATION.cff", "SHA256SUMS", "plan.json"),
        *("codebook.md", "codebook.json", "croissant.json", "manifest.json"),
    }
    checked = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder)
    assert checked.returncode == 0
    assert len((folder / "SHA256SUMS").read_text().splitlines()) == len(names) - 1
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["plan_hash"] == release.plan_hash == link.study.plan_hash
    assert hashlib.sha256((folder / "plan.json").read_bytes()).hexdigest() == release.plan_hash
    assert manifest["rows"] == {f"data/{n}.parquet": rows for n, rows in release.rows.items()}
    assert b"\r" not in b"".join(
        (folder / name).read_bytes() for name in names if "." in name[-5:] and "parquet" not in name
    )


def test_every_configuration_loads_offline(
    three: list[Walker], link: RecruitmentLink, tmp_path: Path
) -> None:
    release = built(link.study)
    folder = extracted(release, tmp_path / "out")
    configs = front_matter(folder)["configs"]
    assert [config["config_name"] for config in configs] == [
        name for name in FORMATS if name in release.formats
    ]
    for name in release.formats:
        loaded = datasets.load_dataset(str(folder), name, cache_dir=str(tmp_path / "cache"))
        assert loaded["train"].num_rows == release.rows[name]
        assert loaded["train"].column_names == list(FORMATS[name].names)


@pytest.mark.parametrize("tier_times", ["exact", "none"])
def test_csv_loads_by_name_with_what_parquet_has(
    three: list[Walker], link: RecruitmentLink, tmp_path: Path, tier_times: str
) -> None:
    """After the casts that the card names, also of a column without a value and of a text `NA`."""
    pool = Prompt.objects.order_by("pk")
    pool.filter(pk=pool[0].pk).update(key="NA")
    names = [name for name in FORMATS if fits(name, link.study)]
    folders = {}
    for container in ("csv", "parquet"):
        chosen = [f"{name}.{container}" for name in names]
        release = built(link.study, formats=chosen, times=tier_times)
        Release.objects.filter(pk=release.pk).delete()  # the same version again: the same ids
        folders[container] = extracted(release, tmp_path / container)
    card = (folders["csv"] / "README.md").read_text("utf-8")
    for name in names:
        if not release.rows[name]:
            line = f'pandas.read_csv("path/to/this/folder/data/{name}.csv")'
            assert line in card and pandas.read_csv(folders["csv"] / f"data/{name}.csv").empty
            continue
        loaded, exact = (
            datasets.load_dataset(str(folders[one]), name, cache_dir=str(tmp_path / f"{one}-cache"))
            for one in ("csv", "parquet")
        )
        assert loaded["train"].features == features_of_csv(name), name
        assert from_csv(loaded["train"], FORMATS[name]) == without_empty(exact["train"]), name


def features_of_csv(name: str) -> datasets.Features:
    """Those of Parquet; times, lists and messages are texts."""
    types = {Type.INTEGER: "int64", Type.NUMBER: "float64", Type.BOOLEAN: "bool"}
    return datasets.Features(
        {one.name: datasets.Value(types.get(one.type, "string")) for one in FORMATS[name].columns}
    )


def from_csv(rows: datasets.Dataset, form: Format) -> list[dict[str, Any]]:
    """With the casts that the card names."""
    for column in form.columns:
        if column.type == Type.TIME:
            rows = rows.cast_column(column.name, datasets.Value("timestamp[us, tz=UTC]"))
    structured = {one.name for one in form.columns if one.type in LEFT_AS_TEXT - {Type.TIME}}
    return [
        {
            name: json.loads(value) if name in structured and value is not None else value
            for name, value in row.items()
        }
        for row in rows
    ]


def without_empty(rows: datasets.Dataset) -> list[dict[str, Any]]:
    return [{name: None if value == "" else value for name, value in row.items()} for row in rows]


def test_a_release_of_several_containers_is_refused_in_one_sentence(
    three: list[Walker], link: RecruitmentLink
) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("release", link.study.key, formats=["comparisons", "rankings.csv"])
    assert str(refusal.value) == (
        "Name one container for all formats, since one folder has one loader; these are 2: csv, "
        "parquet."
    )
    assert not Release.objects.exists()


def test_json_lines_load_by_name_with_the_types_that_parquet_has(
    three: list[Walker], link: RecruitmentLink, tmp_path: Path
) -> None:
    """A number that happens to be whole stays a number; a text of digits stays a text."""
    for ranking in Ranking.objects.select_related("turn")[::2]:
        assert ranking.turn.shown_at
        ranking.submitted_at = ranking.turn.shown_at + timedelta(seconds=2)
        ranking.save()
    names = [name for name in FORMATS if fits(name, link.study)]
    for container in ("jsonl", "jsonl.gz", "parquet"):
        release = built(link.study, formats=[f"{name}.{container}" for name in names])
        folder = extracted(release, tmp_path / container)
        for config in front_matter(folder)["configs"]:
            name = config["config_name"]
            loaded = datasets.load_dataset(str(folder), name, cache_dir=str(tmp_path / "cache"))
            assert loaded["train"].num_rows == release.rows[name]
            types = {field.name: field.type for field in loaded["train"].features.arrow_schema}
            assert types == {field.name: field.type for field in arrow_schema(FORMATS[name])}, (
                f"{name}.{container}"
            )
        named = {config["config_name"] for config in front_matter(folder)["configs"]}
        assert named == {n for n, rows in release.rows.items() if rows or container == "parquet"}


def test_croissant_is_valid_and_yields_the_rows(
    three: list[Walker], link: RecruitmentLink, tmp_path: Path
) -> None:
    release = built(link.study)
    folder = extracted(release, tmp_path / "out")
    dataset = mlcroissant.Dataset(jsonld=folder / "croissant.json")
    assert not dataset.metadata.ctx.issues.errors
    for name in release.formats:
        records = list(dataset.records(name))
        assert len(records) == release.rows[name]


def test_the_same_data_give_the_same_bytes(three: list[Walker], link: RecruitmentLink) -> None:
    first = built(link.study)
    before = archive_of(first).read_bytes()
    archive_of(first).unlink()
    Release.objects.filter(pk=first.pk).update(state=State.QUEUED, attempts=0, sha256="")
    build_release(first.pk)
    assert archive_of(first).read_bytes() == before
    first.refresh_from_db()
    assert first.data_until is not None and first.data_until <= timezone.now()


def test_only_who_allowed_it_is_in_it_and_words_only_where_allowed(
    three: list[Walker], link: RecruitmentLink, tmp_path: Path
) -> None:
    open_one, quiet, silent = (walker.participation.annotator for walker in three)
    crowd(link.study, [row()] * 10)
    for tier in ("public", "agreement"):
        release = built(link.study, tier=tier)
        folder = extracted(release, tmp_path / tier)
        scope_ids = {
            person: _pseudonym(release, person.public_id) for person in (open_one, quiet, silent)
        }
        rows = pyarrow.parquet.read_table(folder / "data/comparisons.parquet").to_pylist()
        people = [row["annotator_id"] for row in rows]
        assert set(people) == {scope_ids[open_one], scope_ids[quiet]}
        # Of the quiet one only first turns of the pool are left: the rest follows her words.
        assert people.count(scope_ids[quiet]) == 2 < people.count(scope_ids[open_one])


def _pseudonym(release: Release, public_id: str) -> str:
    from exports.privacy.recoding import Recoding
    from exports.release.building import scope_of

    return scope_of(release, Recoding()).pseudonyms.text(Kind.ANNOTATOR, public_id)


def test_each_version_and_tier_has_its_own_ids(three: list[Walker], link: RecruitmentLink) -> None:
    crowd(link.study, [row()] * 10)
    public_id = three[0].participation.annotator.public_id
    releases = [built(link.study, tier=tier) for tier in ("public", "public", "agreement")]
    assert [(one.version, one.tier) for one in releases] == [
        (1, "public"),
        (2, "public"),
        (1, "agreement"),
    ]
    assert len({_pseudonym(one, public_id) for one in releases}) == 3


def test_a_person_who_withdrew_is_absent_and_counted(
    three: list[Walker], link: RecruitmentLink, tmp_path: Path
) -> None:
    three[0].participation.__class__.objects.filter(pk=three[0].participation.pk).update(
        withdrawn_at=timezone.now()
    )
    folder = extracted(built(link.study), tmp_path / "out")
    table = pyarrow.parquet.read_table(folder / "data/comparisons.parquet")
    assert len(set(table.column("annotator_id").to_pylist())) == 1
    assert "| withdrew | 1 |" in (folder / "DATASHEET.md").read_text()


def test_the_datasheet_and_the_card_tell_the_studys_own_figures(
    three: list[Walker], link: RecruitmentLink, tmp_path: Path
) -> None:
    folder = extracted(built(link.study, licence="CC-BY-4.0"), tmp_path / "out")
    datasheet, card = (folder / "DATASHEET.md").read_text(), (folder / "README.md").read_text()
    assert "| FR | fr | 2 | 1 | hidden |" in datasheet  # people, own words, training
    assert "| are in this archive | 2 |" in datasheet
    assert "canned texts of the demonstration provider" in card
    assert front_matter(folder)["license"] == "cc-by-4.0"
    assert "female" not in datasheet  # two people are too few to say so of


def test_agreement_is_the_unbiased_chance_of_two_choices_alike(
    link: RecruitmentLink, tmp_path: Path
) -> None:
    """Two people, each the same first place in the order she saw: the sets say how often that
    was the same response."""
    walkers = [Walker(link), Walker(link)]
    for walker in walkers:
        walker.enter()
        walker.finish()
    chosen: dict[int, list[int]] = {}
    for walker in walkers:
        for conversation in walker.participation.conversations.filter(kind="pool"):
            turn = conversation.turns.get(position=1)
            chosen.setdefault(turn.candidate_set_id, []).append(turn.ranking.chosen_id)
    pairs = [len(set(both)) == 1 for both in chosen.values() if len(both) == 2]
    folder = extracted(built(link.study), tmp_path / "out")
    expected = f"| FR | fr | {len(pairs)} | {sum(pairs) / len(pairs):.3f} |"
    assert expected in (folder / "DATASHEET.md").read_text()


def test_a_public_release_of_too_few_people_is_refused_in_one_sentence(
    three: list[Walker], link: RecruitmentLink
) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("release", link.study.key)
    assert str(refusal.value) == (
        "Nobody can be in it: no locale has 10 people who finished a conversation. Wait for more "
        "people, or make a release by agreement."
    )
    assert not list(Path(settings.EXPORTS_DIR).glob("*"))


def test_every_group_in_the_files_of_a_public_release_has_k_people(
    study: Study, three: list[Walker], tmp_path: Path
) -> None:
    """The walkers live in France; two people of Italy and one who finished nothing stay out."""
    place = study.locales.get()
    StudyLocale.objects.create(study=study, country="IT", language="it", target=place.target)
    crowd(study, [row()] * 10 + [row(country="IT")] * 2)
    crowd(study, [row()], finished=False)
    folder = extracted(built(study, tier="public"), tmp_path / "out")
    known = ["country", "language", "age_band", "gender", "education"]
    people = pandas.read_parquet(folder / "data/annotators.parquet")[known].fillna("")
    assert people.groupby(known).size().min() >= 10
    assert set(people["country"]) == {"FR"} and len(people) == 12
    said = "Nobody of IT-it is in it: fewer than 10 finished a conversation there."
    assert said in (folder / "DATASHEET.md").read_text()


def test_times_leave_by_the_day_in_a_public_release(
    three: list[Walker], link: RecruitmentLink, tmp_path: Path
) -> None:
    release = built(link.study, times="month")
    with zipfile.ZipFile(archive_of(release)) as archive:
        assert {info.date_time[2:] for info in archive.infolist()} == {(1, 0, 0, 0)}
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["data_until"].endswith("-01T00:00:00Z")


def test_a_release_says_that_outcomes_by_group_were_seen_before_the_end(
    three: list[Walker], link: RecruitmentLink
) -> None:
    unlock_outcomes(study=link.study, phase=Phase.MAIN, why="The funder asked", by=None)
    unlock_outcomes(study=link.study, phase=Phase.PILOT, why="To try it", by=None)
    with zipfile.ZipFile(archive_of(built(link.study))) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    [at] = link.study.plan_changes.filter(details__phase="main").values_list("at", flat=True)
    expected = [{"on": f"{at:%Y-%m-%d}", "why": "The funder asked"}]
    assert manifest["settings"]["outcomes_unlocked"] == expected


def test_the_same_request_waits_for_the_first_and_a_failed_one_is_tried_again(
    study: Study,
) -> None:
    first = request_release(study=study, enqueue=False)
    assert request_release(study=study, enqueue=False) == first
    assert request_release(study=study, enqueue=False, times="week").version == 2
    Release.objects.filter(version=2).update(state=State.FAILED, error="x", attempts=3)
    again = request_release(study=study, enqueue=False, times="week")
    assert (again.version, again.state, again.attempts) == (2, State.QUEUED, 0)


def test_what_does_not_exist_is_refused_with_what_does(study: Study) -> None:
    refusals: list[tuple[dict[str, Any], str]] = [
        ({"tier": "secret"}, "There is no tier 'secret': use one of public, agreement."),
        ({"formats": ["x"]}, "There is no format 'x': use one of "),
        ({"formats": ["comparisons.xlsx"]}, "There is no container 'xlsx': use one of csv"),
        ({"formats": ["comparisons"] * 2}, "The format comparisons is named twice."),
        ({"licence": "MIT"}, "There is no licence 'MIT' for data: use one of CC-BY-4.0, "),
        ({"times": "year"}, "There is no way to give times 'year': use one of exact"),
    ]
    for changes, sentence in refusals:
        with pytest.raises(ValidationError) as refusal:
            request_release(study=study, **changes)
        assert refusal.value.messages[0].startswith(sentence)
    with pytest.raises(CommandError, match="There is no study 'x': use one of "):
        call_command("release", "x")
    assert not Release.objects.exists()


def test_an_empty_study_gives_a_valid_archive(
    link: RecruitmentLink, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("release", link.study.key, formats=["comparisons", "annotators"])  # public
    assert "Nothing matches: the files are valid and hold no rows." in capsys.readouterr().out
    folder = extracted(Release.objects.get(), tmp_path / "out")
    assert not mlcroissant.Dataset(jsonld=folder / "croissant.json").metadata.ctx.issues.errors


def test_how_many_allowed_training_is_said_of_a_locale_of_enough_people_alone() -> None:
    rows = [{"country": "FR", "people": n, "training": 3} for n in (5, 4)]
    assert [row["training"] for row in hide_training(rows, 5)] == [3, "hidden"]


def test_small_cells_are_hidden_so_that_a_total_does_not_give_them_away() -> None:
    def cell(answer: str, people: int) -> dict[str, Any]:
        return {"country": "FR", "question": "gender", "answer": answer, "people": people}

    told = hide_small([cell("female", 40), cell("male", 30), cell("other", 2)], 5)
    assert [row["people"] for row in told] == [40, "hidden", "hidden"]
    assert hide_small([cell("female", 40), cell("male", 30)], 5)[1]["people"] == 30
    assert hide_small([cell("female", 4), cell("male", 3)], 5) == [
        cell("", 0) | {"people": "hidden"}
    ]
