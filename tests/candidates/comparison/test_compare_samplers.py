"""The comparison end to end, against the running demo provider, whose poles are known."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count

from annotation.actions.definition import apply_study
from annotation.models import Study
from candidates.actions.endpoints import store_endpoint
from candidates.actions.pools import store_pool
from candidates.actions.samplers import store_sampler
from candidates.comparison.axes import AXIS_OF
from candidates.models import CandidateSet, ModelEndpoint, Sampler
from candidates.similarity import lexical_similarity
from demo.provider import LANGUAGES, Library
from tests.definitions import demo_definition, small_definition
from tests.processes import Worker
from tests.provider import Provider

pytestmark = pytest.mark.django_db

POOL = "everyday-questions"
PROMPTS = 3


@pytest.fixture
def samplers(study: Study, provider: Provider) -> list[str]:
    """NC, independent draws, and NC by selection, alike in all else."""
    like = demo_definition()["samplers"][0] | {"version": 1, "max_attempts": 6}
    endpoint = store_endpoint({"key": "priced", "price_prompt": 1, "price_completion": 2})
    kinds: dict[str, dict[str, Any]] = {
        "plain-nc": {"strategy": "nc"},
        "draws": {"strategy": "temperature"},
        "selected": {"strategy": "nc", "oversample": 8},
    }
    for key, changes in kinds.items():
        store_sampler({**like, "key": key, "n": 4, **changes}, endpoint=endpoint)
    store_endpoint({"key": "judge"})
    return ["plain-nc", "draws", "selected"]


def compare(samplers: list[str], out: Path, **options: Any) -> dict[str, Any]:
    call_command(
        "compare_samplers",
        pool=POOL,
        samplers=samplers,
        out=out,
        in_process=True,
        verbosity=0,
        **{"prompts": PROMPTS, **options},
    )
    result: dict[str, Any] = json.loads((out / "report.json").read_text("utf-8"))
    return result


def group(result: dict[str, Any], sampler: str, language: str = "all") -> dict[str, Any]:
    found: dict[str, Any] = next(
        item
        for item in result["groups"]
        if (item["sampler"], item["language"]) == (f"{sampler} v1", language)
    )
    return found


def write_labels(path: Path, languages: tuple[str, ...] = LANGUAGES) -> None:
    """Hand labels, as a researcher would upload them: canned texts with their voice."""
    library = Library()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["language", "text", "pole"])
        for language in languages:
            for voices in library.texts[language]["prompts"].values():
                for voice, text in voices.items():
                    writer.writerow([language, text, voice if voice in AXIS_OF else "neither"])


def test_the_comparison_says_the_truth_about_texts_with_known_poles(
    samplers: list[str], tmp_path: Path
) -> None:
    write_labels(tmp_path / "labels.csv")
    result = compare(samplers, tmp_path / "out", judge="judge", labels=tmp_path / "labels.csv")
    assert result["canned"]
    assert result["prompts"] == PROMPTS
    assert set(result["languages"]) == set(LANGUAGES)
    library = Library()
    for name in samplers:
        for language in LANGUAGES:
            sets = CandidateSet.objects.ready().filter(sampler__key=name, language=language)
            voices = [known_voices(library, item) for item in sets]
            for pole in AXIS_OF:
                truth = [pole in spoken for spoken in voices]
                found = group(result, name, language)["coverage"][pole]
                assert found["coverage"]["n"] == len(truth)
                if truth:
                    share = pytest.approx(sum(truth) / len(truth))
                    assert found["coverage"]["value"] == found["corrected"]["value"] == share
    for pole in AXIS_OF:  # four voices of four, and the default's, which speaks for none
        assert group(result, "plain-nc")["coverage"][pole]["corrected"]["value"] == 1
        assert group(result, "draws")["coverage"][pole]["corrected"]["value"] == 0
        assert group(result, "draws")["coverage"][pole]["coverage"]["n"] > PROMPTS


def test_an_erring_judge_is_corrected_towards_the_truth(
    samplers: list[str], provider: Provider, tmp_path: Path
) -> None:
    store_pool(demo_definition()["pool"])  # all twelve prompts
    write_labels(tmp_path / "labels.csv")
    provider._call("/demo/judge", {"error_rate": 0.2})
    try:
        result = compare(
            ["plain-nc"],
            tmp_path / "out",
            prompts=12,
            judge="judge",
            labels=tmp_path / "labels.csv",
        )
    finally:
        provider._call("/demo/judge", {"error_rate": 0})
    found = group(result, "plain-nc")["coverage"]  # the truth is 1 for every pole
    raw = [found[pole]["coverage"]["value"] for pole in AXIS_OF]
    corrected = [found[pole]["corrected"]["value"] for pole in AXIS_OF]
    assert max(raw) < 0.97
    assert all(one > other for one, other in zip(corrected, raw, strict=True))
    assert sum(corrected) / 4 > 0.95


def known_voices(library: Library, item: CandidateSet) -> set[str]:
    """Whose texts a set holds, by their letters, without asking the provider's own judge."""
    assert item.prompt_text is not None
    voices = library.texts[item.language]["prompts"][item.prompt_text.prompt.key]
    return {
        max(voices, key=lambda voice: lexical_similarity(voices[voice], candidate.text))
        for candidate in item.candidates.all()
    }


