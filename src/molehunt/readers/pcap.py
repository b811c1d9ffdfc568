"""Reader of packet captures: pcap and pcapng, decoded by :mod:`molehunt.wire`.

The rows are kept in memory as long as they are few; beyond that they go to an unnamed temporary file that the operating
system pages in and out. So the relation can be read as often as it takes.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from itertools import chain, count
from typing import TYPE_CHECKING

import pyarrow as pa

from molehunt import schema
from molehunt.config import Config
from molehunt.errors import SourceError
from molehunt.readers import Reading, SourceFile
from molehunt.wire.capture import MAGICS, Capture

if TYPE_CHECKING:
    import duckdb

_names = (f"molehunt_pcap_{number}" for number in count())


class PcapReader:
    """Captures of network traffic."""

    name = "pcap"
    summary = "packet captures: pcap and pcapng, UDP and TCP, with fragments and reassembly"

    def sniff(self, head: bytes) -> bool:
        """Tell whether a file begins like a capture."""
        return head[:4] in MAGICS

    def read(self, file: SourceFile, connection: duckdb.DuckDBPyConnection, config: Config) -> Reading:
        """Decode the capture.

        Raises:
            SourceError: The file cannot be read, or is no capture.
        """
        try:
            with file.path.open("rb", buffering=0) as octets:
                capture = Capture(octets, file.name, config.pcap)
                rows = _hold(capture.batches(), config.pcap.memory_bytes)
        except OSError as error:
            raise SourceError(f"cannot read the capture: {error.strerror}", where=file.name) from error
        name = next(_names)
        connection.register(name, rows)
        problems = capture.problems()
        return Reading(relation=f"SELECT * FROM {name}", problems=lambda: problems, keep=[rows])


def _hold(batches: Iterator[pa.RecordBatch], memory_bytes: int) -> pa.Table:
    """Collect batches in memory, or in a temporary file if they are larger than ``memory_bytes``."""
    held: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        held.append(batch)
        size += batch.nbytes
        if size > memory_bytes:
            return _spill(chain(held, batches))
    return pa.Table.from_batches(held, schema=schema.QUERIES)


def _spill(batches: Iterator[pa.RecordBatch]) -> pa.Table:
    """Write batches to a temporary file and map it; the file has no name any more, so nothing stays behind."""
    handle, path = tempfile.mkstemp(prefix="molehunt-", suffix=".arrow")
    try:
        with os.fdopen(handle, "wb") as file, pa.ipc.new_file(file, schema.QUERIES) as writer:
            for batch in batches:
                writer.write_batch(batch)
        return pa.ipc.open_file(pa.memory_map(path)).read_all()
    finally:
        os.unlink(path)


READER = PcapReader()
