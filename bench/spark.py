"""Spark on two cores of this machine beside DuckDB: full detection on a Zeek log of 5,000,000 queries, the same findings.

Both are whole processes. The findings are compared first: a difference is an error, not a figure.
"""

from __future__ import annotations

import subprocess

from bench.detect import ROWS, scan
from bench.ratio import Ratio, compare

MEMORY = "3GB"
MASTER = "local[2]"


def options(engine: str) -> list[str]:
    """Return what chooses the engine."""
    return ["--engine", engine, "--memory", MEMORY, *(["--master", MASTER] if engine == "spark" else [])]


def findings(engine: str) -> list[str]:
    """Return the findings of an engine as lines of JSON, in their order."""
    command = scan(ROWS, *options(engine))
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def run() -> list[Ratio]:
    """Check that the findings are the same, and compare the time."""
    ours, theirs = findings("spark"), findings("duckdb")
    if ours != theirs or not ours:
        raise RuntimeError(f"Spark gives other findings than DuckDB: {len(ours)} and {len(theirs)}")
    command = [scan(ROWS, *options(engine)) for engine in ("spark", "duckdb")]
    return [compare(f"Spark {MASTER} beside DuckDB, 5 M queries, the same {len(ours)} findings", *command, pairs=1)]


if __name__ == "__main__":
    for ratio in run():
        print(ratio)
