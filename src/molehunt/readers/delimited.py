"""Delimited text (CSV, TSV, Zeek) through DuckDB's reader: parallel, streaming, every column as text.

Nothing is sniffed by DuckDB, so a file costs only the columns that are asked for. Lines with a wrong number of values are
skipped at full speed; only when the number of rows tells that some are missing, a second look says which.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from molehunt.findings import Problem
from molehunt.readers.sql import identifier, literal
from molehunt.readers.survey import EXAMPLE_CHARS

#: DuckDB's kinds of faults, said for people.
REASONS = {
    "MISSING COLUMNS": "line with too few values",
    "TOO MANY COLUMNS": "line with too many values",
    "UNQUOTED VALUE": "line with a quote that does not end",
    "LINE SIZE OVER MAXIMUM": "line too long",
    "INVALID ENCODING": "line with bytes that are no UTF-8",
    "INVALID STATE": "line that breaks the format",
}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Dialect:
    """How a delimited file is written.

    Attributes:
        columns: Names of the columns, unique; each is text.
        delimiter: What stands between values.
        quote: What may stand around a value; empty if nothing.
        skip: Lines before the first record.
        nulls: Texts that stand for a missing value.
        line_bytes: Longest line.
        ragged: Whether lines may have more or fewer values than there are columns.
    """

    columns: Sequence[str]
    delimiter: str
    quote: str = ""
    skip: int = 0
    nulls: Sequence[str] = ()
    line_bytes: int = 4 << 20
    ragged: bool = False

    def scan(self, path: Path, faults: str = "ignore_errors = true") -> str:
        """Return the file as something to select from, its columns named as the dialect names them."""
        columns = ", ".join(f"{identifier(name)}: 'VARCHAR'" for name in self.columns)
        faults += ", null_padding = true, strict_mode = false" if self.ragged else ""
        nulls = f", nullstr = [{', '.join(map(literal, self.nulls))}]" if self.nulls else ""
        return (
            f"read_csv({literal(str(path))}, auto_detect = false, header = false, skip = {self.skip}, "
            f"delim = {literal(self.delimiter)}, quote = {literal(self.quote)}, escape = {literal(self.quote)}, "
            f"columns = {{{columns}}}{nulls}, max_line_size = {self.line_bytes}, compression = 'none', {faults})"
        )


@dataclass(frozen=True)
class Lost:
    """Tells which lines of a delimited file did not become rows.

    Attributes:
        connection: Where the relation lives.
        path: The file.
        dialect: How it is written.
        expected_count: Rows if every line is one.
        comment: Lines that begin with it are no records.
        most: So many bad lines are told apart by reason; beyond, only the first.
    """

    connection: duckdb.DuckDBPyConnection
    path: Path
    dialect: Dialect
    expected_count: int
    comment: str
    most: int

    def __call__(self, row_count: int) -> list[Problem]:
        """Return the problems of the file, given how many rows it really gave."""
        missing = self.expected_count - row_count
        if missing > 0:
            missing -= _blank_count(self.path)
        if missing <= 0:
            return []
        return self._by_reason(missing) if missing <= self.most else [self._first(missing)]

    def _by_reason(self, missing: int) -> list[Problem]:
        table, scans = f"molehunt_rejects_{next(_numbers)}", f"molehunt_scans_{next(_numbers)}"
        faults = f"store_rejects = true, rejects_table = '{table}', rejects_scan = '{scans}'"
        columns = ", ".join(f"max({identifier(name)})" for name in self.dialect.columns)
        self.connection.execute(f"SELECT {columns} FROM {self.dialect.scan(self.path, faults)}").fetchall()
        wanted = f"WHERE NOT starts_with(ltrim(csv_line, E'\\r\\n'), {literal(self.comment)})" if self.comment else ""
        rows = self.connection.execute(
            f"SELECT error_type::VARCHAR, count(DISTINCT line), min(line), arg_min(csv_line, line) FROM {table} {wanted} "
            "GROUP BY 1 ORDER BY 1"
        ).fetchall()
        self.connection.execute(f"DROP TABLE {table}; DROP TABLE {scans}")
        counted = sum(count for _, count, _, _ in rows)
        return [
            Problem(
                reason=REASONS.get(kind, kind.lower()),
                # A quote that does not end swallows the lines after it.
                count=count + (missing - counted if kind == "UNQUOTED VALUE" else 0),
                example=shown(line, text),
            )
            for kind, count, line, text in rows
        ]

    def _first(self, missing: int) -> Problem:
        example = ""
        try:
            columns = ", ".join(f"max({identifier(name)})" for name in self.dialect.columns)
            self.connection.execute(f"SELECT {columns} FROM {self.dialect.scan(self.path, 'ignore_errors = false')}").fetchall()
        except duckdb.Error as error:
            line = re.search(r"CSV Error on Line: (\d+)", str(error))
            text = re.search(r"Original Line: (.*)", str(error))
            example = shown(int(line[1]) if line else None, text[1] if text else "")
        return Problem(reason="line that breaks the format", count=missing, example=example)


def _blank_count(path: Path) -> int:
    """Count the lines without a character, which are no records."""
    with path.open("rb") as file:
        return sum(line in (b"\n", b"\r\n") for line in file)


def shown(line: int | None, text: str | None) -> str:
    """Return the beginning of a bad line with its number, for people."""
    short = (text or "").rstrip("\r\n")
    short = short[:EXAMPLE_CHARS] + "…" if len(short) > EXAMPLE_CHARS else short
    return f"line {line}: {short}" if line else short
