"""How time and memory of a full detection grow from 0.5 to 50 million queries, under ``--memory 4GB``; drawn as a plot.

``python -m bench.growth [--most ROWS] [--write FILE]``. The logs are those of :mod:`bench.detect`; the largest has 8 GB. DuckDB
reads each of them once before the clock starts, so that no reading finds a cold disk, and once right after, so that the line to
compare with is of the same minute.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.detect import READ, data, scan
from bench.ratio import Run, python, run

GROWTH = (500_000, 1_500_000, 5_000_000, 15_000_000, 50_000_000)
MEMORY = "4GB"
MEMORY_MIB = 4e9 / 2**20

Grown = list[tuple[int, Run, Run]]


def grow(most: int) -> Grown:
    """Measure every size once: rows, the detection, DuckDB reading the same log."""
    grown = []
    for rows in GROWTH:
        if rows <= most:
            read = python(READ, str(data(rows)))
            run(read)
            grown.append((rows, run(scan(rows, "--memory", MEMORY)), run(read)))
            print(line(*grown[-1]), flush=True)
    return grown


def line(rows: int, ours: Run, other: Run) -> str:
    """Return one measurement as text."""
    against = f"{ours.wall_s / other.wall_s:.2f} x DuckDB's reading"
    return f"{rows:>11,} queries {ours.wall_s:7.1f} s = {against}, peak {ours.peak_mib:5.0f} MiB"


def draw(grown: Grown, path: Path) -> None:
    """Draw time and peak memory against the number of queries, both axes logarithmic."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    rows = [count for count, _, _ in grown]
    figure, (time, memory) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    time.loglog(rows, [ours.wall_s for _, ours, _ in grown], "o-", label="molehunt scan --memory 4GB")
    time.loglog(rows, [other.wall_s for _, _, other in grown], "s--", label="DuckDB reads the log")
    per_query_s = grown[-1][1].wall_s / rows[-1]
    time.loglog(rows, [count * per_query_s for count in rows], ":", color="grey", label="linear")
    for count, ours, _ in grown:
        time.annotate(f"{ours.wall_s:.1f} s", (count, ours.wall_s), textcoords="offset points", xytext=(-6, 7), ha="right")
        memory.annotate(f"{ours.peak_mib:,.0f}", (count, ours.peak_mib), textcoords="offset points", xytext=(0, 7), ha="center")
    memory.semilogx(rows, [ours.peak_mib for _, ours, _ in grown], "o-")
    memory.axhline(MEMORY_MIB, linestyle=":", color="grey")
    memory.set(ylim=(0, MEMORY_MIB * 1.1), xlabel="queries", ylabel="peak memory of the process, MiB (dotted: 4 GB)")
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
