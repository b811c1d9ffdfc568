"""``molehunt report`` and ``molehunt explain``: show a saved report again; no data needed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from molehunt.cli import RAN, app
from molehunt.cli.scan import Format, Output, Quiet, ShowSuppressed, Verbose
from molehunt.errors import ConfigError, SourceError
from molehunt.findings import Finding, Report

SavedReport = Annotated[str, typer.Argument(metavar="REPORT.json", help="A report saved with -f json, or - for stdin.")]


def saved_report(path: str) -> Report:
    """Read a report that ``-f json`` wrote.

    Raises:
        SourceError: The file cannot be read or is no report.
    """
    from pydantic import ValidationError

    try:
        text = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return Report.model_validate_json(text)
    except OSError as error:
        raise SourceError(f"cannot read: {error.strerror}", where=path) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the document"
        raise SourceError(
            f"no molehunt report: {place}: {first['msg']}",
            where=path,
            next_step="Make one: molehunt scan … -f json -o report.json",
        ) from error


@app.command()
def report(
    path: SavedReport, formats: Format = None, outputs: Output = None, show_suppressed: ShowSuppressed = False,
    quiet: Quiet = False, verbose: Verbose = 0,
) -> None:  # fmt: skip
    """Render a saved report again, in any format."""
    from molehunt.cli.streams import summarise, targets, write

    pairs = targets(formats or [], outputs or [])
    saved = saved_report(path)
    write(saved, pairs, verbose, show_suppressed)
    if not quiet:
        summarise(saved)


@app.command()
def explain(
    path: SavedReport,
    finding: Annotated[str, typer.Argument(metavar="ID", help="The finding's id, or its first letters.")],
) -> None:
    """Show everything about one finding, with the evidence as a waterfall that adds up to the score."""
    from molehunt.cli.streams import Target, write

    saved = saved_report(path)
    chosen = saved.model_copy(update={"findings": [_chosen(saved, finding, path)], "rule": None})
    write(chosen, [Target("table", "-")], 2, True)
    raise typer.Exit(RAN)


def _chosen(saved: Report, wanted: str, path: str) -> Finding:
    matches = [f for f in saved.findings if f.finding_id.startswith(wanted.lower())]
    if len(matches) == 1 and wanted:
        return matches[0]
    known = ", ".join(f.finding_id for f in (matches or saved.findings)[:8])
    what = f"{len(matches)} findings begin with {wanted!r}" if matches else f"no finding {wanted!r}"
    raise ConfigError(what, where=path, next_step=f"There are: {known}" if known else "The report has no findings")
