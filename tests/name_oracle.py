"""Slow, plain readings of names that the compiled ones are held against, and names to hold them on."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from functools import cache
from importlib.resources import files

import dns.name


def undotted(text: str) -> str:
    """Return a name without the dots at its end; one that a backslash escapes belongs to the last label."""
    while re.search(r"(?<!\\)(\\\\)*\.$", text):
        text = text[:-1]
    return text


def labels_of(name: str) -> list[bytes]:
    """Return the octets of each label as dnspython reads them, after the one rule that is ours: no trailing dots."""
    text = "".join(c if c.isascii() and c.isprintable() else "".join(f"\\{b:03d}" for b in c.encode()) for c in name)
    text = undotted(text)
    return [] if text == "" else list(dns.name.from_text(text + ".").labels[:-1])


def entropy(octets: bytes) -> float:
    total = len(octets)
    return -sum(c / total * math.log2(c / total) for c in Counter(octets).values()) if total else 0.0


@cache
def rules() -> list[str]:
    """Return the rules of the installed list."""
    text = (files("publicsuffixlist") / "public_suffix_list.dat").read_text("utf-8")
    return [line.split()[0] for line in text.splitlines() if line.strip() and not line.startswith("//")]


def made_up_names(count: int, seed: int = 1) -> list[str]:
    """Return so many different names below every rule of the list, beside it, above it and far from it."""
    rng = random.Random(seed)
    words = ["www", "mail", "a", "xn--fiqs8s", "_dmarc", "cdn-1", "com", "co", "s3", "b32k3x", "食狮", "-", "1", "K12", "test"]
    tails = [rule.lstrip("!") for rule in rules()] + ["corp", "lan", "cluster.local", "example.zz"]
    names: dict[str, None] = {}
    while len(names) < count:
        tail = rng.choice(tails).replace("*", rng.choice(words))
        tail = tail.partition(".")[2] or tail if rng.random() < 0.1 else tail
        word = f"{rng.getrandbits(20):x}" if rng.random() < 0.5 else rng.choice(words)
        names[".".join([*rng.choices([word, *words], k=rng.randrange(4)), tail])] = None
    return list(names)
