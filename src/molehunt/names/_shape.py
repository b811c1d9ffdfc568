"""What a name looks like, in numbers (compiled): labels, lengths, entropy, character classes.

Everything is counted in octets of the labels, escapes decoded; a separating dot belongs to lengths only.
"""

import cython
import numpy as np
import pyarrow as pa
from cython.cimports.libc.math import log2
from cython.cimports.libc.string import memset
from cython.cimports.molehunt.names._text import LOWER, Texts, escaped

#: The classes that octets are counted in; the index is the class. ``upper`` letters are counted among ``letter`` too.
CLASSES = ("digit", "letter", "upper", "mark", "other")

DIGIT = cython.declare(cython.int, 0)
LETTER = cython.declare(cython.int, 1)
UPPER = cython.declare(cython.int, 2)
MARK = cython.declare(cython.int, 3)
OTHER = cython.declare(cython.int, 4)

CLASS_OF = cython.declare(cython.int[256])
N_LOG_N = cython.declare(cython.double[256])
Shape = cython.struct(labels=cython.int, chars=cython.int, classes=cython.int[5], entropy=cython.float)


_i: cython.int
for _i in range(256):
    N_LOG_N[_i] = _i * log2(_i) if _i else 0
    CLASS_OF[_i] = OTHER
    if 48 <= _i <= 57:
        CLASS_OF[_i] = DIGIT
    elif 97 <= _i <= 122:
        CLASS_OF[_i] = LETTER
    elif 65 <= _i <= 90:
        CLASS_OF[_i] = UPPER
    elif _i in {45, 95}:
        CLASS_OF[_i] = MARK


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def entropy_of(counts: cython.p_int, found: cython.p_uchar, distinct: cython.int, total: cython.int) -> cython.float:
    """Return the Shannon entropy of the octets found, in bits per octet: ``log2 n - (1/n) sum c log2 c``; zero the counts."""
    spread: cython.double = 0
    i: cython.int
    count: cython.int
    for i in range(distinct):
        count = counts[found[i]]
        counts[found[i]] = 0
        if count > 1:
            spread += N_LOG_N[count] if count < 256 else count * log2(count)
    return log2(total) - spread / total if total else 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def measure(text: cython.p_uchar, size: cython.size_t, counts: cython.p_int, shape: cython.pointer[Shape]) -> cython.void:
    """Measure one canonical name; letters count as lower case in the entropy. ``counts`` is 256 zeros, before and after."""
    found: cython.uchar[256]
    distinct: cython.int = 0
    at: cython.size_t = 0
    octet: cython.uchar
    memset(shape, 0, cython.sizeof(Shape))
    shape.labels = 1 if size else 0
    while at < size:
        octet = text[at]
        shape.chars += 1
        if octet == 0x2E:
            shape.labels += 1
            at += 1
            continue
        at += escaped(text + at, size - at, cython.address(octet)) if octet == 0x5C else 1
        shape.classes[CLASS_OF[octet]] += 1
        octet = LOWER[octet]
        found[distinct & 255] = octet
        distinct += counts[octet] == 0
        counts[octet] += 1
    shape.classes[LETTER] += shape.classes[UPPER]
    shape.entropy = entropy_of(counts, found, distinct, shape.chars - shape.labels + 1 if size else 0)


def shapes(names: pa.Array) -> dict[str, np.ndarray]:
    """Return per name: labels, chars, entropy and one count per class. Null counts as empty."""
    texts = Texts(names)
    rows = texts.rows
    columns: dict = {name: np.zeros(rows, np.int32) for name in ("labels", "chars", *CLASSES)}
    labels: cython.int[::1] = columns["labels"]
    chars: cython.int[::1] = columns["chars"]
    classes = np.zeros((5, rows), np.int32)
    counted: cython.int[:, ::1] = classes
    entropies = np.zeros(rows, np.float32)
    entropy: cython.float[::1] = entropies
    row: cython.Py_ssize_t
    i: cython.int
    shape: Shape
    room: cython.int[256]
    memset(room, 0, 256 * cython.sizeof(cython.int))
    with cython.nogil, cython.boundscheck(False), cython.wraparound(False):
        for row in range(rows):
            if texts.normal(row):
                measure(texts.text, texts.size, room, cython.address(shape))
                labels[row], chars[row], entropy[row] = shape.labels, shape.chars, shape.entropy
                for i in range(5):
                    counted[i, row] = shape.classes[i]
    return {"labels": columns["labels"], "chars": columns["chars"], "entropy": entropies} | {
        name: classes[i] for i, name in enumerate(CLASSES)
    }
