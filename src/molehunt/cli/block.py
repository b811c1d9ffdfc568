"""``molehunt block``: a block list of the confirmed domains, in the form that a resolver loads."""

from __future__ import annotations

from typing import Annotated

import typer

from molehunt.cli import app
from molehunt.cli.marks import Suppress, marked, saved_report
from molehunt.cli.show import SavedReport
from molehunt.errors import ConfigError


@app.command()
def block(
    path: SavedReport,
    form: Annotated[
        str, typer.Option("--format", "-f", metavar="FORMAT", help="rpz, unbound, bind, dnsmasq, pihole …")
    ] = "rpz",
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Where it goes.")] = "-",
    minimum: Annotated[str, typer.Option(metavar="LEVEL", help="Least confidence that counts as confirmed.")] = "medium",
    suppress: Suppress = None,
) -> None:
    """Write a block list of the domains that a report confirms."""
    from molehunt.cli.streams import write_text
    from molehunt.config import Config
    from molehunt.findings import CONFIDENCES
    from molehunt.sinks.block import choose, write

    if minimum not in CONFIDENCES:
        raise ConfigError(f"unknown level {minimum!r}", next_step=f"Levels: {', '.join(CONFIDENCES)}")
    report = marked(saved_report(path), suppress or [], None, Config().suppression)
    blocks = choose(report, CONFIDENCES[CONFIDENCES.index(minimum)])
    write_text(write(blocks, form), output)
    for refused in blocks.refused:
        typer.echo(f"not blocked: {refused.domain}: {refused.reason}", err=True)
