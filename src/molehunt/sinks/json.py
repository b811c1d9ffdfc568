"""The whole report as one JSON document; ``molehunt report`` and ``explain`` read it back."""

from __future__ import annotations

from typing import BinaryIO

from molehunt.findings import Report
from molehunt.sinks import SinkOptions


class JsonSink:
    """Write the whole report. Suppressed findings are always in it: it is the archive."""

    name = "json"
    summary = "the whole report as one JSON document (the form that `molehunt report` reads)"

    def write(self, report: Report, stream: BinaryIO, options: SinkOptions) -> None:
        """Write one document and a line feed."""
        stream.write(report.model_dump_json(indent=1, ensure_ascii=True).encode("utf-8", "backslashreplace"))
        stream.write(b"\n")


SINK = JsonSink()
