"""Records whose time cannot be read: found by a second look, which only an input with missing times pays for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from molehunt.findings import Problem
from molehunt.readers.delimited import shown
from molehunt.readers.sql import one_row

REASON = "time that cannot be read"


@dataclass(frozen=True)
class Untimed:
    """Tells which records of a file have a time in a form that cannot be read; they stay, without a time.

    Attributes:
        connection: Where the source lives.
        path: The file.
        source: SQL to select from.
        text: SQL of the time as the file has it, as text.
        time: SQL of the time as it is read.
        condition: SQL that is false for rows that are no records; empty if all are.
    """

    connection: duckdb.DuckDBPyConnection
    path: Path
    source: str
    text: str
    time: str
    condition: str = ""

    def __call__(self) -> list[Problem]:
        """Return the problem, if there is one; its example is the least of the texts, with its line in a text file."""
        where = f" WHERE {self.condition}" if self.condition else ""
        times = f"SELECT ({self.text})::VARCHAR AS said, ({self.time}) AS read FROM {self.source}{where}"
        count, example = one_row(
            self.connection, f"SELECT count(*), min(said) FROM ({times}) WHERE read IS NULL AND trim(said) <> ''"
        )
        return [Problem(reason=REASON, count=count, example=self._placed(example))] if count else []

    def _placed(self, text: str) -> str:
        octets = text.encode()
        with self.path.open("rb") as file:
            number = next((number for number, line in enumerate(file, 1) if octets in line), None)
        return shown(number, text)
