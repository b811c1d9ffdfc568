"""A message to a Slack channel by an incoming webhook. The webhook's address is the secret."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from molehunt.findings import Finding
from molehunt.sinks.delivery import Sender, Target, chat


class SlackDelivery:
    """Send Block Kit. Text from the network stands in ``plain_text``, where mentions, links and emoji are dead."""

    name = "slack"
    summary = "a message to a Slack channel (incoming webhook)"
    whole = True

    def open(self, target: Target) -> AbstractContextManager[Sender]:
        """Open the client."""
        return chat.room(target, message)


def message(findings: list[Finding], count: int) -> dict[str, Any]:
    """Return the message; ``text`` is what notifications show."""
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(chat.headline(count))}]
    for finding in findings:
        blocks += [{"type": "divider"}, {"type": "section", "text": _plain(f"{chat.heading(finding)}\n{chat.line(finding)}")}]
    more = chat.rest(len(findings), count)
    if more:
        blocks.append({"type": "context", "elements": [_plain(more)]})
    return {"text": chat.headline(count), "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


DELIVERY = SlackDelivery()
