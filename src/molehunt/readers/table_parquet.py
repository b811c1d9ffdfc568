"""Parquet as a table; a field of a struct has a name with dots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

import duckdb

from molehunt.errors import MalformedRecordError
from molehunt.findings import Problem
from molehunt.readers import SourceFile, objects
from molehunt.readers.sql import literal, one_row

#: First rows that are looked at.
SAMPLE_COUNT = 200


class Parquet:
    """A Parquet file."""

    def __init__(self, file: SourceFile, connection: duckdb.DuckDBPyConnection) -> None:
        self._scan = f"read_parquet({literal(str(file.path))})"
        self._connection = connection
        self.lost: Callable[[int], list[Problem]] = lambda row_count: []
        try:
            relation = connection.sql(f"SELECT * FROM {self._scan}")
            self.expected_count: int | None = one_row(connection, f"SELECT count(*) FROM {self._scan}")[0]
        except duckdb.Error as error:
            raise MalformedRecordError(f"broken Parquet file: {str(error).partition(chr(10))[0]}", where=file.name) from error
        self._columns = {
            ".".join(path): (path, kind)
            for name, kind in zip(relation.columns, relation.types, strict=True)
            for path, kind in _leaves((name,), kind)
        }
        self.names: list[str] = list(self._columns)

    @cached_property
    def _first(self) -> dict[str, list[str]]:
        texts = ", ".join(self.text(name) for name in self.names)
        rows = self._connection.execute(f"SELECT {texts} FROM {self._scan} LIMIT {SAMPLE_COUNT}").fetchall()
        return {name: [row[at] for row in rows if row[at] is not None] for at, name in enumerate(self.names)}

    def values(self, name: str) -> list[str]:
        """Return the first values of a column, as text."""
        return self._first[name]

    def native(self, name: str) -> str | None:
        """Return the type of a column, or None for text."""
        kind = str(self._columns[name][1])
        return None if kind == "VARCHAR" else kind

    def stored(self, name: str) -> str:
        """Return the SQL of a column as it is stored."""
        return objects.field(self._columns[name][0])

    def text(self, name: str) -> str:
        """Return the SQL of a column as text; lists as JSON."""
        path, kind = self._columns[name]
        if str(kind) == "VARCHAR":
            return objects.field(path)
        if kind.id in ("list", "struct", "map", "array"):
            return f"to_json({objects.field(path)})::VARCHAR"
        return f"({objects.field(path)})::VARCHAR"

    def source(self, names: Iterable[str]) -> str:
        """Return SQL to select these columns from."""
        return self._scan

    def condition(self, names: Iterable[str]) -> str:
        """Return nothing: every row is one."""
        return ""


def _leaves(path: objects.Path_, kind: Any) -> Iterator[tuple[objects.Path_, Any]]:
    if kind.id != "struct":
        yield path, kind
        return
    for name, inner in kind.children:
        yield from _leaves((*path, name), inner)
