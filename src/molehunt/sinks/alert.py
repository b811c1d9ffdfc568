"""What an alert of any SIEM says about a finding: title, time, identity, numbers on the scales that others use."""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from molehunt.findings import Confidence, Finding, Kind, Report, Severity
from molehunt.sinks.text import rfc3339

VENDOR = "molehunt"
PRODUCT = "molehunt"

TITLES: dict[Kind, str] = {
    "tunnel": "DNS tunnel",
    "exfiltration": "Data sent out in DNS names",
    "download": "Data fetched in DNS answers",
    "beacon": "Regular DNS beacon",
    "rotation": "Data spread over many DNS domains",
    "fan_in": "Many clients send to one new DNS domain",
    "rare_type": "Rare DNS record type to a rare domain",
    "direct_dns": "DNS past the site's resolver",
    "volume": "Unexplained volume in DNS names",
}

#: 0 to 10, as CEF and LEEF have it; CEF calls 9-10 very high, 7-8 high, 4-6 medium, 0-3 low.
SEVERITY_NUMBER: dict[Severity, int] = {"critical": 10, "high": 8, "medium": 5, "low": 3, "info": 1}

#: Percent; the middle of each band of STIX 2.1, appendix A, "None / Low / Med / High".
CONFIDENCE_PERCENT: dict[Confidence, int] = {"high": 85, "medium": 50, "low": 15}


class Technique(NamedTuple):
    """A technique of MITRE ATT&CK and the tactic that a covert channel uses it for."""

    id: str
    name: str
    tactic_id: str
    tactic: str

    @property
    def url(self) -> str:
        """Address of the technique's page."""
        return f"https://attack.mitre.org/techniques/{self.id.replace('.', '/')}/"


_C2, _EXFILTRATION = ("TA0011", "Command and Control"), ("TA0010", "Exfiltration")

#: Source: MITRE ATT&CK Enterprise, techniques that the detectors name.
TECHNIQUES: dict[str, Technique] = {
    made.id: made
    for made in (
        Technique("T1008", "Fallback Channels", *_C2),
        Technique("T1029", "Scheduled Transfer", *_EXFILTRATION),
        Technique("T1030", "Data Transfer Size Limits", *_EXFILTRATION),
        Technique("T1041", "Exfiltration Over C2 Channel", *_EXFILTRATION),
        Technique("T1048", "Exfiltration Over Alternative Protocol", *_EXFILTRATION),
        Technique("T1048.003", "Exfiltration Over Unencrypted Non-C2 Protocol", *_EXFILTRATION),
        Technique("T1071", "Application Layer Protocol", *_C2),
        Technique("T1071.004", "DNS", *_C2),
        Technique("T1105", "Ingress Tool Transfer", *_C2),
        Technique("T1132", "Data Encoding", *_C2),
        Technique("T1132.001", "Standard Encoding", *_C2),
        Technique("T1568", "Dynamic Resolution", *_C2),
        Technique("T1568.002", "Domain Generation Algorithms", *_C2),
        Technique("T1572", "Protocol Tunneling", *_C2),
    )
}


def techniques(finding: Finding) -> list[Technique]:
    """Return the finding's techniques that are known by name, in its order."""
    return [TECHNIQUES[key] for key in finding.attack if key in TECHNIQUES]


def title(finding: Finding) -> str:
    """Return a short name of the finding without any text from the network."""
    return TITLES[finding.kind]


def summary(finding: Finding) -> str:
    """Return the finding's sentence, or its title where it has none."""
    return finding.summary or title(finding)


def who(finding: Finding) -> str:
    """Return the client, as the log has it; else how many there are, or that the log does not say."""
    if finding.client:
        return finding.client
    return f"{finding.client_count:,} clients" if finding.client_count > 1 else "unknown client"


def moment(finding: Finding, report: Report) -> datetime:
    """Return the time of the alert: the finding's last query, else the report's end, else the epoch."""
    return finding.last_ts or report.last_ts or report.now or datetime.fromtimestamp(0, UTC)


def epoch_ms(when: datetime) -> int:
    """Return milliseconds since 1970."""
    return round(when.timestamp() * 1000)


def event_id(finding: Finding) -> str:
    """Return the id of this finding as it stands now: 12 + 1 + 12 characters.

    A finding delivered twice has the same id; one that has grown since has another. Receivers deduplicate by it.
    """
    content = finding.model_dump_json(exclude={"suppressed", "detail"}).encode("utf-8", "backslashreplace")
    return f"{finding.finding_id}-{hashlib.blake2s(content, digest_size=6).hexdigest()}"


def address(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the client as an IP address, or None where the log has a name or nothing."""
    try:
        return ipaddress.ip_address(text) if text else None
    except ValueError:
        return None


def present(**fields: Any) -> dict[str, Any]:
    """Return the fields that have a value: a fact that the log does not show is left out, never 0 or empty."""
    return {name: value for name, value in fields.items() if value is not None and value not in ("", [], {})}


def json_line(record: Mapping[str, Any]) -> bytes:
    """Return one line of JSON with everything beyond ASCII escaped, so that no reader of lines is misled."""
    return json.dumps(record, separators=(",", ":"), default=_plain).encode("ascii") + b"\n"


def _plain(value: Any) -> str:
    return rfc3339(value) if isinstance(value, datetime) else str(value)
