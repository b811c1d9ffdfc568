"""What may be blocked: confirmed registered domains, and never more than one owner's.

A DNS name is attacker-controlled, and a block list is a program that a server runs. So only names of letters, digits,
hyphens and underscores come through, and comments are printable ASCII on one line.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from molehunt.findings import CONFIDENCES, Confidence, Finding, Report
from molehunt.names import normal_form, registered_domain
from molehunt.names.suffixes import shared

#: Labels that need no escape in any of the formats. Source: RFC 1035 §2.3.1, and the underscore of RFC 8552.
LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
NAME_CHARS = 253
COMMENT_CHARS = 240


@dataclass(frozen=True)
class Block:
    """A registered domain to be blocked with all its subdomains, and why.

    Attributes:
        domain: Normal form, ASCII.
        finding_ids: The findings about it.
        comments: One line for each finding; printable ASCII.
    """

    domain: str
    finding_ids: tuple[str, ...]
    comments: tuple[str, ...]


@dataclass(frozen=True)
class Refused:
    """A confirmed finding whose domain is not blocked, and why; printable ASCII."""

    finding_id: str
    domain: str
    reason: str


@dataclass(frozen=True)
class BlockList:
    """What every format takes.

    Attributes:
        blocks: In order of domain.
        refused: What was confirmed and yet is not blocked.
        made_by: Version of molehunt that wrote the report.
        minimum: Least confidence that counted.
        now: The report's time.
    """

    blocks: tuple[Block, ...]
    refused: tuple[Refused, ...]
    made_by: str
    minimum: Confidence
    now: datetime | None

    def header(self) -> list[str]:
        """Return the lines that stand, as comments, above every list."""
        lines = [
            f"Block list of molehunt {self.made_by}: {len(self.blocks)} registered domains, with their subdomains.",
            f"From findings of confidence {self.minimum} or more, of {self.now or 'unknown time'}. Read before you load it.",
        ]
        return lines + [f"Not blocked: {one.domain} (finding {one.finding_id}): {one.reason}" for one in self.refused]


def choose(report: Report, minimum: Confidence = "medium") -> BlockList:
    """Return what a report's findings ask to block.

    Args:
        report: Suppressed findings are left out.
        minimum: Least confidence of a finding that counts as confirmed.
    """
    wanted = CONFIDENCES[: CONFIDENCES.index(minimum) + 1]
    confirmed = [finding for finding in report.findings if finding.confidence in wanted and finding.suppressed is None]
    by_domain: dict[str, list[Finding]] = defaultdict(list)
    refused = []
    for finding in confirmed:
        domain = _normal(finding.registered_domain)
        if reason := _objection(domain):
            refused.append(Refused(printable(finding.finding_id), printable(domain or "(no domain)"), reason))
        else:
            by_domain[domain].append(finding)
    blocks = (
        Block(domain, tuple(printable(one.finding_id) for one in found), tuple(_comment(one) for one in found))
        for domain, found in sorted(by_domain.items())
    )
    return BlockList(tuple(blocks), tuple(refused), printable(report.molehunt_version), minimum, report.now)


def printable(text: str) -> str:
    """Return the text on one line of printable ASCII, cut to a comment's length; everything else becomes ``?``."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)[:COMMENT_CHARS]


def _normal(domain: str | None) -> str:
    return "" if domain is None else str(normal_form(pa.array([domain], pa.string()))[0])


def _objection(domain: str) -> str:
    """Return why a domain must not be blocked, or the empty string."""
    if not domain:
        return "the finding is not about one domain"
    labels = domain.split(".")
    if len(domain) > NAME_CHARS or not all(LABEL.fullmatch(label) for label in labels):
        return "its name is not of letters, digits, hyphens and underscores"
    if len(labels) == 1 or domain.encode() in shared():
        return "it is a public suffix, or others' domains are below it"
    below = registered_domain(pa.array([f"x.{domain}"], pa.string()))[0].as_py()
    return "" if below == domain else "it is not a registered domain"


def _comment(finding: Finding) -> str:
    client = f"client {finding.client}" if finding.client else "all clients"
    why = finding.summary or "; ".join(one.sentence for one in finding.evidence[:1]) or finding.kind
    return printable(f"finding {finding.finding_id}, {finding.confidence}, {finding.kind}, {client}: {why}")
