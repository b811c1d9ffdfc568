# All that the decoder knows while it reads a capture; documented in _decoder.py and where each part is used.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from molehunt.wire._buffer cimport Buffer, octets

cdef enum:
    # transports and protocols
    UDP = 0
    TCP = 1
    DNS = 1
    MDNS = 2
    LLMNR = 3
    # faults of a packet or file, after those of _text.pxd and _message.pxd
    SNAPPED = 10
    BAD_LINK = 11
    BAD_IP = 12
    BAD_TRANSPORT = 13
    LOST_FRAGMENT = 14
    LOST_SEGMENT = 15
    BAD_STREAM = 16
    UNKNOWN_LINK = 17
    BAD_TIME = 18
    BAD_BLOCK = 19
    CUT_CAPTURE = 20
    BAD_FRAGMENT = 21
    FAULTS = 22

cdef enum:
    NO_SLOT = 0xFFFFFFFF

cdef extern from *:
    """
    #define MOLEHUNT_NO_TIME INT64_MIN
    """
    int64_t NO_TIME "MOLEHUNT_NO_TIME"

cdef struct Fault:
    uint64_t count
    uint64_t packet
    uint64_t offset
    uint64_t detail

# A column of texts; ``ends`` holds the offset behind each, as Arrow has it.
cdef struct Texts:
    Buffer text
    Buffer ends

cdef struct Columns:
    size_t row_count
    uint64_t first_row
    Buffer ts
    Buffer ts_known
    Texts client
    Buffer client_known
    Texts resolver
    Texts transport
    Texts protocol
    Texts qname
    Texts qtype
    Buffer question_known
    Texts rcode
    Buffer response_known
    Buffer answer_ends
    Texts answers
    Texts answer_types
    Buffer answer_ttls
    Buffer answer_bytes
    Buffer query_bytes
    Buffer query_known
    Buffer response_bytes
    Buffer rtt_s
    Buffer rtt_known
    Buffer retry_count
    Buffer option_ends
    Buffer options
    Buffer options_known

# Who sent a packet to whom.
cdef struct Flow:
    uint8_t source[16]
    uint8_t target[16]
    uint16_t source_port
    uint16_t target_port
    uint8_t family
    uint8_t transport
    uint8_t protocol

# A query that was seen; its name and option codes lie in ``octets``.
cdef struct Entry:
    int64_t ts
    int64_t first_seen
    int64_t last_seen
    uint64_t row
    uint8_t *octets
    uint32_t octet_room
    uint32_t hash
    uint32_t newer
    uint32_t older
    uint32_t retry_count
    uint32_t response_count
    uint32_t query_bytes
    uint32_t qtype
    uint32_t option_count
    uint16_t id
    uint16_t name_size
    bint has_question
    bint has_edns
    Flow flow

cdef struct Datagram:
    bint used
    int64_t ts
    uint64_t since
    uint32_t id
    uint32_t have
    uint32_t total
    uint8_t number
    Flow flow
    Buffer data
    uint8_t *units

cdef struct Stream:
    bint used
    uint32_t hash
    uint32_t base
    uint32_t filled
    uint32_t gap_count
    uint32_t starts[8]
    uint32_t ends[8]
    uint32_t next
    Flow flow
    Buffer data

cdef struct Interface:
    uint32_t link
    uint32_t snap
    uint32_t resolution
    int64_t offset_s

cdef struct State:
    uint8_t ports[65536]
    int64_t pair_ns
    int64_t retry_ns
    # the packet at hand
    uint64_t packet
    uint64_t offset
    int64_t now
    int64_t clock
    # counts
    uint64_t message_count
    uint64_t other_count
    uint64_t row_count
    Fault faults[22]
    # rows
    Columns columns[2]
    int current
    # queries that may still be answered: a ring in order of time, and a hash table into it
    Entry *entries
    uint32_t *heads
    uint64_t first
    uint64_t last
    uint64_t entry_room
    uint64_t entry_limit
    # fragments and streams
    Datagram *datagrams
    uint32_t datagram_room
    uint32_t datagram_count
    int64_t datagrams_checked
    Stream *streams
    uint32_t *stream_heads
    uint32_t stream_room
    uint32_t stream_cursor
    size_t stream_octets
    size_t stream_limit
    # the file
    int format
    bint big_endian
    bint nano
    bint damaged
    uint32_t record_head
    uint32_t link
    Buffer interfaces

cdef inline void fault(State *state, int reason, uint64_t detail) noexcept nogil:
    """Count a fault; the first of its kind is remembered as the example."""
    if state.faults[reason].count == 0:
        state.faults[reason].packet = state.packet
        state.faults[reason].offset = state.offset
        state.faults[reason].detail = detail
    state.faults[reason].count += 1
