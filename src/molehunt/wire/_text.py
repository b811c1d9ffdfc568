# cython: cdivision=True
"""Names, addresses, strings and times in presentation format (compiled).

Names lose their final dot (the root stays ``.``); of their octets only the dot, the backslash and what does not print are
escaped. Source: RFC 1035 §5.1, RFC 4034 §3.2 (times), RFC 4648 (base 32 and 64), RFC 5952 (IPv6).
"""

import cython
from cython.cimports.libc.string import memcmp, memcpy
from cython.cimports.molehunt.wire._buffer import be16, put, put_octet, space

LONGEST_CHAIN = cython.declare(cython.int, 16)  # compression pointers of one name, as dnspython has it
PLAIN = cython.declare(cython.uchar[256])  # 1: stands for itself in a name
PRINTS = cython.declare(cython.uchar[256])  # 1: stands for itself in a quoted string
LOWER = cython.declare(cython.uchar[256])
DOTTED = cython.declare(cython.uchar[1024])  # each octet in decimal digits and a dot, four octets apart
DOTTED_OCTETS = cython.declare(cython.uchar[256])
HEX = cython.declare(cython.p_const_char, b"0123456789abcdef")
BASE64 = cython.declare(cython.p_const_char, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
BASE32 = cython.declare(cython.p_const_char, b"0123456789abcdefghijklmnopqrstuv")

_i: cython.int
_j: cython.int
_octet: cython.uchar
for _i in range(256):
    PLAIN[_i] = 0x20 < _i < 0x7F and _i != 0x2E and _i != 0x5C
    PRINTS[_i] = 0x20 <= _i < 0x7F and _i != 0x22 and _i != 0x5C
    LOWER[_i] = _i + 32 if 65 <= _i <= 90 else _i
    for _j, _octet in enumerate(b"%d." % _i):
        DOTTED[4 * _i + _j] = _octet
        DOTTED_OCTETS[_i] = _j + 1


def expand_name(message, length, at, name, size):
    """Write the labels of the name at ``at``, without the root's, to ``name`` of 256 octets.

    A compression pointer must lead to octets before all that was read so far, so that no name loops; a long chain of them
    is an attack on the reader's time.

    Returns:
        Offset behind the name, or a negative reason.
    """
    here: cython.size_t = at
    lowest: cython.size_t = at
    hops: cython.int = 0
    filled: cython.size_t = 0
    after: int64_t = -1
    octet: cython.size_t
    while True:
        if here >= length:
            return -CUT
        octet = message[here]
        if octet == 0:
            break
        if octet < 64:
            if octet >= length - here:
                return -CUT
            if filled + octet + 1 > 254:
                return -LONG_NAME
            memcpy(name + filled, message + here, octet + 1)
            filled += octet + 1
            here += octet + 1
            continue
        if octet < 192:
            return -BAD_LABEL
        if length - here < 2:
            return -CUT
        if after < 0:
            after = here + 2
        here = be16(message + here) & 0x3FFF
        hops += 1
        if here >= lowest or hops > LONGEST_CHAIN:
            return -LOOP
        length = lowest
        lowest = here
    size[0] = filled
    return after if after >= 0 else cython.cast(int64_t, here + 1)


def skip_name(message, length, at):
    """Return the offset behind the name at ``at``, or a negative reason; follows no pointer."""
    here: cython.size_t = at
    while here < length:
        if message[here] >= 192:
            return here + 2 if length - here >= 2 else -CUT
        if message[here] >= 64:
            return -BAD_LABEL
        if message[here] == 0:
            return here + 1
        here += message[here] + 1
    return -CUT


def same_name(one, other, size):
    """Compare two expanded names of one size without regard to letter case."""
    at: cython.size_t
    if memcmp(one, other, size) == 0:  # nearly always
        return True
    for at in range(size):
        if LOWER[one[at]] != LOWER[other[at]]:
            return False
    return True


def name_hash(name, size):
    """Return a hash of an expanded name that letter case does not change (FNV-1a)."""
    value: uint32_t = 2166136261
    at: cython.size_t
    for at in range(size):
        value = (value ^ LOWER[name[at]]) * 16777619
    return value


def put_decimal_escape(to, octet):
    """Write a backslash and three digits."""
    to[0] = 0x5C
    to[1] = 48 + octet // 100
    to[2] = 48 + octet // 10 % 10
    to[3] = 48 + octet % 10


def put_name(out, name, size):
    """Write an expanded name."""
    if size == 0:
        put_octet(out, 0x2E)
        return
    to: cython.pointer[uint8_t] = space(out, 4 * size)
    if to == cython.NULL:
        return
    start: cython.pointer[uint8_t] = to
    at: cython.size_t = 0
    end: cython.size_t
    octet: uint8_t
    while at < size:
        if at > 0:
            to[0] = 0x2E
            to += 1
        end = at + 1 + name[at]
        at += 1
        while at < end:
            octet = name[at]
            at += 1
            if PLAIN[octet]:
                to[0] = octet
                to += 1
            elif octet == 0x2E or octet == 0x5C:
                to[0] = 0x5C
                to[1] = octet
                to += 2
            else:
                put_decimal_escape(to, octet)
                to += 4
    out.size += to - start


def put_number(out, value):
    """Write a decimal number."""
    digits: cython.char[20]
    at: cython.int = 20
    while True:
        at -= 1
        digits[at] = 48 + value % 10
        value //= 10
        if value == 0:
            break
    put(out, cython.address(digits[at]), 20 - at)


def put_ipv4(out, address):
    """Write an IPv4 address."""
    to: cython.pointer[uint8_t] = space(out, 16)
    if to == cython.NULL:
        return
    start: cython.pointer[uint8_t] = to
    index: cython.int
    for index in range(4):
        memcpy(to, cython.address(DOTTED[4 * address[index]]), 4)
        to += DOTTED_OCTETS[address[index]]
    out.size += to - start - 1


def longest_zeros(address, count):
    """Return where the longest run of zero groups begins and its length: the one that ``::`` stands for."""
    best: cython.int = 0
    count[0] = 1
    index: cython.int
    run: cython.int = 0
    for index in range(8):
        run = run + 1 if be16(address + 2 * index) == 0 else 0
        if run > count[0]:
            count[0] = run
            best = index - run + 1
    return best


def put_group(out, value):
    """Write 16 bits as hexadecimal without leading zeros."""
    shift: cython.int = 12
    while shift > 0 and value >> shift == 0:
        shift -= 4
    while shift >= 0:
        put_octet(out, HEX[(value >> shift) & 15])
        shift -= 4


def put_ipv6(out, address):
    """Write an IPv6 address; one that holds an IPv4 address ends as that."""
    count: cython.int = 0
    zeros: cython.int = longest_zeros(address, cython.address(count))
    dotted: cython.bint = zeros == 0 and (count == 6 or (count == 5 and be16(address + 10) == 0xFFFF))
    index: cython.int = 0
    while index < 8:
        if count > 1 and index == zeros:
            put(out, b"::", 2)
            index += count
            continue
        if index > 0 and not (count > 1 and index == zeros + count):
            put_octet(out, 0x3A)
        if dotted and index == 6:
            put_ipv4(out, address + 12)
            return
        put_group(out, be16(address + 2 * index))
        index += 1


def put_escaped(out, text, size):
    """Write octets as the inside of a quoted string."""
    to: cython.pointer[uint8_t] = space(out, 4 * size)
    if to == cython.NULL:
        return
    start: cython.pointer[uint8_t] = to
    at: cython.size_t
    for at in range(size):
        if PRINTS[text[at]]:
            to[0] = text[at]
            to += 1
        elif text[at] == 0x22 or text[at] == 0x5C:
            to[0] = 0x5C
            to[1] = text[at]
            to += 2
        else:
            put_decimal_escape(to, text[at])
            to += 4
    out.size += to - start


def put_quoted(out, text, size):
    """Write octets as a quoted string."""
    put_octet(out, 0x22)
    put_escaped(out, text, size)
    put_octet(out, 0x22)


def put_hex(out, data, size):
    """Write octets as lower-case hexadecimal."""
    to: cython.pointer[uint8_t] = space(out, 2 * size)
    if to == cython.NULL:
        return
    at: cython.size_t
    for at in range(size):
        to[2 * at] = HEX[data[at] >> 4]
        to[2 * at + 1] = HEX[data[at] & 15]
    out.size += 2 * size


def put_base64(out, data, size):
    """Write octets as base 64 with padding."""
    at: cython.size_t = 0
    bits: uint32_t
    quad: cython.char[4]
    while at < size:
        bits = cython.cast(uint32_t, data[at]) << 16
        if at + 1 < size:
            bits |= cython.cast(uint32_t, data[at + 1]) << 8
        if at + 2 < size:
            bits |= data[at + 2]
        quad[0] = BASE64[bits >> 18]
        quad[1] = BASE64[(bits >> 12) & 63]
        quad[2] = BASE64[(bits >> 6) & 63] if at + 1 < size else 0x3D
        quad[3] = BASE64[bits & 63] if at + 2 < size else 0x3D
        put(out, quad, 4)
        at += 3


def put_base32hex(out, data, size):
    """Write octets as lower-case base 32 with the hexadecimal alphabet, without padding, as NSEC3 does."""
    at: cython.size_t
    bits: uint32_t = 0
    held: cython.int = 0
    for at in range(size):
        bits = (bits << 8) | data[at]
        held += 8
        while held >= 5:
            held -= 5
            put_octet(out, BASE32[(bits >> held) & 31])
    if held > 0:
        put_octet(out, BASE32[(bits << (5 - held)) & 31])


def put_padded(out, value, width):
    """Write a decimal number with leading zeros."""
    digits: cython.char[4]
    at: cython.int = width
    while at > 0:
        at -= 1
        digits[at] = 48 + value % 10
        value //= 10
    put(out, digits, width)


def put_time(out, seconds):
    """Write a time of a signature: YYYYMMDDHHMMSS. Source: days to date after Hinnant, chrono-compatible algorithms."""
    days: uint32_t = seconds // 86400 + 719468
    era: uint32_t = days // 146097
    day: uint32_t = days % 146097
    year: uint32_t = (day - day // 1460 + day // 36524 - day // 146096) // 365
    day -= 365 * year + year // 4 - year // 100
    month: uint32_t = (5 * day + 2) // 153
    put_padded(out, year + 400 * era + (1 if month >= 10 else 0), 4)
    put_padded(out, month + 3 if month < 10 else month - 9, 2)
    put_padded(out, day - (153 * month + 2) // 5 + 1, 2)
    put_padded(out, seconds // 3600 % 24, 2)
    put_padded(out, seconds // 60 % 60, 2)
    put_padded(out, seconds % 60, 2)
