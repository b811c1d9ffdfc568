"""One bare DNS message, as logs and dnstap carry it: octets in, facts in presentation format out."""

from __future__ import annotations

from dataclasses import dataclass

from molehunt.errors import MalformedRecordError
from molehunt.wire import _single
from molehunt.wire.faults import REASONS

ANSWER, AUTHORITY, ADDITIONAL = range(3)


@dataclass(frozen=True)
class Question:
    """What was asked: name with letters as seen, type mnemonic, class number."""

    qname: str
    qtype: str
    qclass: int


@dataclass(frozen=True)
class Record:
    """A resource record; ``section`` is ANSWER, AUTHORITY or ADDITIONAL, ``ttl`` is in seconds."""

    section: int
    name: str
    type: str
    rclass: int
    ttl: int
    rdata: str


@dataclass(frozen=True)
class Message:
    """A DNS message; ``edns_options`` is None without EDNS, whose record is not among ``records``."""

    id: int
    flags: int
    rcode: str
    questions: tuple[Question, ...]
    records: tuple[Record, ...]
    edns_options: tuple[int, ...] | None

    @property
    def is_response(self) -> bool:
        """Tell whether the message is a response."""
        return bool(self.flags & 0x8000)

    @property
    def answers(self) -> tuple[Record, ...]:
        """Return the records of the answer section."""
        return tuple(record for record in self.records if record.section == ANSWER)


def decode_message(data: bytes) -> Message:
    """Decode a message, strictly: one bad octet anywhere and all is refused.

    Args:
        data: The message, without the length that precedes it in TCP. Octets after its last record are ignored.

    Raises:
        MalformedRecordError: The message breaks off, or breaks the form of a name or record.
    """
    fault, number, flags, rcode, questions, records, options = _single.decode(data)
    if fault:
        raise MalformedRecordError(REASONS[fault], next_step="Skip this message")
    return Message(
        id=number,
        flags=flags,
        rcode=rcode,
        questions=tuple(Question(*question) for question in questions),
        records=tuple(Record(*record) for record in records),
        edns_options=None if options is None else tuple(options),
    )
