"""croissant.json: files and fields for machines.

Croissant 1.0, http://mlcommons.org/croissant/1.0. A list is a repeated field; messages are a
field with two parts; JSON text stays text.
"""

from collections.abc import Mapping
from typing import Any

from exports.containers import Container
from exports.format import Column, Type
from exports.release.contents import Contents, DataFile, summary_of, title_of
from exports.release.tiers import LICENCES

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataBiases": "cr:dataBiases",
    "dataCollection": "cr:dataCollection",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "personalSensitiveInformation": "cr:personalSensitiveInformation",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
MEDIA = {
    Container.CSV: "text/csv",
    Container.JSONL: "application/jsonlines",
    Container.JSONL_GZ: "application/gzip",
    Container.JSONL_ZST: "application/zstd",
    Container.PARQUET: "application/x-parquet",
}
# Whose rows the vocabulary can point into; the others are listed as files.
RECORDS = {Container.CSV, Container.PARQUET}
DATA_TYPES: Mapping[str, str] = {
    "text": "sc:Text",
    "integer": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "time": "sc:DateTime",
    "texts": "sc:Text",
    "integers": "sc:Integer",
    "messages": "sc:Text",
    "json": "sc:Text",
}
LISTS = {"texts", "integers", "messages"}
MESSAGE = ("role", "content")


def croissant(contents: Contents) -> dict[str, Any]:
    release = contents.release
    licence = LICENCES.get(release.licence, ("", release.licence))[1]
    published = {"datePublished": contents.data_until[:10]} if contents.moment else {}
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": f"{release.study.key}-v{release.version}-{release.tier}",
        "description": f"{title_of(release.study)}. {summary_of(release.study)}",
        "version": f"{release.version}.0.0",
        "license": licence,
        "inLanguage": contents.languages,
        "isLiveDataset": False,
        "url": f"urn:sha256:{contents.plan_hash or 'none'}",
        "citeAs": contents.name,
        "creator": {"@type": "sc:Organization", "name": f"The study {release.study.key}"},
        **published,
        "personalSensitiveInformation": contents.rule.words.replace("**", ""),
        "distribution": [_file(file) for file in contents.files],
        "recordSet": [_records(file) for file in contents.files if file.container in RECORDS],
    }


def _file(file: DataFile) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "description": file.form.title,
        "contentUrl": file.path,
        "contentSize": f"{file.written.size} B",
        "encodingFormat": MEDIA[file.container],
        "sha256": file.written.sha256,
    }


def _records(file: DataFile) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": file.form.name,
        "name": file.form.name,
        "description": file.form.row,
        "field": [_field(file, column) for column in file.form.columns],
    }


def _field(file: DataFile, column: Column) -> dict[str, Any]:
    name = f"{file.form.name}/{column.name}"
    parquet = file.container == Container.PARQUET
    described: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": name,
        "name": name,
        "description": column.meaning,
        "dataType": DATA_TYPES[column.type] if parquet else "sc:Text",
        "source": {"fileObject": {"@id": file.path}, "extract": {"column": column.name}},
    }
    if not parquet or column.type not in LISTS:
        return described
    described["repeated"] = True
    if column.type != Type.MESSAGES:
        return described
    source = described.pop("source")
    del described["dataType"]
    return described | {"subField": [_part(name, source, part) for part in MESSAGE]}


def _part(name: str, source: dict[str, Any], part: str) -> dict[str, Any]:
    """One part of the messages in a list."""
    return {
        "@type": "cr:Field",
        "@id": f"{name}/{part}",
        "name": f"{name}/{part}",
        "dataType": "sc:Text",
        "repeated": True,
        "source": source | {"transform": {"jsonPath": part}},
    }
