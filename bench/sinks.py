"""How fast 10,000 findings are written as a page and as exports, against the library calls that this cannot do without."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.ratio import CACHE, Ratio, compare, molehunt, python

COUNT = 10_000

#: Read the report and write it as it is: what pydantic alone needs.
PLAIN = """import sys; from molehunt.findings import Report
sys.stdout.write(Report.model_validate_json(open(sys.argv[1], 'rb').read()).model_dump_json())"""


def run() -> list[Ratio]:
    """Compare ``molehunt report -f html`` (and ecs, cef) with reading and writing the same report by pydantic."""
    path = CACHE / f"findings-{COUNT}.json"
    if not path.exists():
        _write(path)
    what = f"{COUNT:,} findings as %s ÷ pydantic reading and writing the report"
    formats = {"html": 2.0, "ecs": 1.5, "cef": 1.5}
    return [
        compare(what % name, molehunt("report", str(path), "-f", name), python(PLAIN, str(path)), target=target)
        for name, target in formats.items()
    ]


def _write(path: Path) -> None:
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
    import sink_reports

    path.write_text(sink_reports.many(COUNT).model_dump_json(), "utf-8")
