"""A piece of text looked at, at the speed of memory (compiled): newlines, double quotes and rarities, in one pass."""

import cython
from cython.cimports.libc.string import memset

#: So many octets side by side are counted at once, each in a counter of one octet, so often that it cannot overflow.
LANES = cython.declare(cython.int, 64)
ROUNDS = cython.declare(cython.int, 255)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def look(
    text: cython.p_const_uchar, size: cython.Py_ssize_t, newlines: cython.p_longlong, quotes: cython.p_longlong
) -> cython.bint:
    """Add what is found to the two numbers; tell whether there is a zero, a return, a ``#`` or an octet above 127."""
    ends: cython.uchar[64]
    marks: cython.uchar[64]
    rare: cython.uchar[64]
    octet: cython.uchar
    is_rare: cython.bint = False
    at: cython.Py_ssize_t = 0
    lane: cython.int
    rounds: cython.int
    memset(rare, 0, LANES)
    while size - at >= LANES:
        memset(ends, 0, LANES)
        memset(marks, 0, LANES)
        rounds = 0
        while rounds < ROUNDS and size - at >= LANES:
            for lane in range(64):
                octet = text[at + lane]
                ends[lane] += octet == 10
                marks[lane] += octet == 34
                rare[lane] |= (octet == 0) | (octet == 13) | (octet == 35) | (octet > 127)
            at += LANES
            rounds += 1
        for lane in range(64):
            newlines[0] += ends[lane]
            quotes[0] += marks[lane]
    while at < size:
        octet = text[at]
        newlines[0] += octet == 10
        quotes[0] += octet == 34
        is_rare |= (octet == 0) | (octet == 13) | (octet == 35) | (octet > 127)
        at += 1
    for lane in range(64):
        is_rare |= rare[lane]
    return is_rare


def seen(octets: bytes) -> tuple[int, int, bool]:
    """Count newlines and double quotes, and tell whether a zero, a return, a ``#`` or an octet above 127 is there."""
    newlines: cython.longlong = 0
    quotes: cython.longlong = 0
    size: cython.Py_ssize_t = len(octets)
    text: cython.p_const_uchar = octets
    is_rare: cython.bint
    with cython.nogil:
        is_rare = look(text, size, cython.address(newlines), cython.address(quotes))
    return newlines, quotes, is_rare != 0
