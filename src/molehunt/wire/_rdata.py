# cython: cdivision=True
"""The data of a record in presentation format, field by field (compiled).

Each type has a form (``codes.FORMS``), one letter per field::

    1 2 4  number of so many octets         n  name, compression followed     T  type            t  time of a signature
    a 6    IPv4, IPv6 address               s  string                         S  strings, one or more
    h b    rest as hexadecimal, base 64     q  rest as a quoted string        c  tag of a CAA record
    x y    counted salt, counted hash       B  bitmap of types                v  parameters of a service
"""

import cython
from cython.cimports.libc.string import strlen
from cython.cimports.molehunt.wire._buffer import be16, be32, put, put_octet
from cython.cimports.molehunt.wire._service import put_service
from cython.cimports.molehunt.wire._text import (
    BAD_RDATA,
    CUT,
    NAME_OCTETS,
    expand_name,
    put_base32hex,
    put_base64,
    put_escaped,
    put_hex,
    put_ipv4,
    put_ipv6,
    put_name,
    put_number,
    put_quoted,
    put_time,
)

from molehunt.wire import codes

KNOWN = cython.declare(cython.uint, 32770)
TYPE_TEXT = cython.declare(cython.p_const_char[32770])
RCODE_TEXT = cython.declare(cython.p_const_char[32])
FORM = cython.declare(cython.p_const_char[32770])
INTERNET = cython.declare(cython.uchar[256])


def _fill() -> list[bytes]:
    """Set up the tables; the texts that they point to must be kept."""
    kept: list[bytes] = []
    code: cython.int
    text: bytes
    for code, mnemonic in codes.TYPES.items():
        text = mnemonic.encode()
        kept.append(text)
        TYPE_TEXT[code] = text
    for code, mnemonic in codes.RCODES.items():
        text = mnemonic.encode()
        kept.append(text)
        RCODE_TEXT[code] = text
    for code, text in codes.FORMS.items():
        kept.append(text)
        FORM[code] = text
    for code in codes.INTERNET_ONLY:
        INTERNET[code] = 1
    return kept


_KEPT = _fill()


def form_of(kind, rclass):
    """Return the form of a type in a class, or NULL. The top bit of the class is mDNS's cache flush (RFC 6762 §10.2)."""
    if kind >= KNOWN:
        return cython.NULL
    if kind < 256 and INTERNET[kind] and rclass & 0x7FFF != 1:
        return cython.NULL
    return FORM[kind]


def put_mnemonic(out, known, prefix, code):
    """Write a mnemonic, or the prefix and the number."""
    if known != cython.NULL:
        put(out, known, strlen(known))
    else:
        put(out, prefix, strlen(prefix))
        put_number(out, code)


def put_type(out, kind):
    """Write the mnemonic of a type."""
    put_mnemonic(out, TYPE_TEXT[kind] if kind < KNOWN else cython.NULL, b"TYPE", kind)


def put_rcode(out, code):
    """Write the mnemonic of a response code."""
    put_mnemonic(out, RCODE_TEXT[code] if code < 32 else cython.NULL, b"RCODE", code)


def put_generic(out, data, size):
    """Write data of unknown form (RFC 3597 §5)."""
    put(out, b"\\# ", 3)
    put_number(out, size)
    if size > 0:
        put_octet(out, 0x20)
        put_hex(out, data, size)


def put_rdata(out, message, at, end, kind, rclass):
    """Write the data between ``at`` and ``end``; tell whether it has its type's form. If not, it is written as generic."""
    form: cython.p_const_char = form_of(kind, rclass)
    start: cython.size_t = out.size
    here: int64_t = at
    blank: cython.bint  # a key or a digest of no octets: nothing is written, so no space before it
    if form == cython.NULL:
        put_generic(out, message + at, end - at)
        return True
    while form[0] != 0 and here >= 0:
        blank = here == cython.cast(int64_t, end) and (form[0] == b"h" or form[0] == b"b")
        if out.size > start and form[0] != b"v" and form[0] != b"B" and not blank:
            put_octet(out, 0x20)
        here = put_field(out, message, here, end, form[0])
        form += 1
    if here == cython.cast(int64_t, end):
        return True
    out.size = start
    put_generic(out, message + at, end - at)
    return False


