"""``make bench``: every comparison, each as a ratio against something run in the same minute.

``python -m bench [NAME…] [--write FILE]`` runs all or the named ones. A new one is a module here with ``run()`` that gives
Ratios, and a line in :data:`BENCHES`.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from importlib import import_module
from pathlib import Path

from bench.ratio import CACHE, Ratio

#: In the order in which they run.
BENCHES = ("start", "names", "information", "wire", "readers", "rule", "detect", "spark", "sinks")

#: What the page says of the plot, which takes longer than everything else.
GROWTH = (
    "## Growth",
    "",
    "Full detection from 0.5 to 50 million queries, one run each, with memory for everything (`--memory 16GB`) and under",
    "`--memory 4GB`, where 50 million queries spill to disk; drawn by `python -m bench.growth --write docs/images/growth.svg`.",
    "Each log is a day of an enterprise of 200 to 20,000 clients with 2,500 queries and 30 sites each, so that the share of",
    "groups that are looked at closely is the same in all.",
    "",
    "![time and memory against the number of queries](images/growth.svg)",
)


def main() -> None:
    """Run the comparisons and print (and on request write) what they gave."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}; default all")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table as Markdown too")
    options = parser.parse_args()
    if unknown := set(options.names) - set(BENCHES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    CACHE.mkdir(parents=True, exist_ok=True)
    ratios: list[Ratio] = []
    for name in options.names or BENCHES:
        for ratio in import_module(f"bench.{name}").run():
            print(ratio, flush=True)
            ratios.append(ratio)
    if options.write:
        options.write.write_text(markdown(ratios, options.names), "utf-8")


def markdown(ratios: list[Ratio], names: list[str]) -> str:
    """Return the page that docs/performance.md is: what the comparisons of these names gave, of all without any."""
    lines = [
        "# Performance",
        "",
        f'Written by `{" ".join(["python -m bench", *names])} --write docs/performance.md`; a ratio above its "at most" is a',
        "target that is missed.",
        f"Measured on {time.strftime('%Y-%m-%d')}: {os.cpu_count()} cores, Python {platform.python_version()}.",
        "Ratio is ours ÷ other, whole processes, median of pairs run in turn; below 1 is faster than the other.",
        "",
        "| what | ours s | other s | ratio | at most | peak MiB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for r in ratios:
        ours, other = (statistics.median(x.wall_s for x in runs) for runs in (r.ours, r.other))
        target = "" if r.target is None else f"{r.target:g}"
        lines.append(f"| {r.what} | {ours:.2f} | {other:.2f} | {r.ratio:.3f} | {target} | {r.peak_mib:.0f} |")
    return "\n".join([*lines, "", *GROWTH]) + "\n"


if __name__ == "__main__":
    main()
