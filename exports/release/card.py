"""README.md: the dataset card, with the front matter that the Hugging Face Hub reads.

https://huggingface.co/docs/hub/datasets-cards
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import yaml

from exports.containers import Container
from exports.format import Column, Type
from exports.release.contents import Contents, DataFile, summary_of, title_of
from exports.release.tiers import LICENCES
from exports.scope import Times

# The types of columns for loaders of text, which would guess them otherwise.
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
# What the loader of CSV makes of no text, nor of a column in which nothing stands.
LEFT_AS_TEXT = {Type.TIME, Type.TEXTS, Type.INTEGERS, Type.MESSAGES}
# A text `NA` or `None` is no missing value: it may be Namibia.
CSV_PARAMETERS = {"keep_default_na": False, "na_values": [""]}
WITHOUT_ROWS = {
    Container.CSV: 'pandas.read_csv("{path}")',
    Container.JSONL: 'pandas.read_json("{path}", lines=True)',
}
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
    """A configuration for each file with a row. Parquet carries its types; of the others they
    stand here."""
    named = configured(contents)
    largest = max((file.rows for file in contents.files), default=0)
    return {
        "pretty_name": title_of(contents.study),
        **_licence(contents.release.licence),
        "language": contents.languages,
        "size_categories": [next((name for most, name in SIZES if largest < most), LARGEST)],
        "task_categories": ["text-generation"],
        "tags": ["preference", "human-feedback", "croissant"],
        "configs": [_configuration(file) for file in named],
        "dataset_info": [
            {"config_name": file.form.name, "features": _features(file)}
            for file in named
            if file.container != Container.PARQUET
        ],
    }


def configured(contents: Contents) -> list[DataFile]:
    """The files that `load_dataset` finds by name; without a row it loads Parquet alone."""
    return [one for one in contents.files if one.rows or one.container == Container.PARQUET]


def _configuration(file: DataFile) -> dict[str, Any]:
    parameters = deepcopy(CSV_PARAMETERS) if file.container == Container.CSV else {}
    return {"config_name": file.form.name, "data_files": file.path, **parameters}


def _features(file: DataFile) -> list[dict[str, Any]]:
    return [{"name": column.name, **_feature(file, column)} for column in file.form.columns]


def _feature(file: DataFile, column: Column) -> Mapping[str, Any]:
    as_text = file.container == Container.CSV and column.type in LEFT_AS_TEXT
    # Each its own: YAML writes what stands twice as a reference, which the loader changes once.
    return deepcopy(FEATURES[Type.TEXT if as_text else column.type])


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
    imports = ["from datasets import load_dataset"]
    if without := [file for file in contents.files if file not in named]:
        imports.insert(0, "import pandas")
        lines += ["", "# Without a row, which `load_dataset` does not read:"]
        lines += [_without_rows(file) for file in without]
    code = "\n".join([*imports, "", *lines])
    from_csv = any(file.container == Container.CSV for file in contents.files)
    return f"```python\n{code}\n```" + (f"\n\n{FROM_CSV}" if from_csv else "")


def _without_rows(file: DataFile) -> str:
    how = WITHOUT_ROWS.get(file.container, WITHOUT_ROWS[Container.JSONL])
    return how.format(path=f"path/to/this/folder/{file.path}")


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
FROM_CSV = """\
CSV has no types. With those of the front matter, `load_dataset` yields what it would yield of \
Parquet, but for this:

- a time is a text; `data.cast_column("…", Value("timestamp[us, tz=UTC]"))` makes it one;
- a list, and messages, are texts of JSON; `json.loads` reads them;
- an empty text is a missing one;
- where all texts of a column, ten thousand rows at a time, look like numbers, they come as \
numbers are written: `7` for `007`.

Where that matters, ask for the release as Parquet."""
