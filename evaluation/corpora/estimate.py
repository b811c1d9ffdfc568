"""How many bytes a public tunnel moved: nobody says, so that it is estimated from its names alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from evaluation.channels.codecs import OCTET


def estimated_bytes(qnames: Sequence[str | None], rows: np.ndarray) -> np.ndarray:
    """Estimate the payload of each query upward, in bytes.

    A label that was not seen before at its place counts its letters, each at the logarithm of how many different letters
    the tunnel uses at that place; repeated labels and the two last ones (the domain) count nothing. It includes
    headers and counters, so that it is rather too much.

    Args:
        qnames: Names of all rows.
        rows: Which rows belong to the tunnel.

    Returns:
        Bytes of each row; 0 outside the tunnel.
    """
    split = {i: _labels(qnames[i] or "") for i in np.flatnonzero(rows)}
    letters: dict[int, set[str]] = {}
    for labels in split.values():
        for place, label in enumerate(labels):
            letters.setdefault(place, set()).update(label)
    seen: set[tuple[int, tuple[str, ...]]] = set()
    load = np.zeros(len(qnames))
    for i, labels in split.items():
        for place, label in enumerate(labels):
            if (place, label) not in seen:
                seen.add((place, label))
                load[i] += len(label) * math.log2(max(2, len(letters[place]))) / 8
    return load


def _labels(qname: str) -> list[tuple[str, ...]]:
    """Return the labels before the last two, the nearest to the domain first, each as its letters."""
    labels = qname.rstrip(".").split(".")[:-2]
    return [tuple(found[0] for found in OCTET.finditer(label)) for label in reversed(labels)]
