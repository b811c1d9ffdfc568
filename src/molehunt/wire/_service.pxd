# Parameters of SVCB and HTTPS records; the code and its documentation stand in _service.py.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from molehunt.wire._buffer cimport Buffer, octets

cdef int64_t put_service(Buffer *out, octets message, size_t at, size_t end) noexcept nogil

# inside _service.py only
cdef void put_key(Buffer *out, uint32_t key) noexcept nogil
cdef bint put_value(Buffer *out, uint32_t key, octets data, size_t size) noexcept nogil
cdef bint put_keys(Buffer *out, octets data, size_t size) noexcept nogil
cdef bint put_list(Buffer *out, octets data, size_t size) noexcept nogil
cdef bint put_hints(Buffer *out, octets data, size_t size, size_t width) noexcept nogil