def put_field(out, message, at, end, form):
    """Write one field; return the offset behind it or a negative reason."""
    if form == b"1" or form == b"2" or form == b"4" or form == b"T" or form == b"t":
        return put_integer(out, message, at, end, form)
    if form == b"n":
        return put_name_field(out, message, at, end)
    if form == b"a" and end - at >= 4:
        put_ipv4(out, message + at)
        return at + 4
    if form == b"6" and end - at >= 16:
        put_ipv6(out, message + at)
        return at + 16
    if form == b"S":
        return put_strings(out, message, at, end)
    if form == b"B":
        return put_bitmap(out, message, at, end)
    if form == b"v":
        return put_service(out, message, at, end)
    if form == b"h" or form == b"b" or form == b"q":
        return put_rest(out, message, at, end, form)
    return put_counted(out, message, at, end, form)


def put_integer(out, message, at, end, form):
    """Write a number, a type or a time."""
    width: cython.size_t = 1 if form == b"1" else 2 if form == b"2" or form == b"T" else 4
    if end - at < width:
        return -CUT
    if form == b"T":
        put_type(out, be16(message + at))
    elif form == b"t":
        put_time(out, be32(message + at))
    else:
        put_number(out, message[at] if width == 1 else be16(message + at) if width == 2 else be32(message + at))
    return at + width


def put_name_field(out, message, at, end):
    """Write a name; its own octets end with the data, a pointer leads out of it."""
    name: cython.uchar[NAME_OCTETS]
    size: cython.size_t = 0
    after: int64_t = expand_name(message, end, at, name, cython.address(size))
    if after >= 0:
        put_name(out, name, size)
    return after


def put_counted(out, message, at, end, form):
    """Write octets that their number precedes: a string, a CAA tag, the salt and the hash of NSEC3."""
    if at >= end or end - at - 1 < message[at]:
        return -CUT
    size: cython.size_t = message[at]
    if form == b"s":
        put_quoted(out, message + at + 1, size)
    elif form == b"c":
        put_escaped(out, message + at + 1, size)
    elif form == b"y":
        put_base32hex(out, message + at + 1, size)
    elif size == 0:
        put_octet(out, 0x2D)
    else:
        put_hex(out, message + at + 1, size)
    return at + 1 + size


def put_strings(out, message, at, end):
    """Write one or more strings."""
    here: int64_t = put_counted(out, message, at, end, b"s")
    while 0 <= here < cython.cast(int64_t, end):
        put_octet(out, 0x20)
        here = put_counted(out, message, here, end, b"s")
    return here


def put_rest(out, message, at, end, form):
    """Write all that is left."""
    if form == b"h":
        put_hex(out, message + at, end - at)
    elif form == b"b":
        put_base64(out, message + at, end - at)
    else:
        put_quoted(out, message + at, end - at)
    return end


def put_bitmap(out, message, at, end):
    """Write the types of a bitmap, each after a space (RFC 4034 §4.1.2)."""
    here: cython.size_t = at
    window: cython.int = -1
    size: cython.size_t
    index: cython.size_t
    while here < end:
        if end - here < 2 or message[here] <= window:
            return -BAD_RDATA
        window = message[here]
        size = message[here + 1]
        here += 2
        if size == 0 or size > 32 or end - here < size:
            return -BAD_RDATA
        for index in range(8 * size):
            if message[here + index // 8] & (0x80 >> (index & 7)):
                put_octet(out, 0x20)
                put_type(out, 256 * window + index)
        here += size
    return end
