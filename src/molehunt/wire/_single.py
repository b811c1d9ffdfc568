# cython: cdivision=True
"""One bare DNS message for Python (compiled): every section is read and every record's data is checked."""

import cython
from cython.cimports.molehunt.wire._buffer import ran_out, release
from cython.cimports.molehunt.wire._message import Record, read_message, read_question, read_record
from cython.cimports.molehunt.wire._rdata import put_rcode, put_rdata, put_type
from cython.cimports.molehunt.wire._text import BAD_RDATA, NAME_OCTETS, expand_name, put_name

from molehunt.wire.codes import UPDATE_OPCODE

HEADER_OCTETS = cython.declare(cython.size_t, 12)
OPT = cython.declare(cython.uint, 41)


def decode(data: bytes):
    """Decode a message.

    Returns:
        Fault (0 if none), id, flags, response code, questions (name, type, class), records (section, name, type, class,
        TTL, data), EDNS option codes or None. After a fault only the fault counts.
    """
    message: Message
    buffer: Buffer
    buffer.data = cython.NULL
    buffer.size = 0
    buffer.room = 0
    octets_: cython.p_const_uchar = data
    read_message(cython.address(message), octets_, len(data))
    if message.fault:
        return message.fault, 0, 0, "", [], [], None
    try:
        put_rcode(cython.address(buffer), message.rcode)
        rcode = text_of(cython.address(buffer))
        questions = questions_of(cython.address(message), cython.address(buffer))
        records = records_of(cython.address(message), cython.address(buffer))
        if ran_out():
            raise MemoryError
    finally:
        release(cython.address(buffer))
    fault: cython.int = BAD_RDATA if records is None else 0
    options = [message.options[index] for index in range(message.option_count)] if message.has_edns else None
    return fault, message.id, message.flags, rcode, questions, records or [], options


def text_of(buffer):
    """Return what the buffer holds, and empty it."""
    text: bytes = buffer.data[: buffer.size]
    buffer.size = 0
    return text.decode("ascii")


def questions_of(message, buffer):
    """Return all questions."""
    at: int64_t = HEADER_OCTETS
    name: cython.uchar[NAME_OCTETS]
    size: cython.size_t = 0
    qtype: uint32_t = 0
    found: list = []
    for _ in range(message.question_count):
        at = read_question(message, at, name, cython.address(size), cython.address(qtype))
        put_name(buffer, name, size)
        qname = text_of(buffer)
        put_type(buffer, qtype)
        found.append((qname, text_of(buffer), (message.data[at - 2] << 8) | message.data[at - 1]))
    return found


def records_of(message, buffer):
    """Return all records but EDNS's, or None if the data of one breaks its form."""
    at: int64_t = message.answers_at
    record: Record
    name: cython.uchar[NAME_OCTETS]
    size: cython.size_t = 0
    update: cython.bint = (message.flags >> 11) & 15 == UPDATE_OPCODE
    found: list = []
    for section in range(3):
        for _ in range(message.counts[section]):
            expand_name(message.data, message.length, at, name, cython.address(size))
            at = read_record(message, at, cython.address(record))
            if record.kind == OPT:
                continue
            put_name(buffer, name, size)
            owner = text_of(buffer)
            put_type(buffer, record.kind)
            kind = text_of(buffer)
            empty: cython.bint = update and record.at == record.end and record.rclass >= 254
            if not empty and not put_rdata(buffer, message.data, record.at, record.end, record.kind, record.rclass):
                return None
            found.append((section, owner, kind, record.rclass, record.ttl, text_of(buffer)))
    return found
