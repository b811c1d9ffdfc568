"""Information: counting what 2.5 million names say, beside zlib -9 of the same names."""

from __future__ import annotations

from bench.ratio import Ratio, compare, python

MAKE = """
import hashlib, numpy as np, pyarrow as pa
labels = ("www", "api", "cdn-1", None)
names = [f"{labels[i % 4] or hashlib.md5(b'%d' % i).hexdigest()}.{i // 20 % 7}.eu" for i in range(500_000)]
"""
OURS = """
from molehunt.names.information import information
column = pa.array(names)
for _ in range(5):
    information(column, np.arange(0, 500_001, 20))
"""
ZLIB = """
import zlib
for _ in range(5):
    for i in range(0, 500_000, 20):
        zlib.compress("\\n".join(names[i : i + 20]).encode(), 9)
"""


def run() -> list[Ratio]:
    """Compare whole processes; the names' making is in both."""
    return [
        compare(
            "information of 2.5 M names in groups of 20, beside zlib -9", python(MAKE + OURS), python(MAKE + ZLIB), target=2.0
        )
    ]


if __name__ == "__main__":
    for ratio in run():
        print(ratio)
