"""Comma-separated values for spreadsheets, safe against formulas; with ``--rule``, the rule's own columns."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import Any, BinaryIO

from molehunt.findings import Report
from molehunt.sinks import SinkOptions, shown
from molehunt.sinks.text import rfc3339, safe

#: Fields of a finding that a spreadsheet can hold, in the order of docs/output.md.
COLUMNS = (
    "finding_id", "client", "registered_domain", "kind", "confidence", "severity", "score", "up_bytes", "down_bytes",
    "query_count", "unique_name_count", "client_count", "qtypes", "first_ts", "last_ts", "family", "sample_names",
    "attack", "next_steps", "suppressed", "summary",
)  # fmt: skip

_JSON = json.JSONEncoder(ensure_ascii=False, default=str)


class CsvSink:
    """Write RFC 4180 CSV with a header, CRLF line ends."""

    name = "csv"
    summary = "comma-separated values, a row a finding (or the rule's rows with --rule)"

    def write(self, report: Report, stream: BinaryIO, options: SinkOptions) -> None:
        """Write the rule's rows if a rule was run, else the findings."""
        text = io.TextIOWrapper(stream, "utf-8", errors="backslashreplace", newline="")
        writer = csv.writer(text)
        if report.rule is not None:
            writer.writerow(report.rule.columns)
            writer.writerows([cell(value) for value in row] for row in report.rule.rows)
        else:
            writer.writerow(COLUMNS)
            for finding in shown(report, options):
                record = finding.model_dump(include=set(COLUMNS))
                writer.writerow([cell(record[column]) for column in COLUMNS])
        text.detach()


def cell(value: Any) -> str | int | float:
    """Return a cell that no spreadsheet takes for a formula (a leading ``=+-@`` gets an apostrophe; OWASP)."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return rfc3339(value)
    text = safe(value if isinstance(value, str) else _JSON.encode(value))
    return "'" + text if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


SINK = CsvSink()
