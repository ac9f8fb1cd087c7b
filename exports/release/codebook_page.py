"""The codebook as a Markdown page."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any


def page(book: Mapping[str, Any]) -> str:
    """Formats first, then what was asked, consent, samplers and waves."""
    title = book["study"]["title"].get("en", book["study"]["key"])
    return "\n".join([f"# Codebook: {_cell(title)}", "", *_lines(book)]) + "\n"


def _lines(book: Mapping[str, Any]) -> Iterator[str]:
    missing = "; ".join(f"{name}: {how}" for name, how in book["missing"].items())
    yield f"A missing value is written so. {missing}."
    yield ""
    for name, form in book["formats"].items():
        yield from _format(name, form, book["types"])
    for instrument in book["instruments"]:
        yield from _instrument(instrument)
    yield from _consent(book["consent"])
    for sampler in book["samplers"]:
        yield from _sampler(sampler)
    yield from _table("## Waves", book["waves"])
    yield from _table("## Locales", book["locales"])


def _format(name: str, form: Mapping[str, Any], types: Mapping[str, str]) -> Iterator[str]:
    yield from (f"## Format `{name}`", "", f"One row: {form['row']}", "")
    yield from (f"Not carried: {form['not_carried']}", "")
    yield from ("| column | type | meaning | codes |", "|---|---|---|---|")
    for column in form["columns"]:
        codes = "; ".join(f"`{code}` {meaning}" for code, meaning in column["codes"].items())
        cells = (column["meaning"], codes)
        kind = types[column["type"]]
        yield f"| `{column['name']}` | {kind} | {' | '.join(_cell(cell) for cell in cells)} |"
    yield ""


def _instrument(instrument: Mapping[str, Any]) -> Iterator[str]:
    yield f"## Questions of `{instrument['key']}`, version {instrument['version']}"
    yield ""
    for question in instrument["questions"]:
        where = f" ({question['country']})" if question["country"] else ""
        special = "; special category" if question["special_category"] else ""
        yield from (f"### `{question['code']}`{where}: {question['kind']}{special}", "")
        for language, text in question["text"].items():
            yield f"- {language}: {_cell(text)}"
        yield ""
        if question["options"]:
            yield from _options(question["options"])


def _options(options: list[Mapping[str, Any]]) -> Iterator[str]:
    languages = list(dict.fromkeys(name for option in options for name in option["label"]))
    yield f"| code | {' | '.join(languages)} |"
    yield f"|---|{'---|' * len(languages)}"
    for option in options:
        labels = (_cell(option["label"].get(language, "")) for language in languages)
        yield f"| `{option['code']}` | {' | '.join(labels)} |"
    yield ""


def _consent(consent: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"## Consent `{consent['key']}`, version {consent['version']}", "")
    yield from ("| purpose | meaning | required |", "|---|---|---|")
    for purpose, told in consent["purposes"].items():
        yield f"| `{purpose}` | {told['meaning']} | {'yes' if told['required'] else 'no'} |"
    yield ""


def _sampler(sampler: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"## Sampler `{sampler['key']}`, version {sampler['version']}", "")
    for name, value in sampler.items():
        if name not in ("key", "version"):
            yield f"- {name}: `{_code(value)}`"
    yield ""


def _table(heading: str, rows: list[Mapping[str, Any]]) -> Iterator[str]:
    yield from (heading, "")
    if rows:
        yield f"| {' | '.join(rows[0])} |"
        yield f"|{'---|' * len(rows[0])}"
    for row in rows:
        yield f"| {' | '.join(str(value) for value in row.values())} |"
    yield ""


def _cell(text: str) -> str:
    """A text on one line of a table."""
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def _code(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _cell(text).replace("`", "'")
