"""One MISP event: domains and names as attributes, to be imported by hand, by API or by a feed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any, BinaryIO

from molehunt.findings import Confidence, Finding, Report
from molehunt.sinks import SinkOptions, alert, shown
from molehunt.sinks.text import rfc3339, safe

#: Ids are derived, so that the same finding is the same attribute in every event.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://molehunt.invalid/misp")

#: MISP's threat level: 1 high, 2 medium, 3 low, 4 undefined; its distribution: 0 this organisation only.
THREAT_LEVELS: dict[Confidence, str] = {"high": "1", "medium": "2", "low": "3"}
ORGANISATION_ONLY = "0"


class MispSink:
    """Write one event, attribute by attribute. Only domains of alerts are for detection (``to_ids``)."""

    name = "misp"
    summary = "a MISP event: domains, names and clients as attributes"

    def write(self, report: Report, stream: BinaryIO, options: SinkOptions) -> None:
        """Write the event."""
        findings = shown(report, options)
        head = json.dumps(_event(report, findings))
        stream.write(f'{{"Event": {head[:-1]}, "Attribute": ['.encode())
        seen: set[str] = set()
        for finding in findings:
            for made in attributes(finding, report):
                if made["uuid"] not in seen:
                    stream.write((b",\n" if seen else b"\n") + json.dumps(made).encode("ascii"))
                    seen.add(made["uuid"])
        stream.write(b"\n]}}\n")


def _event(report: Report, findings: list[Finding]) -> dict[str, Any]:
    when = report.now or report.last_ts or (alert.moment(findings[0], report) if findings else None)
    levels = [THREAT_LEVELS[finding.confidence] for finding in findings]
    return alert.present(
        uuid=str(
            uuid.uuid5(NAMESPACE, report.model_dump_json(include={"now", "first_ts", "last_ts", "sources", "record_count"}))
        ),
        info=f"molehunt: {len(findings)} findings of data hidden in DNS",
        date=rfc3339(when)[:10],
        timestamp=when and str(int(when.timestamp())),
        threat_level_id=min(levels, default="4"),
        analysis="0",
        distribution=ORGANISATION_ONLY,
        published=False,
        Tag=[{"name": f'misp-galaxy:mitre-attack-pattern="{t.name} - {t.id}"'} for t in _techniques(findings)],
    )


def _techniques(findings: list[Finding]) -> list[alert.Technique]:
    return list(dict.fromkeys(t for finding in findings for t in alert.techniques(finding)))


def attributes(finding: Finding, report: Report) -> Iterator[dict[str, Any]]:
    """Yield the finding's domain, client and sample names as MISP attributes."""
    detect = finding.alert and finding.suppressed is None
    if finding.registered_domain:
        yield _attribute("domain", finding.registered_domain, finding, report, detect)
    if ip := alert.address(finding.client):
        yield _attribute("ip-src", str(ip), finding, report, False)
    for name in finding.sample_names:
        yield _attribute("hostname", name, finding, report, False)


def _attribute(kind: str, value: str, finding: Finding, report: Report, to_ids: bool) -> dict[str, Any]:
    comment = f"{finding.finding_id} {finding.kind}, {finding.confidence} confidence: {safe(alert.summary(finding))}"
    return alert.present(
        uuid=str(uuid.uuid5(NAMESPACE, repr((kind, value, finding.finding_id)))),
        type=kind,
        category="Network activity",
        value=safe(value),
        to_ids=to_ids,
        comment=comment,
        distribution="5",
        timestamp=str(int(alert.moment(finding, report).timestamp())),
        first_seen=rfc3339(finding.first_ts),
        last_seen=rfc3339(finding.last_ts),
    )


SINK = MispSink()
