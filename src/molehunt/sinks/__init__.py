"""Sinks: one short file per output. Each takes the Report and nothing else.

A sink is one file with an object of the shape :class:`Sink`, one line in :data:`SINKS`, one page in ``docs/sinks`` and one
test that validates what it writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import BinaryIO, Protocol, cast

from molehunt.errors import ConfigError
from molehunt.findings import Finding, Report

#: name -> "module:object"; loaded on use.
SINKS: dict[str, str] = {
    "table": "molehunt.sinks.terminal:SINK",
    "jsonl": "molehunt.sinks.jsonl:SINK",
    "json": "molehunt.sinks.json:SINK",
    "csv": "molehunt.sinks.csv:SINK",
    "markdown": "molehunt.sinks.markdown:SINK",
    "html": "molehunt.sinks.html:SINK",
    "parquet": "molehunt.sinks.parquet:SINK",
    "ecs": "molehunt.sinks.ecs:SINK",
    "ocsf": "molehunt.sinks.ocsf:SINK",
    "asim": "molehunt.sinks.asim:SINK",
    "cef": "molehunt.sinks.cef:SINK",
    "leef": "molehunt.sinks.leef:SINK",
    "stix": "molehunt.sinks.stix:SINK",
    "misp": "molehunt.sinks.misp:SINK",
}

#: Sinks that with ``--rule`` write the rule's rows and look at no finding.
RULE_ROWS = frozenset({"table", "jsonl", "csv"})


@dataclass(frozen=True)
class SinkOptions:
    """How a person wants to see it; machine formats ignore all of it but ``show_suppressed``.

    Attributes:
        width: Columns of the terminal.
        color: Whether escape sequences may be written.
        verbose: 0 one line a finding; 1 evidence and sample names; 2 everything.
        show_suppressed: Whether suppressed findings are written too.
    """

    width: int = 100
    color: bool = False
    verbose: int = 0
    show_suppressed: bool = False


class Sink(Protocol):
    """What every sink offers."""

    name: str
    summary: str

    def write(self, report: Report, stream: BinaryIO, options: SinkOptions) -> None:
        """Write the report as bytes (text is UTF-8)."""
        ...


def load(name: str) -> Sink:
    """Return the sink of this name.

    Raises:
        ConfigError: There is none.
    """
    if name not in SINKS:
        raise ConfigError(f"unknown format {name!r}", next_step=f"Formats: {', '.join(SINKS)}")
    module, _, attribute = SINKS[name].partition(":")
    return cast("Sink", getattr(import_module(module), attribute))


def shown(report: Report, options: SinkOptions) -> list[Finding]:
    """Return the findings that the options let through, in the report's order."""
    return [f for f in report.findings if options.show_suppressed or f.suppressed is None]
