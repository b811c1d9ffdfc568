"""``python -m evaluation``: measure molehunt and the rules beside it, and write ``docs/evaluation.md``.

``--quick`` takes small captures, one rate and each look-alike once, in under a minute; it writes the page only with ``-o``.
``--only TEXT`` takes the cases whose name holds the text. ``--list`` names them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from evaluation import catalogue, tables
from evaluation.corpora import ROOT, manifest
from evaluation.results import Result
from evaluation.run import Task, perform_all

PAGE = ROOT / "docs" / "evaluation.md"
#: Output of `python -m evaluation.fit --check`, kept because it takes long.
LEFT_OUT = ROOT / "evaluation" / "left_out.txt"
SEED = 2026


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the evaluation; return 0."""
    options = _parser().parse_args(arguments)
    names = [name for name in catalogue.names(quick=options.quick) if all(text in name for text in options.only)]
    if options.list:
        print("\n".join(names))
        return 0
    results = _measure(names, options)
    summary = tables.main_table(results, tables.rules_of(results))
    print(f"\n{summary}\n{tables.ratio_table(results)}\n{tables.misses(results)}")
    whole = not (options.quick or options.only)
    if page := options.output or (PAGE if whole else None):
        page.write_text(tables.page(results, _head(results, options), _left_out()), "utf-8")
        print(f"written: {page}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evaluation", description=__doc__.split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="small captures, one rate, in under a minute")
    parser.add_argument("--only", action="append", default=[], metavar="TEXT", help="cases whose name holds the text")
    parser.add_argument("--list", action="store_true", help="name the cases and stop")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes (default 2)")
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help=f"seed of the generators (default {SEED})")
    parser.add_argument("--no-replay", action="store_true", help="do not look for the moment of the alarm")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all results as JSON lines, as they come")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="where the page goes (default docs/evaluation.md)")
    return parser


def _measure(names: Sequence[str], options: argparse.Namespace) -> list[Result]:
    """Measure the cases, the long ones first, with a line of progress on a terminal."""
    started = time.perf_counter()
    tasks = [Task(name, options.seed, catalogue.replayed(name) and not options.no_replay) for name in names]
    results: dict[str, Result] = {}
    if options.json:
        options.json.write_text("", "utf-8")
    for result in perform_all(sorted(tasks, key=lambda task: not task.name.startswith("mixed")), options.jobs):
        results[result.name] = result
        if options.json:
            with options.json.open("a", encoding="utf-8") as out:
                out.write(json.dumps(result.as_json()) + "\n")
        if sys.stderr.isatty():
            print(f"\r\x1b[K{len(results)} of {len(tasks)}: {result.name}", end="", file=sys.stderr)
    queries = sum(result.query_count for result in results.values())
    print(f"{len(results)} cases, {queries:,} queries in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return [results[name] for name in names]


def _head(results: Sequence[Result], options: argparse.Namespace) -> dict[str, str]:
    digest = hashlib.blake2s("".join(result.digest for result in results).encode(), digest_size=6).hexdigest()
    words = ["python -m evaluation", "--quick" if options.quick else "", *(f"--only {text}" for text in options.only)]
    coverage = f"{len(results)} cases, {sum(result.query_count for result in results):,} queries."
    if not manifest():
        coverage += " The public corpora were absent: only the repository's own recordings and the generators are in it."
    return {"command": " ".join(filter(None, words)), "seed": str(options.seed), "digest": digest, "coverage": coverage}


def _left_out() -> str:
    """Return the leave-one-tool-out table, from what ``python -m evaluation.fit --check`` last printed into LEFT_OUT."""
    if not LEFT_OUT.is_file():
        return ""
    found = re.findall(r"(?m)^(.*\S) +(\d+) of +(\d+)$", LEFT_OUT.read_text("utf-8"))
    rows = [[tool, f"{alerted} of {count}"] for tool, alerted, count in found]
    head = (
        "## Weights fitted without a tool\n\nWeights of evidence fitted from all tools but one, and what they find of it.\n\n"
    )
    return head + tables.markdown(["tool or change left out", "found"], rows)


if __name__ == "__main__":
    sys.exit(main())
