"""How many bits the distinct names of a group say, label by label (compiled).

A lossless, adaptive code: whoever knows the code could decode the names, in order of arrival, from so many bits. So its
length bounds what was said. Per name: how many labels; per label, from the zone outward: seen before or new; if seen, which;
if new, its length and its characters. See :mod:`molehunt.names.information` for the interface and ``model`` for the experts.
"""

import cython
import numpy as np
import pyarrow as pa
from cython.cimports.libc.math import log2
from cython.cimports.libc.stdlib import calloc, free, malloc, realloc
from cython.cimports.libc.string import memcmp, memset
from cython.cimports.molehunt.names._alphabets import alphabet_of
from cython.cimports.molehunt.names._experts import Depth, begin, counted, follows, forget, spelt_bits
from cython.cimports.molehunt.names._text import Texts, separates, unescape

from molehunt.names._experts import LENGTHS, LONG_BITS

#: Depths told apart; labels further out count as the last.
DEPTHS = 16

N_DEPTHS = cython.declare(cython.int, DEPTHS)
N_LENGTHS = cython.declare(cython.int, LENGTHS)
LONG = cython.declare(cython.double, LONG_BITS)
SEED = cython.declare(cython.ulonglong, 0xCBF29CE484222325)
PRIME = cython.declare(cython.ulonglong, 0x100000001B3)

#: A label that was seen: its octets in the arena, its depth, how often.
Slot = cython.struct(
    hash=cython.ulonglong, group=cython.longlong, at=cython.size_t, size=cython.int, depth=cython.int, count=cython.int
)

#: What :meth:`Coder.code` finds for each depth of each group.
RESULTS = {"label_bits": np.float32, "label_count": np.int32, "label_chars": np.int32, "alphabet": np.int8}


