"""The information coder's model of a character, as tables: fixed alphabets, a base for learning, and ordinary spelling.

A character of a new label is predicted by several experts at once, and their weights follow who was right (Bayesian mixture):

* five fixed alphabets: digits, hexadecimal, host name letters, base64, any octet;
* two that learn the group's own characters at that depth, one slowly, one fast (Dirichlet, base :func:`base`);
* ordinary spelling: an order-2 table learnt from public word lists by ``scripts/learn_labels.py`` (``labels.npy``).

Every expert is a probability over all 256 octets, so the mixture is one too, and the code is lossless: nobody can say more
than it counts, but for luck that halves with every bit.

Source: Willems, Shtarkov, Tjalkens 1995 (KT and mixing); Herbster and Warmuth 1998 (fixed share); DETECTION 3.
"""

from __future__ import annotations

import functools
import string
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Symbols of the order-2 table: letters, digits, hyphen, underscore, anything else; and the place before a label.
LETTERS = string.ascii_lowercase + string.digits + "-_"
OTHER = len(LETTERS)
SYMBOL_COUNT = OTHER + 1
#: From this symbol on (hyphen, underscore, anything else) a word has ended: the next character begins one.
HYPHEN = LETTERS.index("-")
START = SYMBOL_COUNT
SYMBOLS: list[int] = [LETTERS.find(chr(octet).lower()) % SYMBOL_COUNT if octet < 128 else OTHER for octet in range(256)]

#: Strength of the base in the slow and the fast learner, in characters.
SLOW, FAST = 20.0, 3.0
#: Share of a fixed alphabet's probability that is kept for all other octets.
LEAK = 0.02
#: Share of a letter's probability that goes to its upper case, in ordinary spelling.
UPPER = 0.01
#: Weights that the experts begin with, in the order of the module docstring, and return to by this share per character.
PRIOR = np.array([0.05, 0.15, 0.2, 0.1, 0.05, 0.15, 0.1, 0.2])
SHARE = 0.005
#: The last label of the same length at the same depth predicts each place: not at all, the same octet again, the same octet
#: of its number plus one, the same letter in either case.
COPY_PRIOR = np.array([0.88, 0.06, 0.03, 0.03])
COPY_SHARE = 0.01
#: Share that a copied character keeps for all others.
COPY_LEAK = 1 / 32


@dataclass(frozen=True)
class Tables:
    """What the compiled coder reads: all float64, C-contiguous.

    ``fixed[octet, 0..4]`` fixed alphabets; ``base[octet]`` where learning begins; ``case[octet]`` factor that turns a symbol's
    probability into an octet's; ``spelling[before, last, symbol]`` order-2 probabilities.
    """

    fixed: Floats
    base: Floats
    case: Floats
    spelling: Floats


def uniform(*alphabets: tuple[float, str]) -> Floats:
    """Return a distribution over octets: each alphabet evenly with its share, the rest of the octets with what is left."""
    table: Floats = np.zeros(256)
    for share, alphabet in alphabets:
        members = np.frombuffer(alphabet.encode(), np.uint8)
        table[members] += share / len(members)
    empty = table == 0
    table[empty] = (1 - table.sum()) / empty.sum()
    table /= table.sum()
    return table


def _case() -> Floats:
    case = np.ones(256)
    for octet in range(256):
        if chr(octet) in string.ascii_letters:
            case[octet] = UPPER if chr(octet).isupper() else 1 - UPPER
        elif SYMBOLS[octet] == OTHER:
            case[octet] = 1 / SYMBOLS.count(OTHER)
    return case


@functools.cache
def tables() -> Tables:
    """Return the tables (read on the first call)."""
    base64 = string.ascii_letters + string.digits + "-_"
    alphabets = (string.digits, string.digits + "abcdef", LETTERS, base64)
    fixed = [uniform((1 - LEAK, alphabet)) for alphabet in alphabets] + [np.full(256, 1 / 256)]
    base = uniform((0.8, LETTERS), (0.15, string.ascii_uppercase))
    with (files("molehunt.names") / "labels.npy").open("rb") as file:
        spelling = 2.0 ** (-np.load(file) / 16)
    spelling /= spelling.sum(-1, keepdims=True)
    return Tables(np.ascontiguousarray(np.stack(fixed, axis=1)), base, _case(), np.ascontiguousarray(spelling))
