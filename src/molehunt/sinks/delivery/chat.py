"""What the chat deliveries share: one message a report, the weightiest findings first, the rest counted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from molehunt.errors import ConfigError
from molehunt.findings import CONFIDENCES, SEVERITIES, Finding, Report
from molehunt.sinks import alert
from molehunt.sinks.delivery import Sent, Target
from molehunt.sinks.delivery.http import client, post
from molehunt.sinks.text import defang, defanged, human_bytes, safe

if TYPE_CHECKING:
    import httpx

#: Longest text of one finding: far below what Slack (3,000 characters a section) and Teams (28 kB a message) take.
TEXT_CHARS = 600

Message = Callable[[list[Finding], int], dict[str, Any]]


@contextmanager
def room(target: Target, message: Message) -> Iterator[_Sender]:
    """Open a sender that turns all findings into one message.

    The whole address of a chat's webhook is a secret, so it may be given as one; then the target's address is only a name.

    Raises:
        ConfigError: The secret is no address.
    """
    address = target.secret or target.url
    if urlsplit(address).scheme not in {"http", "https"}:
        raise ConfigError(
            "the secret of a chat is its webhook's address", where=target.label, next_step="It begins with https://"
        )
    with client(target) as opened:
        yield _Sender(opened, address, target.settings.chat_count, message)


@dataclass
class _Sender:
    client: httpx.Client
    address: str
    count: int
    message: Message

    def send(self, findings: list[Finding], report: Report) -> Sent:
        weightiest = sorted(findings, key=lambda f: (CONFIDENCES.index(f.confidence), SEVERITIES.index(f.severity), -f.score))
        body = self.message(weightiest[: self.count], len(findings))
        post(self.client, self.address, json.dumps(body).encode("ascii"), {"content-type": "application/json"})
        return Sent()


def headline(count: int) -> str:
    """Return the first line of the message."""
    return f"molehunt: {count} finding{'s' if count != 1 else ''} of data hidden in DNS"


def rest(shown_count: int, count: int) -> str | None:
    """Return the line that counts what is not shown, or None."""
    return f"and {count - shown_count} more in the report" if count > shown_count else None


def heading(finding: Finding) -> str:
    """Return a finding's heading, plain text."""
    what = defang(finding.registered_domain) if finding.registered_domain else "many domains"
    return f"{alert.title(finding)}: {safe(alert.who(finding))} → {what}"[:TEXT_CHARS]


def line(finding: Finding) -> str:
    """Return a finding's numbers and sentence, plain text."""
    moved = f"{human_bytes(finding.up_bytes)} up, {human_bytes(finding.down_bytes)} down"
    facts = f"{finding.severity} · {finding.confidence} confidence · {moved} · {finding.finding_id}"
    return f"{facts}\n{defanged(alert.summary(finding), finding.registered_domain)}"[:TEXT_CHARS]
