"""Three kinds of tables under one face: delimited text, JSON, Parquet.

A reader asks a table for its columns' names and first values, decides what they mean, and gets SQL for those it wants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import duckdb

from molehunt.config import Config
from molehunt.errors import UnknownFormatError
from molehunt.findings import Problem
from molehunt.readers import SourceFile, table_json, table_text, times
from molehunt.readers.survey import PARQUET
from molehunt.readers.table_parquet import Parquet


class Table(Protocol):
    """A file of rows with named columns."""

    names: list[str]
    expected_count: int | None
    lost: Callable[[int], list[Problem]]

    def values(self, name: str) -> list[str]:
        """Return the first values of a column, as text."""
        ...

    def text(self, name: str) -> str:
        """Return the SQL of a column as text; lists and objects as JSON."""
        ...

    def native(self, name: str) -> str | None:
        """Return the type of a column that is stored as such, or None for text."""
        ...

    def source(self, names: Iterable[str]) -> str:
        """Return SQL to select these columns from."""
        ...

    def condition(self, names: Iterable[str]) -> str:
        """Return SQL that is false for rows that are none; empty if all are."""
        ...


def is_table(head: bytes) -> bool:
    """Tell whether a file that begins with these bytes is a table of any kind."""
    return head.startswith(PARQUET) or bool(names_in(head))


def names_in(head: bytes) -> list[str]:
    """Return the names of the columns, as far as the beginning of a file shows them; Parquet has them at its end."""
    return table_json.names_in(head) or table_text.header_of(head)


def open_table(file: SourceFile, connection: duckdb.DuckDBPyConnection, config: Config, *, headless: bool = False) -> Table:
    """Open a table.

    Args:
        file: The file.
        connection: Where the SQL will run.
        config: Settings.
        headless: Whether delimited text has no header; its columns are then called 1, 2, 3 …

    Raises:
        UnknownFormatError: It is no table.
    """
    if file.head.startswith(PARQUET):
        return Parquet(file, connection)
    if found := table_json.open_json(file, connection, config):
        return found
    if table_text.dialect_of(file.head, ragged=headless) is not None:
        return table_text.Text(file, connection, config, headless)
    raise UnknownFormatError("no table: neither delimited text with a header, nor JSON, nor Parquet", where=file.name)


def time_sql(table: Table, name: str, connection: duckdb.DuckDBPyConnection) -> str | None:
    """Return the SQL of a column of times, or None if no known form reads it."""
    kind = table.native(name)
    if kind is None:
        return times.time_of(table.text(name), table.values(name), connection)
    assert isinstance(table, Parquet)
    stored = table.stored(name)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return stored
    if kind.startswith("TIMESTAMP") or kind == "DATE":
        return times.utc(stored)
    return times.time_of(table.text(name), table.values(name), connection)
