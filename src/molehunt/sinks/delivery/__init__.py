"""Delivery: send findings to another system, with retries, without losing or doubling one.

A delivery is one file with an object of the shape :class:`Delivery` and one line in :data:`DELIVERIES`. It knows how to
send one batch once; :func:`deliver` repeats, waits, counts and spools. Every finding carries an id that stays the same
when it is sent again (``alert.event_id``), so a receiver can drop what it already has.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast
from urllib.parse import parse_qsl, urlsplit

from molehunt.config import DeliverySettings
from molehunt.errors import ConfigError, SinkError
from molehunt.findings import Finding, Report

#: name -> "module:object"; loaded on use. A target is written NAME+SCHEME://HOST…, as in splunk+https://hec.corp:8088.
DELIVERIES: dict[str, str] = {
    "syslog": "molehunt.sinks.delivery.syslog:DELIVERY",
    "webhook": "molehunt.sinks.delivery.webhook:DELIVERY",
    "splunk": "molehunt.sinks.delivery.splunk:DELIVERY",
    "elastic": "molehunt.sinks.delivery.elastic:DELIVERY",
    "slack": "molehunt.sinks.delivery.slack:DELIVERY",
    "teams": "molehunt.sinks.delivery.teams:DELIVERY",
}


@dataclass(frozen=True)
class Target:
    """Where findings go.

    Attributes:
        via: Name of the delivery.
        url: Address without the delivery's name; may itself be a secret (chat webhooks), so it is never shown.
        now: Time of sending, handed in.
        secret: Token or key; the command line reads it from a file or an environment variable.
        ca_file: Certificates to trust instead of the system's.
        proxy: HTTP proxy, or None.
        hostname: Name of this machine, for syslog.
        spool: Where undelivered findings are kept as a report that can be delivered later, or None.
        settings: Waits and bounds.
        sleep: How to wait; tests hand in their own.
    """

    via: str
    url: str = field(repr=False)
    now: datetime
    secret: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    proxy: str | None = field(default=None, repr=False)
    hostname: str = "-"
    spool: Path | None = None
    settings: DeliverySettings = field(default_factory=DeliverySettings)
    sleep: Callable[[float], None] = time.sleep

    @property
    def label(self) -> str:
        """The target as messages show it: without path, query and user, which may hold secrets."""
        parts = urlsplit(self.url)
        return f"{self.via}+{parts.scheme}://{parts.hostname or '?'}" + (f":{parts.port}" if parts.port else "")

    @property
    def options(self) -> dict[str, str]:
        """The options behind the question mark of the address."""
        return dict(parse_qsl(urlsplit(self.url).query))


@dataclass(frozen=True)
class DeliveryResult:
    """What a delivery did.

    Attributes:
        target: Its label.
        delivered_count: Findings the receiver has taken in this run.
        duplicate_count: Findings the receiver already had.
        retry_count: Tries beyond the first, over all batches.
    """

    target: str
    delivered_count: int
    duplicate_count: int
    retry_count: int


@dataclass(frozen=True)
class Sent:
    """Outcome of one try of one batch: what to try again, what the receiver will never take, what it had already."""

    again: list[Finding] = field(default_factory=list)
    refused: list[tuple[Finding, str]] = field(default_factory=list)
    duplicate_count: int = 0
    reason: str = ""
    wait_s: float | None = None


class Unreachable(Exception):
    """The receiver could not take the batch now; ``wait_s`` is how long it asks us to wait."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        self.reason, self.wait_s = reason, wait_s
        super().__init__(reason)


class Refused(Exception):
    """The receiver will never take the batch."""


class Sender(Protocol):
    """An open connection to a receiver."""

    def send(self, findings: list[Finding], report: Report) -> Sent:
        """Send one batch once.

        Raises:
            Unreachable: Try all of it again.
            Refused: None of it will ever be taken.
        """
        ...


class Delivery(Protocol):
    """What every delivery offers."""

    name: str
    summary: str
    whole: bool

    def open(self, target: Target) -> AbstractContextManager[Sender]:
        """Prepare to send; ``whole`` deliveries get all findings as one batch."""
        ...


def target(text: str, now: datetime, **more: object) -> Target:
    """Read a target as the command line takes it, ``NAME+SCHEME://HOST…``.

    Raises:
        ConfigError: The name is unknown or the address is none.
    """
    name, plus, url = text.partition("+")
    known = ", ".join(DELIVERIES)
    if not plus or name not in DELIVERIES:
        raise ConfigError(
            f"unknown delivery {name.partition(':')[0]!r}", next_step=f"Write NAME+SCHEME://HOST with NAME one of: {known}"
        )
    try:
        parts = urlsplit(url)
        usable = bool(parts.scheme and parts.hostname and (parts.port is None or parts.port > 0))
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(
            f"the address of the {name} delivery is none", next_step=f"For example {name}+https://siem.example:8088"
        )
    return Target(via=name, url=url, now=now, **more)  # type: ignore[arg-type]


