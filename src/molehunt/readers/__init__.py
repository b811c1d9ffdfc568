"""Readers: one source format each, to the one table QUERIES.

A reader is one short file with an object of the shape :class:`Reader`, one line in :data:`READERS`, one page in
``docs/inputs`` and one golden test. The table is in sniffing order: the first whose ``sniff`` says yes reads the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from molehunt.config import Config
from molehunt.findings import Problem

if TYPE_CHECKING:
    import duckdb

    from molehunt.readers.survey import Survey

#: name -> "module:object", in sniffing order; loaded on use.
READERS: dict[str, str] = {
    "pcap": "molehunt.readers.pcap:READER",
    "zeek": "molehunt.readers.zeek:READER",
    "suricata": "molehunt.readers.suricata:READER",
    "sentinel": "molehunt.readers.sentinel:READER",
    "table": "molehunt.readers.table:READER",
}


@dataclass(frozen=True)
class SourceFile:
    """A plain, decompressed, local file that a reader can open.

    Attributes:
        name: What the user called it; for messages.
        path: Where its plain bytes are; a temporary file if the source was compressed or standard input.
        head: Its first 64 KiB.
        folder: Where a reader may make temporary files; removed when the run ends. None: nowhere.
        survey: What one quick pass saw of a text file; None for a binary one.
        told: Told by a reader that works long before it has a relation how many bytes are done.
    """

    name: str
    path: Path
    head: bytes
    folder: Path | None = None
    survey: Survey | None = None
    told: Callable[[int], object] = field(default=lambda done_bytes: None, compare=False)


@dataclass(frozen=True)
class Reading:
    """Rows of one source, ready to be queried.

    Attributes:
        relation: SQL of a SELECT over the connection given to the reader, with the columns of QUERIES in order.
        problems: Tells what was skipped and why, per reason; complete only after the relation has been read to its end.
        keep: Whatever must stay alive while the relation is in use (Arrow tables, temporary files).
        expected_count: Rows of the relation if every record of the source is good; None where no cheap look tells.
        lost: Tells which records are missing, given how many rows the relation really has; asked only if that is not
            ``expected_count``.
        untimed: Tells which records have a time that cannot be read; asked only if rows of the run have none.
        place: SQL of the file's path, if the relation has it once and DuckDB reads a list of paths there just as well: then
            files of the same kind are read together.
    """

    relation: str
    problems: Callable[[], list[Problem]]
    keep: list[object] = field(default_factory=list)
    expected_count: int | None = None
    lost: Callable[[int], list[Problem]] = field(default=lambda row_count: [])
    untimed: Callable[[], list[Problem]] = list
    place: str | None = None


class Reader(Protocol):
    """What every reader offers."""

    name: str
    summary: str

    def sniff(self, head: bytes) -> bool:
        """Tell whether a file that begins with these bytes is of this format."""
        ...

    def read(self, file: SourceFile, connection: duckdb.DuckDBPyConnection, config: Config) -> Reading:
        """Open the file.

        Raises:
            SourceError: The file as a whole cannot be used; single bad records are counted as problems instead.
        """
        ...
