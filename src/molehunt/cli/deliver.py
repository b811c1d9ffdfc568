"""``--deliver``: send findings to another system after they are written. Secrets come from the environment or a file only."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from molehunt.errors import ConfigError

if TYPE_CHECKING:
    from molehunt.config import DeliverySettings
    from molehunt.findings import Report
    from molehunt.sinks.delivery import Target

Deliver = Annotated[
    list[str] | None,
    typer.Option("--deliver", metavar="NAME+URL", help="Send the findings, e.g. syslog+tls://siem:6514; see docs/sinks."),
]
Secret = Annotated[
    list[str] | None,
    typer.Option("--secret", metavar="NAME=FROM", help="A delivery's secret: splunk=env:VAR or splunk=file:PATH."),
]
Spool = Annotated[Path | None, typer.Option("--spool", metavar="FILE", help="Keep what could not be delivered as a report.")]
CaFile = Annotated[Path | None, typer.Option("--ca-file", metavar="FILE", help="Certificates that deliveries trust.")]


@dataclass(frozen=True)
class Deliveries:
    """What the command line says about deliveries."""

    targets: list[str]
    secrets: list[str]
    spool: Path | None
    ca_file: Path | None

    def resolve(self, settings: DeliverySettings) -> list[Target]:
        """Return the targets with their secrets; before the work begins, so that a slip shows at once.

        Raises:
            ConfigError: A target or secret cannot be read.
        """
        if not self.targets and not self.secrets:
            return []
        from molehunt.sinks.delivery import target

        secrets = dict(_secret(text) for text in self.secrets)
        now, hostname = datetime.now(UTC), socket.gethostname()
        proxy = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy")
        found = [
            target(
                text, now, secret=secrets.pop(text.partition("+")[0], None), ca_file=self.ca_file, proxy=proxy,
                hostname=hostname, spool=self.spool, settings=settings,
            )
            for text in self.targets
        ]  # fmt: skip
        if secrets:
            raise ConfigError(f"--secret for {next(iter(secrets))!r}, which is no target", next_step="Add --deliver NAME+URL")
        return found


def send(report: Report, targets: list[Target], quiet: bool) -> None:
    """Send the findings to every target, one after the other; all are tried before the first failure is raised.

    Raises:
        SinkError: A target did not take all findings.
    """
    if not targets:
        return
    from molehunt.errors import SinkError
    from molehunt.sinks.delivery import deliver

    failures = []
    for target in targets:
        try:
            result = deliver(report, target)
        except SinkError as error:
            failures.append(error)
            continue
        if not quiet:
            typer.echo(f"delivered {result.delivered_count:,} findings to {result.target}", err=True)
    if failures:
        raise failures[0]


def _secret(text: str) -> tuple[str, str]:
    name, sign, source = text.partition("=")
    kind, colon, place = source.partition(":")
    if not sign or not colon or kind not in {"env", "file"}:
        raise ConfigError(
            "cannot read --secret", next_step="Write NAME=env:VARIABLE or NAME=file:PATH, never the secret itself"
        )
    if kind == "env":
        if place not in os.environ:
            raise ConfigError(f"the environment has no variable {place!r} for --secret {name}")
        return name, os.environ[place]
    try:
        return name, Path(place).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the secret of {name}: {error}", where=place) from error
