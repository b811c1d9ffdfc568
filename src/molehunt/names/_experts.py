"""The experts that predict a new label's length and characters, and how they are mixed (compiled).

The model, its constants and its sources stand in :mod:`molehunt.names.model`; this is its arithmetic, one octet at a time.
"""

import cython
from cython.cimports.libc.math import log2
from cython.cimports.libc.string import memcmp, memcpy, memmove, memset

from molehunt.names import model

#: Lengths told apart by the adaptive code; beyond, a number costs LONG_BITS more.
LENGTHS = 64
LONG_BITS = 16.0

N_LENGTHS = cython.declare(cython.int, LENGTHS)
LONG = cython.declare(cython.double, LONG_BITS)
SLOW = cython.declare(cython.double, model.SLOW)
FAST = cython.declare(cython.double, model.FAST)
SHARE = cython.declare(cython.double, model.SHARE)
COPY_SHARE = cython.declare(cython.double, model.COPY_SHARE)
COPY_LEAK = cython.declare(cython.double, model.COPY_LEAK)
START = cython.declare(cython.int, model.START)
HYPHEN = cython.declare(cython.int, model.HYPHEN)
SYMBOL_COUNT = cython.declare(cython.int, model.SYMBOL_COUNT)
PRIOR = cython.declare(cython.double[8])
COPY_PRIOR = cython.declare(cython.double[4])
SYMBOLS = cython.declare(cython.int[256])
FIXED = cython.declare(cython.p_double)
BASE = cython.declare(cython.p_double)
CASE = cython.declare(cython.p_double)
SPELLING = cython.declare(cython.p_double)

_i: cython.int
for _i in range(8):
    PRIOR[_i] = model.PRIOR[_i]
for _i in range(4):
    COPY_PRIOR[_i] = model.COPY_PRIOR[_i]
for _i in range(256):
    SYMBOLS[_i] = model.SYMBOLS[_i]


@cython.cfunc
def address(table: object) -> cython.p_double:
    """Return where the numbers of a float64 array begin."""
    where: cython.size_t = table.ctypes.data
    return cython.cast(cython.p_double, where)


