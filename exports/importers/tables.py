"""Our own exports as files: which one holds which format, and each row checked as it is read."""

import json
import zlib
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow
from django.core.exceptions import ValidationError

from annotation.spreadsheets import neutral
from exports.containers import Container
from exports.format import Format, Type
from exports.formats import FORMATS
from exports.importers.texts import refuse_unstorable
from exports.validators.problems import Row, find_faults
from exports.validators.reading import read_rows

Tables = Mapping[str, Path]  # by the format's name
BROKEN = (ValueError, EOFError, zlib.error, RecursionError, pyarrow.ArrowException)


def find_container(path: Path) -> Container:
    """By the end of the name. Raises ValidationError where no container of ours ends so."""
    for container in Container:
        if path.name.endswith(f".{container}"):
            return container
    known = ", ".join(f".{container}" for container in Container)
    raise ValidationError(f"{path.name}: the name has to end in one of {known}.")


def find_tables(folder: Path) -> dict[str, Path]:
    """The files of a release's folder, or of one with exports in it, by format.

    Of a format in several containers the first is taken: they hold the same rows. Raises
    ValidationError for exports of two studies, whose people would be mixed.
    """
    place = folder / "data" if (folder / "data").is_dir() else folder
    found: dict[str, Path] = {}
    studies: set[str] = set()
    for path in sorted(place.iterdir()):
        for container in Container:
            if path.name.endswith(f".{container}"):
                name = _format_of(path.name.removesuffix(f".{container}"))
                found.setdefault(name, path)
                if name:
                    studies.add(path.name.partition(".")[0].removesuffix(name).rstrip("-"))
    found.pop("", None)
    if len(studies - {""}) > 1:
        raise ValidationError(
            f"The folder holds exports of several studies ({', '.join(sorted(studies - {''}))}): "
            "put those of one study into a folder of their own."
        )
    return found


def _format_of(name: str) -> str:
    """`rankings`, also of `everyday-rankings.k2jd73ha`; empty: no format of ours."""
    told = name.partition(".")[0]
    fitting = [form for form in FORMATS if told == form or told.endswith(f"-{form}")]
    return max(fitting, key=len, default="")


def read_table(path: Path, form: Format) -> Iterator[Row]:
    """Rows with their columns in order and real types, whatever the container.

    Raises ValidationError with the row that cannot be read or is none of this format; columns
    that the format does not have are left out.
    """
    container = find_container(path)
    rows = read_rows(path, form, container)
    for number in count(1):
        place = f"{path.name}, row {number}"
        try:
            row = next(rows, None)
        except UnicodeDecodeError as error:
            raise ValidationError(f"{path.name} is not UTF-8.") from error
        except json.JSONDecodeError as error:
            raise ValidationError(f"{place} is not JSON: the file may be cut.") from error
        except BROKEN as error:
            raise ValidationError(f"{place} cannot be read: the file may be cut.") from error
        if row is None:
            return
        yield _checked(row, form, container, place)


def _checked(row: Row, form: Format, container: Container, place: str) -> Row:
    if set(form.names) <= set(row):
        row = {name: row[name] for name in form.names}
    coded = {column.name for column in form.columns if column.labels}
    known = {name: None if row[name] == "" and name in coded else row[name] for name in row}
    for _rule, sentence in find_faults(form, known):  # an empty code is none
        raise ValidationError(f"{place} is no row of the format {form.name}: {sentence}")
    refuse_unstorable(row, place)
    if form.for_people and container == Container.CSV:
        texts = {column.name for column in form.columns if column.type == Type.TEXT}
        return {name: _as_written(row[name], name in texts) for name in row}
    return row


def _as_written(value: Any, is_text: bool) -> Any:
    """A text without the mark that keeps a spreadsheet from taking it for a formula."""
    if is_text and value and neutral(value[1:]) == value:
        return value[1:]
    return value
