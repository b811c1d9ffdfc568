"""The HTML report: one file that opens offline, asks nobody for anything, and lets a person judge each finding."""

from __future__ import annotations

from typing import BinaryIO

from molehunt.findings import Report
from molehunt.sinks import SinkOptions


class HtmlSink:
    """Write one self-contained page. Suppressed findings are in it, hidden until asked for."""

    name = "html"
    summary = "one self-contained page with charts, to read offline, send or print"

    def write(self, report: Report, stream: BinaryIO, options: SinkOptions) -> None:
        """Write the page piece by piece."""
        from molehunt.sinks.html.page import pieces

        for piece in pieces(report, options):
            stream.write(piece.encode("utf-8", "backslashreplace"))


def fragment(report: Report) -> str:
    """Return a compact piece of HTML for a notebook: numbers and a table, no script, no style of the page's own."""
    from molehunt.sinks.html.page import fragment as made

    return made(report)


SINK = HtmlSink()
