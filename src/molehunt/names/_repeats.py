"""How many bits the choice among known names says (compiled): repeats as code words.

An adaptive, lossless code of the sequence: per query whether the name is new (its own cost is the information coder's), and if
not, which: by how often each was asked, mixed with what followed the name before (so a page that asks its names in
the same order says little).
"""

import cython
import numpy as np
from cython.cimports.libc.math import log2
from cython.cimports.libc.stdlib import calloc, free
from cython.cimports.libc.string import memset

#: Weights of the two experts at the beginning of a group: how often, what followed.
PRIOR_OFTEN = cython.declare(cython.double, 0.6)
#: Share of the weights that returns to the beginning with every query.
SHARE = cython.declare(cython.double, 0.005)
PRIME = cython.declare(cython.ulonglong, 0x9E3779B97F4A7C15)

Pair = cython.struct(group=cython.longlong, before=cython.longlong, after=cython.longlong, count=cython.int)


@cython.cclass
class Sequence:
    """Counts of names and of pairs of names, one group after the other."""

    pairs: cython.pointer[Pair]
    mask: cython.ulonglong
    names: cython.p_int
    follows: cython.p_int

    def __cinit__(self, longest: cython.Py_ssize_t) -> None:
        bits = max(6, int(2 * longest).bit_length())
        self.mask = (1 << bits) - 1
        self.pairs = cython.cast(cython.pointer[Pair], calloc(1 << bits, cython.sizeof(Pair)))
        self.names = cython.cast(cython.p_int, calloc(longest + 1, cython.sizeof(cython.int)))
        self.follows = cython.cast(cython.p_int, calloc(longest + 1, cython.sizeof(cython.int)))
        if self.pairs == cython.NULL or self.names == cython.NULL or self.follows == cython.NULL:
            raise MemoryError

    def __dealloc__(self) -> None:
        free(self.pairs)
        free(self.names)
        free(self.follows)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def pair(self, group: cython.longlong, before: cython.longlong, after: cython.longlong) -> cython.p_int:
        """Return the counter of a pair in this group."""
        at: cython.ulonglong = (before * 0x10001 + after + 1) * PRIME
        slot: cython.pointer[Pair]
        at = (at ^ (at >> 32)) & self.mask
        while True:
            slot = self.pairs + at
            if slot.group != group:
                slot.group, slot.before, slot.after, slot.count = group, before, after, 0
            if slot.before == before and slot.after == after:
                return cython.address(slot.count)
            at = (at + 1) & self.mask

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def code(
        self, group: cython.longlong, ids: cython.pointer[cython.longlong], size: cython.Py_ssize_t, bits: cython.p_float
    ) -> cython.bint:
        """Write the cost of every query of one group; False if ids do not count from 0 in order of first appearance."""
        distinct: cython.longlong = 0
        weight: cython.double = PRIOR_OFTEN
        often: cython.double
        followed: cython.double
        total: cython.double
        before: cython.longlong = -1
        counter: cython.p_int
        i: cython.Py_ssize_t
        memset(self.names, 0, size * cython.sizeof(cython.int))
        memset(self.follows, 0, size * cython.sizeof(cython.int))
        for i in range(size):
            if not 0 <= ids[i] <= distinct:
                return False
            if ids[i] == distinct:
                bits[i] = -log2((distinct + 0.5) / (i + 1.0))
                distinct += 1
            else:
                counter = self.pair(group, before, ids[i])
                often = (self.names[ids[i]] + 0.5) / (i + 0.5 * distinct)
                followed = (counter[0] + often) / (self.follows[before] + 1.0)
                total = weight * often + (1 - weight) * followed
                bits[i] = -log2((i - distinct + 0.5) / (i + 1.0)) - log2(total)
                weight = (1 - SHARE) * weight * often / total + SHARE * PRIOR_OFTEN
                counter[0] += 1
                self.follows[before] += 1
            self.names[ids[i]] += 1
            before = ids[i]
        return True


def repeat_bits(ids: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the bits of each query's choice; see :func:`molehunt.names.information.repeat_bits`."""
    rows: cython.longlong[::1] = np.ascontiguousarray(ids, np.int64)
    where: cython.longlong[::1] = np.ascontiguousarray(offsets, np.int64)
    groups: cython.Py_ssize_t = len(where) - 1
    result = np.zeros(len(rows), np.float32)
    bits: cython.float[::1] = result
    sequence = Sequence(int(np.diff(offsets).max()) if groups else 0)
    group: cython.Py_ssize_t
    good: cython.bint = True
    with cython.nogil, cython.boundscheck(False), cython.wraparound(False):
        for group in range(groups):
            if where[group + 1] > where[group]:
                good &= sequence.code(
                    group + 1,
                    cython.address(rows[where[group]]),
                    where[group + 1] - where[group],
                    cython.address(bits[where[group]]),
                )
    if not good:
        raise ValueError("ids must count from 0 in order of first appearance, in each group")
    return result
