"""``molehunt report`` and ``molehunt explain``: show a saved report again; no data needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from molehunt.cli import RAN, app
from molehunt.cli.deliver import CaFile, Deliver, Deliveries, Secret, Spool, send
from molehunt.cli.marks import Baseline, Suppress, marked, saved_report
from molehunt.cli.scan import Format, Output, Quiet, ShowSuppressed, Verbose
from molehunt.errors import ConfigError

if TYPE_CHECKING:
    from molehunt.findings import Finding, Report

SavedReport = Annotated[str, typer.Argument(metavar="REPORT.json", help="A report saved with -f json, or - for stdin.")]


@app.command()
def report(
    path: SavedReport,
    formats: Format = None,
    outputs: Output = None,
    suppress: Suppress = None,
    baseline: Baseline = None,
    deliver: Deliver = None,
    secret: Secret = None,
    spool: Spool = None,
    ca_file: CaFile = None,
    show_suppressed: ShowSuppressed = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> None:
    """Render a saved report again, in any format."""
    from molehunt.cli.streams import summarise, targets, write
    from molehunt.config import Config

    pairs = targets(formats or [], outputs or [])
    receivers = Deliveries(deliver or [], secret or [], spool, ca_file).resolve(Config().delivery)
    saved = marked(saved_report(path), suppress or [], baseline, Config().suppression)
    write(saved, pairs, verbose, show_suppressed)
    if not quiet:
        summarise(saved)
    send(saved, receivers, quiet)


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
