# cython: cdivision=True
"""One DNS message, read in place: header, questions, where the answers are, EDNS (compiled).

Nothing is copied but the first question's name. A message that breaks off or breaks its form keeps what was read before
the fault. Source: RFC 1035 §4, RFC 6891 (EDNS).
"""

import cython
from cython.cimports.molehunt.wire._buffer import be16, be32
from cython.cimports.molehunt.wire._text import NAME_OCTETS, expand_name

HEADER_OCTETS = cython.declare(cython.size_t, 12)
OPT = cython.declare(cython.uint, 41)


def read_message(message, data, length):
    """Fill in ``message``; tell whether there is a header at all. ``message.fault`` is the first fault or 0."""
    message.data = data
    message.length = length
    message.fault = 0
    message.has_question = False
    message.name_size = 0
    message.qtype = 0
    message.qclass = 0
    message.has_edns = False
    message.option_count = 0
    message.answer_count = 0
    if length < HEADER_OCTETS:
        message.fault = SHORT
        return False
    message.id = be16(data)
    message.flags = be16(data + 2)
    message.rcode = message.flags & 15
    message.question_count = be16(data + 4)
    section: cython.int
    for section in range(3):
        message.counts[section] = be16(data + 6 + 2 * section)
    at: int64_t = read_questions(message)
    for section in range(3):
        if at >= 0:
            at = read_section(message, at, section)
    if at < 0:
        message.fault = -at
    return True


def read_questions(message):
    """Read the first question, step over the others; return the offset behind them or a negative reason."""
    at: int64_t = HEADER_OCTETS
    index: cython.uint
    name: cython.uchar[NAME_OCTETS]
    size: cython.size_t = 0
    qtype: uint32_t = 0
    message.answers_at = message.length
    message.more_questions_at = message.length
    for index in range(message.question_count):
        if index == 0:
            at = read_question(message, at, message.name, cython.address(message.name_size), cython.address(message.qtype))
            if at >= 0:
                message.has_question = True
                message.qclass = be16(message.data + at - 2)
                message.more_questions_at = at
        else:
            at = read_question(message, at, name, cython.address(size), cython.address(qtype))
        if at < 0:
            return at
    message.answers_at = at
    return at


def read_question(message, at, name, size, qtype):
    """Read one question; return the offset behind it or a negative reason."""
    after: int64_t = expand_name(message.data, message.length, at, name, size)
    if after < 0:
        return after
    if message.length - after < 4:
        return -BAD_QUESTION
    qtype[0] = be16(message.data + after)
    return after + 4


def owner(message, at):
    """Return the offset behind the owner name at ``at`` or a negative reason; most point to the question's."""
    name: cython.uchar[NAME_OCTETS]
    size: cython.size_t = 0
    if message.has_question and message.length - at >= 2 and be16(message.data + at) == 0xC000 + HEADER_OCTETS:
        return at + 2
    return expand_name(message.data, message.length, at, name, cython.address(size))


def read_record(message, at, record):
    """Read the head of the record at ``at``; return the offset behind its data or a negative reason."""
    after: int64_t = owner(message, at)
    if after < 0:
        return after
    if message.length - after < 10:
        return -BAD_RECORD
    record.kind = be16(message.data + after)
    record.rclass = be16(message.data + after + 2)
    record.ttl = be32(message.data + after + 4)
    record.at = after + 10
    record.end = record.at + be16(message.data + after + 8)
    return record.end if record.end <= message.length else -BAD_RECORD


def read_section(message, at, section):
    """Step over the records of a section; answers are counted, EDNS is read. Return the offset behind or a reason."""
    here: int64_t = at
    record: Record
    _: cython.uint
    for _ in range(message.counts[section]):
        here = read_record(message, here, cython.address(record))
        if here < 0:
            return here
        if section == 0:
            message.answer_count += 1
        if record.kind == OPT and (section != 2 or not read_options(message, cython.address(record))):
            return -BAD_EDNS
    return here


def read_options(message, record):
    """Read the OPT record: extended response code and option codes. Tell whether it is well formed and the only one."""
    at: cython.size_t = record.at
    size: cython.size_t
    if message.has_edns:
        return False
    message.has_edns = True
    message.rcode |= (record.ttl >> 24) << 4
    while at < record.end:
        if record.end - at < 4:
            return False
        size = be16(message.data + at + 2)
        if record.end - at - 4 < size:
            return False
        if message.option_count < OPTIONS:
            message.options[message.option_count] = be16(message.data + at)
            message.option_count += 1
        at += 4 + size
    return True
