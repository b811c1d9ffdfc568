"""Which alphabet the labels at one depth are written in (compiled): for explanations, never for a verdict alone."""

import string

import cython

#: In the order in which they are tried. ``words`` is judged by ordinary spelling, ``binary`` by octets that are no text.
ALPHABETS = (
    "none", "digits", "binary", "words", "hex", "base32", "base32hex", "base32iodine", "base36", "base64", "base64url", "mixed",
)  # fmt: skip

NONE = cython.declare(cython.int, ALPHABETS.index("none"))
DIGITS = cython.declare(cython.int, ALPHABETS.index("digits"))
BINARY = cython.declare(cython.int, ALPHABETS.index("binary"))
WORDS = cython.declare(cython.int, ALPHABETS.index("words"))
HEX = cython.declare(cython.int, ALPHABETS.index("hex"))
BASE64 = cython.declare(cython.int, ALPHABETS.index("base64"))
MIXED = cython.declare(cython.int, ALPHABETS.index("mixed"))

_EITHER = string.ascii_letters + string.digits
#: Members of each alphabet; letters of both cases, as case is judged apart; a hyphen may group digits (UUID, address).
#: Sources: RFC 4648; iodine's base32.c.
MEMBERS_OF = {
    "digits": string.digits + "-",
    "hex": string.hexdigits + "-",
    "base32": string.ascii_letters + "234567=",
    "base32hex": string.digits + "abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUV=",
    "base32iodine": string.ascii_letters + "012345",
    "base36": _EITHER,
    "base64": _EITHER + "+/=-",
    "base64url": _EITHER + "-_=",
    "binary": "".join(chr(octet) for octet in range(256) if not 32 <= octet < 127),
}
MEMBERS = cython.declare(cython.int[12][256])

_name: str
_octet: cython.int
_at: cython.int
for _at, _name in enumerate(ALPHABETS):
    for _octet in MEMBERS_OF.get(_name, "").encode("latin-1"):
        MEMBERS[_octet][_at] = 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def strangers(counts: cython.p_int, alphabet: cython.int) -> cython.longlong:
    """Return how many octets do not belong to an alphabet."""
    octet: cython.int
    found: cython.longlong = 0
    for octet in range(256):
        if not MEMBERS[octet][alphabet]:
            found += counts[octet]
    return found


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def both_cases(counts: cython.p_int, least: cython.double) -> cython.bint:
    """Tell whether letters of both cases occur, each more often than ``least``."""
    letter: cython.int
    upper: cython.longlong = 0
    lower: cython.longlong = 0
    for letter in range(65, 91):
        upper += counts[letter]
        lower += counts[letter + 32]
    return upper > least and lower > least


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def alphabet_of(
    counts: cython.p_int,
    total: cython.longlong,
    spelling_bits: cython.double,
    words_bits: cython.double,
    strange_ratio: cython.double,
) -> cython.int:
    """Return the index of the smallest alphabet that holds all octets but ``strange_ratio`` of them.

    ``spelling_bits`` is what ordinary spelling takes for all of them: up to ``words_bits`` an octet they are words.
    """
    strange: cython.double = strange_ratio * total
    alphabet: cython.int
    both: cython.bint = both_cases(counts, strange)
    if total == 0:
        return NONE
    if strangers(counts, DIGITS) <= strange:
        return DIGITS
    if total - strangers(counts, BINARY) > strange:
        return BINARY
    if spelling_bits <= words_bits * total:
        return WORDS
    for alphabet in range(BASE64 if both else HEX, MIXED if both else BASE64):
        if strangers(counts, alphabet) <= strange:
            return alphabet
    return MIXED
