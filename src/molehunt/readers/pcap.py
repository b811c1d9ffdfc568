"""Reader of packet captures: pcap and pcapng, decoded by :mod:`molehunt.wire`.

The rows are kept in memory as long as they are few; beyond that they go to an unnamed temporary file that the operating
system pages in and out. So the relation can be read as often as it takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import FileIO
from itertools import count
from typing import TYPE_CHECKING

from molehunt.config import Config
from molehunt.errors import SourceError
from molehunt.readers import Reading, SourceFile

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

#: First four octets of the formats: pcapng, and pcap in micro- and nanoseconds and "modified", in both byte orders.
MAGICS = frozenset(
    bytes.fromhex(magic) for magic in ("0a0d0d0a", "a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "a1b2cd34", "34cdb2a1")
)
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
        from molehunt.readers.held import hold  # late, as the next: Arrow and the decoder are for captures only
        from molehunt.wire.capture import Capture

        try:
            with file.path.open("rb", buffering=0) as octets:
                capture = Capture(octets, file.name, config.pcap)
                rows = hold(_telling(capture.batches(), file, octets), config.pcap.memory_bytes)
        except OSError as error:
            raise SourceError(f"cannot read the capture: {error.strerror}", where=file.name) from error
        name = next(_names)
        connection.register(name, rows)
        problems = capture.problems()
        return Reading(relation=f"SELECT * FROM {name}", problems=lambda: problems, keep=[rows])


def _telling(batches: Iterator[pa.RecordBatch], file: SourceFile, octets: FileIO) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        file.told(octets.tell())
        yield batch


READER = PcapReader()
