"""Splunk's HTTP Event Collector, with indexer acknowledgement where the token has it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from molehunt.findings import Finding, Report
from molehunt.sinks import alert
from molehunt.sinks.delivery import Sent, Target, Unreachable
from molehunt.sinks.delivery.http import client, post

if TYPE_CHECKING:
    import httpx

SOURCETYPE = "molehunt:finding"


class SplunkDelivery:
    """POST events to ``/services/collector/event``. Splunk has no ids: ``| dedup event_id`` drops what came twice."""

    name = "splunk"
    summary = "Splunk HTTP Event Collector (secret: the token)"
    whole = False

    @contextmanager
    def open(self, target: Target) -> Iterator[_Sender]:
        """Open the client."""
        with client(target) as opened:
            yield _Sender(opened, target)


@dataclass
class _Sender:
    client: httpx.Client
    target: Target

    def send(self, findings: list[Finding], report: Report) -> Sent:
        content = b"".join(alert.json_line(event(finding, report)) for finding in findings)
        channel = str(uuid.uuid5(uuid.NAMESPACE_URL, alert.event_id(findings[0])))
        headers = {"content-type": "application/json", "x-splunk-request-channel": channel}
        if self.target.secret:
            headers["authorization"] = f"Splunk {self.target.secret}"
        answer = post(self.client, self._url("/services/collector/event"), content, headers)
        ack = answer.json().get("ackId") if answer.content else None
        if ack is not None:
            self._await(ack, headers)
        return Sent()

    def _await(self, ack: int, headers: dict[str, str]) -> None:
        """Ask until the indexer has written the batch.

        Raises:
            Unreachable: It has not within the tries; the batch is to be sent again.
        """
        for _ in range(self.target.settings.attempt_count):
            content = json.dumps({"acks": [ack]}).encode()
            answer = post(self.client, self._url("/services/collector/ack"), content, headers)
            if answer.json().get("acks", {}).get(str(ack)):
                return
            self.target.sleep(self.target.settings.first_wait_s)
        raise Unreachable("the indexer did not acknowledge")

    def _url(self, path: str) -> str:
        parts = urlsplit(self.target.url)
        return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def event(finding: Finding, report: Report) -> dict[str, object]:
    """Return the finding as one HEC event."""
    content = {"event_id": alert.event_id(finding), **finding.model_dump(mode="json", exclude={"detail"})}
    when = alert.moment(finding, report).timestamp()
    return {"time": when, "source": "molehunt", "sourcetype": SOURCETYPE, "event": content}


DELIVERY = SplunkDelivery()
