"""``molehunt scan``: find tunnels in files, folders, globs or stdin."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from molehunt.cli import FAILED_ON, INPUT, RAN, app
from molehunt.cli.deliver import CaFile, Deliver, Deliveries, Secret, Spool, send
from molehunt.cli.marks import Baseline, Suppress, marked
from molehunt.errors import ConfigError

if TYPE_CHECKING:
    from molehunt.config import Config
    from molehunt.findings import Report

Sources = Annotated[list[str], typer.Argument(metavar="SOURCE", help="Files, folders, globs, or - for standard input.")]
Format = Annotated[
    list[str] | None, typer.Option("--format", "-f", metavar="FORMAT", help="Output format; may be given several times.")
]
Output = Annotated[
    list[str] | None, typer.Option("--output", "-o", metavar="FILE", help="Where the n-th format goes (default -, stdout).")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")]
Verbose = Annotated[int, typer.Option("--verbose", "-v", count=True, help="Show the evidence of each finding.")]
ShowSuppressed = Annotated[bool, typer.Option("--show-suppressed", help="Show suppressed findings too.")]


@app.command()
def scan(
    sources: Sources,
    reader: Annotated[str | None, typer.Option("--from", metavar="READER", help="Override the guess of the format.")] = None,
    columns: Annotated[
        list[str] | None, typer.Option("--map", metavar="COLUMN=NAME", help="Column map of the table reader.")
    ] = None,
    ports: Annotated[
        list[int] | None, typer.Option("--port", metavar="PORT", help="Further ports that carry DNS in captures.")
    ] = None,
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="ID", help="Apply one SIEM rule as published, and nothing else.")
    ] = None,
    window: Annotated[
        str | None, typer.Option(metavar="SPAN", help="How far back from --now: 24h, 7d, all. [rule: 24h, else all]")
    ] = None,
    now: Annotated[str | None, typer.Option(metavar="TIME", help="End of the window, RFC 3339. [newest record]")] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="Settings, a TOML file.")] = None,
    engine: Annotated[str, typer.Option(metavar="NAME", help="duckdb or spark.")] = "duckdb",
    master: Annotated[str | None, typer.Option(metavar="URL", help="Where Spark runs, e.g. local[2]. [local[*]]")] = None,
    memory: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Memory of the process; the database spills to disk beyond its share. [1800MB]"),
    ] = None,
    formats: Format = None,
    outputs: Output = None,
    fail_on: Annotated[
        str | None, typer.Option(metavar="LEVEL", help="Exit 1 on a finding of this confidence or above.")
    ] = None,
    suppress: Suppress = None,
    baseline: Baseline = None,
    deliver: Deliver = None,
    secret: Secret = None,
    spool: Spool = None,
    ca_file: CaFile = None,
    reproducible: Annotated[bool, typer.Option(help="Leave out of the output all that differs from run to run.")] = False,
    show_suppressed: ShowSuppressed = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> None:
    """Find tunnels, exfiltration and beacons in DNS logs and captures."""
    from molehunt.cli.progress import shown_on_terminal
    from molehunt.cli.streams import complain, shows_rows_only, summarise, targets, write
    from molehunt.pipeline import ScanOptions
    from molehunt.pipeline import scan as run

    pairs = targets(formats or [], outputs or [])
    level = _level(fail_on)
    settings = _settings(config, ports or [])
    receivers = Deliveries(deliver or [], secret or [], spool, ca_file).resolve(settings.delivery)
    options = ScanOptions(
        reader=reader, columns=_column_map(columns or []), rule=rule, window=_window(window, rule), now=_moment(now),
        engine=engine, master=master, memory=memory, reproducible=reproducible, outputs=tuple(pair.path for pair in pairs),
        rule_findings=bool(level or suppress or baseline or receivers) or not shows_rows_only(pairs),
    )  # fmt: skip
    with shown_on_terminal(not quiet and sys.stderr.isatty()) as progress:
        report = run(sources, settings, options, progress)
    report = marked(report, suppress or [], baseline, settings.suppression)
    write(report, pairs, verbose, show_suppressed)
    (complain if quiet else summarise)(report)
    send(report, receivers, quiet)
    raise typer.Exit(_exit_code(report, level))


def _settings(path: Path | None, ports: list[int]) -> Config:
    from molehunt.config import Config, load

    config = load(path) if path else Config()
    if bad := [port for port in ports if not 0 < port < 65536]:
        raise ConfigError(f"no port number: {bad[0]}", next_step="A port is from 1 to 65535")
    pcap = config.pcap.model_copy(update={"ports": (*config.pcap.ports, *ports)})
    return config.model_copy(update={"pcap": pcap})


def _exit_code(report: Report, level: str | None) -> int:
    from molehunt.findings import CONFIDENCES

    if any(source.error for source in report.sources):
        return INPUT
    if level is not None:
        wanted = CONFIDENCES[: CONFIDENCES.index(level) + 1]
        if any(f.confidence in wanted and f.suppressed is None for f in report.findings):
            return FAILED_ON
    return RAN


def _level(text: str | None) -> str | None:
    from molehunt.findings import CONFIDENCES

    if text is not None and text not in CONFIDENCES:
        raise ConfigError(f"unknown level {text!r} for --fail-on", next_step=f"Levels: {', '.join(CONFIDENCES)}")
    return text


def _column_map(pairs: list[str]) -> dict[str, str]:
    columns = {}
    for pair in pairs:
        ours, sign, theirs = pair.partition("=")
        if not sign or not ours:
            raise ConfigError(f"cannot read --map {pair!r}", next_step="Write our column, =, the file's: --map qname=QueryName")
        columns[ours] = theirs
    return columns


def _window(text: str | None, rule: str | None) -> timedelta | None:
    text = text or ("24h" if rule else "all")
    if text == "all":
        return None
    units = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
    number, unit = text[:-1], text[-1:]
    if unit not in units or not number.isdecimal() or int(number) == 0:
        raise ConfigError(f"cannot read --window {text!r}", next_step="Write a number and m, h, d or w, such as 24h; or all")
    try:
        return timedelta(seconds=int(number) * units[unit])
    except OverflowError as error:
        raise ConfigError(f"--window {text!r} is too long") from error


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"cannot read --now {text!r}", next_step="Write it as 2026-11-23T15:00:00Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
