"""Arrow record batches of QUERIES from the buffers that the decoder fills."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from molehunt import schema
from molehunt.wire._decoder import Decoder

#: Buffers of ``Columns`` (``_state.pxd``) in their order; a column of texts has two.
BUFFERS = (
    "ts", "ts_known", "client", "client_ends", "client_known", "resolver", "resolver_ends", "transport",
    "transport_ends", "protocol", "protocol_ends", "qname", "qname_ends", "qtype", "qtype_ends", "question_known",
    "rcode", "rcode_ends", "response_known", "answer_ends", "answers", "answers_ends", "answer_types",
    "answer_types_ends", "answer_ttls", "answer_bytes", "query_bytes", "query_known", "response_bytes", "rtt_s",
    "rtt_known", "retry_count", "option_ends", "options", "options_known",
)  # fmt: skip


class _Columns:
    """The buffers of one batch by name, and Arrow arrays made of them."""

    def __init__(self, rows: int, buffers: list[bytes]) -> None:
        self.rows = rows
        self.buffers = dict(zip(BUFFERS, buffers, strict=True))

    def known(self, name: str | None) -> pa.Buffer | None:
        """Pack the octets that say which rows are known into Arrow's bits."""
        if name is None:
            return None
        bits = np.packbits(np.frombuffer(self.buffers[name], np.uint8), bitorder="little")
        return pa.py_buffer(bits.tobytes())

    def ends(self, name: str) -> pa.Buffer:
        """Return Arrow's offsets: the ends after a 0."""
        return pa.py_buffer(b"\0\0\0\0" + self.buffers[name])

    def fixed(self, name: str, kind: pa.DataType, known: str | None = None) -> pa.Array:
        """Return a column of numbers or times."""
        return pa.Array.from_buffers(kind, self.rows, [self.known(known), pa.py_buffer(self.buffers[name])])

    def texts(self, name: str, known: str | None = None) -> pa.Array:
        """Return a column of texts, or the texts of a list column."""
        ends = self.ends(f"{name}_ends")
        buffers = [self.known(known), ends, pa.py_buffer(self.buffers[name])]
        return pa.Array.from_buffers(pa.string(), ends.size // 4 - 1, buffers)

    def lists(self, ends: str, values: pa.Array, known: str) -> pa.Array:
        """Return a column of lists."""
        buffers = [self.known(known), self.ends(ends)]
        return pa.Array.from_buffers(pa.list_(values.type), self.rows, buffers, children=[values])

    def numbers(self, name: str, kind: pa.DataType) -> pa.Array:
        """Return the numbers of a list column."""
        data = self.buffers[name]
        return pa.Array.from_buffers(kind, len(data) // (kind.bit_width // 8), [None, pa.py_buffer(data)])

    def batch(self) -> pa.RecordBatch:
        """Return the rows as a record batch of QUERIES."""
        answers = self.texts("answers"), self.texts("answer_types"), self.numbers("answer_ttls", pa.uint32())
        return pa.RecordBatch.from_arrays(
            [
                self.fixed("ts", schema.TIMESTAMP, "ts_known"),
                self.texts("client", "client_known"),
                *(self.texts(name) for name in ("resolver", "transport", "protocol")),
                self.texts("qname", "question_known"),
                self.texts("qtype", "question_known"),
                self.texts("rcode", "response_known"),
                *(self.lists("answer_ends", values, "response_known") for values in answers),
                self.fixed("answer_bytes", pa.int64(), "response_known"),
                self.fixed("query_bytes", pa.int64(), "query_known"),
                self.fixed("response_bytes", pa.int64(), "response_known"),
                self.fixed("rtt_s", pa.float64(), "rtt_known"),
                self.fixed("retry_count", pa.int64(), "query_known"),
                self.lists("option_ends", self.numbers("options", pa.uint16()), "options_known"),
            ],
            schema=schema.QUERIES,
        )


def take(decoder: Decoder) -> Iterator[pa.RecordBatch]:
    """Yield the closed batch, if it has rows, and close the one at hand."""
    rows, buffers = decoder.take()
    if rows:
        yield _Columns(rows, buffers).batch()


def rest(decoder: Decoder) -> Iterator[pa.RecordBatch]:
    """Yield all that the decoder still holds, once its input has ended."""
    while True:
        decoder.finish()
        if not decoder.full and not decoder.waiting:
            break
        yield from take(decoder)
    yield from take(decoder)
    yield from take(decoder)
