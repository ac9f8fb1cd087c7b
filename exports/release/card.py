"""README.md: the dataset card, with the front matter that the Hugging Face Hub reads.

https://huggingface.co/docs/hub/datasets-cards
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import yaml

from exports.containers import Container
from exports.format import Format, Type
from exports.release.contents import Contents, DataFile, summary_of, title_of
from exports.release.tiers import LICENCES
from exports.scope import Times

JSON_LINES = {Container.JSONL, Container.JSONL_GZ, Container.JSONL_ZST}
# The first of these that a release has is loaded by name, since one folder has one loader.
BY_NAME = ({Container.PARQUET}, JSON_LINES, {Container.CSV})
# The types of columns for the loader of JSON Lines, which would guess them otherwise.
FEATURES: Mapping[Type, Mapping[str, Any]] = {
    Type.TEXT: {"dtype": "string"},
    Type.INTEGER: {"dtype": "int64"},
    Type.NUMBER: {"dtype": "float64"},
    Type.BOOLEAN: {"dtype": "bool"},
    Type.TIME: {"dtype": "timestamp[us, tz=UTC]"},
    Type.TEXTS: {"list": "string"},
    Type.INTEGERS: {"list": "int64"},
    Type.MESSAGES: {
        "list": [{"name": "role", "dtype": "string"}, {"name": "content", "dtype": "string"}]
    },
    Type.JSON: {"dtype": "string"},
}
BY_FILE = {
    Container.CSV: 'load_dataset("csv", data_files="{path}")',
    Container.PARQUET: 'load_dataset("parquet", data_files="{path}")',
}
LINE_BY_LINE = 'pandas.read_json("{path}", lines=True)'
HUB_LICENCES = {"ODC-By-1.0": "odc-by"}
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
LARGEST = "1M<n<10M"
TIMES = {
    Times.EXACT: "Times are exact.",
    Times.NONE: "No times are given.",
}


def card(contents: Contents) -> str:
    front = yaml.safe_dump(front_matter(contents), sort_keys=False, allow_unicode=True)
    return f"---\n{front}---\n\n" + "\n\n".join(_sections(contents))


def front_matter(contents: Contents) -> dict[str, Any]:
    """Configurations are the files of one kind: one folder has one loader. Parquet carries its
    types, CSV has none."""
    named = configured(contents)
    largest = max((file.rows for file in contents.files), default=0)
    return {
        "pretty_name": title_of(contents.study),
        **_licence(contents.release.licence),
        "language": contents.languages,
        "size_categories": [next((name for most, name in SIZES if largest < most), LARGEST)],
        "task_categories": ["text-generation"],
        "tags": ["preference", "human-feedback", "croissant"],
        "configs": [{"config_name": file.form.name, "data_files": file.path} for file in named],
        "dataset_info": [
            {"config_name": file.form.name, "features": _features(file.form)}
            for file in named
            if file.container in JSON_LINES
        ],
    }


def configured(contents: Contents) -> list[DataFile]:
    """The files that `load_dataset` finds by name; it cannot load JSON Lines without a line."""
    containers = {file.container for file in contents.files}
    kept = next(family for family in BY_NAME if family & containers)
    return [
        file
        for file in contents.files
        if file.container in kept and (file.rows or file.container not in JSON_LINES)
    ]


def _features(form: Format) -> list[dict[str, Any]]:
    # Each its own: YAML writes what stands twice as a reference, which the loader changes once.
    return [{"name": column.name, **deepcopy(FEATURES[column.type])} for column in form.columns]


def _licence(name: str) -> Mapping[str, str]:
    if name in LICENCES:
        return {"license": HUB_LICENCES.get(name, name.lower())}
    return {"license": "other", "license_name": name.lower(), "license_link": "LICENSE"}


def _sections(contents: Contents) -> list[str]:
    return [
        f"# {contents.name}",
        summary_of(contents.study),
        _facts(contents),
        "## Who may have it\n\n" + contents.rule.words,
        "## Files\n\n" + _files(contents),
        "## Loading\n\n" + _loading(contents),
        "## Reading it right\n\n" + _reading(contents),
        "## Beside the data\n\n" + BESIDE,
        "## Citing\n\n`CITATION.cff` says how. Name the version: ids are new in each.",
    ]


def _facts(contents: Contents) -> str:
    figures = contents.figures
    return (
        f"{figures.people} people, {figures.judgements} judgements, data until "
        f"{contents.data_until}. Frozen plan: `{contents.plan_hash or 'none'}`."
    )


def _files(contents: Contents) -> str:
    rows = "\n".join(
        f"| `{file.path}` | {file.form.row} | {file.rows} |" for file in contents.files
    )
    return f"| file | one row is | rows |\n|---|---|---|\n{rows}"


def _loading(contents: Contents) -> str:
    named = configured(contents)
    lines = [f'load_dataset("path/to/this/folder", "{file.form.name}")' for file in named]
    lines += [
        BY_FILE.get(file.container, LINE_BY_LINE).format(path=f"path/to/this/folder/{file.path}")
        for file in contents.files
        if file not in named
    ]
    imports = "import pandas\nfrom datasets import load_dataset"
    return f"```python\n{imports}\n\n" + "\n".join(lines) + "\n```"


def _reading(contents: Contents) -> str:
    times = TIMES.get(contents.scope.times, f"Times are given by the {contents.scope.times}.")
    points = [
        "Only the first turn of pool conversations overlaps: later turns follow from what each "
        "person chose and wrote. Every row names its turn and kind; do not pool turns unawares.",
        "Ids are made for this version alone. They join the files of this archive, and nothing "
        "outside it.",
        f"{times} What was made coarser stands in `DATASHEET.md`.",
        "Own words are there where the person allowed their release. Personal data that staff "
        "marked are masked; nothing else was filtered: check them before others read them.",
        "CSV is as machines read it: a cell that a spreadsheet takes for a formula is left as "
        "it was written.",
    ]
    if contents.figures.canned:
        points.insert(
            0,
            f"**{contents.figures.canned} responses are canned texts of the demonstration "
            "provider**: no model was asked. Draw no conclusion about models from them.",
        )
    return "\n".join(f"- {point}" for point in points)


BESIDE = """\
- `DATASHEET.md`: who took part, what was collected, how, and what it is not good for.
- `codebook.md`, `codebook.json`: every column, every code and its label.
- `croissant.json`: the same structure for machines (Croissant 1.0).
- `plan.json`: the plan as it was frozen; its SHA-256 is the frozen plan's hash.
- `manifest.json`: settings, versions and checksums. `sha256sum --check SHA256SUMS` checks them."""
