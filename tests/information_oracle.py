"""The information coder once more, slow and plain: dictionaries and lists, one probability at a time.

Predicting and learning are apart here, so that a test can ask for the probabilities of everything that could come next.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field

from molehunt.names import model
from molehunt.names._experts import LENGTHS, LONG_BITS
from molehunt.names._information import DEPTHS
from name_oracle import labels_of

TABLES = model.tables()


def adaptive(counts: Counter, key: object, kinds: int, strength: float) -> float:
    return (counts[key] + strength / kinds) / (counts.total() + strength)


def long_bits(number: int) -> float:
    return LONG_BITS if number >= LENGTHS else 0.0


def successor(label: bytes) -> bytes:
    """Return the label counted one up: as hexadecimal if it is (with a letter), else its decimal digits at the end."""
    if re.fullmatch(rb"[0-9a-f]+", label) and not label.isdigit():
        number = int(label, 16) + 1
        return b"1" + b"0" * len(label) if number == 16 ** len(label) else b"%0*x" % (len(label), number)
    digits = re.search(rb"[0-9]*$", label)[0]
    return label[: len(label) - len(digits)] + b"%0*d" % (len(digits), int(digits) + 1) if digits else label


@dataclass
class Depth:
    events: Counter = field(default_factory=Counter)
    labels: Counter = field(default_factory=Counter)
    lengths: Counter = field(default_factory=Counter)
    octets: Counter = field(default_factory=Counter)
    weights: list[float] = field(default_factory=lambda: list(model.PRIOR))
    copies: dict[int, list[float]] = field(default_factory=dict)
    last: dict[int, bytes] = field(default_factory=dict)
    latest: bytes = b""

    def seen(self, label: bytes) -> float:
        return (self.labels[label] + 0.5) / (self.labels.total() + 0.5 * len(self.labels))

    def experts(self, octet: int, context: tuple[int, int]) -> list[float]:
        total, base = self.octets.total(), TABLES.base[octet]
        learnt = [(self.octets[octet] + s * base) / (total + s) for s in (model.SLOW, model.FAST)]
        spelling = TABLES.spelling[(*context, model.SYMBOLS[octet])] * TABLES.case[octet]
        return [*TABLES.fixed[octet], *learnt, spelling]

    def mixed(self, octet: int, context: tuple[int, int]) -> float:
        return sum(w * p for w, p in zip(self.weights, self.experts(octet, context), strict=True))

    def copiers(self, octet: int, blend: float, last: int, following: int) -> list[float]:
        rest, sure = model.COPY_LEAK * blend, 1 - model.COPY_LEAK
        letter = chr(last).isascii() and chr(last).isalpha()
        either = 0.5 * (octet | 32 == last | 32) if letter else float(octet == last)
        return [blend, rest + sure * (octet == last), rest + sure * (octet == following), rest + sure * either]

    def octet(self, octet: int, context: tuple[int, int], place: int, last: bytes | None) -> float:
        blend = self.mixed(octet, context)
        if last is None:
            return blend
        weights = self.copies.get(place, list(model.COPY_PRIOR))
        return sum(w * p for w, p in zip(weights, self.copiers(octet, blend, *self.guesses(place, last)), strict=True))

    @staticmethod
    def guesses(place: int, last: bytes) -> tuple[int, int]:
        following = successor(last)
        return last[place], (following if len(following) == len(last) else last)[place]

    def learn(self, octet: int, context: tuple[int, int], place: int, last: bytes | None) -> None:
        blend = self.mixed(octet, context)
        if last is not None:
            weights = self.copies.get(place, list(model.COPY_PRIOR))
            copiers = self.copiers(octet, blend, *self.guesses(place, last))
            self.copies[place] = shared(weights, copiers, model.COPY_PRIOR, model.COPY_SHARE)
        self.weights = shared(self.weights, self.experts(octet, context), model.PRIOR, model.SHARE)
        self.octets[octet] += 1


def shared(weights: list[float], p: list[float], prior: list[float], share: float) -> list[float]:
    products = [w * q for w, q in zip(weights, p, strict=True)]
    return [(1 - share) * x / sum(products) + share * first for x, first in zip(products, prior, strict=True)]


def label_bits(depth: Depth, label: bytes) -> float:
    counts_up = depth.latest and len(depth.latest) < LENGTHS and successor(depth.latest) == label
    event = "seen" if label in depth.labels else "next" if counts_up and label else "spelt"
    p = adaptive(depth.events, event, 3, 1.5)
    depth.events[event] += 1
    if event == "seen":
        p *= depth.seen(label)
    depth.labels[label] += 1
    bits = -math.log2(p) + (spelt_bits(depth, label) if event == "spelt" else 0)
    if event != "seen":
        depth.latest = label
        depth.last[len(label)] = label
    return bits


def spelt_bits(depth: Depth, label: bytes) -> float:
    kind = min(len(label), LENGTHS - 1)
    bits = long_bits(len(label)) - math.log2(adaptive(depth.lengths, kind, LENGTHS, 2))
    depth.lengths[kind] += 1
    last = depth.last.get(len(label)) if len(label) < LENGTHS else None
    context = (model.START, model.START)
    for place, octet in enumerate(label):
        bits -= math.log2(depth.octet(octet, context, place, last))
        depth.learn(octet, context, place, last)
        symbol = model.SYMBOLS[octet]
        context = (model.START, model.START) if symbol >= model.HYPHEN else (context[1], symbol)
    return bits


@dataclass
class Group:
    depths: dict[int, Depth] = field(default_factory=dict)
    label_counts: Counter = field(default_factory=Counter)

    def bits(self, subdomain: str) -> list[float]:
        """Return the cost of the number of labels, then of each label, from the zone outward."""
        labels = labels_of(subdomain)[::-1]
        costs = [label_bits(self.depths.setdefault(min(i, DEPTHS - 1), Depth()), label) for i, label in enumerate(labels)]
        kind = min(len(labels), LENGTHS - 1)
        count = long_bits(len(labels)) - math.log2(adaptive(self.label_counts, kind, LENGTHS, 1))
        self.label_counts[kind] += 1
        return [count, *costs]
