"""One finding a line as JSON; with ``--rule``, one row of the rule a line."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, BinaryIO

from molehunt.findings import Report
from molehunt.sinks import SinkOptions, shown
from molehunt.sinks.text import rfc3339


class JsonLinesSink:
    """Write findings, one a line, with the fields of docs/output.md."""

    name = "jsonl"
    summary = "one finding a line as JSON"

    def write(self, report: Report, stream: BinaryIO, options: SinkOptions) -> None:
        """Write the rule's rows if a rule was run, else the findings."""
        if report.rule is not None:
            for row in report.rule.rows:
                record = dict(zip(report.rule.columns, row, strict=True))
                stream.write(json.dumps(record, default=_plain, ensure_ascii=True).encode("utf-8", "backslashreplace") + b"\n")
            return
        for finding in shown(report, options):
            stream.write(finding.model_dump_json(ensure_ascii=True).encode("utf-8", "backslashreplace") + b"\n")


def _plain(value: Any) -> str:
    return rfc3339(value) if isinstance(value, datetime) else str(value)


SINK = JsonLinesSink()
