# cython: cdivision=True
"""IP datagrams put together from fragments (compiled).

A fixed number of datagrams is under way at once, each at most 64 KiB with a bit per eight octets received. Where fragments
overlap, the first to arrive wins. Source: RFC 791 §3.2, RFC 8200 §4.5, RFC 815.
"""

import cython
from cython.cimports.libc.stdlib import calloc, free
from cython.cimports.libc.string import memcmp, memcpy, memset
from cython.cimports.molehunt.wire._buffer import release, space
from cython.cimports.molehunt.wire._state import BAD_FRAGMENT, fault

UNITS = cython.declare(cython.uint, 8192)  # 64 KiB in units of eight octets
PATIENCE_NS = cython.declare(cython.longlong, 5_000_000_000)  # fragments of one datagram come within milliseconds


def open_datagrams(state, room):
    """Make room for so many datagrams at once; tell whether there was memory."""
    state.datagram_room = room
    state.datagrams = cython.cast(cython.pointer[Datagram], calloc(room, cython.sizeof(Datagram)))
    return state.datagrams != cython.NULL


def close_datagrams(state):
    """Give all memory back."""
    index: cython.uint
    if state.datagrams != cython.NULL:
        for index in range(state.datagram_room):
            release(cython.address(state.datagrams[index].data))
            free(state.datagrams[index].units)
    free(state.datagrams)
    state.datagrams = cython.NULL


def find_datagram(state, flow, fragment):
    """Return the datagram that the fragment belongs to, a fresh one, or NULL if all places are taken."""
    empty: cython.pointer[Datagram] = cython.NULL
    one: cython.pointer[Datagram]
    index: cython.uint
    for index in range(state.datagram_room):
        one = cython.address(state.datagrams[index])
        if not one.used:
            if empty == cython.NULL:
                empty = one
            continue
        if (
            one.id == fragment.id
            and one.flow.family == flow.family
            and (one.number == fragment.number or flow.family == 6)
            and memcmp(one.flow.source, flow.source, 16) == 0
            and memcmp(one.flow.target, flow.target, 16) == 0
        ):
            return one
    if empty == cython.NULL:
        return cython.NULL
    if empty.units == cython.NULL:
        empty.units = cython.cast(cython.pointer[uint8_t], calloc(UNITS // 8, 1))
        if empty.units == cython.NULL:
            return cython.NULL
    memset(empty.units, 0, UNITS // 8)
    empty.used = True
    empty.flow = flow[0]
    empty.id = fragment.id
    empty.number = fragment.number
    empty.ts = state.clock
    empty.since = state.packet
    empty.have = 0
    empty.total = 0
    empty.data.size = 0
    state.datagram_count += 1
    return empty


def add_fragment(state, flow, fragment):
    """Add a fragment; return its datagram if it is whole now, else NULL. The caller drops it."""
    end: cython.size_t = fragment.offset + fragment.size
    if fragment.size == 0 or end > 65535 or (fragment.more and fragment.size % 8):
        fault(state, BAD_FRAGMENT, 0)
        return cython.NULL
    datagram: cython.pointer[Datagram] = find_datagram(state, flow, fragment)
    if datagram == cython.NULL or not copy_units(datagram, fragment):
        return cython.NULL
    if not fragment.more:
        datagram.total = end
    if fragment.offset == 0:
        datagram.number = fragment.number
    if datagram.total > 0 and datagram.have >= (datagram.total + 7) // 8:
        return datagram
    return cython.NULL


def copy_units(datagram, fragment):
    """Copy the octets that are new; tell whether there was memory."""
    end: cython.size_t = fragment.offset + fragment.size
    if space(cython.address(datagram.data), end + 8) == cython.NULL:
        return False
    at: cython.size_t = fragment.offset
    unit: cython.size_t
    size: cython.size_t
    while at < end:
        unit = at // 8
        size = 8 if end - at >= 8 else end - at
        if not (datagram.units[unit // 8] >> (unit & 7)) & 1:
            datagram.units[unit // 8] |= 1 << (unit & 7)
            datagram.have += 1
            memset(datagram.data.data + at, 0, 8)
            memcpy(datagram.data.data + at, fragment.data + (at - fragment.offset), size)
        at += 8
    return True


def stale_datagram(state, all):
    """Return a datagram that has waited too long for a fragment, or (if all places are taken) the oldest, or NULL."""
    oldest: cython.pointer[Datagram] = cython.NULL
    one: cython.pointer[Datagram]
    index: cython.uint
    if state.datagram_count == 0:
        return cython.NULL
    for index in range(state.datagram_room):
        one = cython.address(state.datagrams[index])
        if one.used and (oldest == cython.NULL or one.since < oldest.since):
            oldest = one
    if oldest == cython.NULL:
        return cython.NULL
    if all or state.datagram_count >= state.datagram_room or state.clock - oldest.ts > PATIENCE_NS:
        return oldest
    return cython.NULL


def whole_octets(datagram):
    """Return how many octets there are without a gap from the beginning."""
    unit: cython.uint = 0
    while unit < UNITS and (datagram.units[unit // 8] >> (unit & 7)) & 1:
        unit += 1
    if datagram.total > 0 and 8 * unit > datagram.total:
        return datagram.total
    return 8 * unit if unit < UNITS else 65535


def drop_datagram(state, datagram):
    """Free the place of a datagram."""
    datagram.used = False
    datagram.data.size = 0
    state.datagram_count -= 1