_tables = model.tables()
FIXED, BASE = address(_tables.fixed), address(_tables.base)
CASE, SPELLING = address(_tables.case), address(_tables.spelling)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def counted(count: cython.longlong, total: cython.longlong, kinds: cython.double, strength: cython.double) -> cython.double:
    """Return the bits of an event by an adaptive code: seen ``count`` of ``total`` times, ``kinds`` equal ones at first."""
    return -log2((count + strength / kinds) / (total + strength))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def successor(label: cython.p_uchar, size: cython.int, target: cython.p_uchar) -> cython.int:
    """Write the label with its number one higher (room for one octet more) and return its size.

    The number is the whole label if it is hexadecimal with a letter, else the decimal digits at its end.
    """
    i: cython.int
    digits: cython.bint = True
    hexadecimal: cython.bint = True
    highest: cython.uchar
    memcpy(target, label, size)
    for i in range(size):
        if not 48 <= label[i] <= 57:
            digits = False
            hexadecimal = hexadecimal and 97 <= label[i] <= 102
    highest = 102 if hexadecimal and not digits else 57
    i = size - 1
    while i >= 0 and label[i] == highest:
        target[i] = 48
        i -= 1
    if i >= 0 and (48 <= label[i] < 57 or (highest == 102 and label[i] >= 97)):
        target[i] = label[i] + 1
        return size
    if i >= 0 and label[i] == 57 and highest == 102:
        target[i] = 97
        return size
    if i == size - 1:
        return size
    memmove(target + i + 2, target + i + 1, size - i - 1)
    target[i + 1] = 49
    return size + 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def begin(here: cython.pointer[Depth]) -> cython.void:
    """Set the weights of a depth that is all zeros."""
    memcpy(here.weights, PRIOR, 8 * cython.sizeof(cython.double))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def forget(here: cython.pointer[Depth]) -> cython.void:
    """Set a depth to zeros, as far as it was used."""
    unused: cython.size_t = (64 - here.longest) * 4 * cython.sizeof(cython.double)
    memset(here, 0, cython.sizeof(Depth) - unused)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def follows(here: cython.pointer[Depth], label: cython.p_uchar, size: cython.int, arena: cython.p_uchar) -> cython.bint:
    """Tell whether the label is the last new one counted one up."""
    following: cython.uchar[65]
    if here.latest == 0 or here.latest_size >= N_LENGTHS:
        return False
    if successor(arena + here.latest - 1, here.latest_size, following) != size or size == 0:
        return False
    return memcmp(following, label, size) == 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def length_bits(here: cython.pointer[Depth], size: cython.int) -> cython.double:
    """Return the cost of a new label's length, and learn it."""
    at: cython.int = min(size, N_LENGTHS - 1)
    bits: cython.double = counted(here.lengths[at], here.length_total, N_LENGTHS, 2)
    here.lengths[at] += 1
    here.length_total += 1
    return bits + (LONG if at < size else 0)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def mixed(here: cython.pointer[Depth], octet: cython.uchar, context: cython.int) -> cython.double:
    """Return the probability of the next octet by the experts together, and let them learn."""
    p: cython.double[8]
    total: cython.double = 0
    keep: cython.double
    i: cython.int
    for i in range(5):
        p[i] = FIXED[octet * 5 + i]
    p[5] = (here.counts[octet] + SLOW * BASE[octet]) / (here.total + SLOW)
    p[6] = (here.counts[octet] + FAST * BASE[octet]) / (here.total + FAST)
    p[7] = SPELLING[context * SYMBOL_COUNT + SYMBOLS[octet]] * CASE[octet]
    here.counts[octet] += 1
    here.total += 1
    for i in range(8):
        p[i] *= here.weights[i]
        total += p[i]
    keep = (1 - SHARE) / total
    for i in range(8):
        here.weights[i] = p[i] * keep + SHARE * PRIOR[i]
    return total


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def copied(
    weights: cython.p_double, octet: cython.uchar, blend: cython.double, last: cython.uchar, next: cython.uchar
) -> cython.double:
    """Return the probability of the octet by the mixture and by the label before, and learn which is right here."""
    p: cython.double[4]
    total: cython.double = 0
    keep: cython.double
    i: cython.int
    if weights[0] == 0:
        for i in range(4):
            weights[i] = COPY_PRIOR[i]
    p[0] = blend
    p[1] = p[2] = p[3] = COPY_LEAK * blend
    if octet == last:
        p[1] += 1 - COPY_LEAK
    if octet == next:
        p[2] += 1 - COPY_LEAK
    if 65 <= (last & 0xDF) <= 90:
        if (octet | 0x20) == (last | 0x20):
            p[3] += (1 - COPY_LEAK) / 2
    elif octet == last:
        p[3] += 1 - COPY_LEAK
    for i in range(4):
        p[i] *= weights[i]
        total += p[i]
    keep = (1 - COPY_SHARE) / total
    for i in range(4):
        weights[i] = p[i] * keep + COPY_SHARE * COPY_PRIOR[i]
    return total


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def characters_bits(
    here: cython.pointer[Depth], label: cython.p_uchar, size: cython.int, arena: cython.p_uchar
) -> cython.double:
    """Return the cost of a new label's octets, and learn them; ``arena`` holds the labels before."""
    last: cython.p_uchar = cython.NULL
    following: cython.uchar[65]
    bits: cython.double = 0
    product: cython.double = 1
    spelt: cython.double = 1
    p: cython.double
    before: cython.int = START
    symbol: cython.int = START
    context: cython.int
    i: cython.int
    if size < N_LENGTHS and here.last[size]:
        last = arena + here.last[size] - 1
        if successor(last, size, following) != size:
            memcpy(following, last, size)
        here.longest = max(here.longest, size)
    for i in range(size):
        context = before * (START + 1) + symbol
        before, symbol = symbol, SYMBOLS[label[i]]
        p = mixed(here, label[i], context)
        spelt *= SPELLING[context * SYMBOL_COUNT + symbol]
        if last != cython.NULL:
            p = copied(here.copy[i], label[i], p, last[i], following[i])
        if symbol >= HYPHEN:
            before = symbol = START
        product *= p
        if i & 15 == 15 or i == size - 1:
            bits -= log2(product)
            here.spelling_bits -= log2(spelt)
            product = spelt = 1
    return bits


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def spelt_bits(here: cython.pointer[Depth], label: cython.p_uchar, size: cython.int, arena: cython.p_uchar) -> cython.double:
    """Return the cost of a new label's length and octets, and learn them."""
    return length_bits(here, size) + characters_bits(here, label, size, arena)