def load(name: str) -> Delivery:
    """Return the delivery of this name, which :func:`target` has checked."""
    module, _, attribute = DELIVERIES[name].partition(":")
    return cast("Delivery", getattr(import_module(module), attribute))


def deliver(report: Report, to: Target) -> DeliveryResult:
    """Send every finding that is not suppressed.

    Raises:
        SinkError: Some findings were not delivered. They are in the spool file if the target names one.
        MissingExtraError: The delivery's library is not installed.
    """
    findings = [finding for finding in report.findings if finding.suppressed is None]
    delivery = load(to.via)
    size = max(len(findings), 1) if delivery.whole else to.settings.batch_count
    left: list[tuple[Finding, str]] = []
    duplicates = retries = 0
    with delivery.open(to) as sender:
        for start in range(0, len(findings), size):
            batch = findings[start : start + size]
            done = _send_batch(sender, batch, report, to)
            left += done.undelivered
            duplicates, retries = duplicates + done.duplicate_count, retries + done.retry_count
            if done.gave_up:
                left += [(finding, done.undelivered[-1][1]) for finding in findings[start + size :]]
                break
    if left:
        raise _failure(report, left, to, len(findings))
    return DeliveryResult(to.label, len(findings) - duplicates, duplicates, retries)


@dataclass
class _Done:
    undelivered: list[tuple[Finding, str]] = field(default_factory=list)
    duplicate_count: int = 0
    retry_count: int = 0
    gave_up: bool = False


def _send_batch(sender: Sender, batch: list[Finding], report: Report, to: Target) -> _Done:
    """Send a batch until nothing of it is left, the receiver refuses it, or the tries are used up."""
    done, pending = _Done(), batch
    for attempt in range(to.settings.attempt_count):
        try:
            sent = sender.send(pending, report)
        except Refused as error:
            done.undelivered += [(finding, str(error)) for finding in pending]
            return done
        except Unreachable as error:
            sent = Sent(again=pending, reason=error.reason, wait_s=error.wait_s)
        done.undelivered += sent.refused
        done.duplicate_count += sent.duplicate_count
        pending = sent.again
        if not pending:
            return done
        if attempt + 1 < to.settings.attempt_count:
            done.retry_count += 1
            to.sleep(_wait_s(attempt, sent.wait_s, to.settings))
    done.undelivered += [(finding, sent.reason) for finding in pending]
    done.gave_up = True
    return done


def _wait_s(attempt: int, asked_s: float | None, settings: DeliverySettings) -> float:
    wanted = settings.first_wait_s * 2**attempt if asked_s is None else asked_s
    return min(max(wanted, 0.0), settings.longest_wait_s)


def _failure(report: Report, left: list[tuple[Finding, str]], to: Target, total: int) -> SinkError:
    reasons = ", ".join(dict.fromkeys(reason for _, reason in left))
    what = f"{len(left)} of {total} findings were not delivered: {reasons}"
    if to.spool is None:
        return SinkError(what, where=to.label, next_step="Try again, or name a spool file to keep them")
    undelivered = {finding.finding_id for finding, _ in left}
    kept = report.model_copy(update={"findings": [f for f in report.findings if f.finding_id in undelivered]})
    try:
        _spool(kept, to.spool)
    except (OSError, ValueError) as error:
        return SinkError(f"{what}; and the spool file {to.spool} cannot be written: {error}", where=to.label)
    return SinkError(what, where=to.label, next_step=f"They are kept in {to.spool}; deliver that report later")


def _spool(kept: Report, path: Path) -> None:
    """Write the undelivered findings; what an earlier failure left there stays, except where it has grown since.

    Raises:
        ValueError: The file is there and is no report; it is left alone.
        OSError: It cannot be written.
    """
    if path.exists():
        fresh = {finding.finding_id for finding in kept.findings}
        earlier = Report.model_validate_json(path.read_bytes()).findings
        kept = kept.model_copy(update={"findings": [*(f for f in earlier if f.finding_id not in fresh), *kept.findings]})
    beside = path.with_name(path.name + ".part")
    beside.write_bytes(kept.model_dump_json().encode("utf-8", "backslashreplace"))
    beside.replace(path)
