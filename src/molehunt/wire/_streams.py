# cython: cdivision=True
"""DNS messages out of TCP segments: in order or not, repeated, several in one, one over several (compiled).

Each direction of a connection is a stream. A stream keeps what follows its last complete message: ``filled`` octets without
a gap, and pieces behind gaps. A stream that is seen from its middle is taken to begin at a message. Their number and memory
are bounded: the one that has been there longest gives way. Source: RFC 1035 §4.2.2, RFC 7766 §8, RFC 9293 §3.4.
"""

import cython
from cython.cimports.libc.stdlib import calloc, free, malloc
from cython.cimports.libc.string import memcmp, memcpy, memmove
from cython.cimports.molehunt.wire._buffer import be16, mix, mix_address, release, space
from cython.cimports.molehunt.wire._pairing import take_message
from cython.cimports.molehunt.wire._state import BAD_STREAM, LOST_SEGMENT, NO_SLOT, fault

FIN = cython.declare(cython.uint, 1)
SYN = cython.declare(cython.uint, 2)
RST = cython.declare(cython.uint, 4)
WINDOW = cython.declare(cython.longlong, 1 << 17)  # octets ahead of the last message that are kept
PIECES = cython.declare(cython.uint, 8)  # pieces behind gaps
HEADER_OCTETS = cython.declare(cython.size_t, 12)


def open_streams(state, room, limit):
    """Make room for so many streams, a power of two, of so many octets together; tell whether there was memory."""
    index: cython.size_t
    state.stream_room = room
    state.stream_limit = limit
    state.streams = cython.cast(cython.pointer[Stream], calloc(room, cython.sizeof(Stream)))
    state.stream_heads = cython.cast(cython.pointer[uint32_t], malloc(room * cython.sizeof(uint32_t)))
    if state.streams == cython.NULL or state.stream_heads == cython.NULL:
        return False
    for index in range(room):
        state.stream_heads[index] = NO_SLOT
    return True


def close_streams(state):
    """Give all memory back."""
    index: cython.size_t
    if state.streams != cython.NULL:
        for index in range(state.stream_room):
            release(cython.address(state.streams[index].data))
    free(state.streams)
    free(state.stream_heads)
    state.streams = cython.NULL
    state.stream_heads = cython.NULL


def end_streams(state):
    """End every stream, at the end of the capture."""
    index: cython.size_t
    for index in range(state.stream_room):
        if state.streams[index].used:
            end_stream(state, cython.address(state.streams[index]))


def stream_hash(flow):
    """Hash a direction of a connection."""
    ports: uint64_t = (cython.cast(uint64_t, flow.source_port) << 16) | flow.target_port
    return mix_address(mix_address(mix(0, ports), flow.source), flow.target) >> 32


def find_stream(state, flow, hash):
    """Return the stream of a flow or NULL."""
    slot: uint32_t = state.stream_heads[hash & (state.stream_room - 1)]
    one: cython.pointer[Stream]
    while slot != NO_SLOT:
        one = cython.address(state.streams[slot])
        if (
            one.hash == hash
            and one.flow.source_port == flow.source_port
            and one.flow.target_port == flow.target_port
            and memcmp(one.flow.source, flow.source, 16) == 0
            and memcmp(one.flow.target, flow.target, 16) == 0
        ):
            return one
        slot = one.next
    return cython.NULL


def new_stream(state, flow, hash, base):
    """Return a fresh stream; the one that has been there longest gives way."""
    slot: uint32_t = state.stream_cursor & (state.stream_room - 1)
    one: cython.pointer[Stream] = cython.address(state.streams[slot])
    state.stream_cursor += 1
    if one.used:
        end_stream(state, one)
    one.used = True
    one.hash = hash
    one.flow = flow[0]
    one.base = base
    one.filled = 0
    one.gap_count = 0
    one.next = state.stream_heads[hash & (state.stream_room - 1)]
    state.stream_heads[hash & (state.stream_room - 1)] = slot
    return one


def end_stream(state, stream):
    """Forget a stream; what it still holds is no message."""
    link: cython.pointer[uint32_t] = cython.address(state.stream_heads[stream.hash & (state.stream_room - 1)])
    if stream.filled > 0 or stream.gap_count > 0:
        fault(state, LOST_SEGMENT, 0)
    while cython.address(state.streams[link[0]]) != stream:
        link = cython.address(state.streams[link[0]].next)
    link[0] = stream.next
    state.stream_octets -= stream.data.room
    release(cython.address(stream.data))
    stream.used = False


