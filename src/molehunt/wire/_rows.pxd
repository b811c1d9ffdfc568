# Rows of QUERIES in Arrow's layout; the code and its documentation stand in _rows.py.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from molehunt.wire._buffer cimport Buffer, octets
from molehunt.wire._message cimport Message
from molehunt.wire._state cimport Columns, Entry, Flow, State, Texts

# What a row says of a question; absent facts are NULL or negative.
cdef struct Row:
    int64_t ts
    octets client
    octets resolver
    int family
    int transport
    int protocol
    octets name
    size_t name_size
    uint32_t qtype
    int64_t query_bytes
    int64_t retry_count
    int64_t rtt_ns
    int64_t option_count
    const uint16_t *options

cdef bint put_row(State *state, Row *row, Message *response) noexcept nogil
cdef bint rows_full(State *state) noexcept nogil
cdef void add_retry(State *state, uint64_t row) noexcept nogil
cdef void free_columns(Columns *columns) noexcept nogil
cdef void clear_columns(Columns *columns, uint64_t first_row) noexcept nogil
cdef list column_octets(Columns *columns)

# inside _rows.py only
cdef void end_text(Texts *texts) noexcept nogil
cdef void put_address(Texts *texts, octets address, int family) noexcept nogil
cdef void put_question(Columns *columns, Row *row) noexcept nogil
cdef bint put_response(Columns *columns, Message *response) noexcept nogil
cdef bint put_answers(Columns *columns, Message *response) noexcept nogil
cdef void put_options(Columns *columns, Row *row) noexcept nogil
cdef int list_buffers(Columns *columns, Buffer **found) noexcept nogil
