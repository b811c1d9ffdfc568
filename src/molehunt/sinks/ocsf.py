"""Detection Findings of the Open Cybersecurity Schema Framework (class 2004), one event a line."""

from __future__ import annotations

from typing import Any, BinaryIO

from molehunt.findings import Confidence, Finding, Report, Severity
from molehunt.sinks import SinkOptions, alert, shown

#: Version of the schema that the events name. Source: https://schema.ocsf.io
OCSF_VERSION = "1.8.0"
CLASS_UID, CATEGORY_UID, CREATE, NEW, SUPPRESSED = 2004, 2, 1, 1, 3

SEVERITIES: dict[Severity, tuple[int, str]] = {
    "info": (1, "Informational"),
    "low": (2, "Low"),
    "medium": (3, "Medium"),
    "high": (4, "High"),
    "critical": (5, "Critical"),
}
CONFIDENCES: dict[Confidence, tuple[int, str]] = {"low": (1, "Low"), "medium": (2, "Medium"), "high": (3, "High")}


class OcsfSink:
    """Write OCSF Detection Findings as NDJSON: Security Lake, Chronicle, Splunk and others read them."""

    name = "ocsf"
    summary = "OCSF Detection Findings (2004), one JSON event a line"

    def write(self, report: Report, stream: BinaryIO, options: SinkOptions) -> None:
        """Write an event a finding."""
        for finding in shown(report, options):
            stream.write(alert.json_line(event(finding, report)))


def event(finding: Finding, report: Report) -> dict[str, Any]:
    """Return the finding as one Detection Finding."""
    severity_id, severity = SEVERITIES[finding.severity]
    confidence_id, confidence = CONFIDENCES[finding.confidence]
    return alert.present(
        activity_id=CREATE,
        activity_name="Create",
        category_uid=CATEGORY_UID,
        category_name="Findings",
        class_uid=CLASS_UID,
        class_name="Detection Finding",
        type_uid=CLASS_UID * 100 + CREATE,
        type_name="Detection Finding: Create",
        time=alert.epoch_ms(alert.moment(finding, report)),
        start_time=finding.first_ts and alert.epoch_ms(finding.first_ts),
        end_time=finding.last_ts and alert.epoch_ms(finding.last_ts),
        count=finding.query_count,
        severity_id=severity_id,
        severity=severity,
        confidence_id=confidence_id,
        confidence=confidence,
        confidence_score=alert.CONFIDENCE_PERCENT[finding.confidence],
        is_alert=finding.alert,
        status_id=SUPPRESSED if finding.suppressed else NEW,
        status="Suppressed" if finding.suppressed else "New",
        status_detail=finding.suppressed and finding.suppressed.reason,
        message=alert.summary(finding),
        metadata=_metadata(finding, report),
        finding_info=_finding_info(finding, report),
        evidences=_evidences(finding),
        observables=_observables(finding),
        remediation=alert.present(desc="\n".join(finding.next_steps)),
        unmapped=_unmapped(finding),
    )


def _metadata(finding: Finding, report: Report) -> dict[str, Any]:
    product = {"name": alert.PRODUCT, "vendor_name": alert.VENDOR, "version": report.molehunt_version}
    return {"version": OCSF_VERSION, "product": product, "uid": alert.event_id(finding), "event_code": finding.kind}


def _finding_info(finding: Finding, report: Report) -> dict[str, Any]:
    return alert.present(
        uid=finding.finding_id,
        title=alert.title(finding),
        desc=alert.summary(finding),
        types=[finding.kind],
        created_time=alert.epoch_ms(report.now or alert.moment(finding, report)),
        first_seen_time=finding.first_ts and alert.epoch_ms(finding.first_ts),
        last_seen_time=finding.last_ts and alert.epoch_ms(finding.last_ts),
        data_sources=[source.name for source in report.sources if source.record_count],
        analytic={"name": f"molehunt {finding.kind}", "uid": finding.kind, "type_id": 2, "type": "Behavioral"},
        attacks=[_attack(technique) for technique in alert.techniques(finding)],
    )


def _attack(technique: alert.Technique) -> dict[str, Any]:
    parent = alert.TECHNIQUES.get(technique.id.partition(".")[0], technique)
    tactic = {"uid": technique.tactic_id, "name": technique.tactic}
    sub = {"uid": technique.id, "name": technique.name, "src_url": technique.url} if "." in technique.id else None
    top = {"uid": technique.id.partition(".")[0], "name": parent.name, "src_url": parent.url}
    return alert.present(tactic=tactic, technique=top, sub_technique=sub)


def _evidences(finding: Finding) -> list[dict[str, Any]]:
    """Return the sample names as DNS queries of the client, then the reasons with their weights as data."""
    ip = alert.address(finding.client)
    endpoint = alert.present(ip=ip and str(ip), name=None if ip else finding.client)
    names = [alert.present(query={"hostname": name}, src_endpoint=endpoint) for name in finding.sample_names]
    return [*names, {"data": {"evidence": [e.model_dump() for e in finding.evidence]}}]


def _observables(finding: Finding) -> list[dict[str, Any]]:
    ip = alert.address(finding.client)
    found = []
    if finding.registered_domain:
        value = finding.registered_domain
        found.append({"name": "evidences[].query.hostname", "type": "Hostname", "type_id": 1, "value": value})
    if ip:
        found.append({"name": "evidences[].src_endpoint.ip", "type": "IP Address", "type_id": 2, "value": str(ip)})
    return found


def _unmapped(finding: Finding) -> dict[str, Any]:
    kept = {"score", "prior", "up_bytes", "down_bytes", "unique_name_count", "client_count", "qtypes", "family", "suppressed"}
    return {"molehunt": alert.present(**finding.model_dump(mode="json", include=kept))}


SINK = OcsfSink()
