"""Cells in every form a study file gives them, and one clear sentence for each fault."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from accounts.models import User
from annotation.actions.definition import apply_study
from annotation.cells.tables import CellFault, expand, people_of, with_tables
from annotation.models import PlanChange, Quota, Study
from tests.definitions import small_definition

QUESTIONS: dict[str, Any] = {
    "age": {"kind": "integer"},
    "gender": {"kind": "choice", "options": [{"code": "female"}, {"code": "male"}]},
}
PEOPLE = {"FR": 100, "IT": 7}


def cells(quotas: Any, people: Any = PEOPLE) -> dict[str, tuple[Any, int]]:
    found = expand(quotas, people, QUESTIONS)
    return {cell["key"]: (cell["conditions"], cell["target"]) for cell in found}


def one(**cell: Any) -> dict[str, Any]:
    return {"key": "a", "conditions": {"country": ["FR"]}} | cell


def test_a_list_gives_targets_or_shares() -> None:
    found = cells([
        {"key": "young", "conditions": {"country": ["IT"], "age": {"to": 34}}, "share": 0.5},
        {"key": "old", "conditions": {"country": ["IT"], "age": {"from": 35}}, "share": 0.5},
        {"key": "all", "conditions": {"country": ["FR"]}, "target": 30},
    ])  # fmt: skip
    assert [target for _conditions, target in found.values()] == [4, 3, 30]


def test_a_table_names_codes_and_limits() -> None:
    rows = [
        {"country": "FR", "gender": "female", "age": "18-34", "share": "0.333"},
        {"country": "FR", "gender": "male", "age": "18-34", "share": "0.333"},
        {"country": "FR", "gender": "female|prefer_not_to_say", "age": "35+", "share": "0.333"},
        {"country": "IT", "gender": "", "age": "", "target": "9", "key": "italy"},
    ]
    found = cells({"table": rows})
    assert found["fr-female-18-34"] == (
        {"country": ["FR"], "gender": ["female"], "age": {"from": 18, "to": 34}}, 34
    )  # fmt: skip
    assert found["fr-female-prefer_not_to_say-35-up"] == (
        {"country": ["FR"], "gender": ["female", "prefer_not_to_say"], "age": {"from": 35}}, 33
    )  # fmt: skip
    assert found["italy"] == ({"country": ["IT"]}, 9)
    assert sum(target for _c, target in found.values()) == 100 + 9


def test_an_even_split_is_crossed_or_by_question() -> None:
    split = {"gender": ["female", "male"], "age": [[18, 34], [35, 54], [55, None]]}
    crossed = cells({"even": split})
    assert len(crossed) == 12
    assert sum(target for key, (_c, target) in crossed.items() if key.startswith("fr-")) == 100
    assert sum(target for key, (_c, target) in crossed.items() if key.startswith("it-")) == 7
    assert crossed["fr-male-55-up"][0] == {
        "country": ["FR"], "gender": ["male"], "age": {"from": 55}
    }  # fmt: skip
    marginal = cells({"even": split, "marginal": True})
    assert {key: target for key, (_c, target) in marginal.items() if key.startswith("fr-")} == {
        "fr-female": 50, "fr-male": 50, "fr-18-34": 34, "fr-35-54": 33, "fr-55-up": 33
    }  # fmt: skip


@pytest.mark.parametrize(
    ("quotas", "fault"),
    [
        ("all", "a list, a table or an even split"),
        ({"table": "cells.csv"}, "The table of quotas cells.csv was not read."),
        ({"table": [{"country": "FR"}]}, "Row 2 of the table needs a country and a share"),
        ({"table": [{"share": "1"}]}, "Row 2 of the table needs a country"),
        ({"table": [{"country": "FR", "share": "much"}]}, "share of the quota fr is no number"),
        ({"table": [{"country": "FR", "share": "0.6"}]}, "shares of FR sum to 0.600 and not to 1"),
        ({"table": [{"country": "FR", "share": "1", "pet": "cat"}]}, "no question of the quota"),
        ({"table": [{"country": "FR", "share": "1", "age": "old"}]}, "names old, and age is"),
        ({"even": {}}, "names questions, and for each its parts"),
        ({"even": {"pet": ["cat"]}}, "names pet, no question of the quota instrument"),
        ({"even": {"gender": ["none"]}}, "names none, which gender does not offer"),
        ([one(), one()], "Two quotas are called a."),
        ([one()], "needs either a target or a share"),
        ([one(target=1, share=1)], "needs either a target or a share"),
        ([one(target=1.5)], "is no whole number"),
        ([one(target=-1)], "is no whole number"),
        ([one(key="a b", target=1)], "needs a key of at most 50"),
        ([one(conditions={"country": ["ZZ"]}, target=1)], "names ZZ, where the study has no"),
        ([one(conditions=[], target=1)], "has no conditions"),
        ([one(conditions={"age": {"from": 40, "to": 30}}, target=1)], "cannot be used"),
        ([one(share=0.5), one(key="b", target=5)], "have shares and targets for the same"),
    ],
)  # fmt: skip
def test_a_fault_is_said_in_one_sentence(quotas: Any, fault: str) -> None:
    with pytest.raises(CellFault, match=fault) as caught:
        cells(quotas)
    assert str(caught.value).endswith(".")


def test_shares_need_the_people_of_every_locale_of_a_country() -> None:
    people = people_of([("IN", 20), ("IN", None), ("FR", 10), ("FR", 5)])
    assert people == {"IN": None, "FR": 15}
    with pytest.raises(CellFault, match="give each locale of IN its planned people"):
        cells([one(conditions={"country": ["IN"]}, share=1)], people)


def test_keys_that_do_not_fit_together_into_a_stratum_are_refused() -> None:
    wide = [
        {"key": f"{name}{'x' * 43}", "conditions": {name: condition}, "target": 5}
        for name, condition in {"age": {"from": 1}, "gender": ["male"], "country": ["FR"]}.items()
    ]
    assert expand(wide, PEOPLE, QUESTIONS)
    questions = QUESTIONS | {"years": {"kind": "integer"}, "rooms": {"kind": "integer"}}
    wide += [
        {"key": f"{name}{'x' * 43}", "conditions": {name: {"from": 1}}, "target": 5}
        for name in ("years", "rooms")
    ]
    with pytest.raises(CellFault, match="at most 200 can be stored"):
        expand(wide, PEOPLE, questions)


def with_people(quotas: Any) -> dict[str, Any]:
    definition = small_definition(key="celled", quotas=quotas)
    for locale in definition["study"]["locales"]:
        locale["people"] = 10
    return definition


@pytest.mark.django_db
def test_a_study_file_names_a_table_beside_it(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text(
        "country,gender,share\nFR,female,0.52\nFR,male,0.48\n", encoding="utf-8"
    )
    definition = with_tables(with_people({"table": "cells.csv"}), tmp_path)
    study = apply_study(definition)
    assert apply_study(definition) == study
    assert dict(study.quotas.values_list("key", "target")) == {"fr-female": 5, "fr-male": 5}
    with pytest.raises(CellFault, match=r"none\.csv cannot be read"):
        with_tables(with_people({"table": "none.csv"}), tmp_path)


@pytest.mark.django_db
def test_an_open_study_gets_other_cells_by_command_alone(tmp_path: Path, capsys: Any) -> None:
    definition = with_people({"even": {"gender": ["female", "male"]}})
    study = apply_study(definition)
    Study.objects.filter(pk=study.pk).update(status="open")
    other = with_people({"even": {"age": [[18, 40], [41, None]]}})
    with pytest.raises(ValidationError, match="changed with the command set_quotas"):
        apply_study(other)
    table = tmp_path / "cells.csv"
    table.write_text("country,age,share\nFR,18-40,0.4\nFR,41+,0.6\n", encoding="utf-8")
    before = list(study.quotas.values_list("key", "target"))
    call_command("set_quotas", "celled", table)
    said = capsys.readouterr().out
    assert "Nothing was changed" in said
    assert "fr-41-up" in said
    assert "goes" in said
    assert list(study.quotas.values_list("key", "target")) == before
    assert not User.objects.exists()
    with pytest.raises(CommandError, match="no user ''"):
        call_command("set_quotas", "celled", table, apply=True, why="a census")
    User.objects.create(username="ines")
    with pytest.raises(CommandError, match="Say why"):
        call_command("set_quotas", "celled", table, apply=True, by="ines")
    call_command("set_quotas", "celled", table, apply=True, why="a census", by="ines")
    assert dict(study.quotas.values_list("key", "target")) == {"fr-18-40": 4, "fr-41-up": 6}
    call_command("set_quotas", "celled", table, apply=True, why="a census", by="ines")
    assert "nothing was changed" in capsys.readouterr().out
    change = PlanChange.objects.get(study=study)
    assert (change.by, change.why, len(change.details["before"])) == (
        User.objects.get(), "a census", 12 - 2
    )  # fmt: skip
    apply_study(definition)  # the file it began with changes nothing of what was logged since
    assert Quota.objects.filter(study=study).count() == 2
