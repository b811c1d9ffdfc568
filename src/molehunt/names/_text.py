r"""Arrow strings as C sees them, and the one spelling of a name (compiled).

A name arrives in presentation format (RFC 1035 §5.1): ``\DDD`` is the octet DDD, ``\X`` is X without special meaning, an
unescaped dot separates labels. The canonical spelling keeps the letters' case and writes every octet in one way only.
"""

import cython
import pyarrow as pa
from cython.cimports.libc.stdlib import free, malloc, realloc
from cython.cimports.libc.string import memcpy

DOT = cython.declare(cython.uchar, 0x2E)
BACKSLASH = cython.declare(cython.uchar, 0x5C)

_i: cython.int
for _i in range(256):
    LOWER[_i] = _i + 32 if 65 <= _i <= 90 else _i


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def digit(octet: cython.uchar) -> cython.bint:
    return 48 <= octet <= 57


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def escaped(source: cython.p_uchar, size: cython.size_t, octet: cython.p_uchar) -> cython.size_t:
    """Decode the escape at ``source``; return how many characters it takes. A lone final backslash is itself."""
    value: cython.int
    octet[0] = BACKSLASH
    if size < 2:
        return 1
    if size >= 4 and digit(source[1]) and digit(source[2]) and digit(source[3]):
        value = (source[1] - 48) * 100 + (source[2] - 48) * 10 + (source[3] - 48)
        if value < 256:
            octet[0] = value
            return 4
    octet[0] = source[1]
    return 2


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def unescape(source: cython.p_uchar, size: cython.size_t, target: cython.p_uchar) -> cython.size_t:
    """Write the octets of one label to ``target`` (room for ``size``); return how many."""
    at: cython.size_t = 0
    used: cython.size_t = 0
    while at < size:
        if source[at] == BACKSLASH:
            at += escaped(source + at, size - at, target + used)
        else:
            target[used] = source[at]
            at += 1
        used += 1
    return used


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sequence_octets(lead: cython.uchar) -> cython.size_t:
    """Return how many octets the UTF-8 sequence with this first octet has; 0 if none begins so."""
    if lead < 0x80:
        return 1
    if 0xC2 <= lead <= 0xDF:
        return 2
    if 0xE0 <= lead <= 0xEF:
        return 3
    return 4 if 0xF0 <= lead <= 0xF4 else 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def is_utf8(octets: cython.p_uchar, size: cython.size_t) -> cython.bint:
    """Tell whether the octets are well-formed UTF-8 (Unicode 15, table 3-7)."""
    at: cython.size_t = 0
    length: cython.size_t
    i: cython.size_t
    lead: cython.uchar
    second: cython.uchar
    while at < size:
        lead = octets[at]
        length = sequence_octets(lead)
        if length == 0 or at + length > size:
            return False
        for i in range(1, length):
            if octets[at + i] & 0xC0 != 0x80:
                return False
        if length > 2:
            second = octets[at + 1]
            if (lead == 0xE0 and second < 0xA0) or (lead == 0xED and second > 0x9F):
                return False
            if (lead == 0xF0 and second < 0x90) or (lead == 0xF4 and second > 0x8F):
                return False
        at += length
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def spell(octets: cython.p_uchar, size: cython.size_t, target: cython.p_uchar) -> cython.size_t:
    """Write one label canonically: printable ASCII and well-formed UTF-8 as they are, the rest escaped."""
    used: cython.size_t = 0
    i: cython.size_t
    octet: cython.uchar
    utf8: cython.bint = is_utf8(octets, size)
    for i in range(size):
        octet = octets[i]
        if octet == DOT or octet == BACKSLASH:
            target[used] = BACKSLASH
            target[used + 1] = octet
            used += 2
        elif 0x21 <= octet <= 0x7E or (octet >= 0x80 and utf8):
            target[used] = octet
            used += 1
        else:
            target[used] = BACKSLASH
            target[used + 1] = 48 + octet // 100
            target[used + 2] = 48 + octet // 10 % 10
            target[used + 3] = 48 + octet % 10
            used += 4
    return used


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def canonical(source: cython.p_uchar, size: cython.size_t, octets: cython.p_uchar, target: cython.p_uchar) -> cython.size_t:
    """Write the canonical spelling of a whole name; ``octets`` has room for ``size``, ``target`` for four times that."""
    at: cython.size_t = 0
    held: cython.size_t = 0
    used: cython.size_t = 0
    while at < size:
        if source[at] == DOT:
            used += spell(octets, held, target + used)
            target[used] = DOT
            used += 1
            held = 0
            at += 1
        elif source[at] == BACKSLASH:
            at += escaped(source + at, size - at, octets + held)
            held += 1
        else:
            octets[held] = source[at]
            held += 1
            at += 1
    return used + spell(octets, held, target + used)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def separates(text: cython.p_uchar, at: cython.Py_ssize_t) -> cython.bint:
    """Tell whether the dot at ``at`` separates labels: an even number of backslashes stands before it."""
    before: cython.Py_ssize_t = at
    while before > 0 and text[before - 1] == BACKSLASH:
        before -= 1
    return (at - before) % 2 == 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def is_odd(text: cython.p_uchar, size: cython.size_t) -> cython.bint:
    """Tell whether anything but plain printable ASCII without a backslash occurs (written so that it vectorises)."""
    odd: cython.uchar = 0
    i: cython.size_t
    for i in range(size):
        odd |= (cython.cast(cython.uchar, text[i] - 0x21) > 0x5D) | (text[i] == 0x5C)
    return odd != 0