def test_selection_beats_independent_draws_on_similarity(
    samplers: list[str], tmp_path: Path
) -> None:
    result = compare(samplers, tmp_path)
    found = next(
        item
        for item in result["differences"]
        if (item["figure"], item["a"], item["b"], item["language"])
        == ("lexical", "draws v1", "selected v1", "all")
    )
    both = (
        CandidateSet.objects.ready()
        .filter(sampler__key__in=["draws", "selected"])
        .values("prompt_text")
        .annotate(number=Count("pk"))
        .filter(number=2)
        .count()
    )
    assert found["n"] == both > 2 * PROMPTS
    assert found["prompts"] == PROMPTS
    assert 0 < found["low"] <= found["value"] <= found["high"]


def test_without_embeddings_judge_or_labels_nothing_is_made_up(
    samplers: list[str], tmp_path: Path
) -> None:
    result = compare(["plain-nc"], tmp_path, languages=["it", "hi"], prompts=2)
    assert result["judge"] is result["helpfulness"] is None
    assert {item["language"] for item in result["groups"]} == {"it", "hi", "all"}
    figures = group(result, "plain-nc")["figures"]
    assert figures["semantic"]["value"] is figures["helpfulness"]["value"] is None
    assert figures["lexical"]["n"] == 4
    assert group(result, "plain-nc")["coverage"]["survival"]["coverage"]["value"] is None
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "not measured (n = 0)" in page


def test_a_judge_without_labels_is_not_corrected(samplers: list[str], tmp_path: Path) -> None:
    result = compare(["plain-nc"], tmp_path, languages=["fr"], prompts=2, judge="judge")
    found = group(result, "plain-nc", "fr")["coverage"]["traditional"]
    assert found["coverage"]["value"] == 1
    assert found["corrected"]["value"] is None
    assert found["corrected"]["note"] == "not corrected: fr: no labelled texts"


def test_semantic_similarity_is_measured_where_an_endpoint_gives_vectors(
    samplers: list[str], tmp_path: Path
) -> None:
    ModelEndpoint.objects.filter(key="priced").update(embedding_model="demo")
    result = compare(["plain-nc"], tmp_path, languages=["en"], prompts=2)
    assert group(result, "plain-nc")["figures"]["semantic"]["n"] == 2


def test_price_seconds_and_helpfulness_are_told_with_their_n(
    samplers: list[str], tmp_path: Path
) -> None:
    result = compare(["plain-nc", "draws"], tmp_path, languages=["en"], helpfulness="judge")
    for name in ("plain-nc", "draws"):
        figures = group(result, name, "en")["figures"]
        assert figures["price"]["value"] > 0
        assert figures["seconds"]["value"] > 0
        assert 1 <= figures["helpfulness"]["value"] <= 5
        assert figures["helpfulness"]["n"] == 4 * PROMPTS
        assert figures["price"]["n"] == figures["ready"]["n"] == PROMPTS
    sources = group(result, "draws", "en")["sources"]
    assert sources["temperature"]["words"]["n"] == 4 * PROMPTS
    assert sources["temperature"]["lists"]["value"] == 0


def test_refused_attempts_are_counted_with_their_reasons(
    samplers: list[str], provider: Provider, tmp_path: Path
) -> None:
    compare(["plain-nc"], tmp_path / "before", languages=["en"], prompts=1)  # finds the form out
    provider.misbehave("special_tokens", times=1)
    result = compare(["plain-nc"], tmp_path / "out", languages=["en"], prompts=2)
    english = group(result, "plain-nc", "en")
    assert (english["figures"]["refused"]["value"], english["figures"]["refused"]["n"]) == (
        pytest.approx(1 / 3),
        3,
    )
    assert english["figures"]["ready"]["value"] == 1
    assert english["reasons"] == {"contains a special token": 1}


