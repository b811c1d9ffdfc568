# IP datagrams put together from fragments; the code and its documentation stand in _fragments.py.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from molehunt.wire._buffer cimport octets
from molehunt.wire._state cimport Datagram, Flow, State

cdef struct Fragment:
    uint32_t id
    uint32_t offset
    bint more
    uint8_t number
    octets data
    size_t size

cdef bint open_datagrams(State *state, uint32_t room) noexcept nogil
cdef void close_datagrams(State *state) noexcept nogil
cdef Datagram *add_fragment(State *state, Flow *flow, Fragment *fragment) noexcept nogil
cdef Datagram *stale_datagram(State *state, bint all) noexcept nogil
cdef uint32_t whole_octets(Datagram *datagram) noexcept nogil
cdef void drop_datagram(State *state, Datagram *datagram) noexcept nogil

# inside _fragments.py only
cdef Datagram *find_datagram(State *state, Flow *flow, Fragment *fragment) noexcept nogil
cdef bint copy_units(Datagram *datagram, Fragment *fragment) noexcept nogil
