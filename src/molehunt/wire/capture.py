"""Captures as record batches of QUERIES: the file is read in pieces, so that its size does not matter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pyarrow as pa

from molehunt.config import PcapSettings
from molehunt.errors import MalformedRecordError
from molehunt.findings import Problem
from molehunt.wire import batches, faults
from molehunt.wire._decoder import Decoder

PIECE_BYTES = 1 << 20


class Source(Protocol):
    """What a capture is read from: a file opened for reading in binary, buffered or not."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the buffer as far as there is something; 0 at the end."""
        ...


class Capture:
    """A capture that is being read, once.

    Args:
        file: The capture, opened for reading in binary.
        name: What to call it in messages.
        settings: Ports, times and bounds.
    """

    def __init__(self, file: Source, name: str, settings: PcapSettings) -> None:
        self.name = name
        self._file = file
        self._ports = settings.ports
        self._decoder = Decoder(
            settings.ports,
            round(settings.pair_s * 1e9),
            round(settings.retry_s * 1e9),
            settings.open_query_count,
            settings.fragment_count,
            settings.stream_count,
            settings.stream_bytes,
        )

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows; each query stands where its response, or the end of its time, came.

        Raises:
            MalformedRecordError: The file does not begin like a capture.
        """
        decoder, offset, held = self._decoder, 0, 0
        piece = bytearray(PIECE_BYTES)
        while size := self._file.readinto(memoryview(piece)[held:]):
            held += size
            at = decoder.feed(memoryview(piece)[:held], 0, offset)
            while decoder.full:
                yield from batches.take(decoder)
                at = decoder.feed(memoryview(piece)[:held], at, offset)
            if decoder.damaged:
                break
            offset, held = offset + at, held - at
            piece[:held] = piece[at : at + held]
            if held == len(piece):  # one record fills it; the decoder bounds their size
                piece.extend(bytes(len(piece)))
        self._check_end(offset, held)
        yield from batches.rest(decoder)

    def _check_end(self, offset: int, left: int) -> None:
        """See that the file was a capture, and whole."""
        if not self._decoder.opened:
            raise MalformedRecordError(
                "not a pcap or pcapng capture, or cut inside its first 24 bytes",
                where=self.name,
                next_step="Name the format with --from, or see: molehunt list readers",
            )
        if left and not self._decoder.damaged:
            self._decoder.fault(faults.CUT_CAPTURE, offset, left)

    @property
    def packet_count(self) -> int:
        """Packets read so far."""
        return self._decoder.counts["packets"]

    def problems(self) -> list[Problem]:
        """List what could not be used; complete once the batches have been read to their end."""
        return faults.problems(self._decoder, self._ports)