def test_no_set_of_a_study_is_touched_and_a_second_run_pays_nothing(
    study: Study, samplers: list[str], provider: Provider, tmp_path: Path
) -> None:
    key = study.pool_sampler.key
    before = list(CandidateSet.objects.order_by("pk").values())
    compare([key], tmp_path / "one", languages=["en"])
    assert list(CandidateSet.objects.order_by("pk").values())[: len(before)] == before
    calls = provider.calls()
    compare([key], tmp_path / "two", languages=["en"])
    assert provider.calls() == calls


def test_the_page_says_canned_runs_no_script_and_describes_its_pictures(
    samplers: list[str], tmp_path: Path
) -> None:
    compare(samplers, tmp_path, languages=["en", "hi"], prompts=2, judge="judge")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "These texts are canned" in page
    assert "<script" not in page
    pictures = re.findall(r"<svg role=\"img\".*?</svg>", page, flags=re.DOTALL)
    assert len(pictures) >= 3
    for picture in pictures:
        assert re.search(r"<title id=.*?>\S", picture)
        assert re.search(r"<desc id=.*?>\S", picture)
    assert "Definitions" in page


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"pool": "nowhere"}, "There is no pool nowhere."),
        ({"samplers": ["plain-nc", "nobody"]}, "There is no sampler nobody."),
        ({"judge": "nobody"}, "There is no endpoint nobody."),
        ({"languages": ["tlh"]}, "does not know tlh."),
        ({"prompts": 0}, "At least one prompt is needed, not 0."),
        ({"judge": "judge", "labels": Path("/nowhere.csv")}, "cannot be read"),
    ],
)
def test_bad_input_gets_one_sentence_and_writes_nothing(
    samplers: list[str], tmp_path: Path, options: dict[str, Any], sentence: str
) -> None:
    before = CandidateSet.objects.count()
    given = {"pool": POOL, "samplers": samplers, "out": tmp_path / "out", "in_process": True}
    with pytest.raises(CommandError, match=re.escape(sentence)):
        call_command("compare_samplers", **{**given, **options})
    assert CandidateSet.objects.count() == before
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"language,text\nen,Hello\n", "lacks the columns pole."),
        (b"language,text,pole\nen,Hello,happy\n", "line 2: “happy” is no pole."),
        (b"language,text,pole\nen,Hello,survival+self_expression\n", "is no pole."),
        (b"language,text,pole\nen,,survival\n", "line 2: language or text is missing."),
        (b"language,text,pole\n", "holds no labelled text."),
        (b"language,text,pole\nen,\xff,survival\n", "cannot be read"),
        (b"", "lacks the columns language, pole, text."),
    ],
)
def test_labels_that_cannot_be_read_get_one_sentence(
    samplers: list[str], tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=re.escape(sentence)):
        compare(samplers, tmp_path / "out", judge="judge", labels=path)
    assert not (tmp_path / "out").exists()


def test_labels_without_a_judge_are_refused(samplers: list[str], tmp_path: Path) -> None:
    write_labels(tmp_path / "labels.csv", ("en",))
    with pytest.raises(CommandError, match="name its endpoint with --judge"):
        compare(samplers, tmp_path / "out", labels=tmp_path / "labels.csv")


def test_a_judge_that_cannot_be_asked_stops_the_report(samplers: list[str], tmp_path: Path) -> None:
    store_endpoint({"key": "keyless", "api_key_variable": "NO_SUCH_KEY"})
    with pytest.raises(CommandError, match="The judge keyless cannot be asked: no key is set"):
        compare(["plain-nc"], tmp_path / "out", languages=["en"], prompts=1, judge="keyless")
    assert not (tmp_path / "out").exists()


def test_the_latest_version_of_a_sampler_is_compared(samplers: list[str], tmp_path: Path) -> None:
    like = demo_definition()["samplers"][0]
    store_sampler(
        {**like, "key": "draws", "version": 2, "strategy": "nc"},
        endpoint=ModelEndpoint.objects.get(key="priced"),
    )
    result = compare(["draws"], tmp_path, languages=["en"], prompts=1)
    assert [sampler["name"] for sampler in result["samplers"]] == ["draws v2"]
    assert Sampler.objects.filter(key="draws").count() == 2


@pytest.mark.django_db(transaction=True)
def test_workers_make_the_sets_and_the_command_waits_for_them(
    worker: Worker, provider: Provider, tmp_path: Path
) -> None:
    apply_study(small_definition())
    call_command(
        "compare_samplers", pool=POOL, samplers=["diverse"], out=tmp_path, prompts=2, every=0.2
    )
    result = json.loads((tmp_path / "report.json").read_text("utf-8"))
    figures = group(result, "diverse")["figures"]
    assert (figures["ready"]["value"], figures["ready"]["n"]) == (1, 2 * len(LANGUAGES))
