# DNS messages out of TCP segments; the code and its documentation stand in _streams.py.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from molehunt.wire._buffer cimport octets
from molehunt.wire._state cimport Flow, State, Stream

cdef bint open_streams(State *state, uint32_t room, size_t limit) noexcept nogil
cdef void close_streams(State *state) noexcept nogil
cdef void add_segment(State *state, Flow *flow, uint32_t sequence, uint32_t flags, octets data, size_t size) noexcept nogil
cdef void end_streams(State *state) noexcept nogil

# inside _streams.py only
cdef uint32_t stream_hash(Flow *flow) noexcept nogil
cdef Stream *find_stream(State *state, Flow *flow, uint32_t hash) noexcept nogil
cdef Stream *new_stream(State *state, Flow *flow, uint32_t hash, uint32_t base) noexcept nogil
cdef void end_stream(State *state, Stream *stream) noexcept nogil
cdef void restart(State *state, Stream *stream, uint32_t base) noexcept nogil
cdef void take_octets(State *state, Stream *stream, uint32_t sequence, octets data, size_t size) noexcept nogil
cdef size_t take_messages(State *state, Stream *stream, octets data, size_t size) noexcept nogil
cdef bint store(State *state, Stream *stream, size_t offset, octets data, size_t size) noexcept nogil
cdef bint note_gap(Stream *stream, uint32_t start, uint32_t end) noexcept nogil
cdef void close_gaps(Stream *stream) noexcept nogil
cdef void advance(Stream *stream, size_t size) noexcept nogil
