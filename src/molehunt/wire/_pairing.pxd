# Queries and their responses; the code and its documentation stand in _pairing.py.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from molehunt.wire._buffer cimport octets
from molehunt.wire._message cimport Message
from molehunt.wire._rows cimport Row
from molehunt.wire._state cimport Entry, Flow, State

cdef void take_message(State *state, Flow *flow, octets data, size_t length, int cut) noexcept nogil
cdef void expire(State *state, bint all) noexcept nogil
cdef bint open_pairs(State *state, uint64_t limit) noexcept nogil
cdef void close_pairs(State *state) noexcept nogil

# inside _pairing.py only
cdef bint make_room(State *state, uint64_t room) noexcept nogil
cdef void chain(State *state, uint32_t slot) noexcept nogil
cdef uint32_t flow_hash(Flow *flow, Message *message) noexcept nogil
cdef void turn(Flow *flow) noexcept nogil
cdef bint same_flow(Flow *one, Flow *other) noexcept nogil
cdef Entry *find(State *state, Flow *flow, Message *message, uint32_t hash, bint answered) noexcept nogil
cdef bint same_question(Entry *entry, Message *message) noexcept nogil
cdef void take_query(State *state, Flow *flow, Message *message) noexcept nogil
cdef void take_response(State *state, Flow *flow, Message *message) noexcept nogil
cdef void insert(State *state, Flow *flow, Message *message, uint32_t hash) noexcept nogil
cdef bint keep_octets(Entry *entry, Message *message) noexcept nogil
cdef void drop_oldest(State *state) noexcept nogil
cdef void put_entry(State *state, Entry *entry, Message *response) noexcept nogil
cdef void put_lone_response(State *state, Flow *flow, Message *message) noexcept nogil
cdef void put_more_questions(State *state, Flow *flow, Message *message) noexcept nogil
cdef bint is_multicast(octets address, int family) noexcept nogil
