"""Where a name's registered domain begins, by the public suffix list (compiled).

The rules are a trie laid into one open-addressing hash table: a key is a whole suffix ("co.uk"), every ancestor of a rule is
present, and a flag says whether longer rules exist. So most names cost two look-ups.
"""

import cython
import numpy as np
import pyarrow as pa
from cython.cimports.libc.stdlib import calloc, free
from cython.cimports.libc.string import memset
from cython.cimports.molehunt.names._text import LOWER, Column, Texts, separates

DOT = cython.declare(cython.uchar, 0x2E)

#: Flags of a suffix. Their values are part of the table only, never stored.
RULE, WILD, EXCEPT, PARENT, REVERSE4, REVERSE6, INTERNAL = 1, 2, 4, 8, 16, 32, 64

F_RULE = cython.declare(cython.int, RULE)
F_WILD = cython.declare(cython.int, WILD)
F_EXCEPT = cython.declare(cython.int, EXCEPT)
F_PARENT = cython.declare(cython.int, PARENT)
F_REVERSE4 = cython.declare(cython.int, REVERSE4)
F_REVERSE6 = cython.declare(cython.int, REVERSE6)
F_INTERNAL = cython.declare(cython.int, INTERNAL)

#: Bytes of one name's facts: two keys, two lengths, two flags.
FACT_BYTES = cython.declare(cython.Py_ssize_t, 26)

#: What a name is; the numbers index this table.
KINDS = ("public", "reverse", "internal", "single", "empty")
K_PUBLIC = cython.declare(cython.int, 0)
K_REVERSE = cython.declare(cython.int, 1)
K_INTERNAL = cython.declare(cython.int, 2)
K_SINGLE = cython.declare(cython.int, 3)
K_EMPTY = cython.declare(cython.int, 4)

#: Labels of a reverse zone by delegation: three octets are a /24, sixteen nibbles a /64.
REVERSE4_LABELS = cython.declare(cython.int, 3)
REVERSE6_LABELS = cython.declare(cython.int, 16)

ONE = cython.declare(cython.ulonglong, 1)
SOME_MASK = cython.declare(cython.ulonglong, (1 << 18) - 1)
SEED = cython.declare(cython.ulonglong, 0xCBF29CE484222325)
PRIME = cython.declare(cython.ulonglong, 0x100000001B3)
MIX1 = cython.declare(cython.ulonglong, 0xFF51AFD7ED558CCD)
MIX2 = cython.declare(cython.ulonglong, 0xC4CEB9FE1A85EC53)

#: Classes of octets; a mark is what no host name has.
SMALL = cython.declare(cython.int, 1)
CAPITAL = cython.declare(cython.int, 2)
MARK = cython.declare(cython.int, 4)
CLASS = cython.declare(cython.int[256])
_i: cython.int
for _i in range(256):
    CLASS[_i] = 0 if 48 <= _i <= 57 or _i == 45 or _i == 46 or _i == 95 else MARK
for _i in range(26):
    CLASS[65 + _i], CLASS[97 + _i] = CAPITAL, SMALL

