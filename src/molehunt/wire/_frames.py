# cython: cdivision=True
"""Frames out of pcap and pcapng files, pushed in pieces of any size (compiled).

Source: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng; the obsolete packet block after the latter's appendix A; pcap with
24 octets per record head ("modified") after Wireshark's wiretap.
"""

import cython
from cython.cimports.molehunt.wire._buffer import be16, be32, le16, le32, put
from cython.cimports.molehunt.wire._packet import take_frame
from cython.cimports.molehunt.wire._pairing import expire
from cython.cimports.molehunt.wire._rows import rows_full
from cython.cimports.molehunt.wire._state import BAD_BLOCK, BAD_TIME, NO_TIME, fault

PCAP = cython.declare(cython.int, 1)
PCAPNG = cython.declare(cython.int, 2)
LARGEST = cython.declare(cython.size_t, 16 << 20)  # octets of a record or block; Wireshark's bound
INTERFACES = cython.declare(cython.size_t, 65536)
MICRO_MAGIC = cython.declare(cython.uint, 0xA1B2C3D4)
NANO_MAGIC = cython.declare(cython.uint, 0xA1B23C4D)
MODIFIED_MAGIC = cython.declare(cython.uint, 0xA1B2CD34)
SECTION = cython.declare(cython.uint, 0x0A0D0D0A)
INTERFACE = cython.declare(cython.uint, 1)
OLD_PACKET = cython.declare(cython.uint, 2)
SIMPLE_PACKET = cython.declare(cython.uint, 3)
PACKET = cython.declare(cython.uint, 6)
MICROSECONDS = cython.declare(cython.uint, 6)
LATEST_S = cython.declare(cython.longlong, 9_000_000_000)  # of 64 bits of nanoseconds


def get16(state, at):
    """Read 16 bits in the file's order."""
    return be16(at) if state.big_endian else le16(at)


def get32(state, at):
    """Read 32 bits in the file's order."""
    return be32(at) if state.big_endian else le32(at)


def take_frames(state, data, size, offset):
    """Take every complete record, until the batch is full; return how many octets that were.

    ``offset`` is the place of ``data`` in the file. What is left belongs before the next piece.
    """
    at: cython.size_t = 0
    used: cython.size_t
    while not state.damaged and not rows_full(state):
        state.offset = offset + at
        if state.format == 0:
            if size - at < 24:
                break
            if not open_file(state, data + at):
                state.damaged = True
                break
            at += 24 if state.format == PCAP else 0
            continue
        used = take_record(state, data + at, size - at) if state.format == PCAP else take_block(state, data + at, size - at)
        if used == 0:
            break
        at += used
        expire(state, False)
    return at


def open_file(state, data):
    """Read the first octets; tell whether they begin a capture."""
    magic: cython.uint = le32(data)
    if magic == SECTION:
        state.format = PCAPNG
        return True
    state.big_endian = data[0] == 0xA1
    magic = get32(state, data)
    if magic != MICRO_MAGIC and magic != NANO_MAGIC and magic != MODIFIED_MAGIC:
        return False
    state.format = PCAP
    state.nano = magic == NANO_MAGIC
    state.record_head = 16
    if magic == MODIFIED_MAGIC:
        state.record_head = 24
    state.link = get32(state, data + 20) & 0xFFFF
    return True


def start_packet(state, now):
    """Count a packet and set the clock."""
    state.packet += 1
    state.now = now
    if now != NO_TIME and (now > state.clock or state.clock - now > state.pair_ns):
        state.clock = now


def take_record(state, data, size):
    """Take a pcap record; return its size, or 0 if it is not all there."""
    if size < state.record_head:
        return 0
    captured: cython.size_t = get32(state, data + 8)
    if captured > LARGEST:
        fault(state, BAD_BLOCK, captured)
        state.damaged = True
        return 0
    if size - state.record_head < captured:
        return 0
    fraction: int64_t = get32(state, data + 4)
    start_packet(
        state, cython.cast(int64_t, get32(state, data)) * 1_000_000_000 + (fraction if state.nano else fraction * 1000)
    )
    take_frame(state, state.link, data + state.record_head, captured)
    return state.record_head + captured


def take_block(state, data, size):
    """Take a pcapng block; return its size, or 0 if it is not all there."""
    if size < 12:
        return 0
    if le32(data) == SECTION:
        state.big_endian = be32(data + 8) == 0x1A2B3C4D
        if not state.big_endian and le32(data + 8) != 0x1A2B3C4D:
            fault(state, BAD_BLOCK, 0)
            state.damaged = True
            return 0
    kind: cython.uint = get32(state, data)
    total: cython.size_t = get32(state, data + 4)
    if total < 12 or total > LARGEST:
        fault(state, BAD_BLOCK, total)
        state.damaged = True
        return 0
    total = (total + 3) & ~cython.cast(cython.size_t, 3)
    if size < total:
        return 0
    if kind == SECTION:
        state.interfaces.size = 0
    elif kind == INTERFACE:
        add_interface(state, data + 8, total - 12)
    elif kind == PACKET or kind == OLD_PACKET or kind == SIMPLE_PACKET:
        take_packet_block(state, kind, data + 8, total - 12)
    return total


