# cython: cdivision=True
"""Parameters of SVCB and HTTPS records in presentation format (compiled). Source: RFC 9460 §2.1, §7, appendix A."""

import cython
from cython.cimports.libc.string import strlen
from cython.cimports.molehunt.wire._buffer import be16, put, put_octet
from cython.cimports.molehunt.wire._text import (
    BAD_RDATA,
    put_base64,
    put_escaped,
    put_ipv4,
    put_ipv6,
    put_number,
    put_quoted,
)

from molehunt.wire import codes

MANDATORY = cython.declare(cython.uint, 0)
ALPN = cython.declare(cython.uint, 1)
NO_DEFAULT_ALPN = cython.declare(cython.uint, 2)
PORT = cython.declare(cython.uint, 3)
IPV4HINT = cython.declare(cython.uint, 4)
ECH = cython.declare(cython.uint, 5)
IPV6HINT = cython.declare(cython.uint, 6)
OHTTP = cython.declare(cython.uint, 8)
KEY_TEXT = cython.declare(cython.p_const_char[9])


def _fill() -> list[bytes]:
    """Set up the table; the texts that it points to must be kept."""
    kept = [codes.SERVICE_KEYS[key].encode() for key in range(9)]
    key: cython.int
    text: bytes
    for key in range(9):
        text = kept[key]
        KEY_TEXT[key] = text
    return kept


_KEPT = _fill()


def put_service(out, message, at, end):
    """Write the parameters, each after a space; return ``end`` or a negative reason."""
    here: cython.size_t = at
    last: cython.int = -1
    key: cython.int
    size: cython.size_t
    while here < end:
        if end - here < 4:
            return -BAD_RDATA
        key = be16(message + here)
        size = be16(message + here + 2)
        here += 4
        if key <= last or end - here < size:
            return -BAD_RDATA
        put_octet(out, 0x20)
        put_key(out, key)
        if not put_value(out, key, message + here, size):
            return -BAD_RDATA
        last = key
        here += size
    return end


def put_key(out, key):
    """Write the name of a key, or ``keyNNN``."""
    if key < 9:
        put(out, KEY_TEXT[key], strlen(KEY_TEXT[key]))
    else:
        put(out, b"key", 3)
        put_number(out, key)


def put_value(out, key, data, size):
    """Write ``="value"``; nothing for an empty one. Tell whether the value has its key's form."""
    good: cython.bint = True
    if key == NO_DEFAULT_ALPN or key == OHTTP:
        return size == 0
    if size == 0:
        return key > ECH and key != IPV6HINT
    put_octet(out, 0x3D)
    if key > OHTTP or key == 7:
        put_quoted(out, data, size)
        return True
    put_octet(out, 0x22)
    if key == MANDATORY:
        good = put_keys(out, data, size)
    elif key == ALPN:
        good = put_list(out, data, size)
    elif key == PORT:
        good = size == 2
        if good:
            put_number(out, be16(data))
    elif key == IPV4HINT:
        good = put_hints(out, data, size, 4)
    elif key == IPV6HINT:
        good = put_hints(out, data, size, 16)
    else:
        good = size >= 6 and be16(data) == size - 2
        put_base64(out, data, size)
    put_octet(out, 0x22)
    return good


def put_keys(out, data, size):
    """Write a list of keys."""
    index: cython.size_t
    for index in range(size // 2):
        if index > 0:
            put_octet(out, 0x2C)
        put_key(out, be16(data + 2 * index))
    return size % 2 == 0


def put_list(out, data, size):
    """Write counted strings with commas between; a comma or backslash inside is escaped twice (RFC 9460 A.1)."""
    at: cython.size_t = 0
    end: cython.size_t
    while at < size:
        if at > 0:
            put_octet(out, 0x2C)
        end = at + 1 + data[at]
        if end > size:
            return False
        at += 1
        while at < end:
            if data[at] == 0x2C or data[at] == 0x5C:
                put(out, b"\\\\", 2)
            put_escaped(out, data + at, 1)
            at += 1
    return True


def put_hints(out, data, size, width):
    """Write addresses with commas between."""
    index: cython.size_t
    for index in range(size // width):
        if index > 0:
            put_octet(out, 0x2C)
        if width == 4:
            put_ipv4(out, data + 4 * index)
        else:
            put_ipv6(out, data + 16 * index)
    return size % width == 0
