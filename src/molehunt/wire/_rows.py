# cython: cdivision=True
"""Rows of QUERIES, written straight into buffers of Arrow's layout (compiled).

Two sets of columns exist: the one that grows, and the one before it, which waits so that a retransmission can still be
counted in the row of its query. Which rows share a set depends on the rows alone, never on how the file was cut for
reading.
"""

import cython
from cython.cimports.cpython.bytes import PyBytes_FromStringAndSize
from cython.cimports.molehunt.wire._buffer import put, put_double, put_int32, put_int64, put_octet, release
from cython.cimports.molehunt.wire._message import Record, read_record
from cython.cimports.molehunt.wire._rdata import put_rcode, put_rdata, put_type
from cython.cimports.molehunt.wire._state import DNS, MDNS, NO_TIME, TCP
from cython.cimports.molehunt.wire._text import put_ipv4, put_ipv6, put_name

ROWS = cython.declare(cython.size_t, 1 << 16)  # rows of a batch
TEXT_OCTETS = cython.declare(cython.size_t, 32 << 20)  # answers and names of a batch; far below Arrow's 2 GiB


def put_row(state, row, response):
    """Write one row; tell whether all answers had the form of their type."""
    columns: cython.pointer[Columns] = cython.address(state.columns[state.current])
    good: cython.bint = True
    put_int64(cython.address(columns.ts), 0 if row.ts == NO_TIME else row.ts // 1000)
    put_octet(cython.address(columns.ts_known), row.ts != NO_TIME)
    if row.client != cython.NULL:
        put_address(cython.address(columns.client), row.client, row.family)
    end_text(cython.address(columns.client))
    put_octet(cython.address(columns.client_known), row.client != cython.NULL)
    put_address(cython.address(columns.resolver), row.resolver, row.family)
    end_text(cython.address(columns.resolver))
    put(cython.address(columns.transport.text), b"tcp" if row.transport == TCP else b"udp", 3)
    end_text(cython.address(columns.transport))
    if row.protocol == DNS:
        put(cython.address(columns.protocol.text), b"dns", 3)
    elif row.protocol == MDNS:
        put(cython.address(columns.protocol.text), b"mdns", 4)
    else:
        put(cython.address(columns.protocol.text), b"llmnr", 5)
    end_text(cython.address(columns.protocol))
    put_question(columns, row)
    good = put_response(columns, response)
    put_options(columns, row)
    columns.row_count += 1
    state.row_count += 1
    return good


def end_text(texts):
    """Close the text of this row."""
    put_int32(cython.address(texts.ends), texts.text.size)


def put_address(texts, address, family):
    """Write an address."""
    if family == 4:
        put_ipv4(cython.address(texts.text), address)
    else:
        put_ipv6(cython.address(texts.text), address)


def put_question(columns, row):
    """Write what the query says."""
    if row.name != cython.NULL:
        put_name(cython.address(columns.qname.text), row.name, row.name_size)
        put_type(cython.address(columns.qtype.text), row.qtype)
    end_text(cython.address(columns.qname))
    end_text(cython.address(columns.qtype))
    put_octet(cython.address(columns.question_known), row.name != cython.NULL)
    put_int64(cython.address(columns.query_bytes), row.query_bytes)
    put_int64(cython.address(columns.retry_count), row.retry_count)
    put_octet(cython.address(columns.query_known), row.query_bytes >= 0)
    put_double(cython.address(columns.rtt_s), row.rtt_ns / 1e9)
    put_octet(cython.address(columns.rtt_known), row.rtt_ns >= 0)


def put_response(columns, response):
    """Write what the response says; tell whether all answers had the form of their type."""
    good: cython.bint = True
    if response != cython.NULL:
        put_rcode(cython.address(columns.rcode.text), response.rcode)
        good = put_answers(columns, response)
    else:
        put_int64(cython.address(columns.answer_bytes), 0)
    end_text(cython.address(columns.rcode))
    put_int32(cython.address(columns.answer_ends), columns.answer_ttls.size // 4)
    put_int64(cython.address(columns.response_bytes), response.length if response != cython.NULL else 0)
    put_octet(cython.address(columns.response_known), response != cython.NULL)
    return good


def put_answers(columns, response):
    """Write the answer records; tell whether all had the form of their type."""
    record: Record
    at: int64_t = response.answers_at
    total: int64_t = 0
    good: cython.bint = True
    _: cython.uint
    for _ in range(response.answer_count):
        at = read_record(response, at, cython.address(record))
        total += record.end - record.at
        if not put_rdata(
            cython.address(columns.answers.text), response.data, record.at, record.end, record.kind, record.rclass
        ):
            good = False
        end_text(cython.address(columns.answers))
        put_type(cython.address(columns.answer_types.text), record.kind)
        end_text(cython.address(columns.answer_types))
        put(cython.address(columns.answer_ttls), cython.address(record.ttl), 4)
    put_int64(cython.address(columns.answer_bytes), total)
    return good


def put_options(columns, row):
    """Write the option codes of the query."""
    if row.option_count > 0:
        put(cython.address(columns.options), row.options, 2 * row.option_count)
    put_int32(cython.address(columns.option_ends), columns.options.size // 2)
    put_octet(cython.address(columns.options_known), row.option_count >= 0)


def rows_full(state):
    """Tell whether the batch at hand should be closed."""
    columns: cython.pointer[Columns] = cython.address(state.columns[state.current])
    return columns.row_count >= ROWS or columns.answers.text.size + columns.qname.text.size >= TEXT_OCTETS


def add_retry(state, row):
    """Count one more retransmission in a row that is already written, unless its batch is gone."""
    which: cython.int
    columns: cython.pointer[Columns]
    for which in range(2):
        columns = cython.address(state.columns[which])
        if columns.first_row <= row < columns.first_row + columns.row_count:
            cython.cast(cython.pointer[int64_t], columns.retry_count.data)[row - columns.first_row] += 1


def list_buffers(columns, found):
    """List every buffer of the columns; return how many there are."""
    start: cython.pointer[Buffer] = cython.address(columns.ts)
    end: cython.pointer[Buffer] = cython.address(columns.options_known) + 1
    count: cython.int = 0
    while start < end:
        found[count] = start
        count += 1
        start += 1
    return count


def free_columns(columns):
    """Give all memory back."""
    found: cython.pointer[Buffer][64]
    index: cython.int
    for index in range(list_buffers(columns, found)):
        release(found[index])


def clear_columns(columns, first_row):
    """Empty the columns for rows from ``first_row`` on; their memory stays."""
    found: cython.pointer[Buffer][64]
    index: cython.int
    for index in range(list_buffers(columns, found)):
        found[index].size = 0
    columns.row_count = 0
    columns.first_row = first_row


def column_octets(columns):
    """Copy every buffer, in the order of the structure Columns."""
    found: cython.pointer[Buffer][64]
    copies: list = []
    index: cython.int
    for index in range(list_buffers(columns, found)):
        copies.append(PyBytes_FromStringAndSize(cython.cast(cython.p_const_char, found[index].data), found[index].size))
    return copies
