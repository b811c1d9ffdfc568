# cython: cdivision=True
"""The decoder as Python sees it: octets of a capture in, columns of QUERIES out (compiled)."""

import cython
from cython.cimports.libc.stdlib import calloc, free
from cython.cimports.libc.string import memcpy
from cython.cimports.molehunt.wire._buffer import ran_out, release
from cython.cimports.molehunt.wire._fragments import close_datagrams, open_datagrams
from cython.cimports.molehunt.wire._frames import start_packet, take_frames
from cython.cimports.molehunt.wire._packet import end_datagrams
from cython.cimports.molehunt.wire._pairing import close_pairs, expire, open_pairs, take_message
from cython.cimports.molehunt.wire._rows import clear_columns, column_octets, free_columns, rows_full
from cython.cimports.molehunt.wire._state import DNS, FAULTS, LLMNR, MDNS, NO_TIME, TCP, UDP, Flow, fault
from cython.cimports.molehunt.wire._streams import close_streams, end_streams, open_streams


@cython.cclass
class Decoder:
    """Decoder of one capture.

    Args:
        ports: UDP and TCP ports that carry DNS, besides 5353 and 5355.
        pair_ns: Longest wait of a response for its query.
        retry_ns: Longest time from a query to its retransmission.
        open_query_count: Queries that wait at once, a power of two.
        fragment_count: IP datagrams that are put together at once.
        stream_count: TCP streams that are followed at once, a power of two.
        stream_bytes: Octets that all streams may hold.
    """

    def __cinit__(
        self,
        ports,
        pair_ns: cython.longlong,
        retry_ns: cython.longlong,
        open_query_count: cython.ulonglong,
        fragment_count: cython.uint,
        stream_count: cython.uint,
        stream_bytes: cython.size_t,
    ):
        self.state = cython.cast(cython.pointer[State], calloc(1, cython.sizeof(State)))
        if (
            self.state == cython.NULL
            or not open_pairs(self.state, open_query_count)
            or not open_datagrams(self.state, fragment_count)
            or not open_streams(self.state, stream_count, stream_bytes)
        ):
            raise MemoryError
        self.state.pair_ns = pair_ns
        self.state.retry_ns = retry_ns
        self.state.now = NO_TIME
        self.state.clock = 0
        self.state.ports[5353] = MDNS
        self.state.ports[5355] = LLMNR
        number: cython.ushort
        for number in ports:
            self.state.ports[number] = DNS

    def __dealloc__(self):
        index: cython.int
        if self.state == cython.NULL:
            return
        close_pairs(self.state)
        close_datagrams(self.state)
        close_streams(self.state)
        for index in range(2):
            free_columns(cython.address(self.state.columns[index]))
        release(cython.address(self.state.interfaces))
        free(self.state)

    def feed(self, data: cython.const[cython.uchar][::1], at: cython.Py_ssize_t, offset: cython.ulonglong) -> int:
        """Read the complete records of ``data`` from ``at`` on, until the batch is full.

        Args:
            data: A piece of the file.
            at: Where to begin.
            offset: Place of ``data`` in the file, for messages.

        Returns:
            Where to begin next time. Unless the batch is full, what is left belongs before the next piece.
        """
        size: cython.Py_ssize_t = data.shape[0]
        used: cython.size_t = 0
        if at < 0 or at > size:
            raise ValueError("at lies outside of data")
        if size > at:
            with cython.nogil:
                used = take_frames(self.state, cython.address(data[at]), size - at, offset + at)
        if ran_out():
            raise MemoryError
        return at + used

    def add_message(
        self,
        data: bytes,
        ts_ns: object,
        client: bytes,
        resolver: bytes,
        client_port: cython.ushort,
        resolver_port: cython.ushort,
        tcp: cython.bint,
    ) -> None:
        """Take one bare message, as dnstap and some logs carry it; addresses are 4 or 16 octets, ``ts_ns`` may be None.

        The batch may be full afterwards, and :meth:`take` is due.
        """
        flow: Flow
        from_client: cython.bint = len(data) < 3 or not data[2] & 0x80
        source: bytes = (client if from_client else resolver) + bytes(12)
        target: bytes = (resolver if from_client else client) + bytes(12)
        if len(client) != len(resolver) or len(client) not in {4, 16}:
            raise ValueError("an address has 4 or 16 octets, and both have as many")
        memcpy(flow.source, cython.cast(cython.p_const_char, source), 16)
        memcpy(flow.target, cython.cast(cython.p_const_char, target), 16)
        flow.source_port = client_port if from_client else resolver_port
        flow.target_port = resolver_port if from_client else client_port
        flow.family = 4 if len(client) == 4 else 6
        flow.transport = TCP if tcp else UDP
        flow.protocol = self.state.ports[resolver_port] or DNS
        octets_: cython.p_const_uchar = data
        start_packet(self.state, NO_TIME if ts_ns is None else ts_ns)
        take_message(self.state, cython.address(flow), octets_, len(data), 0)
        expire(self.state, False)
        if ran_out():
            raise MemoryError

    def finish(self) -> None:
        """Turn what still waits into rows, as far as the batch has room; once the input is at its end."""
        with cython.nogil:
            if not self.ended:
                self.ended = True
                end_datagrams(self.state, True)
                end_streams(self.state)
            expire(self.state, True)
        if ran_out():
            raise MemoryError

    def fault(self, reason: int, offset: int, detail: int) -> None:
        """Count a fault that the caller found, at ``offset`` of the file."""
        self.state.offset = offset
        fault(self.state, reason, detail)

    def take(self) -> tuple:
        """Return the closed batch, (rows, buffers in the order of Columns), and close the one at hand."""
        other: cython.int = 1 - self.state.current
        count: cython.size_t = self.state.columns[other].row_count
        octets: list = column_octets(cython.address(self.state.columns[other])) if count else []
        clear_columns(cython.address(self.state.columns[other]), self.state.row_count)
        self.state.current = other
        return count, octets

    @property
    def full(self) -> bool:
        """Whether the batch at hand should be taken before more is fed."""
        return rows_full(self.state)

    @property
    def waiting(self) -> bool:
        """Whether a query still waits for its response."""
        return self.state.first < self.state.last

    @property
    def opened(self) -> bool:
        """Whether the file's head was recognised."""
        return self.state.format != 0

    @property
    def damaged(self) -> bool:
        """Whether the file cannot be read further."""
        return self.state.damaged

    @property
    def counts(self) -> dict[str, int]:
        """Counts so far: packets, DNS messages, packets of other traffic, rows."""
        return {
            "packets": self.state.packet,
            "messages": self.state.message_count,
            "other": self.state.other_count,
            "rows": self.state.row_count,
        }

    @property
    def faults(self) -> dict[int, tuple]:
        """Faults so far: reason -> (count, packet, offset and detail of the first)."""
        found: dict = {}
        index: cython.int
        for index in range(FAULTS):
            if self.state.faults[index].count > 0:
                found[index] = (
                    self.state.faults[index].count,
                    self.state.faults[index].packet,
                    self.state.faults[index].offset,
                    self.state.faults[index].detail,
                )
        return found
