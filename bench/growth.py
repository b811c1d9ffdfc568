"""How time and memory of a full detection grow from 0.5 to 50 million queries; drawn as a plot.

Once with memory for everything, which shows the growth, and once under ``--memory 4GB``, which shows what spilling costs.

``python -m bench.growth [--most ROWS] [--write FILE]``. The logs are those of :mod:`bench.detect`; the largest has 8 GB. DuckDB
reads each of them once before the clock starts, so that no reading finds a cold disk, and once right after, so that the line to
compare with is of the same minute.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from bench.detect import READ, data, scan
from bench.ratio import Run, python, run

GROWTH = (500_000, 1_500_000, 5_000_000, 15_000_000, 50_000_000)
MEMORIES = {"16GB": "o-", "4GB": "^-"}
BOUND_MIB = 4e9 / 2**20

Grown = list[tuple[int, dict[str, Run], Run]]


def grow(most: int) -> Grown:
    """Measure every size once: rows, the detection, DuckDB reading the same log."""
    grown = []
    for rows in GROWTH:
        if rows <= most:
            read = python(READ, str(data(rows)))
            run(read)
            grown.append((rows, {memory: run(scan(rows, "--memory", memory)) for memory in MEMORIES}, run(read)))
            print(*lines(*grown[-1]), sep="\n", flush=True)
    return grown


def lines(rows: int, ours: dict[str, Run], other: Run) -> Iterator[str]:
    """Return the measurements of one size as text."""
    for memory, one in ours.items():
        against = f"{one.wall_s / other.wall_s:.2f} x DuckDB's reading"
        yield f"{rows:>11,} queries, --memory {memory:>4}: {one.wall_s:7.1f} s = {against}, peak {one.peak_mib:6.0f} MiB"


def draw(grown: Grown, path: Path) -> None:
    """Draw time and peak memory against the number of queries, both axes logarithmic."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    rows = [count for count, _, _ in grown]
    figure, (time, memory) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for name, style in MEMORIES.items():
        time.loglog(rows, [ours[name].wall_s for _, ours, _ in grown], style, label=f"molehunt scan --memory {name}")
        memory.loglog(rows, [ours[name].peak_mib for _, ours, _ in grown], style, label=f"--memory {name}")
    time.loglog(rows, [other.wall_s for _, _, other in grown], "s--", label="DuckDB reads the log")
    first = next(iter(MEMORIES))
    per_query_s = grown[-1][1][first].wall_s / rows[-1]
    time.loglog(rows, [count * per_query_s for count in rows], ":", color="grey", label="linear")
    for count, ours, _ in grown:
        wall_s = ours[first].wall_s
        time.annotate(f"{wall_s:.1f} s", (count, wall_s), textcoords="offset points", xytext=(-6, 7), ha="right")
    memory.axhline(BOUND_MIB, linestyle=":", color="grey")
    memory.set(xlabel="queries", ylabel="peak memory of the process, MiB (dotted: 4 GB)")
    memory.legend()
    time.set(xlabel="queries", ylabel="seconds")
    time.legend()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Measure, print, and on request draw."""
    parser = argparse.ArgumentParser(prog="bench.growth", description=__doc__)
    parser.add_argument("--most", type=int, default=GROWTH[-1], metavar="ROWS")
    parser.add_argument("--write", type=Path, metavar="FILE", help="draw the plot, an SVG file")
    options = parser.parse_args()
    grown = grow(options.most)
    if options.write:
        draw(grown, options.write)


if __name__ == "__main__":
    main()
