"""Elasticsearch's (and OpenSearch's) bulk API, with the ECS documents of the ecs sink."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit, urlunsplit

from molehunt.errors import ConfigError
from molehunt.findings import Finding, Report
from molehunt.sinks import alert
from molehunt.sinks.delivery import Sent, Target
from molehunt.sinks.delivery.http import SERVER_ERROR, TOO_MANY, client, post
from molehunt.sinks.ecs import document

if TYPE_CHECKING:
    import httpx

CONFLICT, BAD = 409, 300


class ElasticDelivery:
    """Create one document a finding under an id of its own: what is there already is not written twice."""

    name = "elastic"
    summary = "Elasticsearch bulk: elastic+https://HOST:9200/INDEX (secret: an API key)"
    whole = False

    @contextmanager
    def open(self, target: Target) -> Iterator[_Sender]:
        """Open the client.

        Raises:
            ConfigError: The address names no index.
        """
        base, _, index = urlsplit(target.url).path.rpartition("/")
        if not index:
            raise ConfigError("the address names no index", where=target.label, next_step="Write …:9200/INDEX")
        with client(target) as opened:
            yield _Sender(opened, target, f"{base}/{quote(index, safe='-_.%')}/_bulk")


@dataclass
class _Sender:
    client: httpx.Client
    target: Target
    path: str

    def send(self, findings: list[Finding], report: Report) -> Sent:
        content = b"".join(action(finding) + alert.json_line(document(finding, report)) for finding in findings)
        parts = urlsplit(self.target.url)
        url = urlunsplit((parts.scheme, parts.netloc, self.path, "", ""))
        headers = {"content-type": "application/x-ndjson"}
        if self.target.secret:
            headers["authorization"] = f"ApiKey {self.target.secret}"
        return outcome(findings, post(self.client, url, content, headers).json())


def action(finding: Finding) -> bytes:
    """Return the line that stands before a document: create it under its own id."""
    return alert.json_line({"create": {"_id": alert.event_id(finding)}})


def outcome(findings: list[Finding], answer: dict[str, Any]) -> Sent:
    """Sort the findings by what the answer says of each: taken, there already, to be tried again, refused."""
    again, refused, duplicates, reason = [], [], 0, ""
    for finding, item in zip(findings, answer["items"], strict=True):
        result = item["create"]
        status = result["status"]
        if status == CONFLICT:
            duplicates += 1
        elif status == TOO_MANY or status >= SERVER_ERROR:
            again.append(finding)
            reason = _why(result)
        elif status >= BAD:
            refused.append((finding, _why(result)))
    return Sent(again, refused, duplicates, reason)


def _why(result: dict[str, Any]) -> str:
    error = result.get("error") or {}
    return f"{result['status']} {error.get('type', '') if isinstance(error, dict) else ''}".strip()


DELIVERY = ElasticDelivery()
