"""JSON as a table: objects one by one, in a list, in an envelope, or the answer of the Log Analytics API."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import duckdb

from molehunt.config import Config
from molehunt.errors import SourceError
from molehunt.findings import Problem
from molehunt.readers import SourceFile, objects
from molehunt.readers.sql import literal

#: Objects that exporters put around the record itself: Elasticsearch, Splunk, Azure's streaming.
WRAPPERS = ("_source", "result", "properties")
#: Objects around all records of a file: Azure's Event Hub, and samples of Filebeat.
ENVELOPES = ("records", "events")
#: Objects that are wanted whole.
WHOLE = ("AdditionalFields",)
#: First rows that are looked at.
SAMPLE_COUNT = 200


def open_json(file: SourceFile, connection: duckdb.DuckDBPyConnection, config: Config) -> Objects | Answer | None:
    """Open a JSON file as a table, or return None if it is none.

    Raises:
        SourceError: It is one document, and longer than ``limits.json_bytes``.
    """
    if ANSWER.match(file.head):
        return Answer(file, config)
    records = objects.first_records(file.head)
    envelope = next((key for key in ENVELOPES if records and isinstance(records[0].get(key), list)), None)
    if envelope:
        return Enclosed(file, connection, config, envelope)
    return Objects(file, connection, records) if records else None


def names_in(head: bytes) -> list[str]:
    """Return the names of the fields in the beginning of a JSON file."""
    if ANSWER.match(head):
        return _answer_columns(head.decode("utf-8", "replace"))
    records = _records(objects.first_records(head))
    return list(dict.fromkeys(".".join(path) for record in records for path, _ in objects.flat(record)))


def _records(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the records themselves, without what exporters put around them."""
    for key in ENVELOPES:
        if records and isinstance(records[0].get(key), list):
            inner = itertools.chain.from_iterable(record.get(key) or [] for record in records)
            return _records([record for record in inner if isinstance(record, dict)])
    above = _wrapper(records)
    return [_inside(record, above) for record in records]


class Objects:
    """JSON objects; a field inside a field has a name with dots."""

    lost: Callable[[int], list[Problem]]

    def __init__(self, file: SourceFile, connection: duckdb.DuckDBPyConnection, records: Sequence[dict[str, Any]]) -> None:
        self._file = file
        self._form = objects.form_of(file.head)
        self._above = _wrapper(records)
        inner = [_inside(record, self._above) for record in records]
        self._paths: dict[str, objects.Path_] = {}
        self._values: dict[str, list[str]] = {}
        for record in inner:
            for path, value in objects.flat(record):
                self._paths.setdefault(".".join(path), path)
                if value is not None and (path[-1] in WHOLE or not isinstance(value, dict)):
                    self._values.setdefault(".".join(path), []).append(_as_text(value))
        self.names: list[str] = [name for name in self._paths if name in self._values]
        by_line = self._form == "newline_delimited"
        self.expected_count: int | None = file.survey.line_count if by_line and file.survey else None
        self.lost = objects.BadObjects(connection, file) if by_line else lambda row_count: []

    def values(self, name: str) -> list[str]:
        """Return the first values of a field."""
        return self._values.get(name, [])

    def text(self, name: str) -> str:
        """Return the SQL of a field as text."""
        return objects.field((*self._above, *self._paths[name]))

    def native(self, name: str) -> str | None:
        """Return None: all fields are taken as text."""
        return None

    def source(self, names: Iterable[str]) -> str:
        """Return SQL to select these fields from."""
        return objects.scan(self._file.path, self._form, [(*self._above, *self._paths[name]) for name in names])

    def condition(self, names: Iterable[str]) -> str:
        """Return SQL that is true if any of the fields is there: a line that is no JSON has none."""
        return " OR ".join(f"{self.text(name)} IS NOT NULL" for name in names)


def _wrapper(records: Sequence[dict[str, Any]]) -> objects.Path_:
    for key in WRAPPERS:
        if records and all(isinstance(record.get(key), dict) for record in records):
            return (key,)
    return ()


def _inside(record: dict[str, Any], above: objects.Path_) -> dict[str, Any]:
    for key in above:
        record = record[key]
    return record


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


