# Frames out of pcap and pcapng; the code and its documentation stand in _frames.py.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from molehunt.wire._buffer cimport octets
from molehunt.wire._state cimport Interface, State

cdef size_t take_frames(State *state, octets data, size_t size, uint64_t offset) noexcept nogil
cdef void start_packet(State *state, int64_t now) noexcept nogil

# inside _frames.py only
cdef uint32_t get16(State *state, octets at) noexcept nogil
cdef uint32_t get32(State *state, octets at) noexcept nogil
cdef bint open_file(State *state, octets data) noexcept nogil
cdef size_t take_record(State *state, octets data, size_t size) noexcept nogil
cdef size_t take_block(State *state, octets data, size_t size) noexcept nogil
cdef void add_interface(State *state, octets body, size_t size) noexcept nogil
cdef void read_interface_options(State *state, Interface *one, octets body, size_t size) noexcept nogil
cdef void take_packet_block(State *state, uint32_t kind, octets body, size_t size) noexcept nogil
cdef Interface *interface_of(State *state, uint32_t number) noexcept nogil
cdef int64_t ticks_ns(uint64_t ticks, uint32_t resolution, int64_t offset_s) noexcept nogil
