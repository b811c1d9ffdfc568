"""An adaptive card to a Microsoft Teams channel by a workflow's webhook. The webhook's address is the secret."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from molehunt.findings import Finding, Severity
from molehunt.sinks.delivery import Sender, Target, chat

COLORS: dict[Severity, str] = {
    "critical": "attention",
    "high": "attention",
    "medium": "warning",
    "low": "accent",
    "info": "default",
}


class TeamsDelivery:
    """Send an adaptive card. Text from the network stands in ``TextRun``, which, unlike ``TextBlock``, reads no Markdown."""

    name = "teams"
    summary = "an adaptive card to a Microsoft Teams channel (workflow webhook)"
    whole = True

    def open(self, target: Target) -> AbstractContextManager[Sender]:
        """Open the client."""
        return chat.room(target, message)


def message(findings: list[Finding], count: int) -> dict[str, Any]:
    """Return the message with its card."""
    body = [{"type": "TextBlock", "text": chat.headline(count), "size": "large", "weight": "bolder", "wrap": True}]
    body += [_finding(finding) for finding in findings]
    more = chat.rest(len(findings), count)
    if more:
        body.append({"type": "TextBlock", "text": more, "isSubtle": True, "wrap": True})
    card = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "body": body,
    }
    return {"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}]}


def _finding(finding: Finding) -> dict[str, Any]:
    heading = {"type": "TextRun", "text": chat.heading(finding), "weight": "bolder", "color": COLORS[finding.severity]}
    lines = [
        {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": line}]} for line in chat.line(finding).split("\n")
    ]
    return {"type": "Container", "separator": True, "items": [{"type": "RichTextBlock", "inlines": [heading]}, *lines]}


DELIVERY = TeamsDelivery()