class Enclosed(Objects):
    """Objects in a list under one key of an object."""

    def __init__(self, file: SourceFile, connection: duckdb.DuckDBPyConnection, config: Config, key: str) -> None:
        first = itertools.chain.from_iterable(record.get(key) or [] for record in objects.first_records(file.head))
        super().__init__(file, connection, [record for record in first if isinstance(record, dict)])
        self._key = key
        self._bytes = document_bytes(file, config)
        self.expected_count = None

    def text(self, name: str) -> str:
        """Return the SQL of a field as text."""
        place = "".join("." + json.dumps(key, ensure_ascii=False) for key in (*self._above, *self._paths[name]))
        return f"(record ->> {literal('$' + place)})"

    def source(self, names: Iterable[str]) -> str:
        """Return SQL to select these fields from."""
        records = objects.scan(self._file.path, self._form, [(self._key,)], self._bytes)
        listed = f"json_extract({objects.field((self._key,))}, '$[*]')"
        return f"(SELECT unnest({listed}) AS record FROM {records})"


#: How an answer of the Log Analytics or Kusto API begins.
ANSWER = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"[tT]ables"\s*:\s*\[')
_KEYS = re.compile(r'"([cC]olumns|[rR]ows)"\s*:\s*')


class Answer:
    """An answer of the Log Analytics or Kusto API: names of columns, then rows as lists. Its first table is read."""

    def __init__(self, file: SourceFile, config: Config) -> None:
        text = file.head.decode("utf-8", "replace")
        self._file = file
        self._bytes = document_bytes(file, config)
        self._capital = b'"Tables"' in file.head[:64]
        self.names: list[str] = _answer_columns(text)
        self._rows = list(itertools.islice(_answer_rows(text), SAMPLE_COUNT))
        self.expected_count: int | None = None
        self.lost: Callable[[int], list[Problem]] = lambda row_count: []

    def values(self, name: str) -> list[str]:
        """Return the first values of a column."""
        at = self.names.index(name)
        return [_as_text(row[at]) for row in self._rows if len(row) > at and row[at] is not None]

    def text(self, name: str) -> str:
        """Return the SQL of a column as text."""
        return f"(record ->> '$[{self.names.index(name)}]')"

    def native(self, name: str) -> str | None:
        """Return None: all columns are taken as text."""
        return None

    def source(self, names: Iterable[str]) -> str:
        """Return SQL to select these columns from."""
        tables, rows = ("Tables", "Rows") if self._capital else ("tables", "rows")
        whole = objects.scan(self._file.path, "unstructured", [(tables,)], self._bytes)
        return f"(SELECT unnest(json_extract({tables}, '$[0].{rows}[*]')) AS record FROM {whole})"

    def condition(self, names: Iterable[str]) -> str:
        """Return nothing: every row is one."""
        return ""


def document_bytes(file: SourceFile, config: Config) -> int:
    """Return the room that a file needs if it is one JSON document.

    Raises:
        SourceError: It is longer than ``limits.json_bytes``.
    """
    size = file.path.stat().st_size
    if size > config.limits.json_bytes:
        raise SourceError(
            f"one JSON document of {size} bytes",
            where=file.name,
            next_step="Export it as JSON lines, CSV or Parquet, or raise limits.json_bytes in the configuration",
        )
    return max(size + 1, objects.OBJECT_BYTES)


def _answer_columns(text: str) -> list[str]:
    columns = next((_decoded(text, at.end()) for at in _KEYS.finditer(text) if at[1] in ("columns", "Columns")), None)
    if not isinstance(columns, list):
        return []
    return [str(column.get("name") or column.get("ColumnName")) for column in columns if isinstance(column, dict)]


def _answer_rows(text: str) -> Iterator[list[Any]]:
    at = next((found.end() for found in _KEYS.finditer(text) if found[1] in ("rows", "Rows")), None)
    decoder = json.JSONDecoder()
    at = None if at is None else text.find("[", at) + 1
    while at and (start := text.find("[", at)) >= 0:
        try:
            row, at = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            return
        yield row


def _decoded(text: str, at: int) -> Any:
    try:
        return json.JSONDecoder().raw_decode(text, at)[0]
    except (ValueError, RecursionError):
        return None
