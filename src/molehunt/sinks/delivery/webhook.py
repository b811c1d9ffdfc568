"""A signed POST to any HTTP receiver, as https://www.standardwebhooks.com describes it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from molehunt.findings import Finding, Report
from molehunt.sinks import alert
from molehunt.sinks.delivery import Sent, Target
from molehunt.sinks.delivery.http import client, post
from molehunt.sinks.text import rfc3339

if TYPE_CHECKING:
    import httpx


class WebhookDelivery:
    """POST batches of findings. With a secret, receivers can check that molehunt sent them and when."""

    name = "webhook"
    summary = "signed JSON to any HTTP receiver (Standard Webhooks)"
    whole = False

    @contextmanager
    def open(self, target: Target) -> Iterator[_Sender]:
        """Open the client."""
        with client(target) as opened:
            yield _Sender(opened, target, time.monotonic())


@dataclass
class _Sender:
    client: httpx.Client
    target: Target
    started_s: float

    def send(self, findings: list[Finding], report: Report) -> Sent:
        ids = [alert.event_id(finding) for finding in findings]
        events = [{"event_id": key, **f.model_dump(mode="json")} for key, f in zip(ids, findings, strict=True)]
        about = {"molehunt_version": report.molehunt_version, "schema_version": report.schema_version}
        body = {"type": "molehunt.findings", "timestamp": rfc3339(self.target.now), "data": {**about, "findings": events}}
        content = json.dumps(body).encode("ascii")
        message_id = "molehunt_" + hashlib.blake2s("\n".join(ids).encode(), digest_size=12).hexdigest()
        seconds = int(self.target.now.timestamp() + time.monotonic() - self.started_s)
        headers = {"content-type": "application/json", "webhook-id": message_id, "webhook-timestamp": str(seconds)}
        if self.target.secret:
            headers["webhook-signature"] = sign(self.target.secret, message_id, seconds, content)
        post(self.client, self.target.url, content, headers)
        return Sent()


def sign(secret: str, message_id: str, seconds: int, content: bytes) -> str:
    """Return the signature header: HMAC-SHA256 over ``id.timestamp.body``.

    Args:
        secret: ``whsec_`` and base64, or any text.
        message_id: The same on every try of the same batch.
        seconds: Time of sending, since 1970.
        content: The body.
    """
    key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    digest = hmac.digest(key, b".".join([message_id.encode(), str(seconds).encode(), content]), "sha256")
    return "v1," + base64.b64encode(digest).decode()


DELIVERY = WebhookDelivery()
