"""Stand-in for names.information until it lands."""

from __future__ import annotations

from math import log2


def information(names: list[str]) -> tuple[list[float], dict[int, float]]:
    seen: dict[int, set[str]] = {}
    counts: dict[str, int] = {}
    total = 0
    bits: list[float] = []
    depths: dict[int, float] = {}
    for name in names:
        cost = 0.0
        labels = name.split(".") if name else []
        for depth, label in enumerate(reversed(labels), 1):
            known = seen.setdefault(depth, set())
            if label in known:
                part = 1 + log2(len(known) + 1)
            else:
                part = 2 + 2 * log2(len(label) + 1)
                kt = 0.0
                for c in label:
                    k = counts.get(c, 0)
                    kt += log2((total + 0.5 * 40) / (k + 0.5))
                    counts[c] = k + 1
                    total += 1
                part += min(kt, 8.0 * len(label))
                known.add(label)
            cost += part
            depths[depth] = depths.get(depth, 0.0) + part
        bits.append(cost)
    return bits, depths