@cython.cclass
class Coder:
    """The state of the code; one group after the other."""

    depths: cython.pointer[Depth]
    used_depths: cython.int
    label_counts: cython.int[64]
    name_total: cython.longlong
    slots: cython.pointer[Slot]
    mask: cython.ulonglong
    filled: cython.ulonglong
    group: cython.longlong
    arena: cython.p_uchar
    used: cython.size_t
    capacity: cython.size_t
    failed: cython.bint

    def __cinit__(self) -> None:
        self.depths = cython.cast(cython.pointer[Depth], calloc(DEPTHS, cython.sizeof(Depth)))
        self.mask = 1023
        self.slots = cython.cast(cython.pointer[Slot], calloc(1024, cython.sizeof(Slot)))
        self.capacity = 1 << 16
        self.arena = cython.cast(cython.p_uchar, malloc(self.capacity))
        if self.depths == cython.NULL or self.slots == cython.NULL or self.arena == cython.NULL:
            raise MemoryError

    def __dealloc__(self) -> None:
        free(self.depths)
        free(self.slots)
        free(self.arena)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def begin_group(self) -> cython.void:
        """Forget the group before."""
        i: cython.int
        for i in range(self.used_depths):
            forget(cython.address(self.depths[i]))
        memset(self.label_counts, 0, 64 * cython.sizeof(cython.int))
        self.used_depths = 0
        self.name_total = 0
        self.filled = 0
        self.used = 0
        self.group += 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def reserve(self, size: cython.size_t) -> cython.bint:
        """Make room for a label in the arena and the table; False, and remembered, where memory ends."""
        grown: cython.p_uchar
        if self.used + size > self.capacity:
            grown = cython.cast(cython.p_uchar, realloc(self.arena, 2 * self.capacity + size))
            if grown == cython.NULL:
                self.failed = True
                return False
            self.arena = grown
            self.capacity = 2 * self.capacity + size
        if 2 * self.filled > self.mask:
            return self.widen()
        return True

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def widen(self) -> cython.bint:
        """Double the table, keeping the labels of this group."""
        old: cython.pointer[Slot] = self.slots
        size: cython.ulonglong = self.mask + 1
        i: cython.ulonglong
        at: cython.ulonglong
        wide: cython.pointer[Slot] = cython.cast(cython.pointer[Slot], calloc(2 * size, cython.sizeof(Slot)))
        if wide == cython.NULL:
            self.failed = True
            return False
        self.mask = 2 * size - 1
        for i in range(size):
            if old[i].group == self.group:
                at = old[i].hash & self.mask
                while wide[at].group:
                    at = (at + 1) & self.mask
                wide[at] = old[i]
        self.slots = wide
        free(old)
        return True

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def slot_of(self, size: cython.int, depth: cython.int) -> cython.pointer[Slot]:
        """Return the slot of the label that stands at the arena's end, or the free one where it belongs."""
        hashed: cython.ulonglong = SEED ^ depth
        label: cython.p_uchar = self.arena + self.used
        slot: cython.pointer[Slot]
        i: cython.int
        for i in range(size):
            hashed = (hashed ^ label[i]) * PRIME
        hashed ^= hashed >> 29
        at: cython.ulonglong = hashed & self.mask
        while True:
            slot = self.slots + at
            if slot.group != self.group:
                slot.hash = hashed
                return slot
            if slot.hash == hashed and slot.size == size and slot.depth == depth:
                if memcmp(self.arena + slot.at, label, size) == 0:
                    return slot
            at = (at + 1) & self.mask

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def label_bits(self, size: cython.int, depth: cython.int) -> cython.double:
        """Return the cost of the label at the arena's end, and remember it."""
        here: cython.pointer[Depth] = cython.address(self.depths[depth])
        slot: cython.pointer[Slot] = self.slot_of(size, depth)
        bits: cython.double
        i: cython.int
        if self.used_depths <= depth:
            for i in range(self.used_depths, depth + 1):
                begin(cython.address(self.depths[i]))
            self.used_depths = depth + 1
        distinct: cython.longlong = here.spelt_count + here.next_count
        if slot.group == self.group:
            bits = counted(here.seen_count, here.seen_count + distinct, 3, 1.5)
            bits -= log2((slot.count + 0.5) / (here.seen_count + 1.5 * distinct))
            slot.count += 1
            here.seen_count += 1
            return bits
        if follows(here, self.arena + self.used, size, self.arena):
            bits = counted(here.next_count, here.seen_count + distinct, 3, 1.5)
            here.next_count += 1
        else:
            bits = counted(here.spelt_count, here.seen_count + distinct, 3, 1.5)
            bits += spelt_bits(here, self.arena + self.used, size, self.arena)
            here.spelt_count += 1
        slot.group, slot.at, slot.size, slot.depth, slot.count = self.group, self.used, size, depth, 1
        here.chars += size
        here.latest, here.latest_size = self.used + 1, size
        if size < N_LENGTHS:
            here.last[size] = self.used + 1
        self.used += size
        self.filled += 1
        return bits

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def name_bits(self, text: cython.p_uchar, size: cython.Py_ssize_t) -> cython.double:
        """Return the cost of one canonical subdomain."""
        bits: cython.double = 0
        cost: cython.double
        depth: cython.int = 0
        labels: cython.int = 0
        end: cython.Py_ssize_t = size
        at: cython.Py_ssize_t = size
        while size:
            while at > 0 and not (text[at - 1] == 0x2E and separates(text, at - 1)):
                at -= 1
            if not self.reserve(end - at + 1):
                return bits
            cost = self.label_bits(unescape(text + at, end - at, self.arena + self.used), depth)
            self.depths[depth].bits += cost
            bits += cost
            labels += 1
            depth = min(depth + 1, N_DEPTHS - 1)
            if at == 0:
                break
            at -= 1
            end = at
        end = min(labels, N_LENGTHS - 1)
        bits += counted(self.label_counts[end], self.name_total, N_LENGTHS, 1) + (LONG if end < labels else 0)
        self.label_counts[end] += 1
        self.name_total += 1
        return bits

    def code(self, names: pa.Array, offsets: np.ndarray, words_bits: float, strange_ratio: float) -> dict:
        """Return the bits per name, and what each depth of each group says and looks like.

        Raises:
            MemoryError: A group's labels do not fit into memory.
        """
        texts = Texts(names)
        groups: cython.Py_ssize_t = len(offsets) - 1
        where: cython.longlong[::1] = np.ascontiguousarray(offsets, np.int64)
        found: dict = {name: np.zeros((groups, DEPTHS), kind) for name, kind in RESULTS.items()}
        name_bits = np.zeros(texts.rows, np.float32)
        per_name: cython.float[::1] = name_bits
        bits: cython.float[:, ::1] = found["label_bits"]
        count: cython.int[:, ::1] = found["label_count"]
        chars: cython.int[:, ::1] = found["label_chars"]
        alphabet: cython.schar[:, ::1] = found["alphabet"]
        words: cython.double = words_bits
        strange: cython.double = strange_ratio
        here: cython.pointer[Depth]
        group: cython.Py_ssize_t
        row: cython.Py_ssize_t
        depth: cython.int
        with cython.nogil, cython.boundscheck(False), cython.wraparound(False):
            for group in range(groups):
                self.begin_group()
                for row in range(where[group], where[group + 1]):
                    if texts.normal(row):
                        per_name[row] = self.name_bits(texts.text, texts.size)
                for depth in range(self.used_depths):
                    here = cython.address(self.depths[depth])
                    bits[group, depth] = here.bits
                    count[group, depth] = here.spelt_count + here.next_count
                    chars[group, depth] = here.chars
                    alphabet[group, depth] = alphabet_of(here.counts, here.total, here.spelling_bits, words, strange)
        if self.failed:
            raise MemoryError("the labels of one group do not fit into memory")
        return found | {"name_bits": name_bits}
