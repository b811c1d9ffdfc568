# Growable octets, and the readers of numbers in them; the code and its documentation stand in _buffer.py.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

ctypedef const uint8_t* octets

cdef struct Buffer:
    uint8_t *data
    size_t size
    size_t room

cdef bint grow(Buffer *buffer, size_t extra) noexcept nogil
cdef void release(Buffer *buffer) noexcept nogil
cdef bint ran_out() noexcept nogil


cdef inline uint8_t *space(Buffer *buffer, size_t extra) noexcept nogil:
    """Where ``extra`` more octets may be written, or NULL."""
    if buffer.room - buffer.size < extra and not grow(buffer, extra):
        return NULL
    return buffer.data + buffer.size


cdef inline void put(Buffer *buffer, const void *source, size_t size) noexcept nogil:
    cdef uint8_t *target = space(buffer, size)
    if target != NULL:
        memcpy(target, source, size)
        buffer.size += size


cdef inline void put_octet(Buffer *buffer, uint8_t octet) noexcept nogil:
    cdef uint8_t *target = space(buffer, 1)
    if target != NULL:
        target[0] = octet
        buffer.size += 1


cdef inline void put_int32(Buffer *buffer, int32_t value) noexcept nogil:
    put(buffer, &value, 4)


cdef inline void put_int64(Buffer *buffer, int64_t value) noexcept nogil:
    put(buffer, &value, 8)


cdef inline void put_double(Buffer *buffer, double value) noexcept nogil:
    put(buffer, &value, 8)


cdef inline uint32_t be16(octets at) noexcept nogil:
    return (<uint32_t> at[0] << 8) | at[1]


cdef inline uint32_t be32(octets at) noexcept nogil:
    return (<uint32_t> at[0] << 24) | (<uint32_t> at[1] << 16) | (<uint32_t> at[2] << 8) | at[3]


cdef inline uint32_t le16(octets at) noexcept nogil:
    return (<uint32_t> at[1] << 8) | at[0]


cdef inline uint32_t le32(octets at) noexcept nogil:
    return (<uint32_t> at[3] << 24) | (<uint32_t> at[2] << 16) | (<uint32_t> at[1] << 8) | at[0]


cdef inline uint64_t mix(uint64_t value, uint64_t word) noexcept nogil:
    """Stir a word into a hash."""
    value = (value ^ word) * <uint64_t> 0x9E3779B97F4A7C15ULL
    return value ^ (value >> 29)


cdef inline uint64_t mix_address(uint64_t value, octets address) noexcept nogil:
    cdef uint64_t words[2]
    memcpy(words, address, 16)
    return mix(mix(value, words[0]), words[1])
