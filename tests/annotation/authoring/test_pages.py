"""The pages of authoring over HTTP: who may, what is kept, what is said."""

import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotation.actions.authoring import start_draft, store_draft
from annotation.actions.definition import apply_study
from annotation.actions.team import add_member
from annotation.authoring.steps import STEPS
from annotation.authoring.study_file import from_yaml, to_yaml
from annotation.authoring.texts import LANGUAGES
from annotation.definition.rendering import definition_of
from annotation.models import Study, StudyDraft
from tests.annotation.authoring.test_study_file import everything

pytestmark = pytest.mark.django_db
SLUGS = [step.slug for step in STEPS]


@pytest.fixture
def ines(client: Client) -> User:
    user = User.objects.create(username="ines", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


@pytest.fixture
def draft(ines: User) -> StudyDraft:
    return start_draft(key="everything", definition=everything(), by=ines)


def page_of(client: Client, slug: str, part: str = "") -> str:
    address = reverse("study-write-step", args=["everything", slug])
    return str(client.get(address, {"part": part} if part else {}).content.decode())


def fields_of(page: str) -> dict[str, Any]:
    """What a browser would post of the page's form as it stands."""
    form = page[page.index('<form class="desk-form"') :]
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        said = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if said.get("type") in {"checkbox", "radio"}:
            if " checked" not in tag:
                continue
            said.setdefault("value", "on")
        if said.get("type") == "file" or "name" not in said:
            continue
        found.setdefault(unescape(said["name"]), []).append(unescape(said.get("value", "")))
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.findall(r'<option value="([^"]*)"[^>]* selected', options)
        found[unescape(name)] = [unescape(one) for one in chosen[:1]]
    for tag, text in re.findall(r"<textarea([^>]*)>\n?(.*?)</textarea>", form, re.S):
        name = re.findall(r'name="([^"]+)"', tag)[0]
        found[unescape(name)] = [unescape(text)]
    return found


def post(client: Client, slug: str, part: str = "", **changed: Any) -> Any:
    """Posts a page as it stands, with these changes."""
    fields = fields_of(page_of(client, slug, part))
    address = reverse("study-write-step", args=["everything", slug])
    return client.post(address + (f"?part={part}" if part else ""), {**fields, **changed})


@pytest.mark.parametrize("slug", SLUGS)
def test_saving_a_page_as_it_stands_changes_nothing(
    client: Client, ines: User, draft: StudyDraft, slug: str
) -> None:
    del draft.definition["samplers"][3]  # rows hold no sampler that the study does not use
    draft.save()
    study = store_draft(draft=draft, by=ines, version=draft.version)
    draft.refresh_from_db()
    before, version = draft.definition, draft.version
    response = post(client, slug)
    assert response.status_code == 302
    draft.refresh_from_db()
    assert draft.definition == before
    assert draft.version == version
    assert client.get(reverse("study-write", args=[study.key])).status_code == 200


@pytest.mark.parametrize("slug", SLUGS)
def test_an_empty_study_can_be_opened_and_saved_at_every_step(
    client: Client, ines: User, slug: str
) -> None:
    client.post(reverse("study-new"), {"key": "everything"})
    assert post(client, slug).status_code == 302


def test_a_file_makes_a_draft_and_a_draft_makes_the_file(client: Client, ines: User) -> None:
    text = to_yaml(everything("from-a-file"))
    file = SimpleUploadedFile("study.yaml", text.encode())
    response = client.post(reverse("study-new"), {"file": file})
    assert response["Location"] == reverse("study-write", args=["from-a-file"])
    client.post(response["Location"], {"act": "store", "version": "1"})
    study = Study.objects.get(key="from-a-file")
    answer = client.get(reverse("study-write-file", args=["from-a-file"]))
    assert "attachment" in answer["Content-Disposition"]
    exported = from_yaml(answer.content.decode())
    assert exported["study"] == from_yaml(to_yaml(definition_of(study)))["study"]


def test_another_study_is_cloned_under_a_new_key(client: Client, ines: User, study: Study) -> None:
    client.post(reverse("study-new"), {"key": "second", "clone": study.pk})
    client.post(reverse("study-write", args=["second"]), {"act": "store", "version": "1"})
    other = Study.objects.get(key="second")
    assert other.pool == study.pool
    assert not other.participations.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: [", "cannot be read as YAML"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"- a", "no part called"),
        (b"study: &it {key: mine, title: *it}", "refers to its own parts"),
        (b"a: &a [x, x]\nb: [*a, *a]\nstudy: {key: mine}", "refers to its own parts"),
    ],
)
def test_a_file_that_is_no_study_is_refused_in_one_sentence(
    client: Client, ines: User, content: bytes, said: str
) -> None:
    file = SimpleUploadedFile("study.yaml", content)
    response = client.post(reverse("study-new"), {"key": "mine", "file": file})
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not StudyDraft.objects.exists()


