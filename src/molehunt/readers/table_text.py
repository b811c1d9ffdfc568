"""Delimited text with a header as a table: CSV, TSV and what semicolons or bars separate."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable

import duckdb

from molehunt.config import Config
from molehunt.findings import Problem
from molehunt.readers import SourceFile
from molehunt.readers.delimited import Dialect, Lost
from molehunt.readers.survey import survey

#: Characters between values, the likeliest first.
DELIMITERS = (",", "\t", ";", "|")
#: First rows that are looked at.
SAMPLE_COUNT = 200
#: A head of this length may end in mid-line.
HEAD_BYTES = 64 << 10


def header_of(head: bytes) -> list[str]:
    """Return the names in the first line of delimited text; empty if the file is something else."""
    delimiter = dialect_of(head)
    if delimiter is None:
        return []
    first = head.decode("utf-8", "replace").lstrip("\ufeff").split("\n")[:1]
    return [name.strip() for row in _rows(first, delimiter) for name in row]


def dialect_of(head: bytes, *, ragged: bool = False) -> str | None:
    """Return what stands between the values of delimited text, or None if the file is something else.

    Args:
        head: Beginning of the file.
        ragged: Whether lines may differ in how many values they have.
    """
    text = head.decode("utf-8", "replace").lstrip("\ufeff")
    if not text.strip() or text.lstrip()[:1] in "{[<#" or "\0" in text:
        return None
    lines = text.split("\n")
    lines = lines[:-1] if len(lines) > 1 and (len(head) >= HEAD_BYTES or not lines[-1]) else lines
    best, most = None, 1
    for delimiter in DELIMITERS:
        counts = [len(row) for row in _rows(lines[:SAMPLE_COUNT], delimiter) if row]
        if counts and counts[0] > most and (ragged or counts.count(counts[0]) * 10 >= len(counts) * 8):
            best, most = delimiter, counts[0]
    if best is None and lines and all(_is_word(line) for line in lines[:SAMPLE_COUNT]):
        return ","
    return best


def _rows(lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter))
    except csv.Error:
        return []


def _is_word(line: str) -> bool:
    return bool(line.strip()) and not any(c.isspace() for c in line.strip()) and line.isprintable()


class Text:
    """Delimited text with a header."""

    def __init__(self, file: SourceFile, connection: duckdb.DuckDBPyConnection, config: Config, headless: bool) -> None:
        delimiter = dialect_of(file.head, ragged=headless) or ","
        lines = file.head.decode("utf-8", "replace").lstrip("\ufeff").split("\n")
        self._rows = _rows(lines[: SAMPLE_COUNT + 1], delimiter)
        first = max(self._rows, key=len) if headless else self._rows[0]
        self._rows = self._rows if headless else self._rows[1:]
        self.names: list[str] = [str(n + 1) for n in range(len(first))] if headless else [name.strip() for name in first]
        self._internal = [f"c{n}" for n in range(len(first))]
        line_bytes = config.limits.line_bytes
        self._dialect = Dialect(self._internal, delimiter, '"', 0 if headless else 1, (), line_bytes, ragged=headless)
        self._file = file
        self._ragged = headless
        seen = file.survey or survey(file.path)
        self.expected_count: int | None = seen.line_count - (not headless)
        self.lost: Callable[[int], list[Problem]] = Lost(
            connection, file.path, self._dialect, self.expected_count, "", config.limits.reject_count
        )

    def values(self, name: str) -> list[str]:
        """Return the first values of a column."""
        at = self.names.index(name)
        return [row[at] for row in self._rows if len(row) == len(self.names) or (self._ragged and len(row) > at)]

    def text(self, name: str) -> str:
        """Return the SQL of a column as text."""
        return self._internal[self.names.index(name)]

    def native(self, name: str) -> str | None:
        """Return None: all columns are text."""
        return None

    def source(self, names: Iterable[str]) -> str:
        """Return SQL to select these columns from."""
        return self._dialect.scan(self._file.path)

    def condition(self, names: Iterable[str]) -> str:
        """Return nothing: every line is a row."""
        return ""
