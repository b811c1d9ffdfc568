"""Alert events of Microsoft Sentinel's Advanced Security Information Model, one a line: rows of ``ASimAlertEventLogs``."""

from __future__ import annotations

from typing import Any, BinaryIO

from molehunt.findings import Confidence, Finding, Report, Severity
from molehunt.sinks import SinkOptions, alert, shown
from molehunt.sinks.text import rfc3339

#: Source: https://learn.microsoft.com/azure/sentinel/normalization-schema-alert
SCHEMA_VERSION = "0.1"

SEVERITIES: dict[Severity, str] = {
    "critical": "High",
    "high": "High",
    "medium": "Medium",
    "low": "Low",
    "info": "Informational",
}
SUBTYPES: dict[Confidence, str] = {"high": "Threat", "medium": "Suspicious Activity", "low": "Anomaly"}


class AsimSink:
    """Write ASIM AlertEvent rows as NDJSON, for the Logs Ingestion API or a custom table."""

    name = "asim"
    summary = "Microsoft Sentinel ASIM alert events, one JSON row a line"

    def write(self, report: Report, stream: BinaryIO, options: SinkOptions) -> None:
        """Write a row a finding."""
        for finding in shown(report, options):
            stream.write(alert.json_line(row(finding, report)))


def row(finding: Finding, report: Report) -> dict[str, Any]:
    """Return the finding as one AlertEvent. Columns are the schema's; bytes and names stand in AdditionalFields."""
    when = alert.moment(finding, report)
    return {
        "TimeGenerated": rfc3339(when),
        "EventCount": 1,
        "EventStartTime": rfc3339(finding.first_ts or when),
        "EventEndTime": rfc3339(finding.last_ts or when),
        "EventType": "Alert",
        "EventSubType": SUBTYPES[finding.confidence],
        "EventUid": alert.event_id(finding),
        "EventOriginalUid": finding.finding_id,
        "EventOriginalType": finding.kind,
        "EventOriginalSeverity": finding.severity,
        "EventMessage": alert.summary(finding),
        "EventSeverity": SEVERITIES[finding.severity],
        "EventProduct": alert.PRODUCT,
        "EventVendor": alert.VENDOR,
        "EventProductVersion": report.molehunt_version,
        "EventSchema": "AlertEvent",
        "EventSchemaVersion": SCHEMA_VERSION,
        "AlertName": alert.title(finding),
        "AlertVerdict": "Unknown",
        "AlertStatus": "Closed" if finding.suppressed else "Active",
        "DetectionMethod": "Behavioral Analytics",
        "RuleName": f"molehunt.{finding.kind}",
        "ThreatConfidence": alert.CONFIDENCE_PERCENT[finding.confidence],
        "ThreatOriginalConfidence": finding.confidence,
        "ThreatRiskLevel": alert.SEVERITY_NUMBER[finding.severity] * 10,
        "ThreatCategory": "Unknown",
        "IndicatorType": "Host",
        "IndicatorAssociation": "Associated",
        **_optional(finding),
        "AdditionalFields": _additional(finding),
    }


def _optional(finding: Finding) -> dict[str, Any]:
    ip, known = alert.address(finding.client), alert.techniques(finding)
    return alert.present(
        DvcIpAddr=ip and str(ip),
        DvcHostname=None if ip else finding.client,
        AttackTactics=", ".join(dict.fromkeys(t.tactic for t in known)),
        AttackTechniques=", ".join(f"{t.name} ({t.id})" for t in known),
        AttackRemediationSteps="\n".join(f"{i}. {step}" for i, step in enumerate(finding.next_steps, 1)),
    )


def _additional(finding: Finding) -> dict[str, Any]:
    kept = {
        "registered_domain",
        "score",
        "up_bytes",
        "down_bytes",
        "query_count",
        "unique_name_count",
        "client_count",
        "qtypes",
        "family",
        "sample_names",
        "suppressed",
    }
    return alert.present(**finding.model_dump(mode="json", include=kept))


SINK = AsimSink()