BOMB = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))


@pytest.mark.parametrize(
    "rest",
    [
        "2026-01-01: x",
        "seed: .nan",
        'contact: "a\\0b"',
        'contact: "\\ud800"',
        "loop: &a [*a]",
        f"a0: &a0 [x]\n{BOMB}",
        "consent: 4",
        "consent: {statements: [1]}",
        "instruments: {quota: {questions: abc}}",
        "samplers: abc",
        "pool: {prompts: [{key: a, texts: 3}]}",
        "budget: much",
    ],
)
def test_a_file_that_no_draft_can_be_made_of_is_refused_in_one_sentence(
    client: Client, ines: User, rest: str
) -> None:
    raw = f"study: {{key: odd}}\n{rest}\n".encode()
    answer = client.post(reverse("study-new"), {"file": SimpleUploadedFile("a.yaml", raw)})
    assert answer.status_code == 422
    assert "he file" in answer.content.decode()
    assert not StudyDraft.objects.exists()


def test_prompts_are_uploaded_looked_at_and_taken_out(client: Client, draft: StudyDraft) -> None:
    lines = "key,language,text,topics\ntea,en,Tea or coffee?,drinks\ntea,fr,Thé ou café ?,drinks\n"
    file = SimpleUploadedFile("prompts.csv", lines.encode())
    assert post(client, "prompts", file=file).status_code == 302
    page = page_of(client, "prompts")
    assert "Thé ou café ?" in page
    assert "it pt-br hi missing" in re.sub(r"\s+", " ", page)
    assert post(client, "prompts", remove=["tea", "bereavement"]).status_code == 302
    draft.refresh_from_db()
    assert {one["key"] for one in draft.definition["pool"]["prompts"]}.isdisjoint(
        {"tea", "bereavement"}
    )
    assert draft.definition["pool"]["retired"] == ["bereavement", "tea"]


def test_a_bad_prompt_file_is_refused_with_its_line(client: Client, draft: StudyDraft) -> None:
    file = SimpleUploadedFile("prompts.csv", b"key,language,text\ntea,xx,Tea?\n")
    response = post(client, "prompts", file=file)
    assert response.status_code == 422
    assert "line 2: the language" in response.content.decode()


GOOD = b"prompts: [{key: tea, texts: {en: Tea or coffee}}]"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"a0: &a0 [x]\n{BOMB}".encode(), "refers to its own parts"),
        (b"prompts: &p [{key: a, texts: {en: A}}]\npool: {prompts: *p}", "its own parts"),
        (b'prompts: [{key: a, texts: {en: "a\\0b"}}]', "a character that cannot be stored"),
        (b'prompts: [{key: a, texts: {en: "a\\ud800b"}}]', "a character that cannot be stored"),
        (b"[" * 100_000, "cannot be read as YAML"),
        (GOOD + b"\n#" + b"x" * 4_000_000, "too long for YAML"),
        (GOOD + b"\n#" + b"x" * 20_000_000, "larger than 20 MB"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"- 1", "holds no prompts"),
    ],
)
def test_a_prompt_file_that_cannot_be_kept_is_refused_in_one_sentence(
    client: Client, draft: StudyDraft, content: bytes, said: str
) -> None:
    before = draft.definition["pool"]
    response = post(client, "prompts", file=SimpleUploadedFile("prompts.yaml", content))
    assert response.status_code == 422
    assert said in response.content.decode()
    draft.refresh_from_db()
    assert draft.definition["pool"] == before


def test_prompts_are_read_from_yaml(client: Client, draft: StudyDraft) -> None:
    assert post(client, "prompts", file=SimpleUploadedFile("p.yaml", GOOD)).status_code == 302
    assert "Tea or coffee" in page_of(client, "prompts")


