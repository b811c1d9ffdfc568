# One bare DNS message for Python; the code and its documentation stand in _single.py.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from molehunt.wire._buffer cimport Buffer, octets
from molehunt.wire._message cimport Message

cdef object text_of(Buffer *buffer)
cdef list questions_of(Message *message, Buffer *buffer)
cdef list records_of(Message *message, Buffer *buffer)
