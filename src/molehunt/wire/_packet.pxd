# From a captured frame to its DNS message; the code and its documentation stand in _packet.py.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from molehunt.wire._buffer cimport octets
from molehunt.wire._state cimport Datagram, Flow, State

cdef void take_frame(State *state, uint32_t link, octets data, size_t size) noexcept nogil
cdef void end_datagrams(State *state, bint all) noexcept nogil

# inside _packet.py only
cdef int64_t link_head(uint32_t link, octets data, size_t size, uint32_t *kind) noexcept nogil
cdef int64_t llc_head(octets data, size_t size, size_t at, uint32_t *kind) noexcept nogil
cdef void take_payload(State *state, uint32_t kind, octets data, size_t size) noexcept nogil
cdef void take_ip(State *state, octets data, size_t size, int depth) noexcept nogil
cdef void take_ipv4(State *state, octets data, size_t size, int depth) noexcept nogil
cdef void take_ipv6(State *state, octets data, size_t size, int depth) noexcept nogil
cdef void take_fragment(State *state, Flow *flow, uint32_t id, uint32_t word, int number, octets data, size_t size) noexcept nogil
cdef void take_datagram(State *state, Datagram *datagram) noexcept nogil
cdef void take_transport(State *state, Flow *flow, int number, octets data, size_t size, int cut) noexcept nogil
cdef bint known_ports(State *state, Flow *flow, octets data) noexcept nogil
cdef void take_udp(State *state, Flow *flow, octets data, size_t size, int cut) noexcept nogil
cdef void take_tcp(State *state, Flow *flow, octets data, size_t size, int cut) noexcept nogil
