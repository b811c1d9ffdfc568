# One DNS message, read in place; the code and its documentation stand in _message.py.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from molehunt.wire._buffer cimport octets

cdef enum:
    OPTIONS = 256  # EDNS options that are kept; a message of 64 KiB could hold 16,000
    # why a message cannot be read, after the reasons of _text.pxd
    SHORT = 6
    BAD_QUESTION = 7
    BAD_RECORD = 8
    BAD_EDNS = 9

cdef struct Record:
    uint32_t kind
    uint32_t rclass
    uint32_t ttl
    size_t at
    size_t end

cdef struct Message:
    octets data
    size_t length
    uint32_t id
    uint32_t flags
    uint32_t question_count
    uint32_t counts[3]
    uint8_t name[256]
    size_t name_size
    bint has_question
    uint32_t qtype
    uint32_t qclass
    size_t more_questions_at
    size_t answers_at
    uint32_t answer_count
    uint32_t rcode
    bint has_edns
    uint32_t option_count
    uint16_t options[256]
    int fault

cdef bint read_message(Message *message, octets data, size_t length) noexcept nogil
cdef int64_t read_question(Message *message, size_t at, uint8_t *name, size_t *size, uint32_t *qtype) noexcept nogil
cdef int64_t read_record(Message *message, size_t at, Record *record) noexcept nogil

# inside _message.py only
cdef int64_t read_questions(Message *message) noexcept nogil
cdef int64_t owner(Message *message, size_t at) noexcept nogil
cdef int64_t read_section(Message *message, size_t at, int section) noexcept nogil
cdef bint read_options(Message *message, Record *record) noexcept nogil
