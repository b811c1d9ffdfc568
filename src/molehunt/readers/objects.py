"""JSON through DuckDB's reader: one object a line (in parallel), a list of objects, or objects one after the other.

Only the fields that a reader names are taken out of an object, each as text; fields inside fields too.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from molehunt.findings import Problem
from molehunt.readers import SourceFile
from molehunt.readers.delimited import shown
from molehunt.readers.sql import identifier, literal, one_row
from molehunt.readers.survey import EXAMPLE_CHARS

Path_ = tuple[str, ...]
#: Room for one object; what DuckDB takes by default.
OBJECT_BYTES = 16 << 20
#: Records of the head that are looked at.
SAMPLE_COUNT = 200


@lru_cache(maxsize=4)
def first_records(head: bytes) -> tuple[dict[str, Any], ...]:
    """Return the whole objects at the beginning of a JSON file; none if it is something else."""
    text = head.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if text[:1] not in ("{", "["):
        return ()
    if text.startswith("["):
        text = text[1:]
    return tuple(itertools.islice(_objects(text), SAMPLE_COUNT))


def _objects(text: str) -> Iterator[dict[str, Any]]:
    decoder, at, faults = json.JSONDecoder(), 0, 0
    while faults < 3 and (start := text.find("{", at)) >= 0:
        try:
            record, at = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            faults += 1
            line_end = text.find("\n", start)
            if line_end < 0:
                return
            at = line_end
            continue
        yield record


def form_of(head: bytes) -> str:
    """Return DuckDB's word for how a JSON file is laid out."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"["):
        return "array"
    line = text.split(b"\n", 1)[0].strip()
    return "newline_delimited" if _is_json(line) or len(line) == len(text) else "unstructured"


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def flat(record: Mapping[str, Any], above: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Give each field of an object, also inside its objects, with its path."""
    for key, value in record.items():
        yield (*above, key), value
        if isinstance(value, dict):
            yield from flat(value, (*above, key))


def field(path: Path_) -> str:
    """Return the SQL of a field in what :func:`scan` gives."""
    return identifier(path[0]) + "".join(f"[{literal(key)}]" for key in path[1:])


def scan(file: Path, form: str, fields: Iterable[Path_], object_bytes: int = OBJECT_BYTES) -> str:
    """Return the file as something to select from; each field is text, lists and objects as JSON text."""
    columns = ", ".join(f"{identifier(key)}: {literal(kind)}" for key, kind in _types(fields).items())
    faults = ", ignore_errors = true" if form == "newline_delimited" else ""
    return (
        f"read_json({literal(str(file))}, format = '{form}', columns = {{{columns}}}, compression = 'uncompressed', "
        f"maximum_object_size = {object_bytes}{faults})"
    )


def _types(fields: Iterable[Path_]) -> dict[str, str]:
    inside: dict[str, list[Path_]] = {}
    for first, *rest in fields:
        inside.setdefault(first, [])
        if rest:
            inside[first].append(tuple(rest))
    return {key: _struct(below) if below else "VARCHAR" for key, below in inside.items()}


def _struct(below: list[Path_]) -> str:
    return "STRUCT(" + ", ".join(f"{identifier(key)} {kind}" for key, kind in _types(below).items()) + ")"


def nothing_lost(row_count: int) -> list[Problem]:
    """Return no problems: DuckDB refuses such a file as a whole if any of it is bad."""
    return []


@dataclass(frozen=True)
class BadObjects:
    """Tells which lines of a JSON file are no objects.

    Attributes:
        connection: Where the relation lives.
        file: The file.
    """

    connection: duckdb.DuckDBPyConnection
    file: SourceFile

    def __call__(self, row_count: int) -> list[Problem]:
        """Return the problems of the file; the number of its rows does not matter."""
        options = f"{literal(str(self.file.path))}, compression = 'uncompressed', maximum_object_size = {OBJECT_BYTES}"
        objects = f"read_ndjson_objects({options}, ignore_errors = true)"
        counts = "count(*) FILTER (json IS NULL), count(*) FILTER (json_type(json) <> 'OBJECT')"
        broken, others = one_row(self.connection, f"SELECT {counts} FROM {objects}")
        problems = []
        if broken:
            problems.append(Problem(reason="line that is no JSON", count=broken, example=self._first(options)))
        if others:
            problems.append(Problem(reason="line that is no JSON object", count=others))
        return problems

    def _first(self, options: str) -> str:
        try:
            self.connection.execute(f"SELECT count(json) FROM read_ndjson_objects({options})").fetchall()
        except duckdb.Error as error:
            if number := re.search(r"in line (\d+)", str(error)):
                return shown(int(number[1]), self._line(int(number[1])))
        return ""

    def _line(self, number: int) -> str:
        with self.file.path.open("rb") as file:
            line = next(itertools.islice(file, number - 1, None), b"")
        return line[: 4 * EXAMPLE_CHARS].decode("utf-8", "replace")
