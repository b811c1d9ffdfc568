# Data of records in presentation format; the code and its documentation stand in _rdata.py.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from molehunt.wire._buffer cimport Buffer, octets

cdef bint put_rdata(Buffer *out, octets message, size_t at, size_t end, uint32_t kind, uint32_t rclass) noexcept nogil
cdef void put_type(Buffer *out, uint32_t kind) noexcept nogil
cdef void put_rcode(Buffer *out, uint32_t code) noexcept nogil

# inside _rdata.py only
cdef const char *form_of(uint32_t kind, uint32_t rclass) noexcept nogil
cdef void put_generic(Buffer *out, octets data, size_t size) noexcept nogil
cdef void put_mnemonic(Buffer *out, const char *known, const char *prefix, uint32_t code) noexcept nogil
cdef int64_t put_field(Buffer *out, octets message, size_t at, size_t end, char form) noexcept nogil
cdef int64_t put_integer(Buffer *out, octets message, size_t at, size_t end, char form) noexcept nogil
cdef int64_t put_name_field(Buffer *out, octets message, size_t at, size_t end) noexcept nogil
cdef int64_t put_counted(Buffer *out, octets message, size_t at, size_t end, char form) noexcept nogil
cdef int64_t put_strings(Buffer *out, octets message, size_t at, size_t end) noexcept nogil
cdef int64_t put_rest(Buffer *out, octets message, size_t at, size_t end, char form) noexcept nogil
cdef int64_t put_bitmap(Buffer *out, octets message, size_t at, size_t end) noexcept nogil