def add_interface(state, body, size):
    """Read an interface description."""
    one: Interface
    if size < 8 or state.interfaces.size >= INTERFACES * cython.sizeof(Interface):
        fault(state, BAD_BLOCK, size)
        return
    one.link = get16(state, body)
    one.snap = get32(state, body + 4)
    one.resolution = MICROSECONDS
    one.offset_s = 0
    read_interface_options(state, cython.address(one), body + 8, size - 8)
    put(cython.address(state.interfaces), cython.address(one), cython.sizeof(Interface))


def read_interface_options(state, one, body, size):
    """Read if_tsresol and if_tsoffset."""
    at: cython.size_t = 0
    code: cython.uint
    length: cython.size_t
    low: cython.ulonglong
    high: cython.ulonglong
    while size - at >= 4:
        code = get16(state, body + at)
        length = get16(state, body + at + 2)
        at += 4
        if code == 0 or size - at < length:
            return
        if code == 9 and length >= 1:
            one.resolution = body[at]
        if code == 14 and length >= 8:
            low = get32(state, body + at)
            high = get32(state, body + at + 4)
            one.offset_s = cython.cast(int64_t, low << 32 | high if state.big_endian else high << 32 | low)
        length = (length + 3) & ~cython.cast(cython.size_t, 3)
        if size - at < length:
            return
        at += length


def interface_of(state, number):
    """Return an interface of this section, or NULL."""
    if number >= state.interfaces.size // cython.sizeof(Interface):
        return cython.NULL
    return cython.cast(cython.pointer[Interface], state.interfaces.data) + number


def take_packet_block(state, kind, body, size):
    """Take an enhanced, obsolete or simple packet block."""
    head: cython.size_t = 4 if kind == SIMPLE_PACKET else 20
    number: cython.uint = 0
    now: int64_t = NO_TIME
    start_packet(state, NO_TIME)
    if size < head:
        fault(state, BAD_BLOCK, size)
        return
    if kind != SIMPLE_PACKET:
        number = get32(state, body) if kind == PACKET else get16(state, body)
    one: cython.pointer[Interface] = interface_of(state, number)
    if one == cython.NULL:
        fault(state, BAD_BLOCK, number)
        return
    captured: cython.size_t = get32(state, body) if kind == SIMPLE_PACKET else get32(state, body + 12)
    if kind == SIMPLE_PACKET:
        captured = min(captured, size - head)
        if one.snap:
            captured = min(captured, cython.cast(cython.size_t, one.snap))
    else:
        now = ticks_ns(
            (cython.cast(uint64_t, get32(state, body + 4)) << 32) | get32(state, body + 8), one.resolution, one.offset_s
        )
        if now == NO_TIME:
            fault(state, BAD_TIME, 0)
        state.packet -= 1
        start_packet(state, now)
    if captured > size - head:
        fault(state, BAD_BLOCK, captured)
        return
    take_frame(state, one.link, body + head, captured)


def ticks_ns(ticks, resolution, offset_s):
    """Convert a time stamp to nanoseconds, or NO_TIME if it lies out of range; resolution as in if_tsresol."""
    seconds: uint64_t
    rest: uint64_t
    unit: uint64_t = 1
    power: cython.uint = resolution & 0x7F
    _: cython.uint
    if resolution & 0x80:
        seconds = ticks >> power if power < 64 else 0
        rest = ticks - (seconds << power) if power < 64 else ticks
        while power > 32:
            rest >>= 1
            power -= 1
        rest = (rest * 1_000_000_000) >> power
    else:
        for _ in range(min(power, 19)):
            unit *= 10
        seconds = ticks // unit if power < 20 else 0
        rest = ticks % unit if power < 20 else ticks
        while power > 9:
            rest //= 10
            power -= 1
        while power < 9:
            rest *= 10
            power += 1
    if seconds > cython.cast(uint64_t, LATEST_S) or offset_s < -LATEST_S or offset_s > LATEST_S:
        return NO_TIME
    total: int64_t = cython.cast(int64_t, seconds) + offset_s
    if total < 0 or total > LATEST_S:
        return NO_TIME
    return total * 1_000_000_000 + cython.cast(int64_t, rest)
