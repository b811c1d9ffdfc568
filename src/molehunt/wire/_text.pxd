# Presentation format of what a DNS message holds; the code and its documentation stand in _text.py.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from molehunt.wire._buffer cimport Buffer, octets

cdef enum:
    NAME_OCTETS = 256
    # why a name or record cannot be read; negative where an offset is returned
    CUT = 1
    BAD_LABEL = 2
    LONG_NAME = 3
    LOOP = 4
    BAD_RDATA = 5

cdef int64_t expand_name(octets message, size_t length, size_t at, uint8_t *name, size_t *size) noexcept nogil
cdef int64_t skip_name(octets message, size_t length, size_t at) noexcept nogil
cdef bint same_name(octets one, octets other, size_t size) noexcept nogil
cdef uint32_t name_hash(octets name, size_t size) noexcept nogil
cdef void put_name(Buffer *out, octets name, size_t size) noexcept nogil
cdef void put_number(Buffer *out, uint64_t value) noexcept nogil
cdef void put_ipv4(Buffer *out, octets address) noexcept nogil
cdef void put_ipv6(Buffer *out, octets address) noexcept nogil
cdef void put_escaped(Buffer *out, octets text, size_t size) noexcept nogil
cdef void put_quoted(Buffer *out, octets text, size_t size) noexcept nogil
cdef void put_hex(Buffer *out, octets data, size_t size) noexcept nogil
cdef void put_base64(Buffer *out, octets data, size_t size) noexcept nogil
cdef void put_base32hex(Buffer *out, octets data, size_t size) noexcept nogil
cdef void put_time(Buffer *out, uint32_t seconds) noexcept nogil

# inside _text.py only
cdef void put_decimal_escape(uint8_t *to, unsigned int octet) noexcept nogil
cdef int longest_zeros(octets address, int *count) noexcept nogil
cdef void put_group(Buffer *out, uint32_t value) noexcept nogil
cdef void put_padded(Buffer *out, uint32_t value, int width) noexcept nogil