def test_a_census_table_becomes_cells_of_whole_people(client: Client, draft: StudyDraft) -> None:
    census = "country,gender,share\nFR,female,0.517\nFR,male,0.483\n"
    assert post(client, "quotas", table=census).status_code == 302
    page = page_of(client, "quotas")
    assert "FR: 40 people in all cells, 40 planned" in page
    assert re.search(r'<th scope="row">fr-female</th><td>21</td>', page)
    assert "0.517" in page
    assert post(client, "quotas", table="country,gender,share\nFR,female,0.9\n").status_code == 302
    assert "sum to 0.900 and not to 1" in page_of(client, "quotas")
    assert post(client, "quotas", table="a,b\n1,2,3\n").status_code == 422


def test_people_are_split_evenly_without_a_table(client: Client, draft: StudyDraft) -> None:
    assert post(client, "quotas", table="").status_code == 302
    even: dict[str, Any] = {"even-gender": ["female", "male"], "even-age": "18-34 35-"}
    assert post(client, "quotas", **even).status_code == 302
    page = page_of(client, "quotas")
    assert "FR: 40 people in all cells, 40 planned" in page
    for cell in ("fr-18-34-female", "fr-35-up-male"):
        assert re.search(rf'<th scope="row">{cell}</th><td>10</td>', page), cell
    draft.refresh_from_db()
    split = {"even": {"gender": ["female", "male"], "age": [[18, 34], [35, None]]}}
    assert draft.definition["study"]["quotas"] == split
    assert post(client, "quotas").status_code == 302  # as it stands
    draft.refresh_from_db()
    assert draft.definition["study"]["quotas"] == split
    assert post(client, "quotas", marginal="on").status_code == 302
    assert re.search(r'<th scope="row">fr-35-up</th><td>20</td>', page_of(client, "quotas"))
    assert post(client, "quotas", **{"even-age": "young"}).status_code == 422
    table = "country,gender,target\nFR,female,3\n"
    assert post(client, "quotas", table=table).status_code == 302
    draft.refresh_from_db()
    assert draft.definition["study"]["quotas"]["table"][0]["target"] == "3"
    assert post(client, "quotas", table="").status_code == 302
    draft.refresh_from_db()
    assert not draft.definition["study"].get("quotas")


def test_codes_that_the_file_merged_into_one_part_stay_one(
    client: Client, draft: StudyDraft
) -> None:
    split: dict[str, Any] = {"even": {"gender": ["female", ["male", "non_binary"]]}}
    draft.definition["study"]["quotas"] = split
    draft.save()
    assert post(client, "quotas", marginal="on").status_code == 302
    draft.refresh_from_db()
    assert draft.definition["study"]["quotas"] == {**split, "marginal": True}
    draft.definition["study"]["quotas"] = {"even": ["gender"]}
    draft.save()
    address = reverse("study-write-step", args=["everything", "quotas"])
    assert client.get(address).status_code == 200


def test_texts_are_written_side_by_side_and_their_marks_shown(
    client: Client, draft: StudyDraft
) -> None:
    page = page_of(client, "texts")
    for language in ("en", "fr", "it", "pt-br", "hi"):
        assert f'name="text:study.title:{language}" lang="{language}"' in page
    name = "text:study.title:en"
    assert post(client, "texts", **{name: "Another title"}).status_code == 302
    page = page_of(client, "texts")
    assert page.count("Still right as it is") == 4
    right = {f"right:study.title:{code}": "1" for code in ("fr", "it", "pt-br", "hi")}
    assert post(client, "texts", **right).status_code == 302
    assert "Still right as it is" not in page_of(client, "texts")


def test_a_new_question_gets_its_texts_on_its_own_page(client: Client, draft: StudyDraft) -> None:
    row = {"questions-2-code": "region", "questions-2-kind": "choice", "questions-2-codes": "n s"}
    assert post(client, "screening", **row).status_code == 302
    texts = {
        f"text:instruments.quota.questions[region].options[{one}].label:hi": "अ" for one in "ns"
    }
    assert post(client, "screening", part="region", **texts).status_code == 302
    draft.refresh_from_db()
    asked = draft.definition["instruments"]["quota"]["questions"][2]
    assert [option["label"]["hi"] for option in asked["options"]] == ["अ", "अ"]
    assert asked["text"]["en"] == ""
    overview = client.get(reverse("study-write", args=["everything"])).content.decode()
    assert "13 texts missing" in overview


