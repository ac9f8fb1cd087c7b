"""The text beside an export's file: what it holds, and how to read it."""

from exports.containers import Container
from exports.files.exporting import scope_of
from exports.format import Column, Format
from exports.models import Export
from exports.naming import find_container, find_format
from exports.scope import Scope, Variant

TURNS = (
    "Every row names its turn, its kind and whether it is a planned re-test. Only the first turn "
    "of pool conversations is judged by several people on the same set; later turns follow from "
    "what each person chose and wrote, and a re-test is the same person again. Do not pool them "
    "unawares."
)
CONDITIONS = """\
- It holds people who allow it on the day it was made: nobody who withdrew or was left out.
- When somebody in it withdraws, the file is deleted here; delete her rows where you keep them.
- Ids are pseudonyms for this recipient of this study. They join its files, and nothing else.
- Personal data that staff marked in texts are masked; nothing else was filtered."""
LICENCE = (
    "None: it is for the recipient alone, under the contract with the study. What may be "
    "published are the study's releases, which carry their licence."
)
NEUTRALISED = (
    "**Applied.** A cell that a spreadsheet would take for a formula has an apostrophe before it. "
    "This file is for reading; programs take `comparisons`."
)
AS_WRITTEN = (
    "**Not applied.** Texts are as they were written, also one that begins with `=`: this file is "
    "for programs. Do not open it in a spreadsheet; `comparisons-sheet` is made for that."
)


def readme(export: Export) -> str:
    """Markdown, in English; the same for the same finished export."""
    form, container = find_format(export.format), find_container(export.container)
    scope = scope_of(export)
    parts = [
        f"# {form.title}, from the study {export.study.key}",
        _facts(export, form, container, scope),
        f"One row: {form.row}",
        "## Columns\n\n" + _columns(form, scope),
        f"Not carried: {form.not_carried} Questions with their options and samplers with their "
        "settings stand in the codebook of the study's releases.",
    ]
    if "turn" in form.names:
        parts.append(f"## Turns and kinds\n\n{TURNS}")
    neutral = form.for_people and container == Container.CSV
    parts += [
        "## Spreadsheet formulas\n\n" + (NEUTRALISED if neutral else AS_WRITTEN),
        f"## Conditions\n\n{CONDITIONS}",
        f"## Licence\n\n{LICENCE}",
    ]
    return "\n\n".join(parts) + "\n"


def _facts(export: Export, form: Format, container: Container, scope: Scope) -> str:
    whose = f"people of the vendor {scope.vendor.key}" if scope.vendor else "everybody"
    which = {
        Variant.FULL: "every finished conversation",
        Variant.FILTERED: "finished conversations without any fault",
    }
    facts = {
        "file": f"`{export.name}`",
        "format": f"`{form.name}`, as {container}",
        "rows": export.rows.get(form.name, 0),
        "whose": f"{whose}, phase {scope.phase}",
        "variant": f"{scope.variant}: {which[scope.variant]}",
        "times": str(scope.times),
        "data until": f"{export.data_until:%Y-%m-%dT%H:%M:%SZ}" if export.data_until else "–",
        "frozen plan (SHA-256)": f"`{export.plan_hash}`" if export.plan_hash else "none",
        "SHA-256 of the file": f"`{export.sha256}`",
    }
    return "\n".join(
        ["| | |", "|---|---|", *(f"| {name} | {fact} |" for name, fact in facts.items())]
    )


def _columns(form: Format, scope: Scope) -> str:
    rows = "\n".join(_column(column, scope) for column in form.columns)
    return f"| column | type | meaning |\n|---|---|---|\n{rows}"


def _column(column: Column, scope: Scope) -> str:
    parts = [column.meaning, *(f"`{code}` {meaning}" for code, meaning in column.labels.items())]
    if scope.fields is not None and column.name not in scope.fields:
        parts.append("empty here: your token does not list it")
    meaning = "; ".join(parts).replace("|", "\\|")
    return f"| `{column.name}` | {column.type} | {meaning} |"
