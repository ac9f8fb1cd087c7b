"""The API's own description as plain parts that a page can show."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post")
Described = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    name: str
    where: str  # "path", "query", "header", "body", or empty for a part of an answer
    type: str
    required: bool
    meaning: str


@dataclass(frozen=True)
class Answer:
    status: str
    meaning: str
    types: list[str]
    shape: str  # name of the shape, empty where there is none


@dataclass(frozen=True)
class Operation:
    """One method at one address."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    fields: list[Field]
    answers: list[Answer]
    needs_token: bool


@dataclass(frozen=True)
class Section:
    name: str
    text: str
    operations: list[Operation]


@dataclass(frozen=True)
class Shape:
    name: str
    text: str
    fields: list[Field]


@dataclass(frozen=True)
class Reference:
    sections: list[Section]
    shapes: list[Shape]


@cache
def reference() -> Reference:
    """Read off the code once in each process."""
    described = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    operations: dict[str, list[Operation]] = {}
    for path, methods in described["paths"].items():
        for method in (name for name in METHODS if name in methods):
            tag = methods[method]["tags"][0]
            operations.setdefault(tag, []).append(_operation(path, method, methods[method]))
    shapes = described["components"]["schemas"]
    return Reference(
        sections=[
            Section(tag["name"], tag["description"], operations.get(tag["name"], []))
            for tag in described["tags"]
        ],
        shapes=[
            Shape(name, shapes[name].get("description", ""), list(_properties(shapes[name], "")))
            for name in sorted(shapes)
            if "properties" in shapes[name]
        ],
    )


def _operation(path: str, method: str, said: Described) -> Operation:
    parameters = [_parameter(item) for item in said.get("parameters", [])]
    body = said.get("requestBody", {}).get("content", {}).get("application/json", {})
    sent = [Field("JSON", "body", _type(body["schema"]), True, "")] if body else []
    return Operation(
        id=said["operationId"],
        method=method.upper(),
        path=path,
        summary=said.get("summary", ""),
        text=_plain(said.get("description", "")),
        fields=[*parameters, *sent],
        answers=[_answer(status, item) for status, item in sorted(said["responses"].items())],
        needs_token=any(item for item in said.get("security", [])),
    )


def _parameter(said: Described) -> Field:
    return Field(
        name=said["name"],
        where=said["in"],
        type=_type(said["schema"]),
        required=said.get("required", False),
        meaning=_plain(said.get("description") or said["schema"].get("description", "")),
    )


def _answer(status: str, said: Described) -> Answer:
    content = said.get("content", {})
    named = (_type(item.get("schema", {})) for item in content.values())
    shape = next((name for name in named if name[:1].isupper()), "")
    return Answer(status, _plain(said.get("description", "")), sorted(content), shape)


def _properties(shape: Described, where: str) -> Iterator[Field]:
    required = shape.get("required", [])
    for name, said in shape["properties"].items():
        meaning = _plain(said.get("description", "")).partition("\n")[0]
        yield Field(name, where, _type(said), name in required, meaning)


def _plain(text: str) -> str:
    """Without the marks of Markdown."""
    return text.replace("`", "")


def _type(said: Described) -> str:
    """A type in short; the name of a shape begins with a capital letter."""
    if "$ref" in said:
        return str(said["$ref"]).rpartition("/")[2]
    for joint in ("oneOf", "anyOf", "allOf"):
        if joint in said:
            return " | ".join(dict.fromkeys(_type(item) for item in said[joint]))
    if "enum" in said:
        return " | ".join("null" if item is None else str(item) for item in said["enum"])
    kind = said.get("type", "")
    if isinstance(kind, list):
        return " | ".join(_type({**said, "type": one}) for one in kind)
    if kind == "array":
        return f"[{_type(said.get('items', {}))}]"
    return str(said.get("format") or kind) if kind != "null" else "null"
