"""Octets counted at the speed of memory (compiled): newlines and double quotes of a piece of text, in one pass."""

import cython
from cython.cimports.libc.string import memset

#: So many octets side by side are counted at once, each in a counter of one octet, so often that it cannot overflow.
LANES = cython.declare(cython.int, 64)
ROUNDS = cython.declare(cython.int, 255)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def count(
    text: cython.p_const_uchar, size: cython.Py_ssize_t, newlines: cython.p_longlong, quotes: cython.p_longlong
) -> cython.void:
    """Add what is found to the two numbers."""
    ends: cython.uchar[64]
    marks: cython.uchar[64]
    at: cython.Py_ssize_t = 0
    lane: cython.int
    rounds: cython.int
    while size - at >= LANES:
        memset(ends, 0, LANES)
        memset(marks, 0, LANES)
        rounds = 0
        while rounds < ROUNDS and size - at >= LANES:
            for lane in range(64):
                ends[lane] += text[at + lane] == 10
                marks[lane] += text[at + lane] == 34
            at += LANES
            rounds += 1
        for lane in range(64):
            newlines[0] += ends[lane]
            quotes[0] += marks[lane]
    while at < size:
        newlines[0] += text[at] == 10
        quotes[0] += text[at] == 34
        at += 1


def newlines_and_quotes(octets: bytes) -> tuple[int, int]:
    """Count newlines and double quotes, without the interpreter's lock."""
    newlines: cython.longlong = 0
    quotes: cython.longlong = 0
    size: cython.Py_ssize_t = len(octets)
    text: cython.p_const_uchar = octets
    with cython.nogil:
        count(text, size, cython.address(newlines), cython.address(quotes))
    return newlines, quotes