@cython.cclass
class Texts:
    """Rows of a string, large_string, binary or large_binary array, read in place.

    After ``seek(row)``, ``text`` and ``size`` are the row as it stands; after ``normal(row)`` they are its canonical
    spelling without the trailing dot. Both return False for null.
    """

    def __cinit__(self, array: pa.Array) -> None:
        kind = array.type
        large = pa.types.is_large_string(kind) or pa.types.is_large_binary(kind)
        if not (large or pa.types.is_string(kind) or pa.types.is_binary(kind)):
            raise TypeError(f"names must be strings, not {kind}")
        self.array = array
        self.rows = len(array)
        self.start = array.offset
        valid, offsets, data = array.buffers()
        self.valid = pointer(valid) if array.null_count else cython.NULL
        self.data = pointer(data)
        if large:
            self.wide = cython.cast(cython.p_longlong, pointer(offsets))
        else:
            self.narrow = cython.cast(cython.p_int, pointer(offsets))

    def __dealloc__(self) -> None:
        free(self.octets)
        free(self.scratch)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def seek(self, row: cython.Py_ssize_t) -> cython.bint:
        at: cython.Py_ssize_t = self.start + row
        begin: cython.longlong
        if self.valid != cython.NULL and not (self.valid[at >> 3] >> (at & 7)) & 1:
            self.size = 0
            return False
        if self.wide != cython.NULL:
            begin = self.wide[at]
            self.size = self.wide[at + 1] - begin
        else:
            begin = self.narrow[at]
            self.size = self.narrow[at + 1] - begin
        self.text = self.data + begin
        return True

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def normal(self, row: cython.Py_ssize_t) -> cython.bint:
        if not self.seek(row):
            return False
        if is_odd(self.text, self.size):
            if self.capacity < self.size:
                self.capacity = self.size + 256
                free(self.octets)
                free(self.scratch)
                self.octets = cython.cast(cython.p_uchar, malloc(self.capacity))
                self.scratch = cython.cast(cython.p_uchar, malloc(self.capacity * 4))
                if self.octets == cython.NULL or self.scratch == cython.NULL:
                    self.capacity = 0
                    return False
            self.size = canonical(self.text, self.size, self.octets, self.scratch)
            self.text = self.scratch
        while self.size and self.text[self.size - 1] == DOT and separates(self.text, self.size - 1):
            self.size -= 1
        return True


@cython.cfunc
def pointer(buffer: object) -> cython.p_uchar:
    """Return where an Arrow buffer begins; NULL for none."""
    address: cython.size_t = 0 if buffer is None else buffer.address
    return cython.cast(cython.p_uchar, address)


@cython.cclass
class Column:
    """A string column that grows row by row and is handed to Arrow without a copy."""

    def __cinit__(self, rows: cython.Py_ssize_t) -> None:
        self.rows = rows
        self.offsets = cython.cast(cython.p_int, malloc((rows + 1) * 4))
        self.capacity = rows * 16 + 256
        self.data = cython.cast(cython.p_uchar, malloc(self.capacity))
        if self.offsets == cython.NULL or self.data == cython.NULL:
            raise MemoryError
        self.offsets[0] = 0

    def __dealloc__(self) -> None:
        free(self.data)
        free(self.offsets)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def add(self, text: cython.p_uchar, size: cython.size_t, lower: cython.bint) -> cython.void:
        """Append a row; ``lower`` writes ASCII letters small. Running out of memory is remembered, not raised."""
        i: cython.size_t
        grown: cython.p_uchar
        if self.used + size > self.capacity:
            grown = cython.cast(cython.p_uchar, realloc(self.data, 2 * self.capacity + size))
            if grown != cython.NULL:
                self.data = grown
                self.capacity = 2 * self.capacity + size
        if self.used + size > self.capacity or self.used + size > 0x7FFFFFFF:
            self.failed = True
            size = 0
        if lower:
            for i in range(size):
                self.data[self.used + i] = LOWER[text[i]]
        else:
            memcpy(self.data + self.used, text, size)
        self.used += size
        self.row += 1
        self.offsets[self.row] = self.used

    def to_arrow(self, valid: pa.Array) -> pa.StringArray:
        """Return the column; rows that are null in ``valid`` (the input) are null.

        Raises:
            MemoryError: No memory was left, or the column passes 2 GiB: give the names in chunks.
        """
        if self.failed:
            raise MemoryError("a column of names passes 2 GiB or the memory: give the names in chunks")
        offsets = pa.foreign_buffer(cython.cast(cython.size_t, self.offsets), (self.rows + 1) * 4, self)
        data = pa.foreign_buffer(cython.cast(cython.size_t, self.data), self.used, self)
        bitmap = valid.is_valid().buffers()[1] if valid.null_count else None
        return pa.StringArray.from_buffers(self.rows, offsets, data, bitmap, valid.null_count)
