"""Learn how ordinary labels are spelt: an order-2 table of characters, for the information coder.

Made from public knowledge only: an English word list (Debian's package ``wamerican`` 2020.12.07, SCOWL), the labels of the
public suffix list, and ``label_words.txt`` beside this file. Writes ``src/molehunt/names/labels.npy``: bits of each
character after the two before it, in sixteenths, uint8 of shape (40, 40, 39); symbols as in ``molehunt.names.model``.

    python scripts/learn_labels.py /usr/share/dict/american-english
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

import numpy as np

from molehunt.names.model import HYPHEN, START, SYMBOL_COUNT, SYMBOLS

ROOT = Path(__file__).parent.parent
WEIGHTS = {"word": 1, "suffix": 2, "host": 60}
#: How often a word is followed by a hyphen and another (own choice).
HYPHENATED = 0.1
#: Strength of each lower order in the next (own choice; Witten and Bell's idea with a fixed count).
BACKOFF = 8.0


def corpus(words: Path) -> list[tuple[str, int]]:
    """Return labels with their weights."""
    english = {word.lower() for word in words.read_text("utf-8").split() if word.isascii() and word.isalpha()}
    listed = (files("publicsuffixlist") / "public_suffix_list.dat").read_text("utf-8").splitlines()
    rules = {label for line in listed if line and not line.startswith("//") for label in line.split()[0].split(".")}
    hosts = [
        word
        for line in Path(__file__).with_name("label_words.txt").read_text("utf-8").splitlines()
        if not line.startswith("#")
        for word in line.split()
    ]
    sources = (("word", sorted(english)), ("suffix", sorted(r for r in rules if r.isascii() and r.isalnum())), ("host", hosts))
    return [(label, WEIGHTS[name]) for name, labels in sources for label in labels]


def bits(counts: np.ndarray) -> np.ndarray:
    """Return the cost of every character after every two, in bits, each order smoothed by the one below."""
    order0 = (counts.sum((0, 1)) + 1) / (counts.sum() + SYMBOL_COUNT)
    one = counts.sum(0)
    order1 = (one + BACKOFF * order0) / (one.sum(-1, keepdims=True) + BACKOFF)
    order2 = (counts + BACKOFF * order1) / (counts.sum(-1, keepdims=True) + BACKOFF)
    return -np.log2(order2)


def main() -> None:
    """Count, smooth, write."""
    counts = np.zeros((START + 1, START + 1, SYMBOL_COUNT))
    for label, weight in corpus(Path(sys.argv[1])):
        before, last = START, START
        for octet in label.encode():
            symbol = SYMBOLS[octet]
            counts[before, last, symbol] += weight
            before, last = (START, START) if symbol >= HYPHEN else (last, symbol)
        counts[before, last, HYPHEN] += weight * HYPHENATED
    target = ROOT / "src" / "molehunt" / "names" / "labels.npy"
    np.save(target, np.clip(np.round(bits(counts) * 16), 1, 255).astype(np.uint8))
    print(f"{target.name}: {target.stat().st_size} bytes from {int(counts.sum())} weighted characters")


if __name__ == "__main__":
    main()