def restart(state, stream, base):
    """Give up what a stream holds and go on at ``base``."""
    fault(state, LOST_SEGMENT, 0)
    stream.filled = 0
    stream.gap_count = 0
    stream.base = base


def add_segment(state, flow, sequence, flags, data, size):
    """Take one TCP segment."""
    hash: uint32_t = stream_hash(flow)
    stream: cython.pointer[Stream] = find_stream(state, flow, hash)
    if flags & SYN:
        if stream != cython.NULL and stream.base != sequence + 1:
            end_stream(state, stream)
            stream = cython.NULL
        sequence += 1
    if stream == cython.NULL and size == 0 and not flags & SYN:
        return
    if stream == cython.NULL:
        stream = new_stream(state, flow, hash, sequence)
    if size > 0:
        take_octets(state, stream, sequence, data, size)
    if flags & (FIN | RST) and (stream.gap_count == 0 or flags & RST):
        end_stream(state, stream)
    while state.stream_octets > state.stream_limit:
        stream = cython.address(state.streams[state.stream_cursor & (state.stream_room - 1)])
        state.stream_cursor += 1
        if stream.used:
            end_stream(state, stream)


def take_octets(state, stream, sequence, data, size):
    """Take the octets of a segment that are new."""
    offset: int64_t = cython.cast(int32_t, sequence - stream.base)
    if offset < 0:
        if -offset >= cython.cast(int64_t, size):
            return
        data += -offset
        size -= -offset
        offset = 0
    if offset + cython.cast(int64_t, size) > WINDOW:
        restart(state, stream, sequence)
        offset = 0
    used: cython.size_t = 0
    if offset == 0 and stream.filled == 0 and stream.gap_count == 0:
        used = take_messages(state, stream, data, size)
        stream.base += used
    if used < size and not store(state, stream, offset, data + used, size - used):
        restart(state, stream, sequence + size)
        return
    if stream.filled > 0:
        advance(stream, take_messages(state, stream, stream.data.data, stream.filled))


def take_messages(state, stream, data, size):
    """Take every complete message; return how many octets they are. Octets that cannot be messages are dropped."""
    at: cython.size_t = 0
    length: cython.size_t
    flow: Flow
    while size - at >= 2:
        length = be16(data + at)
        if length < HEADER_OCTETS:
            fault(state, BAD_STREAM, 0)
            return size
        if size - at - 2 < length:
            break
        flow = stream.flow
        take_message(state, cython.address(flow), data + at + 2, length, 0)
        at += 2 + length
    return at


def store(state, stream, offset, data, size):
    """Keep octets until the message that they belong to is complete; tell whether there was room."""
    end: cython.size_t = offset + size
    room: cython.size_t = stream.data.room
    if space(cython.address(stream.data), end) == cython.NULL:
        return False
    state.stream_octets += stream.data.room - room
    memcpy(stream.data.data + offset, data, size)
    if offset > stream.filled:
        return note_gap(stream, offset, end)
    if end > stream.filled:
        stream.filled = end
    close_gaps(stream)
    return True


def note_gap(stream, start, end):
    """Note a piece behind a gap; tell whether there was room."""
    index: cython.uint
    for index in range(stream.gap_count):
        if start <= stream.ends[index] and end >= stream.starts[index]:
            stream.starts[index] = min(start, stream.starts[index])
            stream.ends[index] = max(end, stream.ends[index])
            return True
    if stream.gap_count == PIECES:
        return False
    stream.starts[stream.gap_count] = start
    stream.ends[stream.gap_count] = end
    stream.gap_count += 1
    return True


def close_gaps(stream):
    """Join the pieces that ``filled`` has reached."""
    index: cython.uint = 0
    while index < stream.gap_count:
        if stream.starts[index] > stream.filled:
            index += 1
            continue
        stream.filled = max(stream.filled, stream.ends[index])
        stream.gap_count -= 1
        stream.starts[index] = stream.starts[stream.gap_count]
        stream.ends[index] = stream.ends[stream.gap_count]
        index = 0


def advance(stream, size):
    """Drop octets from the front."""
    index: cython.uint
    end: cython.size_t = stream.filled
    for index in range(stream.gap_count):
        end = max(end, stream.ends[index])
        stream.starts[index] -= size
        stream.ends[index] -= size
    memmove(stream.data.data, stream.data.data + size, end - size)
    stream.base += size
    stream.filled -= size