@pytest.mark.parametrize("further", [None, [{}], [{"key": "mood", "questions": None}]])
def test_the_page_of_questionnaires_opens_on_a_file_that_says_little_of_them(
    client: Client, ines: User, draft: StudyDraft, further: Any
) -> None:
    draft.definition["instruments"]["further"] = further
    draft.save()
    overview = client.get(reverse("study-write", args=["everything"]))
    assert overview.status_code == 200
    page = client.get(reverse("study-write-step", args=["everything", "questionnaires"]))
    assert page.status_code == 200


def test_a_further_questionnaire_gets_its_place_its_questions_and_its_texts(
    client: Client, draft: StudyDraft
) -> None:
    row = {"further-0-key": "mood", "further-0-placement": "between", "further-0-after": "1"}
    assert post(client, "questionnaires", **row).status_code == 302
    assert "mood: It asks nothing yet." in page_of(client, "questionnaires")
    asked = {"questions-0-code": "now", "questions-0-kind": "choice", "questions-0-codes": "a b"}
    assert post(client, "questionnaires", part="mood", **asked).status_code == 302
    root = "text:instruments.further[mood]"
    names = ("title", "questions[now].text", "questions[now].options[a].label",
             "questions[now].options[b].label")  # fmt: skip
    texts = {f"{root}.{name}:{code}": "A text" for name in names for code in LANGUAGES}
    assert post(client, "questionnaires", part="mood", **texts).status_code == 302
    draft.refresh_from_db()
    (further,) = draft.definition["instruments"]["further"]
    assert (further["placement"], further["after"]) == ("between", 1)
    assert [one["code"] for one in further["questions"]] == ["now"]
    assert further["questions"][0]["options"][1]["label"]["hi"] == "A text"
    overview = client.get(reverse("study-write", args=["everything"])).content.decode()
    assert "texts missing" not in overview
    assert draft.made_by
    study = store_draft(draft=draft, by=draft.made_by, version=draft.version)
    assert [one["key"] for one in study.placements] == ["mood"]
    row = {"further-0-placement": "drawn"}
    assert post(client, "questionnaires", **row).status_code == 302
    draft.refresh_from_db()
    assert "after" not in draft.definition["instruments"]["further"][0]
    assert draft.definition["instruments"]["further"][0]["questions"]
    assert post(client, "questionnaires", **{"further-0-DELETE": "on"}).status_code == 302
    draft.refresh_from_db()
    assert "further" not in draft.definition["instruments"]


def test_the_second_of_two_people_is_told_and_keeps_what_she_typed(
    client: Client, draft: StudyDraft
) -> None:
    name = "text:study.title:en"
    fields = fields_of(page_of(client, "texts"))
    post(client, "pay", expected_minutes="44")
    address = reverse("study-write-step", args=["everything", "texts"])
    response = client.post(address, {**fields, name: "Typed meanwhile"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "ines saved this study while you were writing" in page
    assert "Typed meanwhile" in page
    assert client.post(address, fields_of(page)).status_code == 302
    draft.refresh_from_db()
    about = draft.definition["study"]
    assert (about["title"]["en"], about["expected_minutes"]) == ("Typed meanwhile", 44)


def test_a_number_that_is_none_is_refused_beside_its_field(
    client: Client, draft: StudyDraft
) -> None:
    response = post(client, "pay", expected_minutes="soon")
    assert response.status_code == 422
    assert "Enter a whole number" in response.content.decode()


@pytest.mark.parametrize("name", ["study-write", "study-write-file"])
def test_only_its_maker_writes_a_draft_and_only_the_team_a_study(
    client: Client, draft: StudyDraft, ines: User, name: str
) -> None:
    other = User.objects.create(username="omar", is_staff=True)
    address = reverse(name, args=["everything"])
    client.force_login(other)
    assert client.get(address).status_code == 403
    assert client.get(reverse("study-new")).status_code == 403
    store_draft(draft=draft, by=ines, version=draft.version)
    assert client.get(address).status_code == 403
    assert client.get(reverse(name, args=["nowhere"])).status_code == 404
    client.logout()
    assert client.get(address).status_code == 302


def test_nobody_reads_another_study_by_cloning_it(client: Client, study: Study) -> None:
    writer = User.objects.create(username="omar", is_staff=True)
    mine = apply_study(everything("mine"))
    add_member(study=mine, user=writer, role="researcher", by=None, why="hers")
    client.force_login(writer)
    response = client.post(reverse("study-new"), {"key": "stolen", "clone": study.pk})
    assert response.status_code == 422
    assert client.post(reverse("study-new"), {"key": "own"}).status_code == 302
    assert client.get(reverse("study-write", args=["own"])).status_code == 200
