"""``molehunt tune``: what thresholds and allow lists would have changed on the user's own data."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from molehunt.cli import app
from molehunt.cli.marks import Suppress
from molehunt.cli.scan import Sources
from molehunt.errors import ConfigError


@app.command()
def tune(
    sources: Sources,
    form: Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="table, html, json or suppressions.")] = "table",
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Where it goes.")] = "-",
    budget: Annotated[float | None, typer.Option(metavar="ALERTS", help="Alerts a week that are bearable. [1]")] = None,
    suppress: Suppress = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="Settings, a TOML file.")] = None,
) -> None:
    """Show what thresholds and allow lists would have changed on this data."""
    from molehunt.cli.progress import shown_on_terminal
    from molehunt.cli.streams import options_for, write_text
    from molehunt.config import Config, load
    from molehunt.curves import tune as run
    from molehunt.sinks.tuning import FORMATS, render
    from molehunt.suppress import load as load_rules

    if form not in FORMATS:
        raise ConfigError(f"unknown format {form!r}", next_step=f"Formats: {', '.join(FORMATS)}")
    if budget is not None and budget <= 0:
        raise ConfigError(f"no alert budget: {budget:g}", next_step="Give alerts a week, such as 1 or 0.25")
    settings = load(config) if config else Config()
    if budget is not None:
        settings = settings.model_copy(update={"tune": settings.tune.model_copy(update={"alerts_per_week": budget})})
    rules = [rule for path in suppress or [] for rule in load_rules(path)]
    with shown_on_terminal(sys.stderr.isatty()) as progress:
        tuning = run(sources, settings, rules, datetime.now(UTC).date(), progress, outputs=[output])
    write_text(render(tuning, form, options_for(output)), output)