Slot = cython.struct(hash=cython.ulonglong, key=cython.int, size=cython.int, flags=cython.int)
Cut = cython.struct(start=cython.Py_ssize_t, kind=cython.int)
Facts = cython.struct(
    name_key=cython.ulonglong, zone_key=cython.ulonglong, start=cython.Py_ssize_t, classes=cython.int, told=cython.bint
)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def label_start(text: cython.p_uchar, end: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """Return where the label that ends before ``end`` begins."""
    while end > 0 and not (text[end - 1] == DOT and separates(text, end - 1)):
        end -= 1
    return end


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def is_address_part(text: cython.p_uchar, size: cython.Py_ssize_t, nibble: cython.bint) -> cython.bint:
    """Tell whether a label is a decimal octet (``nibble``: one hexadecimal digit), as reverse zones have them."""
    i: cython.Py_ssize_t
    value: cython.int = 0
    if nibble:
        return size == 1 and (48 <= text[0] <= 57 or 97 <= LOWER[text[0]] <= 102)
    if not 1 <= size <= 3:
        return False
    for i in range(size):
        if not 48 <= text[i] <= 57:
            return False
        value = value * 10 + text[i] - 48
    return value < 256


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def reverse_start(text: cython.p_uchar, at: cython.Py_ssize_t, nibble: cython.bint) -> cython.Py_ssize_t:
    """Return where the delegated reverse zone begins whose last labels (``in-addr.arpa``) begin at ``at``."""
    left: cython.int = REVERSE6_LABELS if nibble else REVERSE4_LABELS
    begin: cython.Py_ssize_t
    while left and at > 0:
        begin = label_start(text, at - 1)
        if not is_address_part(text + begin, at - 1 - begin, nibble):
            break
        at = begin
        left -= 1
    return at


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def mixed(hashed: cython.ulonglong) -> cython.ulonglong:
    """Return a hash whose every bit depends on every bit of this one (MurmurHash3's last step)."""
    hashed = (hashed ^ (hashed >> 33)) * MIX1
    hashed = (hashed ^ (hashed >> 33)) * MIX2
    return hashed ^ (hashed >> 33)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def begins(text: cython.p_uchar, other: cython.p_const_uchar, size: cython.Py_ssize_t) -> cython.bint:
    """Tell whether a text, its letters made small, begins with another."""
    i: cython.Py_ssize_t
    for i in range(size):
        if LOWER[text[i]] != other[i]:
            return False
    return True


@cython.cclass
class Suffixes:
    """The public suffix list and the special zones, as a hash table of suffixes.

    Args:
        flags: Suffix in normal form (bytes) -> flags; ancestors are added here.
    """

    slots: cython.pointer[Slot]
    #: A bit for each hash that may be in the table: 32 KiB that stay in the cache, where most look-ups of no suffix end.
    some: cython.p_ulonglong
    mask: cython.ulonglong
    keys: bytes
    text: cython.p_uchar

    def __cinit__(self, flags: dict) -> None:
        nodes: dict = dict(flags)
        for name in flags:
            _, dot, parent = name.partition(b".")
            while dot:
                nodes[parent] = nodes.get(parent, 0) | PARENT
                _, dot, parent = parent.partition(b".")
        bits = max(4, (2 * len(nodes)).bit_length())
        self.mask = (1 << bits) - 1
        self.slots = cython.cast(cython.pointer[Slot], calloc(1 << bits, cython.sizeof(Slot)))
        self.some = cython.cast(cython.p_ulonglong, calloc((SOME_MASK + 1) >> 6, 8))
        if self.slots == cython.NULL or self.some == cython.NULL:
            raise MemoryError
        self.keys = b"".join(nodes)
        self.text = self.keys
        at: cython.int = 0
        for name, value in nodes.items():
            self.put(at, len(name), value)
            at += len(name)

    def __dealloc__(self) -> None:
        free(self.slots)
        free(self.some)

    @cython.cfunc
    def put(self, key: cython.int, size: cython.int, flags: cython.int) -> cython.void:
        hashed: cython.ulonglong = SEED
        i: cython.int
        for i in range(key + size - 1, key - 1, -1):
            hashed = (hashed ^ self.text[i]) * PRIME
        at: cython.ulonglong = hashed & self.mask
        self.some[(hashed & SOME_MASK) >> 6] |= ONE << (hashed & 63)
        while self.slots[at].size:
            at = (at + 1) & self.mask
        self.slots[at].hash, self.slots[at].key, self.slots[at].size, self.slots[at].flags = hashed, key, size, flags

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def find(self, text: cython.p_uchar, size: cython.Py_ssize_t, hashed: cython.ulonglong) -> cython.int:
        """Return the flags of the suffix in ``text``; -1 if it is not in the table."""
        at: cython.ulonglong = hashed & self.mask
        key: cython.p_uchar
        i: cython.Py_ssize_t
        if not self.some[(hashed & SOME_MASK) >> 6] >> (hashed & 63) & ONE:
            return -1
        while self.slots[at].size:
            if self.slots[at].hash == hashed and self.slots[at].size == size:
                key = self.text + self.slots[at].key
                i = 0
                while i < size and key[i] == LOWER[text[i]]:
                    i += 1
                if i == size:
                    return self.slots[at].flags
            at = (at + 1) & self.mask
        return -1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def cut(self, text: cython.p_uchar, size: cython.Py_ssize_t) -> Cut:
        """Return where the registered domain of a canonical name begins, and what kind of name it is."""
        result: Cut
        hashed: cython.ulonglong = SEED
        begin: cython.Py_ssize_t = size
        end: cython.Py_ssize_t = size
        suffix: cython.Py_ssize_t = -1
        flags: cython.int
        parent: cython.int = 0
        result.start, result.kind = 0, K_EMPTY
        if size == 0:
            return result
        result.kind = K_PUBLIC
        while True:
            while begin > 0 and not (text[begin - 1] == DOT and separates(text, begin - 1)):
                begin -= 1
                hashed = (hashed ^ LOWER[text[begin]]) * PRIME
            flags = self.find(text + begin, size - begin, hashed)
            if suffix < 0:
                suffix = begin
                if flags < 0:
                    result.kind = K_INTERNAL if begin else K_SINGLE
            if flags >= 0 and flags & F_EXCEPT:
                suffix = end + 1
                break
            if parent & F_WILD or (flags >= 0 and flags & F_RULE):
                suffix = begin
            if flags < 0:
                break
            if flags & (F_REVERSE4 | F_REVERSE6):
                result.kind = K_REVERSE
                result.start = reverse_start(text, begin, flags & F_REVERSE6 != 0)
                return result
            if flags & F_INTERNAL:
                result.kind = K_INTERNAL
            if begin == 0 or not flags & (F_PARENT | F_WILD):
                break
            parent = flags
            begin -= 1
            end = begin
            hashed = (hashed ^ DOT) * PRIME
        result.start = label_start(text, suffix - 1) if suffix > 0 else 0
        return result

    def registered_domain(self, names: pa.Array) -> pa.StringArray:
        """Return each name's registered domain in normal form."""
        texts = Texts(names)
        column = Column(texts.rows)
        row: cython.Py_ssize_t
        where: Cut
        with cython.nogil:
            for row in range(texts.rows):
                if texts.normal(row):
                    where = self.cut(texts.text, texts.size)
                    column.add(texts.text + where.start, texts.size - where.start, True)
                else:
                    column.add(texts.text, 0, True)
        return column.to_arrow(names)

    def subdomain(self, names: pa.Array, lower: cython.bint) -> pa.StringArray:
        """Return what stands left of each name's registered domain; ``lower`` makes the letters small."""
        texts = Texts(names)
        column = Column(texts.rows)
        row: cython.Py_ssize_t
        where: Cut
        with cython.nogil:
            for row in range(texts.rows):
                where.start = 0
                if texts.normal(row):
                    where = self.cut(texts.text, texts.size)
                column.add(texts.text, where.start - 1 if where.start else 0, lower)
        return column.to_arrow(names)

    def normal_form(self, names: pa.Array) -> pa.StringArray:
        """Return each name in normal form."""
        texts = Texts(names)
        column = Column(texts.rows)
        row: cython.Py_ssize_t
        with cython.nogil:
            for row in range(texts.rows):
                column.add(texts.text, texts.size if texts.normal(row) else 0, True)
        return column.to_arrow(names)

    def kinds(self, names: pa.Array) -> np.ndarray:
        """Return each name's index into KINDS; null counts as empty."""
        texts = Texts(names)
        row: cython.Py_ssize_t
        result = np.empty(texts.rows, np.int8)
        kinds: cython.schar[::1] = result
        with cython.nogil:
            for row in range(texts.rows):
                kinds[row] = self.cut(texts.text, texts.size).kind if texts.normal(row) else K_EMPTY
        return result

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def look(
        self, text: cython.p_uchar, size: cython.Py_ssize_t, mark: cython.p_const_uchar, mark_size: cython.Py_ssize_t
    ) -> Facts:
        """Return numbers of a canonical name. From its end on, so that the hash of the registered domain comes by the way."""
        result: Facts
        hashed: cython.ulonglong = SEED
        i: cython.Py_ssize_t
        result.start, result.classes = self.cut(text, size).start, 0
        result.zone_key, result.told = mixed(hashed), False
        for i in range(size - 1, -1, -1):
            hashed = (hashed ^ LOWER[text[i]]) * PRIME
            result.classes |= CLASS[text[i]]
            if LOWER[text[i]] == mark[0] and size - i >= mark_size and begins(text + i, mark, mark_size):
                result.told = True
            if i == result.start:
                result.zone_key = mixed(hashed)
        result.name_key = mixed(hashed)
        return result

    def facts(self, names: pa.Array, mark_chars: cython.Py_ssize_t, mark_text: bytes) -> pa.Buffer:
        """Return numbers of each name, 0 for null: all name_keys, then all zone_keys, and so on in the order of FACTS."""
        texts = Texts(names)
        mark: cython.p_const_uchar = mark_text
        mark_size: cython.Py_ssize_t = len(mark_text)
        rows: cython.Py_ssize_t = texts.rows
        row: cython.Py_ssize_t
        found: Facts
        block = pa.allocate_buffer(FACT_BYTES * rows)
        start: cython.size_t = block.address
        key = cython.cast(cython.p_ulonglong, start)
        length = cython.cast(cython.p_int, start + 16 * rows)
        flag = cython.cast(cython.p_schar, start + 24 * rows)
        with cython.nogil:
            memset(cython.cast(cython.p_void, start), 0, FACT_BYTES * rows)
            for row in range(rows):
                if texts.normal(row):
                    found = self.look(texts.text, texts.size, mark, mark_size)
                    key[row], key[rows + row] = found.name_key, found.zone_key
                    length[row], length[rows + row] = found.start, texts.size
                    if found.classes & CAPITAL:
                        flag[row] = 1 if found.classes & SMALL else 2
                    flag[rows + row] = (found.classes & MARK != 0 and texts.size >= mark_chars) or found.told
        return block
